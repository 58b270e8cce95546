"""App clients of user pools: create, describe, list, update, delete.

A client is written only together with a check that its pool is still there, so none is added to a deleted pool. The
same transaction tells the pool whether some client may use SRP: while none may, passwords that are set get no verifier.
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import app_clients, client_documents, client_secrets, paging, resource_servers
from chalicelib.operations.registry import operation
from chalicelib.rules import auth_flows, client_settings, scopes
from chalicelib.rules.client_settings import Surroundings
from chalicelib.table import keys, pools, store
from chalicelib.table.items import Client, ClientSecret, Pool

Answer = dict[str, Any]

_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 26  # 134 bits: taken ids do not occur


@operation
def create_user_pool_client(call: Call) -> Answer:
    """A new client, with a secret if one is asked for or brought along.

    Raises ResourceNotFoundException, InvalidParameterException, InvalidOAuthFlowException, ScopeDoesNotExistException.
    """
    pool = fresh_pool_of(call["UserPoolId"])
    secret = client_secrets.generated() if call.get("GenerateSecret") else call.get("ClientSecret")
    around = _around(call, pool, has_secret=secret is not None)
    document = client_settings.created(call.given, around, call.now)
    client = _new_client(pool.id, document, call.now)
    journal.note(client=client.id)
    held = [client_secrets.sealed(client.id, secret, call.now)] if secret else []
    _write(pool, client, *held)
    return {"UserPoolClient": _shown(client, held)}


@operation
def describe_user_pool_client(call: Call) -> Answer:
    """All settings of a client and its secret. Raises ResourceNotFoundException."""
    client, held = app_clients.read(call)
    return {"UserPoolClient": _shown(client, held) | {"ClientType": "REGULAR"}}


@operation
def list_user_pool_clients(call: Call) -> Answer:
    """A page of a pool's clients, oldest first. Raises ResourceNotFoundException and InvalidParameterException.

    None was registered dynamically, so that list is empty.
    """
    pool = fresh_pool_of(call["UserPoolId"])
    if call.get("ClientType") == "DCR":
        return {"UserPoolClients": []}
    page = paging.page(keys.listing("Client", pool=pool.id), call.get("MaxResults"), call.get("NextToken"))
    found = [item for item in page.items if isinstance(item, Client)]
    answer: Answer = {"UserPoolClients": [_identity(client) for client in found]}
    return answer | ({"NextToken": page.cursor} if page.cursor else {})


@operation
def update_user_pool_client(call: Call) -> Answer:
    """Replace the settings of a client; what is left out returns to its default. Secrets stay.

    Raises what create_user_pool_client raises, and ConcurrentModificationException.
    """
    client, held = app_clients.read(call)
    pool = fresh_pool_of(client.pool_id)
    around = _around(call, pool, has_secret=bool(held))
    client.document = client_settings.updated(client.document, call.given, around, call.now)
    _write(pool, client)
    return {"UserPoolClient": _shown(client, held)}


@operation
def delete_user_pool_client(call: Call) -> None:
    """Delete a client with its secrets and documents.

    Raises ResourceNotFoundException and ConcurrentModificationException.
    """
    client, held = app_clients.read(call)
    parts = [store.Remove(secret, "secret") for secret in held]
    try:
        store.together(store.Remove(client, "client"), *parts, *client_documents.removal(client.pool_id, client.id))
    except store.Conflict:
        raise errors.ConcurrentModificationException from None
    pools.forget_client(client.id)
    client_documents.clear(client.pool_id, client.id)


def _around(call: Call, pool: Pool, *, has_secret: bool) -> Surroundings:
    """What the settings depend on; resource servers are read only when a scope names one."""
    servers = resource_servers.named_in(pool.id, call.get("AllowedOAuthScopes", []))
    attributes = pool.document["SchemaAttributes"]
    return Surroundings(pool.id, attributes, has_secret=has_secret, scopes=scopes.defined(servers))


def _new_client(pool_id: str, document: Answer, now: float) -> Client:
    client_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    parts = {"client": client_id, "pool": pool_id, "created": keys.sortable(now)}
    return Client.new(parts, pool_id=pool_id, document=document)


def _write(pool: Pool, client: Client, *held: ClientSecret) -> None:
    """Write a client, its new secrets and what its pool must know, if the pool is still there.

    Raises ResourceNotFoundException and ConcurrentModificationException.
    """
    allows_srp = _allows_srp(pool.id, client)
    marks_pool = allows_srp != pool.allows_srp
    about_pool = _srp_mark(pool.id, allows_srp) if marks_pool else store.Check(Pool.at(pool=pool.id), "pool")
    writes = [store.Save(client, "client"), *(store.Save(secret, "secret") for secret in held)]
    try:
        store.together(about_pool, *writes)
    except store.Conflict as conflict:
        if "pool" in conflict.names:
            raise errors.ResourceNotFoundException(f"User pool {pool.id} does not exist.") from None
        raise errors.ConcurrentModificationException from None
    if marks_pool:
        pools.forget_pool(pool.id)
    pools.forget_client(client.id)


def _allows_srp(pool_id: str, client: Client) -> bool:
    """Whether some client of a pool may use SRP once this one is written."""
    if auth_flows.needs_verifiers(client.document):
        return True
    others = store.listed(keys.listing("Client", pool=pool_id)).items
    return any(auth_flows.needs_verifiers(o.document) for o in others if isinstance(o, Client) and o.id != client.id)


def _srp_mark(pool_id: str, allows_srp: bool) -> store.Change:  # noqa: FBT001 - the value that is written
    return store.Change(Pool.at(pool=pool_id), Pool, set={"allows_srp": allows_srp}, name="pool")


def _identity(client: Client) -> Answer:
    return {"ClientId": client.id, "UserPoolId": client.pool_id, "ClientName": client.document["ClientName"]}


def _shown(client: Client, held: list[ClientSecret]) -> Answer:
    """A client in full. Of two secrets the older is shown, which every copy of the settings in use still has."""
    shown = client.document | _identity(client)
    return shown | {"ClientSecret": client_secrets.opened(held)[0]} if held else shown
