"""A small Lambda on the loopback interface: it speaks the Invoke API and answers as a test tells it to."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote


@dataclass
class Reply:
    """One answer of Lambda: `error` is the X-Amz-Function-Error field, `seconds` how long it takes."""

    body: bytes = b"{}"
    status: int = 200
    code: str = ""
    error: str = ""
    seconds: float = 0.0


@dataclass
class Endpoint:
    """A running endpoint: the replies it gives in turn, the last one for ever, and what it was asked."""

    url: str = ""
    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What makes the SDK speak to it about functions."""
        return {"AWS_ENDPOINT_URL_LAMBDA": self.url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


class _Invocation(BaseHTTPRequestHandler):
    def do_POST(self):
        endpoint = self.server.endpoint
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        endpoint.asked.append((unquote(self.path), self.headers["X-Amz-Invocation-Type"], event))
        reply = endpoint.replies[0] if len(endpoint.replies) == 1 else endpoint.replies.pop(0)
        time.sleep(reply.seconds)
        with contextlib.suppress(OSError):  # the caller may have given up
            self._answer(reply)

    def _answer(self, reply):
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.code:
            self.send_header("X-Amzn-ErrorType", reply.code)
        if reply.error:
            self.send_header("X-Amz-Function-Error", reply.error)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_):
        """Says nothing."""


@contextlib.contextmanager
def running() -> Iterator[Endpoint]:
    """An endpoint for the time of a block."""
    endpoint = Endpoint()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Invocation) as server:
        server.endpoint = endpoint
        server.daemon_threads = True
        endpoint.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield endpoint
        server.shutdown()
        thread.join()
