"""Pools, their clients and signing keys: look-ups by id, remembered for a short while, and their lists.

What these return is shared between requests: read it, never change it. A change begins with `store.get`, ends with
`store.together`, and then tells `forget_pool` or `forget_client`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from chalicelib.table import keys, store
from chalicelib.table.items import Client, ClientSecret, Pool, SigningKey
from chalicelib.table.memory import Memory


@dataclass(frozen=True)
class ClientRecord:
    """A client with its secrets, all still sealed."""

    id: str
    pool_id: str
    document: dict[str, Any]
    secrets: list[ClientSecret] = field(default_factory=list, repr=False)


# Strangers claim pools of any length in paths and tokens; DynamoDB answers a key over 2,048 bytes with an error.
_POOL_ID = re.compile(r"[\w-]{1,55}", re.ASCII)

_pools: Memory[Pool] = Memory()
_clients: Memory[ClientRecord] = Memory()
_signing_keys: Memory[list[SigningKey]] = Memory()


def pool(pool_id: str) -> Pool | None:
    """A pool as it was within the last minute."""
    if not _POOL_ID.fullmatch(pool_id):
        return None
    return _pools.recall(pool_id, lambda: fresh_pool(pool_id))


def fresh_pool(pool_id: str) -> Pool | None:
    """A pool, read now; this one may be changed."""
    return store.get(Pool, pool=pool_id)


def client(client_id: str) -> ClientRecord | None:
    """A client with its secrets, as they were within the last minute."""
    return _clients.recall(client_id, lambda: fresh_client(client_id))


def fresh_client(client_id: str) -> ClientRecord | None:
    """A client with its secrets, read now.

    Attack: a query may see the client still and its secrets no more while both are deleted, or restored; what is left
    would be a client that accepts everybody. So one that was made with a secret is unknown without any.
    """
    parts = store.list(keys.key("Client", client=client_id).pk).items
    found = next((part for part in parts if isinstance(part, Client)), None)
    secrets = [part for part in parts if isinstance(part, ClientSecret)]
    if found is None or (found.has_secret and not secrets):
        return None
    return ClientRecord(client_id, found.pool_id, found.document, secrets)


def signing_keys(pool_id: str) -> list[SigningKey]:
    """All key pairs of a pool, as they were within the last minute; an unknown pool has none."""
    if not _POOL_ID.fullmatch(pool_id):
        return []
    return _signing_keys.recall(pool_id, lambda: fresh_signing_keys(pool_id) or None) or []


def fresh_signing_keys(pool_id: str) -> list[SigningKey]:
    """All key pairs of a pool, read now."""
    page = store.list(keys.key("Pool", pool=pool_id).pk, prefix="KEY#")
    return [item for item in page.items if isinstance(item, SigningKey)]


def forget_pool(pool_id: str) -> None:
    """Read the pool and its keys again at next use."""
    _pools.forget(pool_id)
    _signing_keys.forget(pool_id)


def forget_client(client_id: str) -> None:
    """Read the client again at next use."""
    _clients.forget(client_id)


def forget_all() -> None:
    """Read everything again at next use."""
    for memory in (_pools, _clients, _signing_keys):
        memory.clear()
