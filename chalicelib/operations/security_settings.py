"""A pool's limits against abuse and its checks of new passwords. Modelled in `sdk/latchkey`, like `ours`."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import rounds
from chalicelib.operations.ours import SERVICE
from chalicelib.operations.registry import operation
from chalicelib.rules import security_settings
from chalicelib.table import pools, store
from chalicelib.table.items import Pool

Answer = dict[str, Any]

_POOL = "pool"


@operation(service=SERVICE)
def describe_user_pool_security_settings(call: Call) -> Answer:
    """All settings, with the defaults of those that were never set. Raises ResourceNotFoundException."""
    return _shown(fresh_pool_of(call["UserPoolId"]))


@operation(service=SERVICE)
def update_user_pool_security_settings(call: Call) -> Answer:
    """Replace the settings; what is left out returns to its default.

    Whoever changes another setting of the pool in the same moment loses nothing. Raises ResourceNotFoundException.
    """
    document = security_settings.accepted(call["SecuritySettings"])
    return _shown(rounds.retried(lambda: _rewritten(call["UserPoolId"], document), _POOL))


def _rewritten(pool_id: str, document: security_settings.Document) -> Pool:
    pool = fresh_pool_of(pool_id)
    pool.ours = dict(pool.ours or {}) | {security_settings.NAME: document}
    store.together(store.Save(pool, _POOL))
    pools.forget_pool(pool_id)
    return pool


def _shown(pool: Pool) -> Answer:
    return {"SecuritySettings": security_settings.shown(security_settings.of(pool.ours))}
