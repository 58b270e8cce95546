"""AWS STS: sends a proof of identity, exactly as `rules.proofs` has made it, and brings back what STS says.

Owns time, size and number of these calls; leaves where they may go to `rules.proofs` and what the answer means to
`rules.identities`. Not through the SDK, which would sign with our own key: what is asked is who the caller is.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from threading import BoundedSemaphore
from urllib.parse import urlsplit

from chalicelib import errors, settings
from chalicelib.outside import aws
from chalicelib.rules.proofs import Proof

LARGEST_ANSWER = 16_384
"""Bytes, with headers; STS needs about 900."""

PATIENCE = 5.0
"""Seconds for everything from connecting to the last byte."""

_MOST_AT_ONCE = 8
_AGENT = "latchkey"

# Attack: proofs with worthless signatures that hold all our threads, and STS's patience with our address.
_slots = BoundedSemaphore(_MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What STS said: the HTTP status and the body."""

    status: int
    content: bytes = field(repr=False)


def local_origin() -> str:
    """The origin ("http://127.0.0.1:4566") that the SDK's settings name for STS on a laptop; "" in AWS."""
    if not settings.current().is_local:
        return ""
    url = urlsplit(aws.client("sts", settings.current().region).meta.endpoint_url)
    return f"{url.scheme}://{url.netloc}" if url.path in ("", "/") else ""


def answer(proof: Proof) -> Answer:
    """What STS says to a proof; any status, a redirect too, which is not followed.

    Raises ServiceUnavailableException when nothing sensible comes in time, TooManyRequestsException when too many ask.
    """
    if not _slots.acquire(blocking=False):
        raise errors.TooManyRequestsException
    try:
        return _parsed(_exchanged(proof))
    except (OSError, http.client.HTTPException):
        raise errors.ServiceUnavailableException("STS did not answer; repeat the request with a new proof.") from None
    finally:
        _slots.release()


def _exchanged(proof: Proof) -> bytes:
    """All bytes of the answer. Attack: an answer that never ends, by its size or by its pace."""
    deadline = time.monotonic() + PATIENCE
    connection = _connection(proof.origin)
    try:
        headers = {"user-agent": _AGENT, "connection": "close", **proof.headers}
        connection.request(proof.method, proof.target, proof.body.encode() or None, headers)
        return _read(connection.sock, deadline)
    finally:
        connection.close()


def _connection(origin: str) -> http.client.HTTPConnection:
    scheme, _, host = origin.partition("://")
    if scheme == "https":
        return http.client.HTTPSConnection(host, timeout=PATIENCE, context=_context())
    return http.client.HTTPConnection(host, timeout=PATIENCE)


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(connection: socket.socket, deadline: float) -> bytes:
    raw = b""
    while len(raw) <= LARGEST_ANSWER:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        part = connection.recv(LARGEST_ANSWER)
        if not part:
            return raw
        raw += part
    raise http.client.HTTPException("The answer is too long.")


class _Bytes:
    """What `HTTPResponse` reads from, in place of a socket."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.raw)


def _parsed(raw: bytes) -> Answer:
    response = http.client.HTTPResponse(_Bytes(raw))  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.read())
