"""Lines pass through a file unchanged, and a file that was made to hurt its reader does not."""

from __future__ import annotations

import gzip
import io
import json
import secrets

import pytest

from chalicelib.flows import export_files
from chalicelib.flows.export_files import Damaged, NotSealed, WrongPassphrase
from chalicelib.rules import sealed_files

WORDS = "five random words of mine"
CHEAP = sealed_files.Header(b"salt" * 4, memory_kib=8, iterations=1, lanes=1)


def unpacked(file: bytes, words: str = WORDS) -> list[dict]:
    return list(export_files.unpacked(io.BytesIO(file).read, words))


def sealed(content: bytes) -> bytes:
    """A file of any content, made by somebody who knows the passphrase."""
    return b"".join(sealed_files.sealed([content], WORDS, CHEAP))


class TestLines:
    def test_come_out_as_they_went_in(self):
        lines = [{"text": "ü\n\u2028\ud800", "number": number, "more": "x" * 10_000} for number in range(300)]

        file = b"".join(export_files.packed(iter(lines), WORDS))

        assert unpacked(file) == lines

    def test_may_be_none(self):
        assert unpacked(b"".join(export_files.packed([], WORDS))) == []

    def test_cannot_be_read_in_the_file(self):
        file = b"".join(export_files.packed([{"hash": "$argon2id$v=19$"}], WORDS))

        assert b"argon2id" not in file
        assert b"argon2id" not in gzip.compress(file)

    def test_are_unpacked_as_they_come(self):
        """The reader holds a little of the file, not all of it."""
        lines = ({"number": number, "more": secrets.token_hex(100)} for number in range(20_000))
        file = io.BytesIO(b"".join(export_files.packed(lines, WORDS)))

        next(export_files.unpacked(file.read, WORDS))

        assert file.tell() < len(file.getvalue()) / 2


class TestRefusals:
    def test_another_passphrase(self):
        file = b"".join(export_files.packed([{}], WORDS))

        with pytest.raises(WrongPassphrase):
            unpacked(file, "other words")

    def test_another_kind_of_file(self):
        with pytest.raises(NotSealed):
            unpacked(b"PK\x03\x04" + bytes(500))

    @pytest.mark.parametrize(
        "content",
        [b"", b"no gzip", gzip.compress(b"{}\n")[:-1], gzip.compress(b"{}\n") + b"x", gzip.compress(b"{}\n") * 2,
         gzip.compress(b"{}"), gzip.compress(b"[]\n"), gzip.compress(b"no JSON\n"), gzip.compress(b"\xff\n"),
         gzip.compress(b"[" * 200_000 + b"\n")],
        ids=["empty", "no gzip", "cut gzip", "bytes behind", "another behind", "no end of line", "a list", "no JSON",
             "no text", "deep"],
    )  # fmt: skip
    def test_content_that_is_none_of_ours(self, content):
        with pytest.raises(Damaged):
            unpacked(sealed(content))

    def test_content_that_goes_on_in_a_chunk_behind_the_packed_part(self):
        packed = gzip.compress(b'{"x":"' + b"y" * (CHEAP.chunk - 32) + b'"}\n', compresslevel=0)
        assert len(packed) == CHEAP.chunk

        with pytest.raises(Damaged, match="behind its end"):
            unpacked(sealed(packed + b"behind"))

    def test_a_small_file_that_unpacks_into_more_than_memory_holds(self):
        bomb = gzip.compress(bytes(200 << 20), compresslevel=9)

        with pytest.raises(Damaged, match="longer than any of ours"):
            unpacked(sealed(bomb))

    def test_a_line_that_is_too_long(self, monkeypatch):
        monkeypatch.setattr(export_files, "LONGEST", 1000)
        content = gzip.compress(json.dumps({"x": "y" * 2000}).encode())

        with pytest.raises(Damaged, match="longer"):
            unpacked(sealed(content))
