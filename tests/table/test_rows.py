"""Rows become the same items as PynamoDB makes of them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from chalicelib.table import directory, documents, items, records, rows, upkeep
from chalicelib.table.items import Item, User
from tests.table import samples

MODELS = [
    kind
    for module in (items, directory, documents, records, upkeep)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Item) and kind != Item
]
VALUES: dict[str, Any] = {
    "S": '{"a": [1, "\\u00e4"]}',
    "N": "1732185600.123456",
    "B": b"\x00\xff",
    "BOOL": False,
    "SS": ["a", "b"],
}


def full(kind: type[Item]) -> dict[str, Any]:
    """A row that has every attribute of a model, as PynamoDB takes it."""
    row = {a.attr_name: {a.attr_type: VALUES[a.attr_type]} for a in kind.get_attributes().values()}
    return row | {"_t": {"S": kind.__name__}, "_v": {"N": "7"}, "expires": {"N": "9999999999"}}


def on_the_wire(row: dict[str, Any]) -> dict[str, Any]:
    """The same row as DynamoDB sends it."""
    return {
        name: {tag: b64encode(value).decode() if tag == "B" else value for tag, value in cell.items()}
        for name, cell in row.items()
    }


class TestBuilt:
    @pytest.mark.parametrize("kind", MODELS, ids=lambda kind: str(kind.__name__))
    def test_a_full_row_gives_what_pynamodb_gives(self, kind: type[Item]) -> None:
        row = full(kind)

        ours, theirs = rows.built(on_the_wire(row)), Item.from_raw_data(row)

        assert type(ours) is type(theirs) is kind
        assert ours.attribute_values == theirs.attribute_values
        assert {n: type(v) for n, v in ours.attribute_values.items()} == {
            n: type(v) for n, v in theirs.attribute_values.items()
        }

    @pytest.mark.parametrize("kind", MODELS, ids=lambda kind: str(kind.__name__))
    def test_a_bare_row_gives_what_pynamodb_gives(self, kind: type[Item]) -> None:
        row: dict[str, Any] = {"pk": {"S": "a"}, "_t": {"S": kind.__name__}, "expires": {"NULL": True}}

        ours, theirs = rows.built(row), Item.from_raw_data(row)

        assert ours.attribute_values == theirs.attribute_values
        assert {n: getattr(ours, n) for n in kind.get_attributes()} == {
            n: getattr(theirs, n) for n in kind.get_attributes()
        }

    def test_what_is_saved_is_what_is_read(self) -> None:
        user = samples.user("pool")

        again = rows.built(on_the_wire(user.serialize()))

        assert again.attribute_values == user.attribute_values

    @pytest.mark.parametrize("row", [{}, {"_t": {"S": "Unicorn"}}, {"_t": {"S": "Item"}}, {"_t": {"N": "1"}}])
    def test_a_row_of_unknown_kind_is_an_error(self, row: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="unknown kind"):
            rows.built({"pk": {"S": "a"}, "sk": {"S": "b"}} | row)


class TestKnown:
    def test_leaves_out_the_unknown_and_the_expired(self) -> None:
        good = on_the_wire(samples.user("pool").serialize())
        over = on_the_wire(samples.session("pool", "over", expires=100.0).serialize())

        found = list(rows.known([good, {"pk": {"S": "x"}, "_t": {"S": "Unicorn"}}, over, {}], now=100.0))

        assert [(row, type(item)) for row, item in found] == [(good, User)]
