"""App clients as administrators see them: read now, with their secrets, and only in the pool that is named."""

from __future__ import annotations

from chalicelib import errors, journal
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import client_secrets
from chalicelib.table import keys, store
from chalicelib.table.items import Client, ClientSecret


def read(call: Call) -> tuple[Client, list[ClientSecret]]:
    """The client that the input names and its secrets, oldest first; one of another pool is as unknown as none.

    Raises ResourceNotFoundException.
    """
    pool = fresh_pool_of(call["UserPoolId"])
    parts = store.list(keys.key("Client", client=call["ClientId"]).pk).items
    found = next((part for part in parts if isinstance(part, Client)), None)
    if found is None or found.pool_id != pool.id:
        raise errors.ResourceNotFoundException(f"User pool client {call['ClientId']} does not exist.")
    journal.note(client=found.id)
    return found, client_secrets.by_age(part for part in parts if isinstance(part, ClientSecret))
