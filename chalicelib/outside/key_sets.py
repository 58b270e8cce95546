"""The key sets of issuers: fetched over HTTPS (RFC 7517), kept, and fetched again when a token names an unknown key.

Owns how long keys are kept and how often they may be asked for; `load` may be `fetched` or a look into our own table.
Ask only for issuers that are configured: what a token says of itself must never decide where we connect to or how much
we keep. Leaves the judgement of tokens to the rules. Proxies are not used.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chalicelib.outside import downloads
from chalicelib.outside.downloads import Bounds
from chalicelib.rules import jwt

FRESH: Final = 300.0
"""Seconds after which a set is asked for again: a new key is published at least this long before it signs."""

STALE: Final = 3600.0
"""Seconds that a set serves while the issuer does not answer; by then its tokens have expired, and a key that was
withdrawn must not be good for ever."""

PAUSE: Final = 30.0
"""Least seconds between two questions to one issuer. Anybody can invent key ids: a flood of them costs one question."""

PAUSE_AFTER_FAILURE: Final = 5.0
TIMEOUT: Final = 3.0
LARGEST: Final = 128 * 1024
"""Bytes of a key set."""

_MOST_KEYS = 100
_HEADERS = {"Accept": "application/json"}

_log = logging.getLogger("latchkey.key_sets")


class KeysUnavailable(Exception):
    """An issuer's keys cannot be had now: no word about the token, and never to be taken for a yes."""


class KeysWithdrawn(KeysUnavailable):
    """An issuer has answered that it has no keys (any more): what was kept of it is good for nothing."""


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: jwt.KeySet = field(default_factory=dict)
    loaded_at: float | None = None
    next_try: float = 0.0

    def is_within(self, seconds: float, now: float) -> bool:
        return self.loaded_at is not None and 0 <= now - self.loaded_at < seconds


class KeySets:
    """Key sets by issuer, for all threads of a process.

    `load` gives the set of an issuer or raises KeysUnavailable (KeysWithdrawn: it has none); `fresh` is in seconds. The
    clock is that of the wall: a frozen Lambda's other one stands still, and keys would outlive their time.
    """

    def __init__(
        self, load: Callable[[str], jwt.KeySet], fresh: float = FRESH, clock: Callable[[], float] = time.time
    ) -> None:
        self._load = load
        self._fresh = fresh
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._loading = threading.Lock()

    def of(self, issuer: str, kid: str) -> jwt.KeySet:
        """The keys of a configured issuer, asked for again when they are old or, within bounds, lack a key id.

        Raises KeysUnavailable when there are none, or none young enough.
        """
        now = self._clock()
        kept = self._kept.get(issuer, _Kept())
        if kept.loaded_at is None or self._is_due(kept, kid, now):
            kept = self._reloaded(issuer, kid, now)
        if not kept.is_within(STALE, now):
            raise KeysUnavailable("the keys of the issuer cannot be had")
        return kept.keys

    def _is_due(self, kept: _Kept, kid: str, now: float) -> bool:
        # A next try beyond the pause comes of a clock that was set back: it does not count.
        is_pausing = now < kept.next_try <= now + PAUSE
        return not is_pausing and not (kid in kept.keys and kept.is_within(self._fresh, now))

    def _reloaded(self, issuer: str, kid: str, now: float) -> _Kept:
        with self._loading:
            kept = self._kept.get(issuer, _Kept())
            if not self._is_due(kept, kid, now):  # another thread was faster
                return kept
            self._kept[issuer] = replace(kept, next_try=now + PAUSE)  # nobody who has keys waits for us
            self._kept[issuer] = self._tried(issuer, kept, now)
            return self._kept[issuer]

    def _tried(self, issuer: str, kept: _Kept, now: float) -> _Kept:
        try:
            return _Kept(self._load(issuer), now, now + min(PAUSE, self._fresh))
        except KeysUnavailable as cause:
            _log.warning("keys of %s: %s", issuer, cause)
            # An outage must not turn everybody away; a pool that was deleted must.
            left = _Kept() if isinstance(cause, KeysWithdrawn) else kept
            return replace(left, next_try=now + PAUSE_AFTER_FAILURE)


def fetched(issuer: str) -> jwt.KeySet:
    """The key set that an issuer publishes at `/.well-known/jwks.json`; raises KeysUnavailable.

    On a plain connection whoever stands between could hand us keys of their own, so `downloads` takes none.
    """
    bounds = Bounds(TIMEOUT, LARGEST)
    try:
        return _key_set(json.loads(downloads.fetched(f"{issuer}/.well-known/jwks.json", _HEADERS, bounds)))
    except downloads.Unavailable as cause:
        raise KeysUnavailable(str(cause)) from cause
    except (ValueError, RecursionError) as cause:
        raise KeysUnavailable("the answer is no key set") from cause


def _key_set(document: Any) -> jwt.KeySet:
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError("no list of keys")
    found: dict[str, Any] = {}
    for jwk in listed:
        if isinstance(jwk, dict) and jwk.get("use", "sig") == "sig" and isinstance(jwk.get("kid"), str):
            found |= _usable(jwk)
    if not found:
        raise ValueError("no key of use")
    return found


def _usable(jwk: dict[str, Any]) -> jwt.KeySet:
    # A key of a kind that we do not know is of no use to us, and no reason to refuse the others.
    try:
        return jwt.key_set([jwk])
    except jwt.BadKey:
        return {}
