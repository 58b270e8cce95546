"""User pools: create, describe, list, update, delete, their MFA configuration and their custom attributes.

Settings are kept in the wire's form, so describing is a read. Administrators see what is, not what was remembered: all
reads here are fresh. A change rewrites the item only if nobody changed it in between.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call, arn, fresh_pool_of
from chalicelib.flows import imports, paging, pool_removal, rounds, signing_keys, vault
from chalicelib.operations.registry import operation
from chalicelib.rules import mfa_settings, pool_settings
from chalicelib.settings import current
from chalicelib.table import figures, keys, pools, store
from chalicelib.table.items import Pool

Answer = dict[str, Any]
Decide = Callable[[Pool], tuple[Answer, Answer]]
"""From a pool as it is now to its document and MFA settings as they shall be."""

_ALPHABET = string.ascii_letters + string.digits
_NAME_LENGTH = 9
_SECRET_BYTES = 32
_TRIES = 5
_MOST_COUNTED = 1000


@operation
def create_user_pool(call: Call) -> Answer:
    """A new pool with its own secret and signing keys, all written at once.

    Raises InvalidParameterException and UserPoolTaggingException.
    """
    document, mfa = pool_settings.created(call.given, call.now)
    for _ in range(_TRIES):
        pool = _new_pool(document, mfa, call.now)
        journal.note(pool=pool.id)
        signers = signing_keys.create(pool.id, call.now)
        try:
            store.together(store.Save(pool, "pool"), *(store.Save(key, "key") for key in signers))
        except store.Conflict:
            continue  # the random id is taken
        return {"UserPool": _shown(pool, users=0)}
    raise errors.InternalErrorException


@operation
def describe_user_pool(call: Call) -> Answer:
    """All settings of a pool. Users are counted up to 1,000; of more, the last daily figure is told.

    Raises ResourceNotFoundException.
    """
    pool = fresh_pool_of(call["UserPoolId"])
    users = store.count(keys.listing("User", pool=pool.id), limit=_MOST_COUNTED)
    latest = figures.latest(pool.id, call.now) if users == _MOST_COUNTED else None
    return {"UserPool": _shown(pool, max(users, int(latest.users) if latest else 0))}


@operation
def list_user_pools(call: Call) -> Answer:
    """A page of all pools, oldest first. Raises InvalidParameterException for a bad NextToken."""
    page = paging.page(keys.listing("Pool"), call["MaxResults"], call.get("NextToken"))
    found = [item for item in page.items if isinstance(item, Pool)]
    answer: Answer = {"UserPools": [{"Id": pool.id, **pool_settings.summary(pool.document)} for pool in found]}
    return answer | ({"NextToken": page.cursor} if page.cursor else {})


@operation
def update_user_pool(call: Call) -> Answer:
    """Replace the settings of a pool; what is left out returns to its default.

    Raises ResourceNotFoundException, ConcurrentModificationException, UserImportInProgressException, and what
    create_user_pool raises.
    """
    idle = imports.idle(call["UserPoolId"])
    _changed(call, lambda pool: pool_settings.updated(pool.document, pool.mfa or {}, call.given, call.now), idle)
    return {}


@operation
def delete_user_pool(call: Call) -> None:
    """Delete a pool with its clients and users. The pool itself goes first, so its id is unknown at once.

    Raises ResourceNotFoundException, InvalidParameterException (deletion protection, a domain) and
    UserImportInProgressException.
    """
    pool_id = call["UserPoolId"]
    rounds.retried(lambda: _delete(pool_id, call.now))
    pool_removal.clear(pool_id)


@operation
def set_user_pool_mfa_config(call: Call) -> Answer:
    """Replace the MFA configuration of a pool. Raises as update_user_pool does."""
    return _mfa(_changed(call, lambda pool: _mfa_changed(call, pool)))


@operation
def get_user_pool_mfa_config(call: Call) -> Answer:
    """The MFA configuration of a pool. Raises ResourceNotFoundException."""
    return _mfa(fresh_pool_of(call["UserPoolId"]))


@operation
def add_custom_attributes(call: Call) -> Answer:
    """Add attributes to a pool's schema, for ever.

    Raises ResourceNotFoundException, InvalidParameterException and UserImportInProgressException.
    """
    pool_id = call["UserPoolId"]

    def decide(pool: Pool) -> tuple[Answer, Answer]:
        document = pool_settings.with_attributes(pool.document, call["CustomAttributes"], call.now)
        return document, pool.mfa or {}

    rounds.retried(lambda: _rewrite(pool_id, decide, imports.idle(pool_id)))
    return {}


def _new_pool(document: Answer, mfa: Answer, now: float) -> Pool:
    name = "".join(secrets.choice(_ALPHABET) for _ in range(_NAME_LENGTH))
    parts = {"pool": f"{current().region}_{name}", "created": keys.sortable(now)}
    pool = Pool.new(
        parts, document=document, mfa=mfa, allows_srp=True
    )  # the first client may, and users may come before
    pool.secret = vault.seal_for(pool, secrets.token_bytes(_SECRET_BYTES))
    return pool


def _shown(pool: Pool, users: int) -> Answer:
    computed = {"Id": pool.id, "Arn": arn(pool.id), "EstimatedNumberOfUsers": users}
    return pool_settings.shown(pool.document) | computed


def _mfa(pool: Pool) -> Answer:
    return mfa_settings.shown(pool.document, pool.mfa or {})


def _mfa_changed(call: Call, pool: Pool) -> tuple[Answer, Answer]:
    document, mfa = mfa_settings.changed(pool.document, pool.mfa or {}, call.given)
    return document | {"LastModifiedDate": round(call.now, 3)}, mfa


def _changed(call: Call, decide: Decide, *also: store.Write) -> Pool:
    """Rewrite the pool once; the caller is told when somebody else was quicker."""
    try:
        return _rewrite(call["UserPoolId"], decide, *also)
    except store.Conflict:
        raise errors.ConcurrentModificationException from None


def _rewrite(pool_id: str, decide: Decide, *also: store.Write) -> Pool:
    pool = fresh_pool_of(pool_id)
    pool.document, pool.mfa = decide(pool)
    _written(store.Save(pool, "pool"), *also)
    pools.forget_pool(pool_id)
    return pool


def _delete(pool_id: str, now: float) -> None:
    pool = fresh_pool_of(pool_id)
    pool_settings.refuse_deletion(pool.document)
    _written(store.Remove(pool, "pool"), pool_removal.mark(pool_id, now), imports.idle(pool_id))
    pools.forget_pool(pool_id)


def _written(*writes: store.Write) -> None:
    """Carry out the writes. Raises store.Conflict, and UserImportInProgressException while users are imported."""
    try:
        store.together(*writes)
    except store.Conflict as conflict:
        if imports.ACTIVE in conflict.names:
            raise errors.UserImportInProgressException from None
        raise
