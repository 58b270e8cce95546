"""Operator sessions: what the temporary keys of IAM callers may do, and until when.

The secret travels in the session token, sealed; the table keeps only who got it, so a session can be ended. Issuing
them is `flows.operator_credentials`'.
"""

from __future__ import annotations

import hmac

from chalicelib import errors
from chalicelib.flows import operators, vault
from chalicelib.rules import policies
from chalicelib.table import operator_sessions as sessions
from chalicelib.table.access_keys import OperatorMapping

_PURPOSE = "operator session"


def is_temporary(key_id: str) -> bool:
    """Whether an access key id is one of a session."""
    return key_id.startswith(operators.TEMPORARY)


def sealed(key_id: str, secret: str, now: float, seconds: float) -> str:
    """A session token: the only place where the secret of a temporary key is kept."""
    return vault.sealed_text(_PURPOSE, {"key": key_id, "secret": secret}, now, seconds)


def secret_of(key_id: str, token: str, now: float) -> str:
    """The secret of a temporary key, from the session token that came with it.

    Raises ExpiredTokenException for a token of ours that is over, UnrecognizedClientException for one that is none of
    ours, is another key's, or whose session or mapping has been ended. The table is read only for a genuine token.
    """
    try:
        held = vault.opened_text(_PURPOSE, token, now)
    except vault.Expired:
        raise errors.ExpiredTokenException from None
    except vault.Unsealable:
        raise errors.UnrecognizedClientException from None
    # Attack: the token of one's own session beside the key of another's, or beside a static key.
    if not hmac.compare_digest(held["key"].encode(), key_id.encode()) or _grant(key_id) is None:
        raise errors.UnrecognizedClientException
    return str(held["secret"])


def is_allowed(key_id: str, action: str, resource: str) -> bool:
    """Whether a temporary key may do an action on a resource: what its mapping's policy says now."""
    mapping = _grant(key_id)
    return mapping is not None and policies.is_allowed(mapping.policy, action, resource)


def _grant(key_id: str) -> OperatorMapping | None:
    """The mapping that has given a session, both still enabled, and still meaning the caller."""
    session = sessions.session(key_id)
    if session is None or not session.enabled:
        return None
    mapping = next((one for one in enabled_mappings() if one.name == session.mapping), None)
    # Attack: a stolen session that comes to life again when its mapping, deleted to end it, is made anew.
    if mapping is None or session.created_at < mapping.created_at:
        return None
    # Only requests with temporary keys get here; the patterns of ARNs take milliseconds to load.
    from chalicelib.rules import identities

    return mapping if identities.matches(mapping.pattern, session.principal) else None


def enabled_mappings() -> list[OperatorMapping]:
    """The mappings that are in force, as they were within the last minute."""
    return [mapping for mapping in sessions.mappings() if mapping.enabled]
