"""Small answers of other services, fetched by GET over HTTPS: bounded in size and time, without redirects and proxies.

Owns the connection and its bounds. Leaves what is asked, how long an answer is kept, and what a failure means to those
who ask.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

_CHUNK: Final = 16 * 1024
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class Unavailable(Exception):
    """There is no such answer now; says why, and nothing of what was asked."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds for an answer, and its bytes."""

    seconds: float
    size: int


def fetched(url: str, headers: Mapping[str, str], bounds: Bounds) -> bytes:
    """The content behind a URL; raises Unavailable.

    HTTPS, but for this very machine: on a plain connection anybody could read what is asked, and change the answer.
    """
    where = urlsplit(url)
    if where.scheme != "https" and not (where.scheme == "http" and where.hostname in _LOOPBACK):
        raise Unavailable("it is not an https URL")
    return _downloaded(where, headers, bounds)


def _downloaded(where: SplitResult, headers: Mapping[str, str], bounds: Bounds) -> bytes:
    import http.client  # 20 ms that only the first of a process pays

    deadline = time.monotonic() + bounds.seconds
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=bounds.seconds)
    try:
        connection.request("GET", where.path, headers=dict(headers))
        answer = connection.getresponse()
        if answer.status != 200:
            raise Unavailable(f"status {answer.status}")
        return _read(answer.read1, deadline, bounds.size)
    except (OSError, http.client.HTTPException) as cause:
        raise Unavailable(f"no answer ({type(cause).__name__})") from cause
    finally:
        connection.close()


def _read(more: Callable[[int], bytes], deadline: float, size: int) -> bytes:
    content = b""
    while chunk := more(_CHUNK):
        content += chunk
        if len(content) > size:
            raise Unavailable("the answer is too large")
        if time.monotonic() > deadline:
            raise Unavailable("the answer takes too long")
    return content
