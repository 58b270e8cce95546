"""The laptop's door serves like the gateway, and reads the framing of messages strictly."""

from __future__ import annotations

import http.client
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chalice.local
import pytest
from chalice.config import Config
from chalice.test import Client

from chalicelib.edge import local
from chalicelib.edge.gateway import Gateway
from chalicelib.edge.request import Request, Response, Trust
from chalicelib.edge.router import MAX_BODY, Route, Router

ORIGINAL_DEFAULTS = chalice.local.LocalDevServer.__init__.__defaults__


def tell(request: Request, **names: str) -> Response:
    """Say what arrived, so that a test can compare it with what was sent."""
    facts: dict[str, Any] = {
        name: getattr(request, name) for name in ("path", "raw_path", "query", "raw_query", "stage")
    }
    facts |= {"body": request.body.decode("latin-1"), "ip": request.source_ip, "id": request.request_id, "names": names}
    return Response(body=json.dumps(facts | {"headers": dict(request.headers), "base": request.base_url}))


def cookies(_request: Request) -> Response:
    return Response(200, {"Set-Cookie": ["a=1", "b=2"]}, b"\xff\x00", "image/png")


def slow(_request: Request) -> Response:
    time.sleep(0.3)
    return Response(body='"done"')


def small_app() -> Gateway:
    router = Router(
        [
            Route("POST", "/", tell, "aws-json"),
            Route("GET", "/cookies", cookies),
            Route("GET", "/slow", slow),
            Route("GET", "/any/{rest+}", tell),
            Route("PUT", "/large", tell, longest=lambda query: MAX_BODY + 5 if query.get("key") == ["good"] else 3),
            Route("DELETE", "/any/{rest+}", lambda _request, rest: Response(204, {}, b"", "")),
        ]
    )
    return Gateway("small", router, Trust())


@pytest.fixture(scope="module", autouse=True)
def stock() -> Iterator[None]:
    """Leaves Chalice behind as it came: other tests of this process run other applications on it."""
    defaults, match = chalice.local.LocalDevServer.__init__.__defaults__, chalice.local.RouteMatcher.match_route
    yield
    chalice.local.LocalDevServer.__init__.__defaults__ = defaults
    chalice.local.RouteMatcher.match_route = match


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    local.patch()
    server = chalice.local.create_local_server(small_app(), Config(), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server.server_address[1]
    server.shutdown()
    thread.join(5)
    assert not thread.is_alive()


class Wire:
    """One raw connection, for what HTTP libraries refuse to send."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def ask(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        self.socket.sendall(data)
        return self.answer()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        status = int(self.file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self.file.read(int(headers.get("content-length", 0)))

    @property
    def is_closed(self) -> bool:
        return self.file.read(1) == b""


def ask(port: int, data: bytes) -> tuple[int, dict[str, str], Any]:
    """One request on a connection of its own; the body parsed from JSON."""
    with Wire(port) as wire:
        status, headers, body = wire.ask(data)
        return status, headers, json.loads(body) if body else None


def post(headers: str, body: bytes = b"") -> bytes:
    return f"POST / HTTP/1.1\r\nHost: h\r\n{headers}\r\n".encode() + body


class TestPatchedAttributes:
    """If one of these fails, a new release of Chalice has moved what we replace."""

    def test_the_server_is_built_from_default_arguments(self) -> None:
        names = inspect.getfullargspec(chalice.local.LocalDevServer.__init__)

        assert names.args[-2:] == ["handler_cls", "server_cls"]
        assert ORIGINAL_DEFAULTS is not None
        assert len(ORIGINAL_DEFAULTS) == 2
        assert "match_route" in vars(chalice.local.RouteMatcher)
        assert chalice.local.MatchResult._fields == ("route", "captured", "query_params")

    def test_chalice_has_the_version_that_was_read(self) -> None:
        from importlib.metadata import version

        assert version("chalice") == "1.34.0"

    def test_the_handler_takes_what_the_server_gives(self) -> None:
        given = inspect.getsource(chalice.local.LocalDevServer.__init__)

        assert "handler_cls, app_object=app_object, config=config" in given

    def test_patching_twice_does_no_harm(self) -> None:
        local.patch()
        local.patch()

        assert chalice.local.LocalDevServer.__init__.__defaults__ == (local.Handler, local.Server)

    def test_the_backlog_survives_a_burst_and_answers_are_not_delayed(self) -> None:
        assert local.Server.request_queue_size == 256
        assert local.Handler.disable_nagle_algorithm
        assert local.Handler.timeout == 65


class TestPaths:
    @pytest.mark.parametrize(
        ("sent", "seen"), [("/any/a/b", "/any/a/b"), ("/api/any/a", "/any/a"), ("/any/a%3Ab%2520", "/any/a:b%20")]
    )
    def test_deep_and_staged_paths_reach_the_router(self, port: int, sent: str, seen: str) -> None:
        _, _, facts = ask(port, f"GET {sent}?a=1&a=2&b= HTTP/1.1\r\nHost: h\r\n\r\n".encode())

        assert (facts["path"], facts["raw_path"], facts["stage"]) == (seen, sent, "api")
        assert (facts["query"], facts["raw_query"]) == ({"a": ["1", "2"], "b": [""]}, "a=1&a=2&b=")

    @pytest.mark.parametrize("sent", ["/", "/api", "/api/", "/?x=1"])
    def test_the_root_is_found_with_and_without_stage(self, port: int, sent: str) -> None:
        status, _, _ = ask(port, f"POST {sent} HTTP/1.1\r\nHost: h\r\n\r\n".encode())

        assert status == 200

    def test_a_path_that_only_begins_like_the_stage_is_not_stripped(self) -> None:
        assert local.without_stage("/apiary/x") == "/apiary/x"

    @pytest.mark.parametrize("header", ["", "Authorization: Bearer x\r\n"])
    def test_an_unknown_path_is_our_404(self, port: int, header: str) -> None:
        status, headers, body = ask(port, f"GET /a/b/c HTTP/1.1\r\nHost: h\r\n{header}\r\n".encode())

        assert (status, body["__type"]) == (404, "UnknownOperationException")
        assert headers["server"] == "Latchkey"

    @pytest.mark.parametrize("verb", ["PROPFIND", "TRACE", "CONNECT", "get", "X-Y"])
    def test_odd_verbs_are_our_405(self, port: int, verb: str) -> None:
        status, headers, body = ask(port, f"{verb} / HTTP/1.1\r\nHost: h\r\n\r\n".encode())

        assert (status, body["__type"], headers["allow"]) == (405, "MethodNotAllowedException", "OPTIONS, POST")

    def test_chalices_own_test_client_finds_every_path(self) -> None:
        local.patch()
        with Client(small_app()) as client:
            answer = client.http.get("/api/any/a/b?c=d")

        assert answer.json_body["names"] == {"rest": "a/b"}
        assert answer.json_body["query"] == {"c": ["d"]}


class TestRequests:
    def test_address_host_and_an_id_arrive(self, port: int) -> None:
        status, headers, facts = ask(port, post("Content-Length: 2\r\nCookie: a=1\r\nCookie: b=2\r\n", b"hi"))

        assert (status, facts["body"], facts["ip"], facts["base"]) == (200, "hi", "127.0.0.1", "http://h")
        assert facts["headers"]["cookie"] == "a=1; b=2"
        assert facts["id"] == headers["x-amzn-requestid"]

    def test_bytes_of_any_kind_arrive_as_sent(self, port: int) -> None:
        every = bytes(range(256))

        assert ask(port, post("Content-Length: 256\r\n", every))[2]["body"].encode("latin-1") == every

    def test_a_connection_serves_many_requests(self, port: int) -> None:
        with Wire(port) as wire:
            for _ in range(3):
                assert wire.ask(post("Content-Length: 1\r\n", b"x"))[0] == 200

    def test_requests_sent_at_once_are_answered_in_turn(self, port: int) -> None:
        with Wire(port) as wire:
            wire.socket.sendall(post("Content-Length: 1\r\n", b"1") + post("Content-Length: 1\r\n", b"2"))

            assert [json.loads(wire.answer()[2])["body"] for _ in range(2)] == ["1", "2"]

    def test_chunks_become_one_body_and_the_next_request_is_found(self, port: int) -> None:
        chunks = b"3\r\nabc\r\n2;note=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
        with Wire(port) as wire:
            first = wire.ask(post("Transfer-Encoding: chunked\r\n", chunks))
            second = wire.ask(post(""))

        assert json.loads(first[2])["body"] == "abcde"
        assert "trailer" not in json.loads(first[2])["headers"]
        assert second[0] == 200


class TestFraming:
    @pytest.mark.parametrize(
        "headers",
        [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Content-Length: 3\r\nContent-Length: 4\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x3\r\n",
            "Content-Length: 1_0\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: \r\n",
            "Content-Length: \u0663\r\n",
            "Content-Length : 3\r\n",
            "Transfer-Encoding : chunked\r\n",
            "X: a\rTransfer-Encoding: chunked\r\n",
            "X: a\r\n b\r\n",
            "X: a\nY: b\r\n",
            "X: a\0b\r\n",
            "no colon\r\n",
            "Host: other\r\n",
        ],
    )
    def test_a_doubtful_head_is_refused_and_the_connection_ends(self, port: int, headers: str) -> None:
        with Wire(port) as wire:
            status, answered, body = wire.ask(post(headers, b"abc\r\n"))

            assert (status, answered["connection"]) == (400, "close")
            assert json.loads(body)["__type"] == "SerializationException"
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.is_closed

    @pytest.mark.parametrize(
        "chunks",
        [
            b"z\r\n",
            b"-1\r\n",
            b"0x1\r\na",
            b"3\nabc",
            b"1\r\nab\r\n",
            b"0\r\nno end",
            b"1" + b"0" * 9,
            b"1;" + b"x" * 999,
        ],
    )
    def test_doubtful_chunks_are_refused(self, port: int, chunks: bytes) -> None:
        with Wire(port) as wire:
            wire.socket.sendall(post("Transfer-Encoding: chunked\r\n", chunks))
            wire.socket.shutdown(socket.SHUT_WR)

            assert wire.answer()[0] == 400
            assert wire.is_closed

    def test_trailers_without_end_are_refused(self, port: int) -> None:
        assert ask(port, post("Transfer-Encoding: chunked\r\n", b"0\r\n" + b"T: x\r\n" * 100))[0] == 400

    def test_a_body_cut_short_is_refused(self, port: int) -> None:
        with Wire(port) as wire:
            wire.socket.sendall(post("Content-Length: 5\r\n", b"abc"))
            wire.socket.shutdown(socket.SHUT_WR)

            assert wire.answer()[0] == 400

    @pytest.mark.parametrize("headers", ["Content-Length: 99999999999\r\n", f"Content-Length: {MAX_BODY + 1}\r\n"])
    def test_a_body_too_long_is_refused_before_it_comes(self, port: int, headers: str) -> None:
        status, answered, body = ask(port, post(headers + "Expect: 100-continue\r\n"))

        assert (status, body["__type"]) == (413, "RequestEntityTooLargeException")
        assert answered["access-control-allow-origin"] == "*"

    def test_chunks_too_long_are_refused(self, port: int) -> None:
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"

        assert ask(port, post("Transfer-Encoding: chunked\r\n", chunk * 3))[0] == 413

    def test_a_caller_who_keeps_sending_still_reads_why_he_was_refused(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)

        connection.request("POST", "/", b"x" * (MAX_BODY + 1))

        assert connection.getresponse().status == 413
        connection.close()

    def test_a_body_at_the_limit_is_taken(self, port: int) -> None:
        assert ask(port, post(f"Content-Length: {MAX_BODY}\r\n", b"x" * MAX_BODY))[0] == 200

    @pytest.mark.parametrize(
        ("target", "size", "status"),
        [
            ("/large?key=good", MAX_BODY + 5, 200),
            ("/api/l%61rge?key=good", MAX_BODY + 5, 200),
            ("/large?key=good", MAX_BODY + 6, 413),
            ("/large?key=bad", 3, 200),
            ("/large?key=bad", 4, 413),
            ("/large", 4, 413),
        ],
    )
    def test_a_route_may_take_more_or_less(self, port: int, target: str, size: int, status: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("PUT", target, b"x" * size)

        assert connection.getresponse().status == status
        connection.close()

    def test_nothing_is_read_of_a_body_that_a_route_does_not_take(self, port: int) -> None:
        head = f"PUT /large HTTP/1.1\r\nHost: h\r\nContent-Length: {MAX_BODY}\r\nExpect: 100-continue\r\n\r\n"

        assert ask(port, head.encode())[0] == 413

    def test_a_caller_who_waits_for_leave_gets_it(self, port: int) -> None:
        with Wire(port) as wire:
            assert wire.ask(post("Content-Length: 2\r\nExpect: 100-continue\r\n"))[0] == 100
            status, _, body = wire.ask(b"hi")

        assert (status, json.loads(body)["body"]) == (200, "hi")

    @pytest.mark.parametrize(
        ("request_line", "status"),
        [
            ("GET", 400),
            ("GET / HTTP/9.9", 505),
            ("GET / HTTP/x", 400),
            ("GET http://evil.example/ HTTP/1.1", 400),
            ("OPTIONS * HTTP/1.1", 400),
            ("GET /" + "a" * 70_000 + " HTTP/1.1", 414),
            ("GET / HTTP/1.1\r\nX: " + "a" * 70_000, 431),
        ],
    )
    def test_what_is_no_request_is_refused_in_json(self, port: int, request_line: str, status: int) -> None:
        with Wire(port) as wire:
            wire.socket.sendall(f"{request_line}\r\nHost: h\r\n\r\n".encode())
            answered, headers, body = wire.answer()

        assert (answered, "json" in headers["content-type"]) == (status, True)
        assert "message" in json.loads(body)
        assert b"evil" not in body

    def test_http_1_1_needs_a_host(self, port: int) -> None:
        assert ask(port, b"GET /any/x HTTP/1.1\r\n\r\n")[0] == 400
        assert ask(port, b"GET /any/x HTTP/1.0\r\n\r\n")[0] == 200


class TestAnswers:
    def test_head_has_no_body_and_does_not_disturb_the_next_request(self, port: int) -> None:
        with Wire(port) as wire:
            wire.socket.sendall(b"HEAD /any/x HTTP/1.1\r\nHost: h\r\n\r\nHEAD /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")
            answers = [wire.answer() for _ in range(2)]

        assert [(status, body) for status, _, body in answers] == [(200, b""), (404, b"")]

    def test_no_content_has_neither_body_nor_length(self, port: int) -> None:
        status, headers, body = ask(port, b"DELETE /any/x HTTP/1.1\r\nHost: h\r\n\r\n")

        assert (status, body) == (204, None)
        assert not {"content-length", "content-type"} & headers.keys()

    def test_bytes_and_several_cookies_arrive(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/cookies", headers={"Accept": "image/png"})
        answer = connection.getresponse()

        assert answer.read() == b"\xff\x00"
        assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
        assert answer.headers.get_all("Content-Type") == ["image/png"]
        connection.close()

    def test_a_failing_application_is_answered_with_500(self, caplog: pytest.LogCaptureFixture) -> None:
        handler = local.Handler.__new__(local.Handler)
        handler._app = None  # type: ignore[assignment]

        answer = handler._answer({"requestContext": {"requestId": "id-1"}})

        assert (answer["statusCode"], json.loads(answer["body"])["__type"]) == (500, "InternalErrorException")
        assert caplog.records[0].request_id == "id-1"

    def test_the_access_log_has_no_query(self, port: int, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("DEBUG", "latchkey.access"):
            ask(port, b"GET /any/x?code=s3cr3t HTTP/1.1\r\nHost: h\r\n\r\n")
            time.sleep(0.1)

        assert "GET '/any/x' 200" in caplog.text
        assert "s3cr3t" not in caplog.text

    def test_a_burst_of_connections_does_not_stall(self, port: int) -> None:
        started = time.perf_counter()
        threads = [threading.Thread(target=ask, args=(port, post(""))) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert time.perf_counter() - started < 3


PROJECT = """
from chalice.app import Chalice, Response
from chalicelib.edge import local
import time
local.patch()
app = Chalice("small")
@app.route("/{proxy+}", methods=["GET"], content_types=[])
def slow():
    time.sleep(0.3)
    return Response("done", {"Content-Type": "text/plain"})
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The real `chalice local` on a project of its own, its port open."""
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text('{"version": "2.0", "app_name": "small"}')
    (tmp_path / "app.py").write_text(textwrap.dedent(PROJECT))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from chalice.cli import main; main()", "local", "--no-autoreload"]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "AWS_DEFAULT_REGION": "us-east-1"}
    process = subprocess.Popen([*command, "--port", str(port)], cwd=tmp_path, env=environment)
    try:
        await_port(process, port)
        yield process, port
    finally:
        process.kill()
        process.wait()


def await_port(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("chalice local did not start")


class TestEnd:
    def test_sigterm_ends_chalice_local_with_0_within_a_second(
        self, served: tuple[subprocess.Popen[bytes], int]
    ) -> None:
        process, port = served
        with Wire(port) as idle:
            assert idle.ask(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")[0] == 200
            started = time.monotonic()

            process.send_signal(signal.SIGTERM)

            assert process.wait(5) == 0
            assert time.monotonic() - started < 1
            with pytest.raises(ConnectionRefusedError):
                Wire(port)

    def test_a_request_under_way_is_answered_first(self, served: tuple[subprocess.Popen[bytes], int]) -> None:
        process, port = served
        with Wire(port) as wire:
            wire.socket.sendall(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            time.sleep(0.1)

            process.send_signal(signal.SIGTERM)

            assert wire.answer()[2] == b"done"
            assert process.wait(5) == 0
