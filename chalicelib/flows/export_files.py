"""Export files: lines as JSON, one below the other, packed by gzip, sealed under a passphrase (`rules.sealed_files`).

Both ways are streams; what is held in memory at a time is a line and a few chunks. Leaves what the lines say to
`pool_exports`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from secrets import token_bytes
from typing import Any, Final

from chalicelib.rules import sealed_files
from chalicelib.rules.sealed_files import Damaged, NotSealed, WrongPassphrase

__all__ = ["Damaged", "NotSealed", "WrongPassphrase", "packed", "unpacked"]

Line = dict[str, Any]

LONGEST: Final = 16 << 20
"""Bytes of a line; ours have two megabytes at the most, which is a page of the table as JSON."""

_PART = 1 << 18  # bytes that are unpacked at once
_GZIP = 31  # zlib's number for the gzip form


def packed(lines: Iterable[Line], passphrase: str) -> Iterator[bytes]:
    """The parts of a file of these lines."""
    header = sealed_files.Header(token_bytes(sealed_files.SALT_BYTES))
    yield from sealed_files.sealed(_compressed(lines), passphrase, header)


def unpacked(read: Callable[[int], bytes], passphrase: str) -> Iterator[Line]:
    """The lines of a file; `read` gives up to so many further bytes. Raises NotSealed, WrongPassphrase, Damaged."""
    rest = b""
    for part in _decompressed(sealed_files.opened(read, passphrase)):
        *whole, rest = (rest + part).split(b"\n")
        yield from map(_line, whole)
        if len(rest) > LONGEST:
            raise Damaged("The file holds a line that is longer than any of ours.")
    if rest:
        raise Damaged("The last line of the file has no end.")


def _compressed(lines: Iterable[Line]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    for line in lines:
        if part := packer.compress(json.dumps(line, separators=(",", ":")).encode() + b"\n"):
            yield part
    yield packer.flush()


def _decompressed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The attack: a small file that unpacks into more than the memory holds; so it comes in bounded parts."""
    unpacker = zlib.decompressobj(wbits=_GZIP)
    for part in parts:
        left = part
        while left:
            if unpacker.eof:
                raise Damaged("The packed part of the file goes on behind its end.")
            try:
                yield unpacker.decompress(left, _PART)
            except zlib.error as problem:
                raise Damaged(f"The file cannot be unpacked: {problem}") from None
            left = unpacker.unconsumed_tail
        if unpacker.unused_data:
            raise Damaged("The packed part of the file goes on behind its end.")
    if not unpacker.eof:
        raise Damaged("The packed part of the file has no end.")


def _line(text: bytes) -> Line:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Damaged("A line of the file is not a JSON object.")
    return found
