"""Secrets at rest: what wraps a data key (AWS KMS, or a key file), and the box that a data key makes.

A data key is 32 random bytes and is stored only wrapped. `Box` seals small values under it with AES-256-GCM
(NIST SP 800-38D) and derives further keys by HKDF-SHA256 (RFC 5869). Leaves to `flows.vault`: where wrapped keys are
stored and how long an open one is kept. Nonces are random: one key may seal 2^32 values before it is to be replaced.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chalicelib.outside import aws
from chalicelib.settings import Settings

KEY_BYTES = 32

_VERSION = 1
_HEADER = struct.Struct(">BI")  # version, number of the data key
_NONCE_BYTES = 12
_TAG_BYTES = 16
_OVERHEAD = _HEADER.size + _NONCE_BYTES + _TAG_BYTES
_WRAPPING = b"latchkey: a data key under a key file"


class Unsealable(ValueError):
    """A sealed value that does not open: altered, cut, of another place, of another key, or never ours."""


class KeyUnavailable(RuntimeError):
    """The wrapping key cannot be used: missing, unsafe, refused or out of reach. Nothing sealed can be read or made."""


class Wrapper(Protocol):
    """What keeps data keys unreadable for whoever has only the table."""

    def wrap(self, key: bytes) -> bytes:
        """The data key wrapped, fit to be stored; raises KeyUnavailable."""

    def unwrap(self, blob: bytes) -> bytes:
        """The data key again; raises KeyUnavailable, also when this wrapper did not wrap it."""


def wrapper(settings: Settings) -> Wrapper:
    """The wrapper that the settings name: a KMS key, else a key file; raises ValueError when they name neither."""
    if settings.kms_key:
        return Kms(settings.kms_key, settings.table, settings.region)
    if settings.key_file:
        return KeyFile(settings.key_file)
    # Never a built-in key: everybody who reads the source could open every table sealed under it.
    raise ValueError("Set LATCHKEY_KMS_KEY (in AWS) or LATCHKEY_KEY_FILE: there is no key to seal secrets with.")


class KeyFile:
    """Wraps with a file of 32 random bytes that only its owner can read; made at the first `wrap` if it is missing."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def wrap(self, key: bytes) -> bytes:
        """Nonce and AES-256-GCM of the data key."""
        self._make()
        nonce = token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._read()).encrypt(nonce, key, _WRAPPING)

    def unwrap(self, blob: bytes) -> bytes:
        """The data key. A missing file is not made here: a new one could not open what the old one wrapped."""
        cipher = AESGCM(self._read())
        try:
            return cipher.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], _WRAPPING)
        except (InvalidTag, ValueError):
            raise KeyUnavailable(f"The key file {self.path} did not wrap the data key of this table.") from None

    def _make(self) -> None:
        """Makes the file, whole or not at all: a link shows it complete, and only the first of two makers gets to."""
        if self.path.exists():
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{token_hex(8)}")
        try:
            _write_private(draft, token_bytes(KEY_BYTES))
            os.link(draft, self.path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)

    def _read(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                content = file.read(KEY_BYTES + 1)
        except OSError as error:
            raise KeyUnavailable(f"The key file {self.path} cannot be read: {error.strerror}.") from None
        self._check(status)
        if len(content) != KEY_BYTES:
            raise KeyUnavailable(f"The key file {self.path} must hold exactly {KEY_BYTES} bytes.")
        return content

    def _check(self, status: os.stat_result) -> None:
        """Refuses a key that other accounts of the machine may read, or replace by one that they know."""
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise KeyUnavailable(f"The key file {self.path} is open to other accounts; run: chmod 600 {self.path}")
        if status.st_uid not in (os.geteuid(), 0):
            raise KeyUnavailable(f"The key file {self.path} belongs to another account of this machine.")


def _write_private(path: Path, content: bytes) -> None:
    """Writes a new file that only we can read, through to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


class Kms:
    """Wraps with a KMS key (id, ARN or alias). The table's name is bound: copied to another table, a key stays shut."""

    def __init__(self, key_id: str, table: str, region: str) -> None:
        self._key_id = key_id
        self._context = {"latchkey:table": table}
        self._region = region

    def wrap(self, key: bytes) -> bytes:
        """The ciphertext of KMS Encrypt."""
        return self._call("encrypt", "CiphertextBlob", Plaintext=key)

    def unwrap(self, blob: bytes) -> bytes:
        """The plaintext of KMS Decrypt.

        The key is named although the ciphertext tells it: whoever may write the table could else plant a data key that
        they know, wrapped by a key of their own account, and read all that is sealed from then on.
        """
        return self._call("decrypt", "Plaintext", CiphertextBlob=blob)

    def _call(self, method: str, wanted: str, **arguments: bytes) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        client = aws.client("kms", self._region)
        try:
            answer = getattr(client, method)(KeyId=self._key_id, EncryptionContext=self._context, **arguments)
        except ClientError as error:
            raise KeyUnavailable(f"KMS {method} was refused: {error.response['Error']['Code']}.") from None
        except BotoCoreError as error:
            raise KeyUnavailable(f"KMS {method} failed: {type(error).__name__}.") from None
        return bytes(answer[wanted])


class Box:
    """Seals values under one data key, as version (1 byte), key number (4), nonce (12), ciphertext and tag.

    The bytes before the nonce and the context are authenticated with the value. The context says where the value
    belongs: whoever may write the table could else put one user's sealed secret into another user's item.
    """

    __slots__ = ("_cipher", "_header", "_key")

    def __init__(self, data_key: bytes, number: int = 1) -> None:
        if len(data_key) != KEY_BYTES:
            raise ValueError(f"A data key is {KEY_BYTES} bytes long.")
        self._key = data_key
        self._header = _HEADER.pack(_VERSION, number)
        self._cipher = AESGCM(self.derived("seal"))

    def seal(self, plain: bytes, context: str) -> bytes:
        """The value sealed for one place, 33 bytes longer than it was."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, plain, self._header + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The value again; raises Unsealable."""
        head, body = _HEADER.size, _HEADER.size + _NONCE_BYTES
        if len(sealed) < _OVERHEAD or sealed[:head] != self._header:
            raise Unsealable("The value was not sealed by this key.")
        try:
            return self._cipher.decrypt(sealed[head:body], sealed[body:], self._header + context.encode())
        except InvalidTag:
            raise Unsealable("The value is altered, or belongs to another place.") from None

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose; knowing it tells nothing about the data key or those of other purposes."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"latchkey:" + purpose.encode()).derive(self._key)


def key_number(sealed: bytes) -> int:
    """The number of the data key that a sealed value claims to be under; raises Unsealable for what is none of ours."""
    if len(sealed) < _OVERHEAD:
        raise Unsealable("The value is too short to be a sealed one.")
    version, number = _HEADER.unpack_from(sealed)
    if version != _VERSION:
        raise Unsealable("The value is sealed in a form that is not known.")
    return int(number)
