"""App clients of user pools: create, describe, list, update, delete.

A client is written only together with a check that its pool is still there, so none is added to a deleted pool. The
same transaction tells the pool whether some client may use SRP: while none may, passwords that are set get no verifier.
One that may always tells it, and so changes the pool; one that may not takes that back only from a pool unchanged.
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import app_clients, client_documents, client_secrets, paging, resource_servers, rounds
from chalicelib.operations.registry import operation
from chalicelib.rules import auth_flows, client_settings, scopes
from chalicelib.rules.client_settings import Surroundings
from chalicelib.table import keys, pools, store
from chalicelib.table.items import Client, ClientSecret, Pool

Answer = dict[str, Any]

_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 26  # 134 bits: taken ids do not occur
_SETTLED = 60.0  # seconds after which the list of clients surely has the newest


@operation
def create_user_pool_client(call: Call) -> Answer:
    """A new client, with a secret if one is asked for or brought along.

    Raises ResourceNotFoundException, InvalidParameterException, InvalidOAuthFlowException, ScopeDoesNotExistException.
    """
    return {"UserPoolClient": _shown(*rounds.retried(lambda: _create(call), "pool"))}


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
    try:
        return {"UserPoolClient": _shown(*rounds.retried(lambda: _update(call), "pool"))}
    except store.Conflict:
        raise errors.ConcurrentModificationException from None


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


def _create(call: Call) -> tuple[Client, list[ClientSecret]]:
    pool = fresh_pool_of(call["UserPoolId"])
    secret = client_secrets.generated() if call.get("GenerateSecret") else call.get("ClientSecret")
    around = _around(call, pool, has_secret=secret is not None)
    document = client_settings.created(call.given, around, call.now)
    client_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    parts = {"client": client_id, "pool": pool.id, "created": keys.sortable(call.now)}
    client = Client.new(parts, pool_id=pool.id, document=document, has_secret=secret is not None)
    journal.note(client=client.id)
    held = [client_secrets.sealed(client.id, secret, call.now)] if secret else []
    _write(call, pool, client, *held)
    return client, held


def _update(call: Call) -> tuple[Client, list[ClientSecret]]:
    client, held = app_clients.read(call)
    pool = fresh_pool_of(client.pool_id)
    around = _around(call, pool, has_secret=bool(held))
    client.document = client_settings.updated(client.document, call.given, around, call.now)
    _write(call, pool, client)
    return client, held


def _write(call: Call, pool: Pool, client: Client, *held: ClientSecret) -> None:
    """Write a client, its new secrets and what its pool must know, if the pool is still there."""
    about_pool = _told(pool, client, call.now)
    store.together(about_pool, store.Save(client, "client"), *(store.Save(secret, "secret") for secret in held))
    if isinstance(about_pool, store.Change) and about_pool.set["allows_srp"] != pool.allows_srp:
        pools.forget_pool(pool.id)
    pools.forget_client(client.id)


def _told(pool: Pool, client: Client, now: float) -> store.Write:
    """What is written of the pool: that some client may use SRP, that none may, or nothing but that it is there."""
    key = Pool.at(pool=pool.id)
    if auth_flows.needs_verifiers(client.document):
        return store.Change(key, Pool, set={"allows_srp": True, "srp_at": now}, name="pool")
    is_settled = pool.srp_at is None or now - float(pool.srp_at) > _SETTLED
    if pool.allows_srp and is_settled and not _others_need_verifiers(client):
        return store.Change(key, Pool, set={"allows_srp": False}, condition=Pool.version == pool.version, name="pool")
    return store.Check(key, "pool")


def _others_need_verifiers(client: Client) -> bool:
    others = store.listed(keys.listing("Client", pool=client.pool_id)).items
    return any(auth_flows.needs_verifiers(o.document) for o in others if isinstance(o, Client) and o.id != client.id)


def _identity(client: Client) -> Answer:
    return {"ClientId": client.id, "UserPoolId": client.pool_id, "ClientName": client.document["ClientName"]}


def _shown(client: Client, held: list[ClientSecret]) -> Answer:
    """A client in full. Of two secrets the older is shown, which every copy of the settings in use still has."""
    shown = client.document | _identity(client)
    return shown | {"ClientSecret": client_secrets.opened(held)[0]} if held else shown
