"""Searches: a page of the users who meet a filter, found by the table's keys.

Owns the cursor and how far one page reads. Leaves the grammar to `rules.filters` and the keys to `table.search`. Users
are read when their entries have been, and held against the condition again: entries are coarser than conditions, and a
user may have changed in between.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from chalicelib import errors
from chalicelib.flows import paging, vault
from chalicelib.rules import filters, names
from chalicelib.rules.filters import Filter
from chalicelib.table import search, store
from chalicelib.table.items import Pool, User
from chalicelib.table.search import Candidate, Place

ROUNDS: Final = 4
MOST_ENTRIES: Final = ROUNDS * (paging.LARGEST + 2)
MOST_USERS: Final = ROUNDS * paging.LARGEST
"""Items that one page reads at most, whatever the size of the pool: 248 entries, 240 users."""

_HOUR = 3600.0
_CURSOR = "search"


class Wanted(NamedTuple):
    """What of the users who meet a condition is asked for: how many, 60 if none or 0, and behind which cursor."""

    limit: int | None = None
    cursor: str | None = None


class Found(NamedTuple):
    """Users in order of the attribute that was searched; `cursor` leads to the rest and is None when there is none."""

    users: list[User]
    cursor: str | None


def page(pool: Pool, condition: Filter, wanted: Wanted, now: float) -> Found:
    """A page of the users who meet a condition.

    In most cases it reads two entries more than users. Where entries and users do not agree, as in a pool that tells
    names apart by case, it goes on three times, and then the page is short: a cursor says that there may be more. An
    attribute that was made searchable less than a minute ago may be unknown here. Raises InvalidParameterException for
    an attribute that is not searchable, and for a cursor that is over, malformed or of another pool or filter.
    """
    filters.require_searchable(condition, filters.added(pool.ours, "searchable"))
    mark = _mark(pool, condition)
    place = Place() if wanted.cursor is None else _opened(wanted.cursor, mark, now)
    try:
        users, end = _gathered(pool, condition, place, wanted.limit or paging.LARGEST)
    except store.BadCursor:
        raise _bad() from None
    return Found(users, _sealed(end, mark, now) if end else None)


def _gathered(pool: Pool, condition: Filter, place: Place, limit: int) -> tuple[list[User], Place | None]:
    """Users behind a place, and the place behind the last of them if there may be more."""
    found: dict[str, User] = {}
    wanted = limit
    for _ in range(ROUNDS):
        candidates = search.candidates(pool.id, condition, place, wanted + 1)
        for candidate, user in _meeting(pool, condition, candidates[:wanted]):
            place = candidate.place
            if user:
                found[user.sub] = user
            if len(found) == limit:
                return list(found.values()), place if candidate is not candidates[-1] else None
        if len(candidates) <= wanted:
            return list(found.values()), None
        wanted = paging.LARGEST
    return list(found.values()), place


def _meeting(
    pool: Pool, condition: Filter, candidates: Sequence[Candidate]
) -> Iterator[tuple[Candidate, User | None]]:  # fmt: skip
    """Each candidate with its user as it is now, or with None if that does not meet the condition."""
    is_case_sensitive = names.is_case_sensitive(pool.document)
    rows = store.get_many(*(User.at(pool=pool.id, sub=candidate.sub) for candidate in candidates))
    for candidate, row in zip(candidates, rows, strict=True):
        user = row if isinstance(row, User) else None
        if user and not filters.holds(condition, search.values(user), is_case_sensitive=is_case_sensitive):
            user = None
        yield candidate, user


def _mark(pool: Pool, condition: Filter) -> str:
    """What a cursor is good for, in few characters."""
    return hashlib.sha256(f"{pool.id} {filters.unparsed(condition)}".encode()).hexdigest()


def _sealed(place: Place, mark: str, now: float) -> str:
    behind = base64.b64encode(place.behind.encode()).decode()  # JSON would make much of control characters
    return vault.sealed_text(_CURSOR, {"of": mark, "span": place.span, "behind": behind}, now, _HOUR)


def _opened(cursor: str, mark: str, now: float) -> Place:
    try:
        value = vault.opened_text(_CURSOR, cursor, now)
    except vault.Unsealable:
        raise _bad() from None
    if value["of"] != mark:
        raise _bad()
    return Place(value["span"], base64.b64decode(value["behind"]).decode())


def _bad() -> errors.InvalidParameterException:
    return errors.InvalidParameterException("Invalid pagination token")
