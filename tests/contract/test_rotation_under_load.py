"""Signing keys follow one another while clients sign in and verify without a pause, and none of them notices.

Time is compressed: days are seconds here, and the proportions of the real times are kept. The keys are turned by a
process of its own, so this one knows of them only what it reads when its memory is over. The verifiers are stricter
than any real one: they keep a key set for its full max-age and never ask again because a key is unknown.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest

from chalicelib import settings
from chalicelib.rules.rotation import Policy
from tests.application import Cognito, respond
from tests.engines import ROOT

MEMORY = 0.4  # seconds that a process remembers keys: LATCHKEY_CACHE_SECONDS
MAX_AGE = 0.8  # seconds that a verifier keeps a key set
LIFE = 1.5  # seconds that a token is presented after it was signed
SLACK = 1.5  # as the skew in the real times: here for a machine that has other things to do
PERIOD = 4.0
SAFE = Policy(PERIOD, MEMORY + MAX_AGE + SLACK, MEMORY + LIFE + SLACK)
WITHOUT_LEAD = Policy(1.5, 0.0, SAFE.kept)
WITHOUT_REST = Policy(1.5, SAFE.lead, 0.0)
PATIENCE = 60.0

TURNING = """
import json, sys, time
from chalicelib.flows import key_rotation
from chalicelib.rules.rotation import Policy
policy = Policy(*json.loads(sys.argv[2]))
while True:
    for step in key_rotation.turn(sys.argv[1], policy, time.time()):
        print(json.dumps(step), flush=True)
    time.sleep(0.05)
"""


@dataclass
class Verifier:
    """Somebody else's server: it has the key set and nothing else."""

    pool: str
    fetched_at: float = float("-inf")
    keys: dict[str, Any] = field(default_factory=dict)

    def verify(self, token: str) -> None:
        """Raises KeyError for an unknown key and a PyJWTError for a signature that is wrong."""
        if time.monotonic() > self.fetched_at + MAX_AGE:
            begun = time.monotonic()
            answer = respond("GET", f"/{self.pool}/.well-known/jwks.json", {})
            self.keys = {key["kid"]: jwt.PyJWK(key).key for key in json.loads(answer["body"])["keys"]}
            self.fetched_at = begun
        key = self.keys[jwt.get_unverified_header(token)["kid"]]
        jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})


@dataclass
class Client:
    """Signs in again and again, and presents every token at once and as long as it lives."""

    cognito: Cognito
    pool: str
    client: str
    user: str
    kids: dict[str, set[str]] = field(default_factory=lambda: {"id": set(), "access": set()})
    checks: int = 0
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._verifier = Verifier(self.pool)
        self._held: deque[tuple[float, dict[str, Any]]] = deque()

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._round()
            except Exception as error:
                self.troubles.append(f"{time.time():.3f} {error!r}")

    def _round(self) -> None:
        held = self.cognito.sign_in(self.client, self.user)
        self._held.append((time.monotonic(), held))
        for purpose, name in (("id", "IdToken"), ("access", "AccessToken")):
            self.kids[purpose].add(jwt.get_unverified_header(held[name])["kid"])
        while self._held and self._held[0][0] < time.monotonic() - LIFE:
            self._held.popleft()
        for _, tokens in {id(one): one for one in (self._held[0], self._held[-1])}.values():
            self._present(tokens)

    def _present(self, tokens: dict[str, Any]) -> None:
        self._verifier.verify(tokens["IdToken"])
        self._verifier.verify(tokens["AccessToken"])
        assert self.cognito.call("GetUser", AccessToken=tokens["AccessToken"])["Username"] == self.user
        self.checks += 3


@dataclass
class Turning:
    """The process that turns the keys; `done` counts what it did, by verb."""

    process: subprocess.Popen[str]
    done: dict[str, int] = field(default_factory=dict)

    def follow(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            verb = json.loads(line)[0]
            self.done[verb] = self.done.get(verb, 0) + 1

    def has_done(self, **wanted: int) -> bool:
        return all(self.done.get(verb, 0) >= number for verb, number in wanted.items())


@contextmanager
def turning(pool: str, policy: Policy) -> Iterator[Turning]:
    command = [sys.executable, "-c", TURNING, pool, json.dumps(policy)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        found = Turning(process)
        follower = threading.Thread(target=found.follow)
        follower.start()
        try:
            yield found
        finally:
            process.terminate()
            process.wait(10)
            follower.join()


@contextmanager
def under_load(clients: list[Client]) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=client.run, args=(stop,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def clients(cognito: Cognito, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Client]]:
    """Three clients of a fresh pool, in a process that remembers keys for a moment only."""
    monkeypatch.setenv("LATCHKEY_CACHE_SECONDS", str(MEMORY))
    settings.current.cache_clear()
    pool = cognito.pool()
    client = cognito.client(pool)
    yield [Client(cognito, pool, client, cognito.user(pool)) for _ in range(3)]
    monkeypatch.undo()
    settings.current.cache_clear()


def wait_for(turned: Turning, **wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not turned.has_done(**wanted):
        assert turned.process.poll() is None, "the process that turns the keys has ended"
        assert time.monotonic() < deadline, turned.done
        time.sleep(0.05)


class TestTwoRotations:
    def test_no_client_and_no_verifier_sees_a_failure(self, clients: list[Client]) -> None:
        with turning(clients[0].pool, SAFE) as turned, under_load(clients):
            wait_for(turned, publish=4, activate=4, retire=4, remove=4)
            time.sleep(MEMORY + MAX_AGE)

        signed = [set().union(*(client.kids[purpose] for client in clients)) for purpose in ("id", "access")]
        assert [trouble for client in clients for trouble in client.troubles] == []
        assert all(len(kids) >= 3 for kids in signed)
        assert not signed[0] & signed[1]
        assert sum(client.checks for client in clients) > 100


def wait_for_trouble(turned: Turning, clients: list[Client], word: str = "") -> None:
    """Until a client has seen trouble with this word in it: whether one key in particular is met is chance."""
    deadline = time.monotonic() + PATIENCE
    while not any(word in trouble for client in clients for trouble in client.troubles):
        assert turned.process.poll() is None, "the process that turns the keys has ended"
        assert time.monotonic() < deadline, f"no client noticed in {PATIENCE} seconds: {turned.done}"
        time.sleep(0.05)


class TestOtherTimes:
    """What the same clients see when the times are wrong: so they would notice if ours were."""

    def test_a_key_that_signs_as_soon_as_it_is_published_is_unknown(self, clients: list[Client]) -> None:
        with turning(clients[0].pool, WITHOUT_LEAD) as turned, under_load(clients):
            wait_for_trouble(turned, clients, "KeyError")

    def test_a_key_that_goes_as_soon_as_it_is_retired_leaves_tokens_behind(self, clients: list[Client]) -> None:
        with turning(clients[0].pool, WITHOUT_REST) as turned, under_load(clients):
            wait_for_trouble(turned, clients)
