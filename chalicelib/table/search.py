"""Search entries: by which keys users are found, and the writes that keep them true.

Each value of a searchable attribute is an entry in the attribute's partition, in order of the folded value; one more
entry has both kinds of status. An entry is written in the transaction that changes the user, and again at will: it says
only what its key says. It leads to a user; what the user's item says counts. Leaves the conditions to `rules.filters`.

The list of a pool's own attributes comes from a pool that may be remembered for a minute: whoever changes that list
waits so long before old users get their entries, and lists an attribute under "becoming_searchable" until they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from chalicelib.rules import filters
from chalicelib.rules.attributes import VERIFIED
from chalicelib.rules.filters import Filter
from chalicelib.table import keys, pages, store
from chalicelib.table.directory import SearchEntry
from chalicelib.table.items import Pool, User
from chalicelib.table.writes import Change, Remove, Save, Write, key_of

Entry = tuple[str, str]
"""The attribute (or `STATE`) and the sort key: folded value, NUL, `sub`."""

STATE: Final = "state"

_KEPT: Final = ("searchable", "becoming_searchable")
_END = "\0"  # sorts before all that a value may hold, so values stand in their own order
_MOST_BYTES = 500  # of a value in a key: with the sub well within the 1,024 of a sort key


class Place(NamedTuple):
    """Where a reader is: how many ranges are behind it, and the sort key behind which it goes on."""

    span: int = 0
    behind: str = ""


class Candidate(NamedTuple):
    """A user who may meet a condition, and the place behind the entry that says so."""

    sub: str
    place: Place


def entries(pool: Pool, user: User) -> set[Entry]:
    """All entries that a user must have."""
    shown = values(user)
    named = [*filters.STANDARD, *filters.added(pool.ours, *_KEPT)]
    found = {(name, _start(shown[name]) + _END + user.sub) for name in named if shown.get(name)}
    return found | {(STATE, _state(user, enabled=user.enabled))}


def values(user: User) -> dict[str, str]:
    """What conditions are held against: attributes, names and both kinds of status."""
    return {
        **user.attributes,
        "username": user.username,
        "sub": user.sub,
        filters.STATUS: filters.ENABLED if user.enabled else filters.DISABLED,
        filters.USER_STATUS: user.status,
    }


def fresh(pool: Pool, user: User) -> list[Write]:
    """The writes of all entries of a user: of a new one, or of one who lacks some."""
    return changes(pool, user, set())


def changes(pool: Pool, user: User, before: set[Entry]) -> list[Write]:
    """The writes that make the entries of `before` those of the user as it is to be saved."""
    after = entries(pool, user)
    gone = [Remove(key(pool.id, entry), "search") for entry in sorted(before - after)]
    return [*gone, *(_written(pool.id, entry, user.sub) for entry in sorted(after - before))]


def removals(pool: Pool, user: User) -> list[Write]:
    """The writes that remove all entries of a user as it was read."""
    return [Remove(key(pool.id, entry), "search") for entry in sorted(entries(pool, user))]


def beside(pool: Pool, user: User, before: set[Entry], writes: Sequence[Write]) -> list[Write]:
    """What has to be written with these writes, so that the entries stay true of every user that they touch.

    `before` are the entries of `user` as it was read. What is among the writes already is left out: DynamoDB takes no
    two writes of one item.
    """
    more: list[Write] = []
    for write in writes:
        if isinstance(write, Save) and isinstance(write.item, User):
            is_own = write.item.sub == user.sub
            more += changes(pool, write.item, before) if is_own else _unproven(pool, write.item)
        elif isinstance(write, Remove) and write.key == key_of(user):
            more += [Remove(key(pool.id, entry), "search") for entry in sorted(before)]
    given = {write.key for write in writes}
    return [write for write in more if write.key not in given]


def switched(user: User, *, enabled: bool) -> list[Write]:
    """The writes that go with enabling or disabling a user whose status stays as it was read, whoever is faster."""
    pool_id = user.pool_id
    gone = (STATE, _state(user, enabled=not enabled))
    return [
        Remove(key(pool_id, gone), "search"),
        _written(pool_id, (STATE, _state(user, enabled=enabled)), user.sub),
    ]


def key(pool_id: str, entry: Entry) -> keys.Key:
    """Where an entry lies."""
    attribute, value = entry
    return SearchEntry.at(pool=pool_id, attribute=attribute, value=value)


def partition(pool_id: str, attribute: str) -> str:
    """The partition of all entries of an attribute (or of `STATE`)."""
    return key(pool_id, (attribute, "")).pk


def partitions(pool: Pool) -> list[str]:
    """The partitions of all entries of a pool."""
    named = [*filters.STANDARD, STATE, *filters.added(pool.ours, *_KEPT)]
    return [partition(pool.id, name) for name in named]


def candidates(pool_id: str, condition: Filter, place: Place, limit: int) -> list[Candidate]:
    """At most `limit` users behind a place who may meet a condition, by value; fewer when there are no more.

    Reads at most one entry more, strongly consistent. Raises BadCursor for a place that the condition does not reach.
    """
    found: list[Candidate] = []
    for number, (attribute, prefix) in enumerate(_spans(condition)):
        if number < place.span or len(found) == limit:
            continue
        behind = place.behind if number == place.span else ""
        start = _cursor(pool_id, (attribute, behind)) if behind else None
        rows = store.list(partition(pool_id, attribute), prefix, limit - len(found), start).items
        found += [Candidate(row.sub, Place(number, row.sk)) for row in rows if isinstance(row, SearchEntry)]
    return found


def _spans(condition: Filter) -> list[Entry]:
    """The attributes and beginnings of sort keys under which all who meet a condition are found, in order."""
    if condition.attribute == filters.STATUS:
        return [(STATE, f"{word}#") for word in (filters.DISABLED, filters.ENABLED) if _fits(condition, word)]
    if condition.attribute == filters.USER_STATUS:
        fitting = [status for status in filters.STATUSES if _fits(condition, status)]
        return [(STATE, f"{word}#{one}{_END}") for one in fitting for word in (filters.DISABLED, filters.ENABLED)]
    if condition.is_prefix:
        return [(condition.attribute, _start(condition.value))]
    return [(condition.attribute, _start(condition.value) + _END)] if condition.value else []


def _fits(condition: Filter, word: str) -> bool:
    return filters.holds(condition, {condition.attribute: word}, is_case_sensitive=True)


def _cursor(pool_id: str, entry: Entry) -> str:
    place = key(pool_id, entry)
    return pages.cursor({"pk": {"S": place.pk}, "sk": {"S": place.sk}}, index=False)


def _start(value: str) -> str:
    """How a value stands in keys: without case, without the mark of its end, and no longer than a key may be."""
    return filters.folded(value).replace(_END, "").encode()[:_MOST_BYTES].decode(errors="ignore")


def _state(user: User, *, enabled: bool) -> str:
    return f"{filters.ENABLED if enabled else filters.DISABLED}#{user.status}{_END}{user.sub}"


def _written(pool_id: str, entry: Entry, sub: str) -> Write:
    return Change(key(pool_id, entry), SearchEntry, set={"sub": sub}, upsert=True, name="search")


def _unproven(pool: Pool, holder: User) -> list[Write]:
    """Of somebody from whom an alias is taken nothing changes but that an address was proven, if it was."""
    present = entries(pool, holder)
    proven = {(name, f"true{_END}{holder.sub}") for name in filters.added(pool.ours, *_KEPT) if name in VERIFIED}
    return changes(pool, holder, {entry for entry in present if entry[0] not in VERIFIED} | proven)
