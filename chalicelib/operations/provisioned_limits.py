"""Provisioned request rates of the account: get and update. Kept and shown; nothing is throttled by them yet."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.operations.registry import operation
from chalicelib.rules import provisioned_limits
from chalicelib.table import store
from chalicelib.table.documents import ProvisionedLimit

Answer = dict[str, Any]


@operation
def get_provisioned_limit(call: Call) -> Answer:
    """A limit as it is provisioned. Raises InvalidParameterException and ResourceNotFoundException."""
    name = provisioned_limits.category(call["LimitDefinition"])
    found = store.get(ProvisionedLimit, category=name)
    return {"Limit": provisioned_limits.shown(name, found.value if found else None)}


@operation
def update_provisioned_limit(call: Call) -> Answer:
    """Provision a limit. Raises ServiceQuotaExceededException and what get_provisioned_limit raises."""
    name = provisioned_limits.category(call["LimitDefinition"])
    wanted = call["RequestedLimitValue"]
    provisioned_limits.refuse_out_of_range(name, wanted)
    key = ProvisionedLimit.at(category=name)
    store.together(store.Change(key, ProvisionedLimit, set={"value": wanted}, upsert=True, name="limit"))
    return {"Limit": provisioned_limits.shown(name, wanted)}
