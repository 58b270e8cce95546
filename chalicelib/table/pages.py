"""A page of a list, and the cursor to the next one.

Owns the form of cursors: base64url of the place where a page ended. A cursor is not secret and not signed; it comes
from outside and is believed in nothing but the position inside the one partition that the caller asks for.
"""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

from chalicelib.table.items import Item

_LONGEST = 8192
_KEYS = ("pk", "sk")
_LISTING_KEYS = ("gsi1pk", "gsi1sk", "pk", "sk")
_MOST_BYTES = {"pk": 2048, "gsi1pk": 2048, "sk": 1024, "gsi1sk": 1024}

StartKey = dict[str, dict[str, str]]


class BadCursor(ValueError):
    """The cursor is malformed, or was made for another list."""


class Page(NamedTuple):
    """Some items of a list; `cursor` leads to the rest and is None when there is none."""

    items: list[Item]
    cursor: str | None


def cursor(last: dict[str, Any], *, index: bool) -> str:
    """The cursor behind a row as DynamoDB gave it."""
    place = [last[name]["S"] for name in (_LISTING_KEYS if index else _KEYS)]
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def start(text: str, partition: str, prefix: str = "", *, index: bool) -> StartKey:
    """The start key that a cursor stands for; BadCursor unless it lies in this partition (and behind this prefix).

    The check stops a cursor of one pool from being played against another pool's list.
    """
    names = _LISTING_KEYS if index else _KEYS
    place = _decoded(text, len(names))
    key = dict(zip(names, place, strict=True))
    if place[0] != partition or not place[1].startswith(prefix):
        raise BadCursor("The cursor belongs to another list.")
    if any(not 0 < len(_bytes(value)) <= _MOST_BYTES[name] for name, value in key.items()):
        raise BadCursor("The cursor is malformed.")
    return {name: {"S": value} for name, value in key.items()}


def _decoded(text: str, parts: int) -> list[str]:
    if len(text) > _LONGEST:
        raise BadCursor("The cursor is malformed.")
    try:
        place = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        raise BadCursor("The cursor is malformed.") from None
    if not isinstance(place, list) or len(place) != parts or not all(isinstance(part, str) for part in place):
        raise BadCursor("The cursor is malformed.")
    return place


def _bytes(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise BadCursor("The cursor is malformed.") from None
