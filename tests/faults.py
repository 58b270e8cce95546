"""A proxy between the product and a table engine that misbehaves on demand, on real sockets.

A fault is a function of the request's body and of a way to the engine; it gives the reply, or None to close the
connection without one. Faults of an operation are used up one request after the other; what has none passes through.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Reply(NamedTuple):
    """An HTTP reply."""

    status: int
    body: bytes


Forward = Callable[[bytes], Reply]
Fault = Callable[[bytes, Forward], Reply | None]


class Proxy(ThreadingHTTPServer):
    """The proxy: `faults[operation]` are the faults to come, `seen` the requests that came."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.seen: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def misbehave(self, operation: str, *faults: Fault) -> None:
        """Put faults in front of the next requests of an operation."""
        self.faults[operation].extend(faults)

    def bodies(self, operation: str) -> list[dict[str, Any]]:
        """The requests of an operation that came."""
        return [body for name, body in self.seen if name == operation]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        self.server.seen.append((operation, json.loads(body)))
        waiting = self.server.faults[operation]
        reply = waiting.popleft()(body, self._forward) if waiting else self._forward(body)
        if reply is None:
            self.close_connection = True
        else:
            self._answer(reply)

    def _forward(self, body: bytes) -> Reply:
        target = urlsplit(self.server.target)
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
        names = ("X-Amz-Target", "Content-Type", "Authorization", "X-Amz-Date")
        try:
            connection.request("POST", "/", body, {name: self.headers[name] for name in names})
            response = connection.getresponse()
            return Reply(response.status, response.read())
        finally:
            connection.close()

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the client gave up, as a client does

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """A running proxy before an engine."""
    proxy = Proxy(target)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()


def refusal(code: str, status: int = 400, **more: Any) -> Fault:
    """DynamoDB's own kind of refusal, without asking the engine."""
    return lambda _body, _forward: _told(code, status, more)


def lost_before(_body: bytes, _forward: Forward) -> None:
    """The request never reaches the engine, and no answer comes."""


def lost_after(body: bytes, forward: Forward) -> None:
    """The engine carries the request out, but its answer is lost."""
    forward(body)


def failed_after(body: bytes, forward: Forward) -> Reply:
    """The engine carries the request out, but the answer says that the service failed."""
    forward(body)
    return _told("InternalServerError", 500, {})


def hanging(seconds: float) -> Fault:
    """The engine carries the request out, but its answer comes too late."""

    def fault(body: bytes, forward: Forward) -> Reply:
        reply = forward(body)
        time.sleep(seconds)
        return reply

    return fault


def _told(code: str, status: int, more: dict[str, Any]) -> Reply:
    told = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "It was injected.", **more}
    return Reply(status, json.dumps(told).encode())
