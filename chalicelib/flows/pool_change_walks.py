"""The walks of a pool change: part by part through all users, each brought to where the change wants it.

Owns what is done to one user, and what is found to stand in the way. A part may be walked twice, and while people use
the pool: each user is written as it was read, or read again. Users come from the list index, so what was written a
moment ago may be missing; a walk begins long enough after the last process has learnt of the change.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.errors import TooManyRequestsException
from chalicelib.rules import eras, pool_changes
from chalicelib.rules.names import Guard
from chalicelib.rules.pool_changes import Fault, Person
from chalicelib.table import guards, keys, search, store
from chalicelib.table.items import Client, Pool, User
from chalicelib.table.writes import Check, Save, Write

_PAGE: Final = 100
_ROUNDS: Final = 8
_TOGETHER: Final = 8  # users at work on at once; most of the time of each is waiting for the table

Entry = dict[str, Any]


@dataclass(frozen=True)
class Walk:
    """What to do to each user of a pool: `names` are kept in all eras of the pool, the rest as far as it is given."""

    pool: Pool
    definitions: list[Entry] = field(default_factory=list)
    """Which values are held against."""

    required: list[str] = field(default_factory=list)
    searchable: list[str] = field(default_factory=list)
    """Attributes whose search entries are written."""

    is_naming: bool = False
    """Whether names are held against the newest era."""

    is_final: bool = False
    """Whether values are written as the definitions want them."""


@dataclass
class Part:
    """What a part of a walk has found; `cursor` leads on, and is None behind the last part."""

    users: int = 0
    clashes: list[Entry] = field(default_factory=list)
    lacks: list[Entry] = field(default_factory=list)
    cursor: str | None = None


def part(walk: Walk, cursor: str | None) -> Part:
    """Walk through the next users. Raises TooManyRequestsException when somebody keeps changing one of them."""
    page = store.listed(keys.listing("User", pool=walk.pool.id), limit=_PAGE, cursor=cursor)
    met = [item for item in page.items if isinstance(item, User)]
    found = Part(len(met), cursor=page.cursor)
    first, second = _apart(walk.pool, met)
    with ThreadPoolExecutor(_TOGETHER) as hands:
        visits = dict(
            zip((user.sub for user in first), hands.map(lambda user: _visited(walk, user), first), strict=True)
        )
    visits |= {user.sub: _visited(walk, user) for user in second}
    for user in met:
        clashes, lacks = visits[user.sub]
        found.clashes += clashes
        found.lacks += lacks
    return found


def _apart(pool: Pool, met: list[User]) -> tuple[list[User], list[User]]:
    """Users who share no name, and those who share one with a user before: they come later, as they came to the pool.

    So it is always the younger of two who is found to clash.
    """
    first: list[User] = []
    second: list[User] = []
    seen: set[str] = set()
    for user in met:
        asked = {name for _, name in guards.asked(pool, user)}
        (second if asked & seen else first).append(user)
        seen |= asked
    return first, second


def client_clashes(pool: Pool, required: Collection[str]) -> list[Entry]:
    """The clients through which nobody could sign up any more if these attributes were required."""
    clashes: list[Entry] = []
    cursor = None
    while required:
        page = store.listed(keys.listing("Client", pool=pool.id), limit=_PAGE, cursor=cursor)
        for client in page.items:
            if isinstance(client, Client):
                faults = pool_changes.unwritable(required, client.document.get("WriteAttributes"))
                clashes += [{"ClientId": client.id, **_told(fault)} for fault in faults]
        cursor = page.cursor
        if cursor is None:
            break
    return clashes


def _visited(walk: Walk, user: User) -> tuple[list[Entry], list[Entry]]:
    """Bring one user along; its clashes and what it lacks. One who has gone has neither."""
    rivals: dict[Guard, str] = {}
    for _ in range(_ROUNDS):
        person = Person(user.sub, user.username, dict(user.attributes))
        faults = _faults(walk, person)
        try:
            store.together(*_writes(walk, user, {*rivals, *_withheld(walk, user, faults)}))
        except store.Conflict:
            fresh = store.get(User, pool=user.pool_id, sub=user.sub)
            if fresh is None:
                return [], []
            user, rivals = fresh, guards.rivals(walk.pool, fresh)
            continue
        taken = {eras.plain(kind): other for (kind, _), other in rivals.items()}
        clashes = [{**_named(person), **_told(fault)} for fault in faults]
        clashes += [{**_named(person), **_told(pool_changes.taken(kind)), "OtherSub": taken[kind]} for kind in taken]
        return clashes, [{**_named(person), "Attribute": name} for name in _lacking(walk, person)]
    raise TooManyRequestsException


def _lacking(walk: Walk, person: Person) -> list[str]:
    lacking = [name for name in walk.required if not person.attributes.get(name)]
    newest = eras.of(walk.pool.document, walk.pool.ours)[-1]
    is_nameless = walk.is_naming and not walk.is_final and pool_changes.is_left_nameless(newest.settings, person)
    return [*lacking, "username"] if is_nameless else lacking


def _faults(walk: Walk, person: Person) -> list[Fault]:
    newest = eras.of(walk.pool.document, walk.pool.ours)[-1]
    faults = pool_changes.name_faults(newest.settings, person) if walk.is_naming else []
    return faults + pool_changes.value_faults(walk.definitions, person)


def _withheld(walk: Walk, user: User, faults: list[Fault]) -> list[Guard]:
    """The names that a user may not have before the change is applied: each is one that others would be taken for."""
    if walk.is_final:
        return []
    looking = {fault.attribute for fault in faults if fault.reason == pool_changes.LOOKS_LIKE_ANOTHER}
    newest = eras.of(walk.pool.document, walk.pool.ours)[-1]
    return [guard for guard in guards.asked(walk.pool, user) if guard[0] in {newest.kind(kind) for kind in looking}]


def _writes(walk: Walk, user: User, without: Collection[Guard]) -> list[Write]:
    """What has to be written, with the user as it was read; nothing when all is in place."""
    before = {entry for entry in search.entries(walk.pool, user) if entry[0] not in walk.searchable}
    person = Person(user.sub, user.username, user.attributes)
    values = pool_changes.normal(walk.definitions, person) if walk.is_final else {}
    user.attributes = user.attributes | values
    writes = guards.brought_along(walk.pool, user, without)
    if values and not writes:
        writes = [Save(user, "user")]
    entries = search.changes(walk.pool, user, before) if walk.searchable or values else []
    return [*writes, *entries] if writes or not entries else [Check(user, "user"), *entries]


def _named(person: Person) -> Entry:
    return {"Sub": person.sub, "Username": person.username}


def _told(fault: Fault) -> Entry:
    return {"Attribute": fault.attribute, "Reason": fault.reason, "Message": fault.message}
