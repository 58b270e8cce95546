"""A source of leaked passwords on a loopback port: speaks the range protocol, and misbehaves when told to."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def digest(password: str) -> str:
    """SHA-1 in upper-case hex."""
    return hashlib.sha1(password.encode()).hexdigest().upper()


class Source(ThreadingHTTPServer):
    """Knows `leaked` passwords and pads with `padding`; `asked` are the paths and headers that it has seen."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.leaked: set[str] = set()
        self.padding: set[str] = set()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.status = 200
        self.delay = 0.0
        self.flood = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/range"

    def lines(self, prefix: str) -> bytes:
        found = [f"{digest(one)[5:]}:42" for one in self.leaked if digest(one).startswith(prefix)]
        found += [f"{digest(one)[5:]}:0" for one in self.padding if digest(one).startswith(prefix)]
        return "\r\n".join([f"{'0' * 35}:3", *found, f"{'F' * 35}:1"]).encode()

    def handle_error(self, *_: Any) -> None:
        """Callers that hang up are what is being tested."""


class _Handler(BaseHTTPRequestHandler):
    server: Source

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        time.sleep(self.server.delay)
        content = self.server.lines(self.path.rpartition("/")[2]) + b"\r\n" * self.server.flood
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@contextmanager
def serving() -> Iterator[Source]:
    """A source that answers while the block lasts."""
    source = Source()
    thread = threading.Thread(target=source.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield source
    finally:
        source.shutdown()
        source.server_close()
        thread.join()
