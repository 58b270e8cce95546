"""One signing key follows another: what is due for a pool is written as one step, or not at all.

Leaves what is due when to `rules.rotation`, the making of keys to `signing_keys`, and the calling to the job. Two
who do this at once write the same items, so one of them is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib import errors
from chalicelib.flows import signing_keys
from chalicelib.rules import rotation
from chalicelib.rules.rotation import Policy, Step
from chalicelib.table import pools, store
from chalicelib.table.items import Pool, SigningKey
from chalicelib.table.writes import Check, Remove, Save, Write

_ROUNDS = 5


def turn(pool_id: str, policy: Policy, now: float) -> list[Step]:
    """Do what is due for the keys of a pool; what was done.

    Raises store.Conflict when somebody else does it at this moment or the pool has gone: then nothing was done.
    """
    items = pools.fresh_signing_keys(pool_id)
    return _carried_out(pool_id, items, rotation.steps(items, signing_keys.PURPOSES, policy, now), now)


def drop(pool_id: str, now: float) -> list[Step]:
    """Drop all keys that ever signed for a pool, because they are in wrong hands; what was done.

    Every ID and access token of before is refused from then on: by this process at once, by the others when they forget
    the keys, by other verifiers when they read the key set again. Sessions stand, so refresh tokens give new ones.
    Raises ResourceNotFoundException for an unknown pool, TooManyRequestsException when others are always faster.
    """
    for _ in range(_ROUNDS):
        if store.get(Pool, pool=pool_id) is None:
            raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")
        items = pools.fresh_signing_keys(pool_id)
        try:
            return _carried_out(pool_id, items, rotation.drop(items, signing_keys.PURPOSES), now)
        except store.Conflict:
            continue
    raise errors.TooManyRequestsException


def _carried_out(pool_id: str, items: Sequence[SigningKey], steps: list[Step], now: float) -> list[Step]:
    if not steps:
        return []
    by_kid = {item.kid: item for item in items}
    writes = [write for step in steps for write in _writes(pool_id, by_kid, step, now)]
    store.together(Check(Pool.at(pool=pool_id), "pool"), *writes)
    pools.forget_pool(pool_id)
    return steps


def _writes(pool_id: str, items: dict[str, SigningKey], step: Step, now: float) -> list[Write]:
    if step.verb == "publish":
        # The key that signs now is written as it is, so that of two who publish at once one is refused.
        signer = rotation.signing(items.values(), step.purpose)
        fresh = signing_keys.pair(pool_id, step.purpose, now, "next")
        return [Save(fresh, "key"), *([Save(signer, "key")] if signer else [])]
    if not step.kid:
        return [Save(signing_keys.pair(pool_id, step.purpose, now), "key")]
    item = items[step.kid]
    if step.verb == "remove":
        return [Remove(item, "key")]
    item.state, item.since = "active" if step.verb == "activate" else "retired", now
    return [Save(item, "key")]
