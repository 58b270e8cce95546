"""What is left of a deleted pool: its keys, clients and users, removed bit by bit.

The pool's own item is gone before this begins, and every path to the rest begins at that item, so a leftover can be
reached by nobody: ids of pools are random and never given twice. Clearing is bounded in memory (a page at a time) and
in time; when it is cut short, the rest stays in the table, unreachable, until it is swept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from chalicelib.table import keys, store, users
from chalicelib.table.items import Client, Item, User
from chalicelib.table.keys import Key

_PAGE = 100
SECONDS = 10.0
"""How long one request clears: an API Gateway answers after 29 seconds at the latest."""


def clear(pool_id: str, seconds: float = SECONDS) -> bool:
    """Remove what belonged to a deleted pool; whether all that is known of is gone."""
    ends = time.monotonic() + seconds
    parts = (_parts(pool_id), _clients(pool_id), _users(pool_id))
    return all(_removed(batches, ends) for batches in parts)


def _removed(batches: Iterator[list[Item | Key]], ends: float) -> bool:
    for batch in batches:
        store.remove_all(batch)
        if time.monotonic() >= ends:
            return False
    return True


def _parts(pool_id: str) -> Iterator[list[Item | Key]]:
    yield from _partition(keys.key("Pool", pool=pool_id).pk)


def _clients(pool_id: str) -> Iterator[list[Item | Key]]:
    """Of each client the client first: a client without secrets would accept everybody."""
    for item in _listed(keys.listing("Client", pool=pool_id)):
        if isinstance(item, Client):
            yield [item]
            yield from _partition(item.pk)


def _users(pool_id: str) -> Iterator[list[Item | Key]]:
    """Of each user the guards first: they are known from the user alone."""
    for item in _listed(keys.listing("User", pool=pool_id)):
        if isinstance(item, User):
            yield [users.guard_key(pool_id, (kind, name)) for kind, name in item.guards]
            yield from _partition(item.pk)


def _listed(listing: str) -> Iterator[Item]:
    cursor = None
    while True:
        page = store.listed(listing, limit=_PAGE, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def _partition(partition: str) -> Iterator[list[Item | Key]]:
    """The items of a partition in batches, what sign-in needs (and the user itself) first."""
    cursor = None
    while True:
        page = store.list(partition, limit=_PAGE, cursor=cursor)
        yield [*page.items]
        cursor = page.cursor
        if cursor is None:
            return
