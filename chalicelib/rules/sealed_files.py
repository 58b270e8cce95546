"""Files sealed under a passphrase: any number of bytes, as a stream, that no change and no cut goes unnoticed in.

A file is a header and chunks. The header: a mark, the version, the costs of argon2id (RFC 9106), the size of a chunk, a
salt, and a check value that tells a wrong passphrase from a damaged file. Each chunk is AES-256-GCM over so many bytes
(the last one over fewer, but at least none), the header being authenticated with each. The nonce is a counter and a
byte that is 1 for the last chunk: chunks that are cut off, added, exchanged or left out do not open (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). Every file has a salt, and so a key, of its own.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK: Final = b"\x89LATCHKEY\r\n\x1a\n"
"""First bytes of a file; what treats it as text, or cuts its eighth bits, damages them."""

SALT_BYTES: Final = 16

_VERSION = 1
_FORM = struct.Struct(f">{len(MARK)}sBIIBI{SALT_BYTES}s32s")
HEADER_BYTES: Final = _FORM.size

_NONCE = struct.Struct(">xxxIxxxxB")  # twelve bytes
_TAG_BYTES = 16
_MOST_CHUNKS = 1 << 32
_LEAST_CHUNK, _MOST_CHUNK = 1 << 12, 1 << 20
_MOST_MEMORY_KIB, _MOST_ITERATIONS, _MOST_LANES = 1 << 20, 16, 16


class NotSealed(ValueError):
    """The file is none of this kind, or asks for more than we would do for it."""


class WrongPassphrase(ValueError):
    """The passphrase is not that of the file."""


class Damaged(ValueError):
    """The file was cut, changed, or put together from others."""


@dataclass(frozen=True, slots=True)
class Header:
    """What one needs beside the passphrase to open a file; `check` is made by `sealed`."""

    salt: bytes
    memory_kib: int = 65536
    iterations: int = 3
    lanes: int = 4
    chunk: int = 1 << 16
    check: bytes = b""

    def packed(self) -> bytes:
        """The header as it stands in the file."""
        costs = (self.memory_kib, self.iterations, self.lanes, self.chunk)
        return _FORM.pack(MARK, _VERSION, *costs, self.salt, self.check)


def parsed(content: bytes) -> Header:
    """The header of a file from its first bytes; raises NotSealed.

    The attack: a file that makes its reader fill the memory or compute for days before the first byte is verified.
    """
    if len(content) != HEADER_BYTES or not content.startswith(MARK):
        raise NotSealed("This is not a sealed file of Latchkey's.")
    _, version, memory_kib, iterations, lanes, chunk, salt, check = _FORM.unpack(content)
    if version != _VERSION:
        raise NotSealed(f"The file has the form {version}, and only form {_VERSION} is known here.")
    is_sane = 1 <= lanes <= _MOST_LANES and 8 * lanes <= memory_kib <= _MOST_MEMORY_KIB
    if not (is_sane and 1 <= iterations <= _MOST_ITERATIONS and _LEAST_CHUNK <= chunk <= _MOST_CHUNK):
        raise NotSealed("The file asks for more memory or work than is ever needed to open one.")
    return Header(salt, memory_kib, iterations, lanes, chunk, check)


def sealed(plain: Iterable[bytes], passphrase: str, header: Header) -> Iterator[bytes]:
    """The parts of a sealed file of the given bytes, in order; `header` brings a fresh salt and the costs."""
    key, check = _derived(passphrase, header)
    head = replace(header, check=check).packed()
    yield head
    cipher, number, kept = AESGCM(key), 0, b""
    for part in plain:
        kept += part
        while len(kept) > header.chunk:
            yield cipher.encrypt(_nonce(number, last=False), kept[: header.chunk], head)
            number, kept = number + 1, kept[header.chunk :]
    yield cipher.encrypt(_nonce(number, last=True), kept, head)


def opened(read: Callable[[int], bytes], passphrase: str) -> Iterator[bytes]:
    """What is inside a sealed file, part by part; `read` gives up to so many further bytes, fewer at the end alone.

    Each part was verified before it is given, but only the end tells that nothing is missing: whoever acts on the parts
    before must be able to undo that. Raises NotSealed, WrongPassphrase, Damaged.
    """
    head = read(HEADER_BYTES)
    header = parsed(head)
    key, check = _derived(passphrase, header)
    if not hmac.compare_digest(check, header.check):
        raise WrongPassphrase("The passphrase is not the one with which this file was sealed.")
    cipher, number, size = AESGCM(key), 0, header.chunk + _TAG_BYTES
    part, following = read(size), read(size)
    while following:
        yield _opened(cipher, _nonce(number, last=False), part, head)
        part, following, number = following, read(size), number + 1
    yield _opened(cipher, _nonce(number, last=True), part, head)


def _opened(cipher: AESGCM, nonce: bytes, part: bytes, head: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, part, head)
    except (InvalidTag, ValueError):
        raise Damaged("The file is damaged: a part of it was cut off, changed or put elsewhere.") from None


def _nonce(number: int, *, last: bool) -> bytes:
    if number >= _MOST_CHUNKS:
        raise ValueError("The content is too long for one file.")
    return _NONCE.pack(number, last)


def _derived(passphrase: str, header: Header) -> tuple[bytes, bytes]:
    """The key of the chunks, and a value that tells the passphrase without helping to find it.

    The check also binds the file to one passphrase: AES-GCM alone would let somebody make a file that opens under two.
    """
    from argon2.low_level import Type, hash_secret_raw

    secret = hash_secret_raw(
        passphrase.encode("utf-8", "surrogatepass"),
        header.salt,
        time_cost=header.iterations,
        memory_cost=header.memory_kib,
        parallelism=header.lanes,
        hash_len=32,
        type=Type.ID,
    )
    both = HKDF(SHA256(), 64, salt=None, info=b"latchkey:sealed file").derive(secret)
    return both[:32], both[32:]
