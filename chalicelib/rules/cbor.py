"""The outline of CBOR (RFC 8949): where an item ends, without building anything from it.

Authenticators write the plain subset of CTAP2: definite lengths, no tags, a few levels. What is outside of it is
refused here, before a decoder sees it. Attack: content that a general decoder makes large or slow things of, by tags
for decimals, dates and shared references, by lengths that are only claimed, or by nesting. Leaves decoding to others.
"""

from __future__ import annotations

from typing import Final

_DEEPEST: Final = 8  # levels; an attestation with a chain of certificates has three
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG = range(7)
_LENGTH_FOLLOWS: Final = {24: 1, 25: 2, 26: 4, 27: 8}  # bytes


def end(content: bytes, start: int = 0) -> int:
    """The offset behind the one item that begins at `start`. Raises ValueError for what is cut off or not plain."""
    return _end(content, start, _DEEPEST)


def _end(content: bytes, start: int, levels: int) -> int:
    if levels == 0:
        raise ValueError("CBOR is nested too deeply.")
    kind, value, behind = _head(content, start)
    if kind in (_BYTES, _TEXT):
        behind += value
    if behind > len(content):
        raise ValueError("CBOR is cut off.")
    if kind in (_LIST, _MAP):
        for _ in range(value * (kind - _LIST + 1)):
            behind = _end(content, behind, levels - 1)
    return behind


def _head(content: bytes, start: int) -> tuple[int, int, int]:
    """Kind and value of the item that begins at `start`, and where its content begins."""
    if not 0 <= start < len(content):
        raise ValueError("CBOR is cut off.")
    kind, value = content[start] >> 5, content[start] & 31
    if kind == _TAG or value > max(_LENGTH_FOLLOWS):
        raise ValueError("CBOR has tags or an indefinite length.")
    size = _LENGTH_FOLLOWS.get(value, 0)
    following = content[start + 1 : start + 1 + size]
    if len(following) < size:
        raise ValueError("CBOR is cut off.")
    return kind, int.from_bytes(following) if size else value, start + 1 + size
