"""The demo pool and client of a laptop: something to sign up in within the first minute.

Made by the product's own operations, so it is like any other pool; found again by its name.
"""

from __future__ import annotations

import time
from typing import Any

from chalicelib.call import Call, Caller, Origin
from chalicelib.operations import registry
from chalicelib.table import keys, store
from chalicelib.table.items import Client, Pool

NAME = "demo"
FLOWS = (
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)


def ensure() -> dict[str, str]:
    """`pool` and `client`: the ids of the demo, made at the first call."""
    pool_id = (
        _found_pool()
        or _made(
            "create_user_pool",
            "UserPool",
            PoolName=NAME,
            AutoVerifiedAttributes=["email"],
            UsernameConfiguration={"CaseSensitive": False},
        )["Id"]
    )
    client_id = (
        _found_client(pool_id)
        or _made(
            "create_user_pool_client",
            "UserPoolClient",
            UserPoolId=pool_id,
            ClientName=NAME,
            ExplicitAuthFlows=list(FLOWS),
        )["ClientId"]
    )
    return {"pool": pool_id, "client": client_id}


def _found_pool() -> str | None:
    oldest = store.listed(keys.listing("Pool"), limit=60).items
    return next((item.id for item in oldest if isinstance(item, Pool) and item.document.get("Name") == NAME), None)


def _found_client(pool_id: str) -> str | None:
    oldest = store.listed(keys.listing("Client", pool=pool_id), limit=60).items
    found = (item for item in oldest if isinstance(item, Client) and item.document.get("ClientName") == NAME)
    return next((item.id for item in found), None)


def _made(operation: str, member: str, **given: Any) -> dict[str, Any]:
    function = registry.find(registry.USER_POOLS, operation)
    if function is None:
        raise LookupError(f"{operation} is not built.")
    result = function(Call(given, Caller(), Origin(), time.time())) or {}
    made: dict[str, Any] = result[member]
    return made
