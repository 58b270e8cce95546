"""What is left of a deleted pool: its keys, clients and users, removed bit by bit.

The pool's own item is gone before this begins, and every path to the rest begins at that item, so a leftover can be
reached by nobody: ids of pools are random and never given twice. Clearing is bounded in memory (a page at a time) and
in time. A mark stands in the pool's place until a job has found everything gone, some time after the last process may
have forgotten the pool: until then, what was cut short is finished, and what a late request wrote is found.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from chalicelib.table import groups, guards, keys, search, store
from chalicelib.table.directory import ImportJob, ImportLines
from chalicelib.table.items import Client, Item, Pool, User
from chalicelib.table.keys import Key
from chalicelib.table.upkeep import DeletedPool
from chalicelib.table.writes import Remove, Save, Write

_PAGE = 100
SECONDS = 10.0
"""How long one request clears: an API Gateway answers after 29 seconds at the latest."""


def mark(pool_id: str, now: float) -> Write:
    """The write that leaves a mark, to be made together with the one that deletes the pool."""
    parts = {"pool": pool_id, "created": keys.sortable(now)}
    return Save(DeletedPool.new(parts, pool_id=pool_id, deleted_at=now), "mark")


def clear(pool_id: str, seconds: float = SECONDS) -> bool:
    """Remove what belonged to a deleted pool; whether all that is known of is gone.

    It stops only after something has gone, so it comes to an end however short the time of each call.
    """
    ends = time.monotonic() + seconds
    return all(time.monotonic() < ends for part in (_parts, _clients, _users) for _ in part(pool_id))


def _parts(pool_id: str) -> Iterator[None]:
    """What another partition holds goes before the part that alone leads there."""
    yield from _emptied(keys.key("BrandingAsset", pool=pool_id, client="", asset="", part="").pk)
    for batch in _partition(keys.key("Pool", pool=pool_id).pk):
        for item in batch:
            if isinstance(item, ImportJob):
                yield from _emptied(ImportLines.at(pool=pool_id, job=item.id, line="").pk)
        store.remove_all(batch)
        yield


def _clients(pool_id: str) -> Iterator[None]:
    """Each client with its secrets at once: without them it would accept everybody, and it alone leads to them."""
    for item in _listed(keys.listing("Client", pool=pool_id)):
        if isinstance(item, Client):
            store.together(*(Remove(Key(part.pk, part.sk)) for part in store.list(item.pk).items))
            yield


def _users(pool_id: str) -> Iterator[None]:
    """Of each user what lies elsewhere and the parts first: they are known from the user alone, so that goes last.

    The groups have gone before, so nobody joins one any more: no member is left when its user is.
    """
    for item in _listed(keys.listing("User", pool=pool_id)):
        if isinstance(item, User):
            for batch in _partition(item.pk):
                store.remove_all(key for user in batch if isinstance(user, User) for key in _elsewhere(user))
                store.remove_all(part for part in batch if not isinstance(part, User))
                if len(batch) > 1:
                    yield
            store.remove_all([item])
            yield


def _elsewhere(user: User) -> list[Key]:
    """Guards, memberships and search entries. Which attributes were searchable went with the pool, so any may be."""
    named = [guards.key(user.pool_id, (kind, name)) for kind, name in user.guards]
    members = groups.member_keys(user.pool_id, user.sub, groups.held(user))
    pool = Pool.new({"pool": user.pool_id, "created": ""}, ours={"searchable": list(search.values(user))})
    return [*named, *members, *(write.key for write in search.removals(pool, user))]


def _emptied(partition: str) -> Iterator[None]:
    for batch in _partition(partition):
        store.remove_all(batch)
        yield


def _listed(listing: str) -> Iterator[Item]:
    cursor = None
    while True:
        page = store.listed(listing, limit=_PAGE, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def _partition(partition: str) -> Iterator[list[Item]]:
    """The items of a partition in batches; none when there is nothing."""
    cursor = None
    while True:
        page = store.list(partition, limit=_PAGE, cursor=cursor)
        if page.items:
            yield page.items
        cursor = page.cursor
        if cursor is None:
            return
