"""The two secrets of an app client: add, list, delete, so that one may take over from the other without a pause.

Every change rewrites the client's own item too, so two at once are never both decided on the same number of secrets.
Clients are remembered for up to `LATCHKEY_CACHE_SECONDS` (60): for that long another process may still refuse a new
secret and still accept a deleted one. Who rotates adds, waits a minute, changes over, and deletes.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import app_clients, client_secrets, rounds
from chalicelib.operations.registry import operation
from chalicelib.table import pools, store
from chalicelib.table.items import ClientSecret, Pool

Answer = dict[str, Any]

_MOST: Final = 2


@operation
def add_user_pool_client_secret(call: Call) -> Answer:
    """A second secret for a client: a fresh one, told this once, or the caller's own, which is not repeated.

    Raises ResourceNotFoundException, InvalidParameterException (a client without secret), LimitExceededException and
    TooManyRequestsException.
    """
    own = call.get("ClientSecret")
    value = own or client_secrets.generated()
    added = rounds.retried(lambda: _add(call, value))
    pools.forget_client(call["ClientId"])
    told = {} if own else {"ClientSecretValue": value}
    return {"ClientSecretDescriptor": _descriptor(added) | told}


@operation
def list_user_pool_client_secrets(call: Call) -> Answer:
    """Ids and dates of a client's secrets, oldest first, all in one page.

    Raises ResourceNotFoundException, and InvalidParameterException for a NextToken, which nobody was given.
    """
    _, held = app_clients.read(call)
    if "NextToken" in call:
        raise errors.InvalidParameterException("Invalid pagination token")
    return {"ClientSecrets": [_descriptor(secret) for secret in held]}


@operation
def delete_user_pool_client_secret(call: Call) -> Answer:
    """Delete one of two secrets. Raises ResourceNotFoundException, InvalidParameterException (the last one).

    Attack: a client without any secret is let in without proof, so the last one stays until the client goes.
    """
    rounds.retried(lambda: _delete(call))
    pools.forget_client(call["ClientId"])
    return {}


def _add(call: Call, value: str) -> ClientSecret:
    client, held = app_clients.read(call)
    if not held:
        raise errors.InvalidParameterException(f"Client {client.id} has no secret; make a new client with one.")
    if len(held) >= _MOST:
        raise errors.LimitExceededException(f"A client cannot have more than {_MOST} secrets.")
    added = client_secrets.sealed(client.id, value, call.now, held)
    # Without the pool: who removes what a deleted pool left has read the secrets already, and would pass over this one.
    pool = store.Check(Pool.at(pool=client.pool_id), "pool")
    store.together(pool, store.Save(client, "client"), store.Save(added, "secret"))
    return added


def _delete(call: Call) -> None:
    client, held = app_clients.read(call)
    wanted = [secret for secret in held if client_secrets.id_of(secret) == call["ClientSecretId"]]
    if not wanted:
        raise errors.ResourceNotFoundException(f"Client secret {call['ClientSecretId']} does not exist.")
    if len(held) == 1:
        raise errors.InvalidParameterException("The last secret of a client cannot be deleted.")
    store.together(store.Save(client, "client"), store.Remove(wanted[0], "secret"))


def _descriptor(secret: ClientSecret) -> Answer:
    created = round(float(secret.created_at), 3)
    return {"ClientSecretId": client_secrets.id_of(secret), "ClientSecretCreateDate": created}
