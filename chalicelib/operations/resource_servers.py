"""Resource servers of user pools and their scopes: create, describe, list, update, delete.

Clients that have a scope keep it when its server loses it; `rules.scopes` tells what is active.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import paging
from chalicelib.operations.registry import operation
from chalicelib.rules import scopes
from chalicelib.table import store
from chalicelib.table.documents import ResourceServer
from chalicelib.table.items import Pool
from chalicelib.table.keys import Key

Answer = dict[str, Any]

_LARGEST_PAGE = 50
_PREFIX = "RESOURCE#"


@operation
def create_resource_server(call: Call) -> Answer:
    """A new resource server. Raises ResourceNotFoundException and InvalidParameterException, also for a taken name."""
    pool, document = fresh_pool_of(call["UserPoolId"]), scopes.server(call.given)
    server = ResourceServer.new({"pool": pool.id, "name": call["Identifier"]}, document=document)
    try:
        store.together(store.Check(Pool.at(pool=pool.id), "pool"), store.Save(server, "server"))
    except store.Conflict as conflict:
        if "pool" in conflict.names:
            raise errors.ResourceNotFoundException(f"User pool {pool.id} does not exist.") from None
        message = f"{call['Identifier']} already exists in user pool {pool.id}."
        raise errors.InvalidParameterException(message) from None
    return {"ResourceServer": document}


@operation
def describe_resource_server(call: Call) -> Answer:
    """A resource server with its scopes. Raises ResourceNotFoundException."""
    return {"ResourceServer": _read(call).document}


@operation
def list_resource_servers(call: Call) -> Answer:
    """A page of a pool's resource servers by identifier, as large as the model allows unless MaxResults says less.

    Raises ResourceNotFoundException and InvalidParameterException.
    """
    pool = fresh_pool_of(call["UserPoolId"])
    part = paging.Part(pool.pk, _PREFIX)
    page = paging.page_of(part, call.get("MaxResults") or _LARGEST_PAGE, call.get("NextToken"))
    answer: Answer = {"ResourceServers": [item.document for item in page.items if isinstance(item, ResourceServer)]}
    return answer | ({"NextToken": page.cursor} if page.cursor else {})


@operation
def update_resource_server(call: Call) -> Answer:
    """Replace name and scopes of a resource server; scopes left out are none.

    Raises ResourceNotFoundException and InvalidParameterException.
    """
    fresh_pool_of(call["UserPoolId"])
    document = scopes.server(call.given)
    try:
        store.together(store.Change(_key(call), ResourceServer, set={"document": document}, name="server"))
    except store.Conflict:
        raise _unknown(call) from None
    return {"ResourceServer": document}


@operation
def delete_resource_server(call: Call) -> None:
    """Delete a resource server; clients keep its scopes, which are inactive then. Raises ResourceNotFoundException."""
    _read(call)
    store.together(store.Remove(_key(call), "server"))


def _key(call: Call) -> Key:
    return ResourceServer.at(pool=call["UserPoolId"], name=call["Identifier"])


def _read(call: Call) -> ResourceServer:
    pool = fresh_pool_of(call["UserPoolId"])
    found = store.get(ResourceServer, pool=pool.id, name=call["Identifier"])
    if found is None:
        raise _unknown(call)
    return found


def _unknown(call: Call) -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(f"Resource server {call['Identifier']} does not exist.")
