"""Lines and values of import files, whatever blocks they come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules import csv_files
from chalicelib.rules.csv_files import FileRefused, Line, RowRefused, header, lines, values

COLUMNS = ["name", "email", "cognito:username"]


def blocks(content: bytes, size: int = 7) -> csv_files.Read:
    return lambda at: content[at : at + size]


def read(text: str) -> list[str]:
    return values(Line(2, text.encode(), 0))


def header_of(content: bytes, *, has_hashes: bool = False) -> list[str]:
    return header(next(lines(blocks(content)), None), COLUMNS, has_hashes=has_hashes)


class TestLines:
    @given(st.lists(st.binary(max_size=12).map(lambda one: one.replace(b"\n", b""))), st.integers(1, 40), st.booleans())
    def test_are_the_same_in_blocks_of_any_size(self, contents: list[bytes], size: int, is_open: bool) -> None:
        content = b"\n".join(contents) + (b"" if is_open else b"\n")

        found = list(lines(blocks(content, size)))

        expected = content.split(b"\n")
        assert [line.content for line in found] == (expected if expected[-1] else expected[:-1])
        assert [line.number for line in found] == list(range(1, len(found) + 1))

    @given(st.lists(st.binary(max_size=12), min_size=1), st.integers(1, 40), st.data())
    def test_go_on_behind_any_line(self, contents: list[bytes], size: int, data: st.DataObject) -> None:
        content = b"\n".join(contents)
        found = list(lines(blocks(content, size)))

        for line in found[: data.draw(st.integers(0, 5))]:
            assert list(lines(blocks(content, size), line.ends, line.number)) == found[line.number :]

    def test_one_that_does_not_end_is_not_held(self) -> None:
        content = b"a\n" + b"x" * 1_000_000 + b"\nb\n" + b"y" * 70_000

        found = list(lines(blocks(content, 5000)))

        assert [line.content for line in found] == [b"a", None, b"b", None]
        assert found[-1].ends == len(content)


class TestValues:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a,b,c", ["a", "b", "c"]),
            (" a ,\tb, c \r", ["a", "b", "c"]),
            (r"Doe\, John,x", ["Doe, John", "x"]),
            (r"a\\,b", ["a\\", "b"]),
            (r"a\\\,b", ["a\\,b"]),
            (r"C:\temp,b", [r"C:\temp", "b"]),
            ("a\\", ["a\\"]),
            ('"a, b"', ['"a', 'b"']),
            (",,", ["", "", ""]),
            ("ä,漢字", ["ä", "漢字"]),
            ("", []),
            (" \t\r", []),
        ],
    )
    def test_are_apart_by_commas_without_a_backslash(self, text: str, expected: list[str]) -> None:
        assert read(text) == expected

    def test_are_in_utf_8(self) -> None:
        with pytest.raises(RowRefused, match="UTF-8"):
            values(Line(2, b"a,\xff", 0))

    @pytest.mark.parametrize("one", ["x", "漢"])
    def test_have_16000_characters_together(self, one: str) -> None:
        assert read(one * 16_000) == [one * 16_000]
        with pytest.raises(RowRefused, match="longer than 16000 characters"):
            read(one * 16_001)

    def test_of_a_line_that_was_let_go_are_refused(self) -> None:
        with pytest.raises(RowRefused, match="longer than 16000 characters"):
            values(Line(2, None, 0))


class TestHeader:
    def test_may_have_any_order(self) -> None:
        assert header_of(b"cognito:username, email ,name\r\nx") == ["cognito:username", "email", "name"]

    def test_has_hashes_where_the_job_has_an_algorithm(self) -> None:
        assert header_of(b"cognito:username,email,name,password_hash\n", has_hashes=True)[-1] == "password_hash"

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "The file is empty."),
            (b"\xef\xbb\xbfname,email,cognito:username", "byte order mark"),
            (b"\xff\xfen\x00a\x00", "no header in UTF-8"),
            (b"x" * 100_000, "no header in UTF-8"),
            (b"\nname,email,cognito:username", "lacks cognito:username, email and 1 more"),
            (b"name,email", "lacks cognito:username."),
            (b"Name,email,cognito:username", "lacks name."),
            (b"name,email,cognito:username,sub", "unknown columns: sub."),
            (b"name,email,cognito:username,", "unknown columns: an empty name."),
            (b"name,name,email,cognito:username", "repeats name."),
            (b"name,email,cognito:username,password_hash", "the job has no PasswordHashingAlgorithm"),
        ],
    )
    def test_says_what_is_wrong(self, content: bytes, message: str) -> None:
        with pytest.raises(FileRefused, match=message):
            header_of(content)

    def test_without_hashes_is_refused_where_the_job_has_an_algorithm(self) -> None:
        with pytest.raises(FileRefused, match="lacks password_hash"):
            header_of(b"name,email,cognito:username", has_hashes=True)

    @given(st.lists(st.text(max_size=400), max_size=60))
    def test_is_refused_in_128_characters(self, names: list[str]) -> None:
        try:
            header_of(",".join(names).encode())
        except FileRefused as refusal:
            assert len(str(refusal)) <= 128


class TestRequireCountable:
    def test_takes_500000_lines(self) -> None:
        csv_files.require_countable(500_000)
        with pytest.raises(FileRefused, match="more than 500000 users"):
            csv_files.require_countable(500_001)
