"""STS: what goes over the wire, and servers that are none: they redirect, never end, drip, lie or hang up."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from botocore.credentials import Credentials

from chalicelib import errors
from chalicelib.outside import sts
from chalicelib.rules import proofs
from chalicelib.rules.identities import identity
from chalicelib.rules.proofs import Proof
from tests import iam
from tests.outside import relay

Behaviour = Callable[[socket.socket], None]


class Server:
    """A TCP server on the loopback interface that does one thing to each connection and keeps what it was sent."""

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.behave, self.context = behave, context
        self.seen: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"{'https' if context else 'http'}://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.seen.append(received(connection))
            self.behave(connection)


def received(connection: socket.socket) -> bytes:
    """A request with its body."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += connection.recv(4096) or b"\r\n\r\n"
    head, _, body = raw.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def serving(behave: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(behave, context)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()


def saying(text: str) -> Behaviour:
    return lambda connection: connection.sendall(text.encode())


def proof(origin: str, **more: str) -> Proof:
    given = {"method": "POST", "target": "/", "body": "Action=x", **more}
    return Proof(**given, origin=origin, headers={"x-signed": "yes"}, mark="mark", ends=0)


OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class TestAnswer:
    def test_is_what_the_server_says(self) -> None:
        with serving(saying("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")) as server:
            answer = sts.answer(proof(server.origin))

        assert (answer.status, answer.content) == (403, b"no")

    def test_may_come_in_chunks(self) -> None:
        with serving(
            saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n")
        ) as server:
            assert sts.answer(proof(server.origin)).content == b"hi"

    def test_a_post_is_sent_as_it_was_proved(self) -> None:
        with serving(saying(OK)) as server:
            sts.answer(proof(server.origin))

        head, _, body = server.seen[0].decode().partition("\r\n\r\n")
        assert head.startswith("POST / HTTP/1.1\r\n")
        assert body == "Action=x"
        assert sorted(line.partition(":")[0].lower() for line in head.split("\r\n")[1:]) == [
            "accept-encoding",
            "connection",
            "content-length",
            "host",
            "user-agent",
            "x-signed",
        ]
        assert f"Host: {server.origin[7:]}" in head

    def test_a_get_is_sent_without_a_body(self) -> None:
        with serving(saying(OK)) as server:
            sts.answer(proof(server.origin, method="GET", target="/?Action=x", body=""))

        assert server.seen[0].startswith(b"GET /?Action=x HTTP/1.1\r\n")
        assert b"content-length" not in server.seen[0].lower()

    def test_a_redirect_is_an_answer_and_is_not_followed(self) -> None:
        with serving(saying(OK)) as target:
            location = f"HTTP/1.1 307 Moved\r\nLocation: {target.origin}/\r\nContent-Length: 0\r\n\r\n"
            with serving(saying(location)) as server:
                answer = sts.answer(proof(server.origin))

        assert answer.status == 307
        assert target.seen == []


class TestServersThatAreNone:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
            "HTTP/1.1 x OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\n" + "a: b\r\n" * 200 + "\r\n",
            "HTTP/1.1 200 OK\r\n\r\n" + "x" * 20_000,
        ],
        ids=["silence", "no HTTP", "cut", "no status", "no chunk", "many headers", "too long"],
    )
    def test_what_is_no_answer_is_none(self, text: str) -> None:
        with serving(saying(text)) as server, pytest.raises(errors.ServiceUnavailableException):
            sts.answer(proof(server.origin))

    def test_an_answer_without_end_is_left(self) -> None:
        sent = 0

        def flood(connection: socket.socket) -> None:
            nonlocal sent
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
            while sent < 50_000_000:
                connection.sendall(b"x" * 65_536)
                sent += 65_536

        with serving(flood) as server, pytest.raises(errors.ServiceUnavailableException):
            sts.answer(proof(server.origin))

        assert sent < 20_000_000

    @pytest.mark.parametrize("step", [0.05, 60])
    def test_a_slow_answer_is_left_after_the_patience_for_all_of_it(
        self, monkeypatch: pytest.MonkeyPatch, step: float
    ) -> None:
        monkeypatch.setattr(sts, "PATIENCE", 0.6)

        def drip(connection: socket.socket) -> None:
            for letter in OK * 10:
                connection.sendall(letter.encode())
                time.sleep(step)

        with serving(drip) as server, pytest.raises(errors.ServiceUnavailableException):
            began = time.monotonic()
            sts.answer(proof(server.origin))

        assert time.monotonic() - began < 3

    def test_nobody_there_is_said(self) -> None:
        with serving(saying(OK)) as server:
            pass

        with pytest.raises(errors.ServiceUnavailableException):
            sts.answer(proof(server.origin))

    def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(self, tmp_path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(relay.certificate(tmp_path))
        with serving(saying(OK), context) as server, pytest.raises(errors.ServiceUnavailableException):
            sts.answer(proof(server.origin))

        assert server.seen == []


class TestManyAtOnce:
    def test_more_than_eight_are_turned_away_at_once_and_later_ones_are_not(self) -> None:
        release, arrived = threading.Event(), threading.Semaphore(0)

        def wait(connection: socket.socket) -> None:
            arrived.release()
            release.wait(4)
            connection.sendall(OK.encode())

        with serving(wait) as server:
            threads = [threading.Thread(target=sts.answer, args=(proof(server.origin),)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for _ in threads:
                assert arrived.acquire(timeout=4)

            with pytest.raises(errors.TooManyRequestsException):
                sts.answer(proof(server.origin))

            release.set()
            for thread in threads:
                thread.join()
            assert sts.answer(proof(server.origin)).status == 200


class TestLocalOrigin:
    def test_is_what_the_sdk_is_told_on_a_laptop(self, configured) -> None:
        configured(LATCHKEY_LOCAL="1", AWS_ENDPOINT_URL_STS="http://127.0.0.1:4566/")

        assert sts.local_origin() == "http://127.0.0.1:4566"

    def test_is_none_in_aws_whatever_the_sdk_is_told(self, configured) -> None:
        configured(AWS_ENDPOINT_URL_STS="http://127.0.0.1:4566/")

        assert sts.local_origin() == ""

    def test_is_none_for_an_endpoint_with_a_path(self, configured) -> None:
        configured(LATCHKEY_LOCAL="1", AWS_ENDPOINT_URL_STS="http://127.0.0.1:4566/sts")

        assert sts.local_origin() == ""

    def test_is_that_of_amazon_when_the_sdk_is_told_nothing(self, configured) -> None:
        configured(LATCHKEY_LOCAL="1")

        assert sts.local_origin() == "https://sts.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def emulated(tmp_path_factory) -> Iterator[iam.Iam]:
    with iam.running(tmp_path_factory.mktemp("iam")) as found:
        yield found


class TestStandIn:
    """ministack with its checks on, in the place of STS."""

    @pytest.mark.parametrize("make", [iam.signed, iam.presigned])
    def test_names_a_user_by_either_form(self, emulated, make) -> None:
        caller = emulated.user()

        answer = sts.answer(sent(make(caller, f"{emulated.url}/"), emulated.url))

        assert answer.status == 200
        assert identity(answer.content).principal.startswith(f"arn:aws:iam::{iam.ACCOUNT}:user/user-")

    def test_names_the_session_of_a_role(self, emulated) -> None:
        answer = sts.answer(sent(iam.signed(emulated.assumed("Deployer", "ann"), f"{emulated.url}/"), emulated.url))

        found = identity(answer.content)
        assert found.arn == f"arn:aws:sts::{iam.ACCOUNT}:assumed-role/Deployer/ann"
        assert found.principal == f"arn:aws:iam::{iam.ACCOUNT}:role/Deployer"

    @pytest.mark.parametrize("make", [iam.signed, iam.presigned])
    def test_refuses_a_signature_of_another_secret(self, emulated, make) -> None:
        caller = emulated.user()

        answer = sts.answer(sent(make(Credentials(caller.access_key, "guess"), f"{emulated.url}/"), emulated.url))

        assert answer.status == 403

    def test_refuses_a_proof_whose_server_was_changed(self, emulated) -> None:
        given = iam.signed(emulated.user(), f"{emulated.url}/", "http://other.test")
        given["headers"]["X-Latchkey-Server"] = iam.SERVER

        assert sts.answer(sent(given, emulated.url)).status == 403


def sent(given: dict, origin: str) -> Proof:
    demand = proofs.demand(json.dumps(given).encode())
    return proofs.proof(demand, proofs.Trust(iam.SERVER, origin), time.time())
