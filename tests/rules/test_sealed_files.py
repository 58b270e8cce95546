"""A sealed file opens whole and unchanged under its passphrase, or not at all."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rules import sealed_files
from chalicelib.rules.sealed_files import HEADER_BYTES, Damaged, Header, NotSealed, WrongPassphrase

CHUNK = 4096
PART = CHUNK + 16
CHEAP = Header(b"salt" * 4, memory_kib=8, iterations=1, lanes=1, chunk=CHUNK)
"""The least that argon2 takes: its work is not what is tested."""


def sealed(content: bytes, header: Header = CHEAP, passphrase: str = "open sesame") -> bytes:
    return b"".join(sealed_files.sealed([content], passphrase, header))


def opened(file: bytes, passphrase: str = "open sesame") -> bytes:
    return b"".join(sealed_files.opened(io.BytesIO(file).read, passphrase))


def chunks(file: bytes) -> list[bytes]:
    body = file[HEADER_BYTES:]
    return [body[start : start + PART] for start in range(0, len(body), PART)]


class TestOpening:
    @given(st.lists(st.binary(max_size=3 * CHUNK), max_size=4))
    @settings(deadline=None, max_examples=50)
    def test_gives_back_what_was_sealed_however_it_came(self, parts):
        file = b"".join(sealed_files.sealed(parts, "open sesame", CHEAP))

        assert opened(file) == b"".join(parts)

    @pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
    def test_knows_the_end_at_every_length(self, length):
        content = bytes(length)

        assert opened(sealed(content)) == content

    def test_says_that_the_passphrase_is_wrong_before_anything_is_given(self):
        parts = sealed_files.opened(io.BytesIO(sealed(b"x" * 3 * CHUNK)).read, "open barley")

        with pytest.raises(WrongPassphrase):
            next(parts)

    def test_takes_a_passphrase_of_any_characters(self):
        file = sealed(b"content", passphrase="Passwört \U0001f511")

        assert opened(file, "Passwört \U0001f511") == b"content"

    def test_two_files_of_one_content_and_passphrase_have_nothing_in_common(self):
        other = Header(b"tlas" * 4, memory_kib=8, iterations=1, lanes=1, chunk=CHUNK)

        files = [sealed(b"x" * CHUNK), sealed(b"x" * CHUNK, other)]

        assert files[0][HEADER_BYTES:] != files[1][HEADER_BYTES:]


class TestDamage:
    @pytest.fixture
    def file(self):
        return sealed(bytes(range(256)) * 40)  # two whole chunks and a part of one

    def test_any_bit_that_is_turned(self, file):
        for place in range(0, len(file), 97):
            turned = bytearray(file)
            turned[place] ^= 1
            with pytest.raises((Damaged, NotSealed, WrongPassphrase)):
                opened(bytes(turned))

    @pytest.mark.parametrize("missing", [1, 16, 17, CHUNK // 2, PART, PART + 1])
    def test_an_end_that_is_cut_off(self, file, missing):
        with pytest.raises(Damaged):
            opened(file[:-missing])

    def test_an_end_that_is_cut_off_between_two_chunks(self, file):
        with pytest.raises(Damaged):
            opened(file[: HEADER_BYTES + PART])

    def test_everything_cut_off_but_the_header(self, file):
        with pytest.raises(Damaged):
            opened(file[:HEADER_BYTES])

    @pytest.mark.parametrize("more", [b"x", b"x" * PART])
    def test_bytes_that_were_added(self, file, more):
        with pytest.raises(Damaged):
            opened(file + more)

    def test_chunks_that_were_exchanged(self, file):
        first, second, last = chunks(file)

        with pytest.raises(Damaged):
            opened(file[:HEADER_BYTES] + second + first + last)

    def test_a_chunk_that_was_left_out(self, file):
        first, _, last = chunks(file)

        with pytest.raises(Damaged):
            opened(file[:HEADER_BYTES] + first + last)

    def test_a_chunk_that_was_doubled(self, file):
        first, second, last = chunks(file)

        with pytest.raises(Damaged):
            opened(file[:HEADER_BYTES] + first + first + second + last)

    def test_a_chunk_of_another_file_of_the_same_passphrase(self, file):
        other = Header(b"tlas" * 4, memory_kib=8, iterations=1, lanes=1, chunk=CHUNK)
        foreign = chunks(sealed(bytes(range(256)) * 40, other))[0]

        with pytest.raises(Damaged):
            opened(file[:HEADER_BYTES] + foreign + b"".join(chunks(file)[1:]))


class TestHeader:
    def test_what_is_no_sealed_file_is_told_so(self):
        for content in (b"", b"{}", b"\x1f\x8b" + bytes(200), sealed_files.MARK):
            with pytest.raises(NotSealed, match="not a sealed file"):
                opened(content)

    def test_a_later_form_is_told_so(self):
        file = bytearray(sealed(b""))
        file[len(sealed_files.MARK)] = 2

        with pytest.raises(NotSealed, match="form 2"):
            opened(bytes(file))

    @pytest.mark.parametrize(
        ("memory_kib", "iterations", "lanes", "chunk"),
        [
            (100 * 1024 * 1024, 3, 4, CHUNK),
            (65536, 4_000_000_000, 4, CHUNK),
            (65536, 3, 255, CHUNK),
            (65536, 3, 4, 0),
            (65536, 3, 4, 4_000_000_000),
            (7, 1, 1, CHUNK),
            (8, 0, 1, CHUNK),
            (8, 1, 0, CHUNK),
        ],
    )  # fmt: skip
    def test_a_file_that_asks_for_too_much_is_refused_before_any_work(self, memory_kib, iterations, lanes, chunk):
        head = Header(bytes(16), memory_kib, iterations, lanes, chunk, bytes(32)).packed()

        with pytest.raises(NotSealed, match="asks for more"):
            opened(head + bytes(16))

    def test_the_costs_that_we_ask_for_are_strong(self):
        ours = sealed_files.parsed(Header(bytes(16), check=bytes(32)).packed())

        assert (ours.memory_kib, ours.iterations) == (64 * 1024, 3)

    def test_stands_in_the_file_as_documented(self):
        file = sealed(b"")

        costs = struct.unpack(">BIIBI", file[len(sealed_files.MARK) :][:14])

        assert costs == (1, 8, 1, 1, CHUNK)
        assert len(file) == HEADER_BYTES + 16


class TestLength:
    def test_no_two_chunks_ever_have_one_nonce(self):
        nonces = {sealed_files._nonce(number, last=last) for number in (0, 1, 255, 2**32 - 1) for last in (False, True)}

        assert len(nonces) == 8
        with pytest.raises(ValueError, match="too long for one file"):
            sealed_files._nonce(2**32, last=False)
