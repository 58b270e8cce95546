"""Key sets of issuers: kept, asked for again within bounds, and fetched from servers that misbehave on real sockets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chalicelib.outside import key_sets
from chalicelib.outside.key_sets import KeySets, KeysUnavailable
from chalicelib.rules import jwt

KEY = jwt.new_private_key("ES256").public_key()
JWK = jwt.public_jwk(KEY, "known", "ES256")
ISSUER = "https://auth.example/pool"


class Clock:
    """The time of a trial, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """What can be asked for keys; counts the questions.

    `kids` are those it has, `is_down` makes it fail, `is_gone` have none.
    """

    def __init__(self) -> None:
        self.kids = {"known"}
        self.is_down = self.is_gone = False
        self.asked = 0

    def __call__(self, issuer: str) -> jwt.KeySet:
        self.asked += 1
        if self.is_down:
            raise KeysUnavailable("down")
        if self.is_gone:
            raise key_sets.KeysWithdrawn("gone")
        return dict.fromkeys(self.kids, (KEY, "ES256"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def kept(issuer: Issuer, clock: Clock) -> KeySets:
    return KeySets(issuer, clock=clock)


class TestKeeping:
    def test_many_tokens_cost_one_question(self, kept: KeySets, issuer: Issuer, clock: Clock) -> None:
        for _ in range(1000):
            clock.now += 0.29
            assert "known" in kept.of(ISSUER, "known")

        assert issuer.asked == 1

    def test_a_set_that_is_no_longer_fresh_is_asked_for_again(
        self, kept: KeySets, issuer: Issuer, clock: Clock
    ) -> None:
        kept.of(ISSUER, "known")
        issuer.kids = {"new"}
        clock.now += key_sets.FRESH

        assert set(kept.of(ISSUER, "known")) == {"new"}

    def test_each_issuer_has_a_set_of_its_own(self, clock: Clock) -> None:
        kept = KeySets(lambda issuer: {issuer: (KEY, "ES256")}, clock=clock)

        assert set(kept.of("one", "one")) == {"one"}
        assert set(kept.of("two", "two")) == {"two"}


class TestUnknownKeys:
    def test_a_new_key_is_found_by_the_first_token_after_the_pause(
        self, kept: KeySets, issuer: Issuer, clock: Clock
    ) -> None:
        kept.of(ISSUER, "known")
        issuer.kids = {"known", "new"}
        clock.now += key_sets.PAUSE

        assert "new" in kept.of(ISSUER, "new")
        assert issuer.asked == 2

    def test_a_flood_of_invented_keys_costs_one_question_a_pause(
        self, kept: KeySets, issuer: Issuer, clock: Clock
    ) -> None:
        kept.of(ISSUER, "known")

        for number in range(1000):
            clock.now += 3 * key_sets.PAUSE / 1000
            assert f"invented-{number}" not in kept.of(ISSUER, f"invented-{number}")

        assert issuer.asked <= 1 + 3

    def test_a_flood_does_not_keep_an_honest_new_key_out_for_longer_than_the_pause(
        self, kept: KeySets, issuer: Issuer, clock: Clock
    ) -> None:
        kept.of(ISSUER, "known")
        clock.now += key_sets.PAUSE
        kept.of(ISSUER, "invented")
        issuer.kids = {"known", "new"}
        clock.now += key_sets.PAUSE

        assert "new" in kept.of(ISSUER, "new")


class TestOutage:
    def test_what_was_kept_serves_while_the_issuer_is_down(self, kept: KeySets, issuer: Issuer, clock: Clock) -> None:
        kept.of(ISSUER, "known")
        issuer.is_down = True
        clock.now += key_sets.STALE - 1

        assert "known" in kept.of(ISSUER, "known")

    def test_a_set_that_shall_be_fresher_than_the_pause_is_asked_for_when_it_is_old(
        self, issuer: Issuer, clock: Clock
    ) -> None:
        kept = KeySets(issuer, 10.0, clock)
        kept.of(ISSUER, "known")
        issuer.kids = {"new"}
        clock.now += 10.0

        assert "known" not in kept.of(ISSUER, "known")

    def test_it_does_not_serve_for_ever(self, kept: KeySets, issuer: Issuer, clock: Clock) -> None:
        kept.of(ISSUER, "known")
        issuer.is_down = True
        clock.now += key_sets.STALE

        with pytest.raises(KeysUnavailable):
            kept.of(ISSUER, "known")

    def test_an_issuer_that_is_down_is_not_hammered(self, kept: KeySets, issuer: Issuer, clock: Clock) -> None:
        issuer.is_down = True

        for _ in range(1000):
            clock.now += 0.02
            with pytest.raises(KeysUnavailable):
                kept.of(ISSUER, "known")

        assert issuer.asked <= 1 + 20 / key_sets.PAUSE_AFTER_FAILURE

    def test_it_is_asked_again_soon_after_it_failed(self, kept: KeySets, issuer: Issuer, clock: Clock) -> None:
        issuer.is_down = True
        with pytest.raises(KeysUnavailable):
            kept.of(ISSUER, "known")
        issuer.is_down = False
        clock.now += key_sets.PAUSE_AFTER_FAILURE

        assert "known" in kept.of(ISSUER, "known")

    def test_a_clock_that_is_set_back_stops_nothing(self, kept: KeySets, issuer: Issuer, clock: Clock) -> None:
        kept.of(ISSUER, "known")
        issuer.kids = {"known", "new"}
        clock.now -= 86_400

        assert "new" in kept.of(ISSUER, "new")


class TestWithdrawal:
    def test_what_was_kept_of_an_issuer_that_has_no_keys_any_more_serves_nobody(
        self, kept: KeySets, issuer: Issuer, clock: Clock
    ) -> None:
        kept.of(ISSUER, "known")
        issuer.is_gone = True
        clock.now += key_sets.FRESH

        with pytest.raises(KeysUnavailable):
            kept.of(ISSUER, "known")

    def test_an_issuer_that_is_gone_is_not_hammered(self, kept: KeySets, issuer: Issuer, clock: Clock) -> None:
        issuer.is_gone = True

        for _ in range(1000):
            clock.now += 0.02
            with pytest.raises(KeysUnavailable):
                kept.of(ISSUER, "known")

        assert issuer.asked <= 1 + 20 / key_sets.PAUSE_AFTER_FAILURE


class TestThreads:
    def test_first_requests_at_once_all_get_keys_for_one_question(self, clock: Clock) -> None:
        asked: list[str] = []

        def slow(issuer: str) -> jwt.KeySet:
            asked.append(issuer)
            time.sleep(0.1)
            return {"known": (KEY, "ES256")}

        found = at_once(KeySets(slow, clock=clock), ["known"] * 8)

        assert found == [True] * 8
        assert len(asked) == 1

    def test_who_has_a_known_key_does_not_wait_while_another_asks(self, clock: Clock) -> None:
        answering, entered = threading.Event(), threading.Event()
        first, found = iter([True]), list[jwt.KeySet]()

        def load(issuer: str) -> jwt.KeySet:
            if not next(first, False):
                entered.set()
                assert answering.wait(10)
            return {"known": (KEY, "ES256")}

        kept = KeySets(load, clock=clock)
        kept.of(ISSUER, "known")
        clock.now += key_sets.FRESH
        asking = threading.Thread(target=kept.of, args=(ISSUER, "invented"))
        asking.start()
        assert entered.wait(10)

        other = threading.Thread(target=lambda: found.append(kept.of(ISSUER, "known")))
        other.start()
        other.join(2)
        is_waiting = other.is_alive()
        answering.set()
        asking.join()
        other.join()

        assert not is_waiting
        assert "known" in found[0]


class TestFetching:
    def test_gives_the_keys_that_the_issuer_publishes(self, server: Server) -> None:
        server.answers(jwks(JWK))

        keys = key_sets.fetched(server.issuer)

        assert keys["known"][1] == "ES256"
        assert server.paths == ["/pool/.well-known/jwks.json"]

    def test_passes_over_keys_that_it_cannot_use(self, server: Server) -> None:
        strange = [
            {"kty": "oct", "kid": "secret", "k": "AAAA"},
            {**JWK, "kid": "encryption", "use": "enc"},
            {**JWK, "kid": "confused", "alg": "RS256"},
            {**JWK, "kid": 7},
            {"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"},
            "no key",
        ]
        server.answers(jwks(*strange, JWK))

        assert set(key_sets.fetched(server.issuer)) == {"known"}

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b'{"keys": [{"kty": "oct", "kid": "a"}]}',
            b"[" * 100_000, b'{"keys": null}', b"\xff\xfe", json.dumps({"keys": [JWK] * 101}).encode(),
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_key_set(self, server: Server, content: bytes) -> None:
        server.answers(content)

        with pytest.raises(KeysUnavailable, match="no key set"):
            key_sets.fetched(server.issuer)

    def test_follows_nobody_elsewhere(self, server: Server) -> None:
        server.answers(jwks(JWK), 302, {"Location": f"{server.issuer}/elsewhere"})

        with pytest.raises(KeysUnavailable, match="status 302"):
            key_sets.fetched(server.issuer)
        assert len(server.paths) == 1

    @pytest.mark.parametrize("status", [204, 404, 500])
    def test_an_error_is_no_key_set(self, server: Server, status: int) -> None:
        server.answers(jwks(JWK), status)

        with pytest.raises(KeysUnavailable, match=f"status {status}"):
            key_sets.fetched(server.issuer)

    def test_stops_reading_what_is_too_large(self, server: Server) -> None:
        server.drips(b" " * 16_384, 64, 0)

        with pytest.raises(KeysUnavailable, match="too large"):
            key_sets.fetched(server.issuer)

    def test_stops_waiting_for_an_answer_that_drips(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(key_sets, "TIMEOUT", 0.3)
        server.drips(b" ", 1000, 0.05)

        began = time.perf_counter()
        with pytest.raises(KeysUnavailable, match="too long"):
            key_sets.fetched(server.issuer)

        assert time.perf_counter() - began < 2

    def test_stops_waiting_for_an_answer_that_does_not_begin(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(key_sets, "TIMEOUT", 0.3)
        server.drips(b"", 1, 1.0)

        with pytest.raises(KeysUnavailable, match="no answer"):
            key_sets.fetched(server.issuer)

    def test_nobody_there_is_no_answer(self, server: Server) -> None:
        server.shutdown()
        server.server_close()

        with pytest.raises(KeysUnavailable, match="no answer"):
            key_sets.fetched(server.issuer)

    @pytest.mark.parametrize(
        "issuer",
        [
            "http://auth.example/pool", "http://127.0.0.1.example/pool", "http://10.0.0.1/pool", "ftp://localhost/pool",
            "file:///etc", "pool", "", "http://localhost@evil.example/pool",
        ],
    )  # fmt: skip
    def test_asks_over_https_alone_but_for_this_very_machine(self, issuer: str) -> None:
        with pytest.raises(KeysUnavailable, match="https"):
            key_sets.fetched(issuer)

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, server: Server) -> None:
        with pytest.raises(KeysUnavailable, match="no answer"):
            key_sets.fetched(server.issuer.replace("http:", "https:"))


def jwks(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


def at_once(kept: KeySets, kids: list[str]) -> list[bool]:
    """Whether each of these threads, let go together, got keys with its kid."""
    barrier, found = threading.Barrier(len(kids)), [False] * len(kids)

    def ask(number: int) -> None:
        barrier.wait()
        found[number] = kids[number] in kept.of(ISSUER, kids[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(kids))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Server(ThreadingHTTPServer):
    """An issuer on a real socket; `paths` are those that were asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.paths: list[str] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda _: None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/pool"

    def answers(self, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(content)

        self.answer = answer

    def drips(self, chunk: bytes, times: int, pause: float) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            if not chunk:
                time.sleep(pause)
                return
            handler.send_response(200)
            handler.end_headers()
            for _ in range(times):
                handler.wfile.write(chunk)
                time.sleep(pause)

        self.answer = answer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.paths.append(self.path)
        self.server.answer(self)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client gave up, as it should

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
