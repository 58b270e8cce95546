"""One page of a list, as the API gives it: a limit, a cursor, and the service's words for a cursor that is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from chalicelib import errors
from chalicelib.flows import vault
from chalicelib.table import store

LARGEST = 60

_MOST_BYTES: Final = 3_000_000
"""Of an answer as JSON: Lambda takes 6 MB, and an answer of quotation marks alone doubles when it is wrapped for it."""


class Part(NamedTuple):
    """A part of a partition of the table: the items whose sort key begins with `prefix`."""

    partition: str
    prefix: str


_HOUR = 3600.0
_CURSOR = "cursor"


def page(listing: str, limit: int | None, cursor: str | None) -> store.Page:
    """At most `limit` items under a name of the list index, oldest first; no limit or 0 means the largest page, 60.

    Raises InvalidParameterException for a cursor that is malformed or leads elsewhere.
    """
    try:
        return store.listed(listing, limit=limit or LARGEST, cursor=cursor)
    except store.BadCursor:
        raise _bad() from None


def page_of(part: Part, limit: int | None, cursor: str | None) -> store.Page:
    """At most `limit` items of a part of a partition, in its order and as they are now; 0 means the largest page.

    Raises InvalidParameterException for a cursor that is malformed or leads elsewhere.
    """
    try:
        return store.list(part.partition, part.prefix, limit=limit or LARGEST, cursor=cursor)
    except store.BadCursor:
        raise _bad() from None


def page_for_an_hour(listing: str, limit: int | None, cursor: str | None, now: float) -> store.Page:
    """`page` with cursors that are good for an hour; sealed, so nobody gives one more time than that."""
    found = page(listing, limit, None if cursor is None else _opened(cursor, now))
    if found.cursor is None:
        return found
    return found._replace(cursor=vault.sealed_text(_CURSOR, {"behind": found.cursor}, now, _HOUR))


def fitting(limit: int | None, answer: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """The answer with a page of at most `limit` items; of so many fewer that it can be sent.

    Attack: strangers sign up with all attributes as long as they may be, and no list gets past sixty of them.
    """
    size = limit or LARGEST
    while len(json.dumps(found := answer(size))) > _MOST_BYTES and size > 1:
        size //= 2
    return found


def _opened(cursor: str, now: float) -> str:
    try:
        return str(vault.opened_text(_CURSOR, cursor, now)["behind"])
    except vault.Unsealable:
        raise _bad() from None


def _bad() -> errors.InvalidParameterException:
    return errors.InvalidParameterException("Invalid pagination token")
