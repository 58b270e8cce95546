"""The tags of user pools by the pool's ARN: add, remove, list.

Tags are a setting of the pool, `UserPoolTags`. Several writers at once lose nothing of each other's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib import errors
from chalicelib.call import Call, fresh_pool_of, pool_in
from chalicelib.flows import rounds
from chalicelib.operations.registry import operation
from chalicelib.rules import limits, tags
from chalicelib.table import pools, store
from chalicelib.table.items import Pool

Answer = dict[str, Any]
Tags = dict[str, str]


@operation
def tag_resource(call: Call) -> Answer:
    """Give a pool tags, in place of those of the same name.

    Raises ResourceNotFoundException, InvalidParameterException and TooManyRequestsException.
    """
    _change(call, lambda present: tags.added(present, call["Tags"]))
    return {}


@operation
def untag_resource(call: Call) -> Answer:
    """Take tags from a pool by name. Raises ResourceNotFoundException and TooManyRequestsException."""
    _change(call, lambda present: tags.removed(present, call["TagKeys"]))
    return {}


@operation
def list_tags_for_resource(call: Call) -> Answer:
    """All tags of a pool. Raises ResourceNotFoundException."""
    return {"Tags": _pool(call).document["UserPoolTags"]}


def _change(call: Call, changed: Callable[[Tags], Tags]) -> None:
    def attempt() -> Pool:
        pool = _pool(call)
        pool.document = pool.document | {"UserPoolTags": changed(pool.document["UserPoolTags"])}
        limits.refuse_too_large({**pool.document, **(pool.mfa or {})})
        store.together(store.Save(pool, "pool"))
        return pool

    pools.forget_pool(rounds.retried(attempt).id)


def _pool(call: Call) -> Pool:
    """The pool of the ARN, read now."""
    pool_id = pool_in(call["ResourceArn"])
    if pool_id is None:
        raise errors.ResourceNotFoundException(f"Resource {call['ResourceArn']} does not exist.")
    return fresh_pool_of(pool_id)
