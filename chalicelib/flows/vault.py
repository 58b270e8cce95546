"""What is sealed, opened and keyed: the stage's data keys, held open once per process.

Owns where data keys live (`DataKey` items, wrapped, numbered from 1), their first making, and what may be done with
them: values sealed for one place of the table, texts sealed for one purpose and a time, keyed digests. Leaves the
cipher and the wrapping to `outside.secrets`. A later data key is one more item: new values are sealed under the newest
key that this process has met, older values open under theirs; digests carry no number and stay under the first.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from contextlib import suppress
from secrets import token_bytes
from threading import RLock
from typing import Any

from chalicelib import settings
from chalicelib.outside.secrets import KEY_BYTES, Box, Unsealable, key_number, wrapper
from chalicelib.table import store
from chalicelib.table.items import DataKey, Item

__all__ = [
    "Expired",
    "Unsealable",
    "forget",
    "mac",
    "open",
    "open_for",
    "opened_bytes",
    "opened_text",
    "seal",
    "seal_for",
    "sealed_bytes",
    "sealed_text",
]

LONGEST_TEXT = 4096
"""Characters of a sealed text: what the member `Session` may hold."""

_FIRST = 1
_PAUSE = 1.0  # seconds
_SKEW = 300  # seconds that the clocks of two of our processes may differ


class Expired(Unsealable):
    """A sealed text of ours whose time is over."""


def seal(plain: bytes, context: str) -> bytes:
    """The value sealed for the place that `context` names, best its item's keys; raises KeyUnavailable."""
    return _ring.newest().seal(plain, context)


def open(sealed: bytes, context: str) -> bytes:
    """The value that was sealed for this place; raises Unsealable or KeyUnavailable."""
    return _ring.box(key_number(sealed)).open(sealed, context)


def seal_for(item: Item, plain: bytes) -> bytes:
    """The value sealed for one item; raises KeyUnavailable. Copied to another item, it does not open."""
    return seal(plain, _place(item))


def open_for(item: Item, sealed: bytes) -> bytes:
    """The value that was sealed for this item; raises Unsealable or KeyUnavailable."""
    return open(sealed, _place(item))


def _place(item: Item) -> str:
    return f"{item.pk}|{item.sk}"


def mac(purpose: str, message: bytes) -> bytes:
    """HMAC-SHA256 (32 bytes) under a key of the purpose's own. Compare with `hmac.compare_digest`.

    A plain hash of a six-digit code or of a user's name is found by trying them all; without the key this one is not.
    """
    return hmac.digest(_ring.digest_key(purpose), message, "sha256")


def sealed_bytes(purpose: str, value: dict[str, Any], now: float, lifetime: float) -> bytes:
    """A JSON object sealed for one purpose and `lifetime` seconds; times are seconds since the epoch.

    Each purpose has a key of its own, so what was sealed for one is refused for every other: a caller could else answer
    a challenge with the session of another challenge, or with the secret block of an SRP exchange.
    """
    text = json.dumps([now, now + lifetime, value], separators=(",", ":"), ensure_ascii=False)
    return _ring.newest_for(purpose).seal(text.encode(errors="surrogatepass"), purpose)


def opened_bytes(purpose: str, sealed: bytes, now: float) -> dict[str, Any]:
    """The object that `sealed_bytes` sealed for this purpose; raises Expired or Unsealable."""
    issued, ends, value = json.loads(_ring.box_for(purpose, key_number(sealed)).open(sealed, purpose))
    if not issued - _SKEW <= now < ends:  # a clock that ran ahead must not make values that outlive their lifetime
        raise Expired("The time of the value is over.")
    return dict(value)


def sealed_text(purpose: str, value: dict[str, Any], now: float, lifetime: float) -> str:
    """`sealed_bytes` as URL-safe text without padding; raises ValueError when it is too long for a `Session`."""
    text = base64.urlsafe_b64encode(sealed_bytes(purpose, value, now, lifetime)).decode().rstrip("=")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"A sealed text of {len(text)} characters is longer than {LONGEST_TEXT}.")
    return text


def opened_text(purpose: str, text: str, now: float) -> dict[str, Any]:
    """The object inside a `sealed_text`; raises Expired or Unsealable."""
    if len(text) > LONGEST_TEXT:
        raise Unsealable("The text is too long to be a sealed one.")
    return opened_bytes(purpose, _decoded(text), now)


def _decoded(text: str) -> bytes:
    """The bytes of the one text that encodes them.

    Base64 has many spellings of the same bytes; a spent text spelled another way would pass a mark against replay.
    """
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Unsealable("The text is not a sealed one.") from None
    if base64.urlsafe_b64encode(sealed).decode().rstrip("=") != text:
        raise Unsealable("The text is not a sealed one.")
    return sealed


def forget() -> None:
    """Drops all open keys of this process; they are read again at the next use. For tests and after a change of key."""
    _ring.forget()


class _Ring:
    """The data keys of the table, open. Reading is free of locks; loading is not, so a cold burst asks KMS once."""

    def __init__(self) -> None:
        self._loading = RLock()
        self.forget()

    def forget(self) -> None:
        with self._loading:
            self._boxes: dict[int, Box] = {}
            self._purposes: dict[tuple[str, int], Box] = {}
            self._digest_keys: dict[str, bytes] = {}
            self._quiet_until = 0.0

    def newest(self) -> Box:
        return self.box(len(self._boxes) or _FIRST)

    def box(self, number: int) -> Box:
        found = self._boxes.get(number)
        return found or self._climb(number)

    def newest_for(self, purpose: str) -> Box:
        return self.box_for(purpose, len(self._boxes) or _FIRST)

    def box_for(self, purpose: str, number: int) -> Box:
        """The box of one purpose. Purposes are words of our own code, never a caller's, so there are few."""
        found = self._purposes.get((purpose, number))
        if found is None:
            found = Box(self.box(number).derived("text:" + purpose), number)
            self._purposes[purpose, number] = found
        return found

    def digest_key(self, purpose: str) -> bytes:
        found = self._digest_keys.get(purpose)
        if found is None:
            found = self._digest_keys[purpose] = self.box(_FIRST).derived("digest:" + purpose)
        return found

    def _climb(self, number: int) -> Box:
        """Loads the keys up to a number that a value claims.

        Callers can invent sessions that claim any number. Keys are numbered without gaps and a missing one is asked for
        once a second at most, so inventing them does not buy a read of the table each.
        """
        with self._loading:
            while len(self._boxes) < number and time.monotonic() >= self._quiet_until:
                if not self._has_loaded(len(self._boxes) + 1):
                    self._quiet_until = time.monotonic() + _PAUSE
                    break
            if number not in self._boxes:
                raise Unsealable("The value claims a data key that does not exist.")
            return self._boxes[number]

    def _has_loaded(self, number: int) -> bool:
        item = store.get(DataKey, id=str(number))
        if item is None and number == _FIRST:
            item = _first_key()
        if item is None:
            return False
        self._boxes[number] = Box(wrapper(settings.current()).unwrap(item.wrapped), number)
        return True


def _first_key() -> DataKey | None:
    """Makes the first data key of a table. Of several processes that try at once one succeeds, and all take its key."""
    wrapped = wrapper(settings.current()).wrap(token_bytes(KEY_BYTES))
    with suppress(store.Conflict):  # another process was first; its key is read like ours
        store.save(DataKey.new({"id": str(_FIRST)}, wrapped=wrapped, created_at=time.time()), "first data key")
    return store.get(DataKey, id=str(_FIRST))


_ring = _Ring()
