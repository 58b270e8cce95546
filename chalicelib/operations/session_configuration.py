"""Whether a pool tracks sessions, how many a user may have, and how long a client reuses one of the browser.

Both are replaced as a whole, so a write needs to read nothing. Sessions of the browser are not built yet: what a client
is set to is kept and shown.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import user_sessions
from chalicelib.operations.registry import operation
from chalicelib.rules import session_settings
from chalicelib.table import pools, store
from chalicelib.table.items import Client, Pool

Answer = dict[str, Any]


@operation
def get_user_pool_session_configuration(call: Call) -> Answer:
    """The session settings of a pool. Raises ResourceNotFoundException."""
    pool = fresh_pool_of(call["UserPoolId"])
    return {"UserPoolId": pool.id} | session_settings.shown(pool.sessions)


@operation
def set_user_pool_session_configuration(call: Call) -> Answer:
    """Replace the session settings of a pool. Nobody is signed out by it. Raises ResourceNotFoundException."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    settings = {member: call[member] for member in ("UserSessionTracking", "TokenSession")}
    try:
        store.together(store.Change(Pool.at(pool=pool_id), Pool, set={"sessions": settings}, name="pool"))
    except store.Conflict:
        raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.") from None
    pools.forget_pool(pool_id)
    return {"UserPoolId": pool_id} | settings


@operation
def get_user_pool_client_session_configuration(call: Call) -> Answer:
    """The session settings of a client, also while its pool tracks no sessions. Raises ResourceNotFoundException."""
    client = _client(call)
    return _names(client) | session_settings.shown_of_client(client.sessions)


@operation
def set_user_pool_client_session_configuration(call: Call) -> Answer:
    """Replace the session settings of a client. Raises OperationNotEnabledException and ResourceNotFoundException."""
    user_sessions.require_tracking(fresh_pool_of(call["UserPoolId"]))
    client, settings = _client(call), {"SSOSession": call["SSOSession"]}
    try:
        store.together(store.Change(Client.at(client=client.id), Client, set={"sessions": settings}, name="client"))
    except store.Conflict:
        raise _unknown(call) from None
    pools.forget_client(client.id)
    return _names(client) | settings


def _client(call: Call) -> Client:
    """The client, read now; one of another pool is as unknown as none."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    found = store.get(Client, client=call["ClientId"])
    if found is None or found.pool_id != pool_id:
        raise _unknown(call)
    return found


def _names(client: Client) -> Answer:
    return {"UserPoolId": client.pool_id, "ClientId": client.id}


def _unknown(call: Call) -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(f"User pool client {call['ClientId']} does not exist.")
