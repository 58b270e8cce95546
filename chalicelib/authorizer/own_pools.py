"""Keys and sessions of our own pools, straight from the table.

Kept apart because the table costs 100 ms of a cold start: this module is imported when keys are first needed, or a
session is asked for, and never by an authorizer that fetches its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import errors
from chalicelib.flows import signing_keys
from chalicelib.outside.key_sets import KeysUnavailable, KeysWithdrawn
from chalicelib.rules import bearer, jwt
from chalicelib.table import pools, sessions


def keys(issuer: str) -> jwt.KeySet:
    """The keys of the pool of one of our issuers, read now: one query.

    Raises KeysUnavailable, and KeysWithdrawn for a pool that does not exist or was deleted.
    """
    pool_id = _pool_id(issuer)
    pools.forget_pool(pool_id)
    try:
        found = signing_keys.key_set(pool_id)
    except errors.AwsError as cause:
        raise KeysUnavailable(cause.code) from cause
    if not found:
        raise KeysWithdrawn("the pool does not exist or has no keys")
    return found


def check_session(claims: Mapping[str, Any]) -> None:
    """Refuse the token of a user who signed out, was disabled or is gone: one trip. Raises `bearer.Unauthorized`.

    A machine's token has neither user nor session, and its client is its subject.
    """
    if claims.get("sub") == claims.get("client_id") and not {"username", "event_id"} & set(claims):
        return
    session_id = claims.get("event_id")
    if not isinstance(session_id, str) or not session_id:
        raise bearer.Unauthorized("without a session")
    user, session = sessions.with_user(_pool_id(claims["iss"]), claims["sub"], session_id)
    if user is None or session is None or not sessions.is_live(user, session):
        raise bearer.Unauthorized("of a session that is over")


def _pool_id(issuer: str) -> str:
    return issuer.rpartition("/")[2]
