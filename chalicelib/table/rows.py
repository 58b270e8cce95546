"""From DynamoDB's rows to the models.

Owns how a row becomes an item, and what happens to rows of a kind that this version of the code does not know. A row is
DynamoDB's own JSON (`{"sub": {"S": "..."}}`, binary still in base64). PynamoDB's way to the same item costs five times
as much, because it walks all attributes thrice and sets each through its descriptor; a test holds both ways equal.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeVar

from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    VersionAttribute,
)

# Their models must be known before the first row is read.
from chalicelib.table import access_keys, directory, documents, factors, records, upkeep  # noqa: F401
from chalicelib.table.items import Item

K = TypeVar("K", bound=Item)
Row = dict[str, Any]


class Column(NamedTuple):
    """One attribute of a model: its name in the table and in the model, its type tag, and the way back to Python."""

    stored: str
    name: str
    tag: str
    read: Callable[[Any], Any] | None


def built(row: Row) -> Item:
    """The item of a row; ValueError for a row of a kind that the code does not know."""
    kind = _kinds().get(_label(row))
    if kind is None:
        raise ValueError(f"The table holds an item of unknown kind {_label(row)!r}.")
    return _item(kind, row)


def known(rows: list[Row], now: float) -> Iterator[tuple[Row, Item]]:
    """Rows with their items, without those of an unknown kind (a newer version's) and those whose time is over."""
    kinds = _kinds()
    for row in rows:
        kind = kinds.get(_label(row))
        if kind is not None:
            item = _item(kind, row)
            if not item.is_expired(now):
                yield row, item


def _label(row: Row) -> str:
    return str(row.get("_t", {}).get("S", ""))


@cache
def _kinds() -> dict[str, type[Item]]:
    label: Any = Item.get_attributes()["kind"]
    return {label.get_discriminator(kind): kind for kind in label.get_registered_subclasses(Item)}


def _item(kind: type[K], row: Row) -> K:
    item = kind.__new__(kind)
    values = _defaults(kind)
    for stored, name, tag, read in _columns(kind):
        cell = row.get(stored)
        if cell is not None and "NULL" not in cell:
            value = cell[tag]
            values[name] = value if read is None else read(value)
    item.attribute_values = values
    return item


def _defaults(kind: type[Item]) -> dict[str, Any]:
    return {name: default() if callable(default) else default for name, default in _given(kind)}


@cache
def _given(kind: type[Item]) -> tuple[tuple[str, Any], ...]:
    defaults = [(name, attribute.default) for name, attribute in kind.get_attributes().items()]
    return (("kind", lambda: kind), *(pair for pair in defaults if pair[1] is not None))


@cache
def _columns(kind: type[Item]) -> tuple[Column, ...]:
    found = kind.get_attributes().items()
    return tuple(Column(a.attr_name, n, a.attr_type, _reader(a)) for n, a in found if n != "kind")


def _reader(attribute: Attribute[Any]) -> Callable[[Any], Any] | None:
    """How to read a value; None where Python's value is the stored one."""
    plain: dict[type[Attribute[Any]], Callable[[Any], Any] | None] = {
        UnicodeAttribute: None,
        BooleanAttribute: None,
        DiscriminatorAttribute: None,
        NumberAttribute: _number,
        VersionAttribute: int,
        JSONAttribute: json.JSONDecoder(strict=False).decode,
        BinaryAttribute: _bytes,
    }
    return plain.get(type(attribute), attribute.deserialize)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else b64decode(value)  # botocore decodes the rows inside refusals


def _number(text: str) -> float:
    return int(text) if text.isdigit() else json.loads(text)
