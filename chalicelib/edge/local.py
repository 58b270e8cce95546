"""The door of a laptop: what `chalice local` needs to serve like the gateway, and to hold under load.

Owns a server and a handler that take the place of Chalice's own: a backlog that survives a burst, no Nagle delay, every
path and verb handed to the router, strict framing of bodies, the caller's real address, the stage prefix, a clean end
on SIGTERM. Imported only when the Chalice CLI runs: `chalice.local` is not shipped to the cloud.
Standards: RFC 9112 (framing of messages), and the REST proxy event of API Gateway, which it imitates.
"""

from __future__ import annotations

import base64
import json
import logging
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote

import chalice.local
from chalice.app import Chalice

from chalicelib.edge.framing import Framing, Refused, StrictLines, check_head
from chalicelib.edge.gateway import METHODS, Gateway
from chalicelib.edge.router import FAULTS, MAX_BODY

access_log = logging.getLogger("latchkey.access")

STAGE = "api"
DRAIN_SECONDS = 0.5
LINGER_SECONDS = 2.0
SHUT_WR = 1
LAMBDA_MILLISECONDS = 29_000


def patch() -> None:
    """Put our handler, server and path matching in the place of Chalice's; more than once does no harm.

    `chalice local` builds its server from the default arguments of LocalDevServer, so those are what is changed.
    """
    chalice.local.LocalDevServer.__init__.__defaults__ = (Handler, Server)
    chalice.local.RouteMatcher.match_route = match_route  # type: ignore[method-assign,assignment]


def match_route(_matcher: chalice.local.RouteMatcher | None, url: str) -> chalice.local.MatchResult:
    """Lead every path to one of the two catch-all routes, as the gateway does; for Chalice's in-process test client."""
    path, _, query = url.partition("?")
    inner = without_stage(path)
    pairs = parse_qs(query, keep_blank_values=True)
    if inner == "/":
        return chalice.local.MatchResult("/", {}, pairs)
    return chalice.local.MatchResult("/{proxy+}", {"proxy": inner[1:]}, pairs)


def without_stage(path: str) -> str:
    """The path below the stage: clients are configured with `http://host` or `http://host/api`."""
    if path == f"/{STAGE}" or path.startswith(f"/{STAGE}/"):
        return path[len(STAGE) + 1 :] or "/"
    return path


class Server(chalice.local.ThreadedHTTPServer):
    """One thread for each connection, and an end that lets running requests finish."""

    request_queue_size = 256
    """Chalice's 5 makes the kernel drop the rest of a burst, and each dropped client waits a second or more."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._running = 0
        self._idle = threading.Condition()
        super().__init__(*arguments, **options)

    def serve_forever(self, poll_interval: float = 0.1) -> None:
        """Serve until SIGTERM (or `shutdown`), then stop accepting and wait briefly for requests that are under way."""
        if threading.current_thread() is threading.main_thread():
            # From another thread, for `shutdown` waits for the loop that the signal has interrupted.
            signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=self.shutdown, daemon=True).start())
        super().serve_forever(poll_interval)
        self.server_close()
        with self._idle:
            self._idle.wait_for(lambda: not self._running, timeout=DRAIN_SECONDS)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count a request as under way."""
        with self._idle:
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers who hang up are no event; anything else is logged, not printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            access_log.exception("connection failed")


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 on one connection: read a request strictly, hand the application an event, write its answer."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # 0.9 has no head, so that refusals would be bare bodies
    server_version = "Latchkey"
    sys_version = ""
    timeout = 65
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: Server

    def __init__(self, connection: Any, client_address: Any, server: Server, **chalice_arguments: Any) -> None:
        self._app: Chalice = chalice_arguments["app_object"]
        self._has_unread = False
        super().__init__(connection, client_address, server)

    def __getattr__(self, name: str) -> Any:
        """Every verb is handled: the base class looks for `do_<VERB>` and has an HTML page for odd ones."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        started = time.perf_counter()
        with self.server.busy():
            event = self._event(*self._read())
            answer = self._answer(event)
            self._write(answer)
            self.wfile.flush()
        # The path without its query: that may hold codes and tokens.
        facts = (self.command, event["path"], answer["statusCode"], (time.perf_counter() - started) * 1000)
        access_log.debug("%s %r %d %.1f ms", *facts, extra={"request_id": event["requestContext"]["requestId"]})

    def _answer(self, event: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._app(event, chalice.local.LambdaContext("local", 128, LAMBDA_MILLISECONDS))
        except Exception:  # noqa: BLE001 - the last door: without it the caller would see a dropped connection
            access_log.exception("the application failed", extra={"request_id": event["requestContext"]["requestId"]})
            headers = {"Content-Type": "application/json"}
            return {"statusCode": 500, "headers": headers, "multiValueHeaders": {}, "body": _fault_body(500)}
        return answer

    def parse_request(self) -> bool:
        """Read the head through StrictLines, which sees what the header parser of the standard library forgives."""
        source = self.rfile
        self._head = self.rfile = StrictLines(source)  # type: ignore[assignment]
        try:
            return super().parse_request()
        finally:
            self.rfile = source

    def handle_expect_100(self) -> bool:
        """Promise nothing before the length is known; see `_go_on`."""
        return True

    def _go_on(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue" and self.request_version != "HTTP/1.0":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()

    def _read(self) -> tuple[bytes, int]:
        try:
            if self._head.is_torn:
                raise Refused(400)
            check_head(self.headers, self.path, self.request_version)
            return Framing(self.rfile, self._limit(), self._go_on).body(self.headers, self.request_version), 0
        except Refused as refused:
            self._has_unread = self.close_connection = True
            return b"", refused.status

    def _limit(self) -> int:
        """How long the body may be. The router knows; of another application than ours, the usual length."""
        if not isinstance(self._app, Gateway):
            return MAX_BODY
        path, _, query = self.path.partition("?")
        asked = parse_qs(query, keep_blank_values=True)
        return self._app.router.longest_body(self.command, unquote(without_stage(path), errors="replace"), asked)

    def finish(self) -> None:
        """Close; after a refusal let the caller finish sending first, else the connection's reset eats the answer."""
        if self._has_unread:
            with suppress(OSError):
                self.wfile.flush()
                self.connection.shutdown(SHUT_WR)
                self._discard(time.monotonic() + LINGER_SECONDS)
        super().finish()

    def _discard(self, deadline: float) -> None:
        self.connection.settimeout(LINGER_SECONDS)
        while time.monotonic() < deadline and self.connection.recv(65536):
            pass

    # --- The event and the answer -------------------------------------------------------------------------------------

    def _event(self, body: bytes, refusal: int) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        match = match_route(None, self.path)
        several: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            several.setdefault(name.lower(), []).append(value)
        context = {
            # Chalice knows seven verbs; the router judges by the event's own `httpMethod`.
            "httpMethod": self.command if self.command in METHODS else "POST",
            "resourcePath": match.route,
            "path": path,
            "stage": STAGE,
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": self.client_address[0]},
        }
        return {
            "httpMethod": self.command,
            "resource": match.route,
            "path": without_stage(path),
            "requestContext": context,
            "headers": {name: values[-1] for name, values in several.items()},
            "multiValueHeaders": several,
            "multiValueQueryStringParameters": match.query_params or None,
            "rawQueryString": query,
            "pathParameters": match.captured or None,
            "stageVariables": None,
            "body": body,
            "isBase64Encoded": False,
            "refusal": refusal,
        }

    def _write(self, answer: dict[str, Any]) -> None:
        body = answer["body"] or b""
        body = base64.b64decode(body) if answer.get("isBase64Encoded") else body
        body = body.encode() if isinstance(body, str) else body
        self.send_response(answer["statusCode"])
        for name, value in (answer["headers"] | answer["multiValueHeaders"]).items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        if self.close_connection:
            self.send_header("Connection", "close")
        if self.command != "HEAD" and answer["statusCode"] not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What cannot be parsed as HTTP is refused in JSON, without quoting it back."""
        self._has_unread = self.close_connection = True
        headers = {"Content-Type": "application/json"}
        self._write({"statusCode": code, "headers": headers, "multiValueHeaders": {}, "body": _fault_body(code)})

    def log_message(self, format: str, *arguments: Any) -> None:
        """The base class prints each request to stderr; `_handle` logs it instead."""


def _fault_body(status: int) -> str:
    fault = FAULTS.get(status, FAULTS[400])
    return json.dumps({"__type": fault.code, "message": fault.message})
