"""Passwords that are known to have leaked, asked for by range: the protocol of Have I Been Pwned's "range" address.

A source is asked for the first five hex digits of a SHA-1, and answers with the rest of all hashes that begin so; the
comparison is made here, so that it learns neither the password nor its hash. Answers are padded, or their length would
tell an onlooker the range. Owns how long answers are kept and how often a source that fails is asked again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from chalicelib.outside import downloads
from chalicelib.outside.downloads import Bounds

TIMEOUT: Final = 1.0
"""Seconds for an answer: somebody waits for the new password to be taken."""

FRESH: Final = 300.0
"""Seconds that an answer is kept: whoever is refused soon tries again, and often with a password that is much alike."""

PAUSE: Final = 30.0
"""Seconds in which a source that did not answer is not asked: an outage must not cost everybody a second."""

LARGEST: Final = 256 * 1024
"""Bytes of an answer; a padded one has some 1,000 lines of 40."""

PREFIX: Final = 5
"""Hex digits that are told."""

_MOST_KEPT = 32
_HEADERS = {"Accept": "text/plain", "Add-Padding": "true", "User-Agent": "latchkey"}

_log = logging.getLogger("latchkey.breach_ranges")


class RangeUnavailable(Exception):
    """A range cannot be had now; says why, and nothing of what was asked."""


class Ranges:
    """What a source knows, for all threads of a process.

    `load` gives the lines of a prefix or raises RangeUnavailable.
    """

    def __init__(self, load: Callable[[str], bytes], clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._next_try = 0.0
        self._lock = threading.Lock()

    def has(self, digest: str) -> bool:
        """Whether a SHA-1 in upper-case hex is known to have leaked. Raises RangeUnavailable."""
        suffix = digest[PREFIX:].encode()
        lines = (line.partition(b":") for line in self._of(digest[:PREFIX]).splitlines())
        # Lines with a count of nought are padding.
        return any(found.upper() == suffix and count.strip(b"0 \r") for found, _, count in lines)

    def _of(self, prefix: str) -> bytes:
        now = self._clock()
        ends, lines = self._kept.get(prefix, (0.0, b""))
        if now < ends:
            return lines
        if now < self._next_try:
            raise RangeUnavailable("it did not answer a moment ago")
        try:
            lines = self._load(prefix)
        except RangeUnavailable as cause:
            _log.warning("breach ranges: %s", cause)
            self._next_try = self._clock() + PAUSE
            raise
        self._keep(prefix, lines)
        return lines

    def _keep(self, prefix: str, lines: bytes) -> None:
        with self._lock:
            self._kept.pop(prefix, None)
            while len(self._kept) >= _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[prefix] = (self._clock() + FRESH, lines)


def fetched(source: str, prefix: str) -> bytes:
    """The lines that a source has for a prefix, at `<source>/<prefix>`; raises RangeUnavailable."""
    try:
        return downloads.fetched(f"{source.rstrip('/')}/{prefix}", _HEADERS, Bounds(TIMEOUT, LARGEST))
    except downloads.Unavailable as cause:
        raise RangeUnavailable(str(cause)) from cause
