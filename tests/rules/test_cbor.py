"""The outline of CBOR."""

import cbor2
import pytest

from chalicelib.rules import cbor

PLAIN = [0, 23, 24, 255, 65_536, 2**33, -1, -257, b"", b"x" * 300, "", "text", [], [1, [2, [3]]], {}, {1: {"a": b"b"}}]
DEEPEST = 8


class TestEnd:
    @pytest.mark.parametrize("value", [*PLAIN, True, None, 1.5], ids=repr)
    def test_is_behind_the_item(self, value):
        content = cbor2.dumps(value)

        assert cbor.end(content + b"more") == len(content)

    def test_counts_from_where_the_item_begins(self):
        assert cbor.end(b"\xff\xff" + cbor2.dumps([1, 2]), 2) == 5

    @pytest.mark.parametrize("value", [2**33, b"x" * 300, "text", [1, 2], {1: 2}], ids=lambda value: repr(value)[:12])
    def test_refuses_every_beginning_of_an_item(self, value):
        content = cbor2.dumps(value)

        for length in range(len(content)):
            with pytest.raises(ValueError, match="cut off"):
                cbor.end(content[:length])

    def test_refuses_a_start_outside(self):
        for start in (-1, 1, 99):
            with pytest.raises(ValueError, match="cut off"):
                cbor.end(b"\x00", start)

    @pytest.mark.parametrize("head", [0x5B, 0x7B, 0x9B, 0xBB], ids=hex)
    def test_takes_no_claimed_length_on_trust(self, head):
        with pytest.raises(ValueError, match="cut off"):
            cbor.end(bytes([head]) + b"\xff" * 8 + b"\x00" * 99)

    @pytest.mark.parametrize(
        "content", [b"\xc2\x41\x01", b"\xd8\x1d\x00", b"\x5f\x41\x00\xff", b"\x9f\xff", b"\xbf\xff"]
    )
    def test_refuses_tags_and_indefinite_lengths(self, content):
        with pytest.raises(ValueError, match="tags or an indefinite length"):
            cbor.end(content)

    def test_refuses_deep_nesting(self):
        assert cbor.end(b"\x81" * (DEEPEST - 1) + b"\x00") == DEEPEST
        for levels in (DEEPEST, 100_000):
            with pytest.raises(ValueError, match="nested"):
                cbor.end(b"\x81" * levels + b"\x00")
