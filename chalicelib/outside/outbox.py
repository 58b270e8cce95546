"""The outbox of a laptop: every message that would have left, one JSON object a line, in the file of the settings.

A line holds `at` (UTC, ISO 8601), `channel` ("EMAIL" or "SMS"), `to`, `subject`, `body`, `code`, `pool`, `client` and
`username`. Works only where the settings say that this is a laptop: whoever reads it signs in as anybody.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib import settings

_MOST_LINES = 1000
_BLOCK = 65_536


class DeliveryFailed(Exception):
    """A message did not leave. The text says why, without the message, its code, its receiver or any credential."""


class Closed(DeliveryFailed):
    """There is no outbox here: this is not a laptop, or no file is named for it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who caused a message, and the code in it. Known to the outbox only, never part of what is sent."""

    pool: str = ""
    client: str = ""
    username: str = ""
    code: str = field(default="", repr=False)


NOBODY = Origin()


def append(channel: str, message: Mapping[str, str], origin: Origin) -> None:
    """Adds one line; `message` has `to`, `subject` and `body`. Raises DeliveryFailed."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "channel": channel,
        **message,
        "code": origin.code,
        "pool": origin.pool,
        "client": origin.client,
        "username": origin.username,
    }
    try:
        _write(_path(), json.dumps(line).encode() + b"\n")
    except OSError as error:
        raise DeliveryFailed(f"The outbox cannot be written: {error.strerror}.") from None


def lines(limit: int = 50) -> list[dict[str, Any]]:
    """The newest lines, newest first, at most 1,000; raises Closed."""
    try:
        tail = _tail(_path(), max(0, min(limit, _MOST_LINES)))
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in reversed(tail)]


def _path() -> Path:
    """The file. In the cloud there is none, whatever is set: codes there would be readable by all who see the file."""
    current = settings.current()
    if not current.is_local or not current.outbox:
        raise Closed("The outbox exists only on a laptop with LATCHKEY_LOCAL=1 and LATCHKEY_OUTBOX set.")
    return Path(current.outbox)


def _write(path: Path, line: bytes) -> None:
    """One write under a lock, so that lines of several processes never mix; readable by the owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def _tail(path: Path, count: int) -> list[bytes]:
    """The last whole lines of a file, read from its end: an old and long outbox costs no more than a new one."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        held = b""
        while position and held.count(b"\n") <= count:
            step = min(_BLOCK, position)
            position = file.seek(position - step)
            held = file.read(step) + held
    whole, _, _ = held.rpartition(b"\n")  # what follows the last newline is still being written
    found = whole.split(b"\n") if whole else []
    return found[-count:] if count else []
