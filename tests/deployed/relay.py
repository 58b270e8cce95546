"""An address of our own before the stand-in's gateway, as a custom domain is before API Gateway.

The stand-in finds an API by a path or by a name that no resolver here knows. Clients sign host and path, so both must
come through as they were sent. As at AWS the stage is named in the path (`/api/...`) or, at a custom domain, is not.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.engines import free_port

STAGE = "api"
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Relay:
    """The address, and where it leads once the API is there. `after` gets each request's body before it is answered."""

    def __init__(self) -> None:
        self.port = free_port()
        self.target: tuple[int, str] | None = None
        self.after: Callable[[bytes], None] = lambda request: None

    @property
    def url(self) -> str:
        """The address without the stage."""
        return f"http://127.0.0.1:{self.port}"

    def lead_to(self, port: int, api: str) -> None:
        """Name the stand-in's port and the API behind the address."""
        self.target = (port, f"/_aws/execute-api/{api}")

    def path(self, asked: str) -> str:
        """Where a path leads at the stand-in."""
        assert self.target is not None
        return self.target[1] + (asked if asked.startswith(f"/{STAGE}/") else f"/{STAGE}{asked}")


@contextlib.contextmanager
def running() -> Iterator[Relay]:
    """A relay for the time of a block."""
    relay = Relay()
    server = ThreadingHTTPServer(("127.0.0.1", relay.port), _handler(relay))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()


def _lasting(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def _handler(relay: Relay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def pass_on(self) -> None:
            assert relay.target is not None
            port, _ = relay.target
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.putrequest(self.command, relay.path(self.path), skip_host=True, skip_accept_encoding=True)
            for name, value in _lasting(self.headers.items()):
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            relay.after(body)
            self._send(answer, content)

        def _send(self, answer: http.client.HTTPResponse, content: bytes) -> None:
            self.send_response_only(answer.status)
            for name, value in _lasting(answer.getheaders()):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = pass_on

    return Handler
