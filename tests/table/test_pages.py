"""Cursors: they come from outside, so nothing in them is believed but the position."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.table import pages
from chalicelib.table.pages import BadCursor

ROW = {"pk": {"S": "U#p#s"}, "sk": {"S": "SESSION#1"}, "gsi1pk": {"S": "P#p#USERS"}, "gsi1sk": {"S": "1#s"}}


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


class TestCursor:
    def test_leads_back_to_the_row_in_the_base_table(self) -> None:
        text = pages.cursor(ROW, index=False)

        assert pages.start(text, "U#p#s", "SESSION#", index=False) == {"pk": ROW["pk"], "sk": ROW["sk"]}

    def test_leads_back_to_the_row_in_the_index(self) -> None:
        text = pages.cursor(ROW, index=True)

        assert pages.start(text, "P#p#USERS", index=True) == ROW

    @given(st.text(min_size=1), st.text(min_size=1))
    def test_is_one_word_of_harmless_letters(self, pk: str, sk: str) -> None:
        text = pages.cursor({"pk": {"S": pk}, "sk": {"S": sk}}, index=False)

        assert text.replace("-", "").replace("_", "").isalnum()
        assert text.isascii()


class TestStart:
    @given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
    def test_any_text_is_a_place_in_the_partition_or_refused(self, text: str) -> None:
        try:
            key = pages.start(text, "U#p#s", index=False)
        except BadCursor:
            return

        assert key["pk"] == {"S": "U#p#s"}

    @pytest.mark.parametrize(
        "value",
        [
            None, 1, {}, [], ["U#p#s"], ["U#p#s", 1], ["U#p#s", None], ["U#p#s", ""], ["U#p#s", "x", "y"],
            ["U#p#s", ["x"]], ["U#p#s", "x" * 1025], ["U#p#s", "\ud800"], {"pk": "U#p#s", "sk": "x"},
        ],
    )  # fmt: skip
    def test_what_is_no_place_is_refused(self, value: Any) -> None:
        with pytest.raises(BadCursor):
            pages.start(encoded(value), "U#p#s", index=False)

    def test_a_cursor_of_another_pool_is_refused(self) -> None:
        text = pages.cursor(ROW, index=True)

        with pytest.raises(BadCursor, match="another list"):
            pages.start(text, "P#victim#USERS", index=True)

    def test_a_cursor_that_leaves_the_prefix_is_refused(self) -> None:
        text = pages.cursor(ROW, index=False)

        with pytest.raises(BadCursor, match="another list"):
            pages.start(text, "U#p#s", ".", index=False)

    def test_a_cursor_of_the_base_table_is_none_of_the_index(self) -> None:
        text = pages.cursor(ROW, index=False)

        with pytest.raises(BadCursor):
            pages.start(text, "U#p#s", index=True)

    @pytest.mark.parametrize("text", ["x" * 8193, "[" * 8000, base64.urlsafe_b64encode(b"[" * 6000).decode()])
    def test_a_huge_or_deep_one_is_refused(self, text: str) -> None:
        with pytest.raises(BadCursor):
            pages.start(text, "U#p#s", index=False)
