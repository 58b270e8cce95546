"""The attack: one password tried on many users from one address; who is stopped by the limit, and who is not."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.rules.source_limits import window_end
from tests.application import PASSWORD, Cognito
from tests.callers import a_name
from tests.clock import later
from tests.entrance import HIDING, WRONG, Entrance, at_once, claims, fault, faults, secret_hash

WINDOW = 600
HERE, THERE = "203.0.113.9", "198.51.100.4"
REFUSED = "Too many failed sign-ins from this address; try again later."
Attempt = Callable[[], Any]


def pause() -> float:
    """Seconds until a window lasts longer than a test; fewer than proofs of SRP may be old."""
    left = window_end(time.time(), WINDOW) - time.time()
    return 0 if left > 120 else left + 1


@pytest.fixture
def one_window() -> Iterator[None]:
    """Calls come in one window, however long the test takes; only unsigned ones may be made in it."""
    with later(pause()):
        yield


@pytest.fixture(scope="module")
def shared(application: Any) -> Entrance:
    entrance = Entrance(Cognito(*application), client=HIDING)
    limit(entrance, 20)
    return entrance


@pytest.fixture
def entrance(shared: Entrance) -> Entrance:
    """A user of the pool, at an address of the test's own, so that no test counts for another."""
    fresh = shared.another()
    return at(fresh, f"2001:db8:{time.time_ns() % 2**16:x}:{time.time_ns() // 2**16 % 2**16:x}::1")


def limit(entrance: Entrance, failures: int) -> None:
    settings = {"SourceLimitSettings": {"FailuresPerSource": failures, "WindowSeconds": WINDOW}}
    content = {"UserPoolId": entrance.pool, "SecuritySettings": settings}
    entrance.cognito.send("latchkey", "UpdateUserPoolSecuritySettings", json.dumps(content).encode())


def at(entrance: Entrance, address: str) -> Entrance:
    """The same person at another address."""
    moved = copy.copy(entrance)
    moved.cognito = copy.copy(entrance.cognito)
    moved.cognito.source_ip = address
    return moved


def sprayed(attempt: Attempt) -> str:
    """What a guess hears."""
    refusal = fault(attempt)
    return "in" if refusal is None else refusal.message


def shut_out(entrance: Entrance, failures: int = 20) -> None:
    """Use up what the address may fail."""
    for _ in range(failures):
        assert sprayed(lambda: entrance.by_password("wrong", a_name())) == WRONG


class TestSpray:
    def test_of_two_hundred_users_half_are_reached_and_the_rest_are_safe(self, application: Any) -> None:
        """With the default limit. Each tenth user has the password that is sprayed."""
        cognito = Cognito(*application)
        attacker = at(Entrance(cognito, client=HIDING), HERE)
        weak = [cognito.user(attacker.pool, f"user-{number:03}") for number in range(9, 200, 10)]
        office = at(attacker, THERE)
        names = [f"user-{number:03}" for number in range(200)]

        with later(pause()):
            heard = {name: sprayed(lambda name=name: attacker.by_password(PASSWORD, name)) for name in names}
            told = [heard[name] for name in names]
            first = told.index(REFUSED)

            assert told[:first].count(WRONG) == 100
            assert set(told[first:]) == {REFUSED}
            assert [heard[name] for name in weak] == ["in"] * 11 + [REFUSED] * 9
            for name in weak:  # no user is locked, and all sign in from elsewhere meanwhile
                assert office.tokens(name=name)

    def test_known_and_unknown_names_and_right_and_wrong_passwords_hear_the_same(
        self, entrance: Entrance, one_window: None
    ) -> None:
        shut_out(entrance)

        for name in (entrance.name, a_name()):
            for text in (PASSWORD, "wrong"):
                refusal = fault(lambda name=name, text=text: entrance.by_password(text, name))
                assert refusal is not None
                assert (refusal.code, refusal.status, refusal.message) == ("TooManyRequestsException", 400, REFUSED)

    def test_neither_reads_a_user_nor_hashes(
        self, entrance: Entrance, one_window: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from chalicelib.flows import passwords
        from chalicelib.table import store

        shut_out(entrance)
        monkeypatch.setattr(passwords, "is_right", lambda *_: pytest.fail("a password was looked at"))

        for name in (entrance.name, a_name()):
            with store.counted() as trips:
                assert sprayed(lambda name=name: entrance.by_password(PASSWORD, name)) == REFUSED
            assert (trips.calls, trips.beside) == (["BatchGetItem"], [])

    def test_the_next_window_is_open_again(self, entrance: Entrance) -> None:
        start = pause()
        with later(start):
            shut_out(entrance)
            assert sprayed(entrance.tokens) == REFUSED
        with later(start + WINDOW):
            assert entrance.tokens()

    def test_what_is_refused_does_not_count(self, entrance: Entrance) -> None:
        """Else who keeps trying would keep the address shut."""
        start = pause()
        with later(start):
            shut_out(entrance)
            for _ in range(30):
                assert sprayed(entrance.tokens) == REFUSED
        assert entrance.failures() == 0

    def test_right_passwords_do_not_count(self, entrance: Entrance, one_window: None) -> None:
        for _ in range(25):
            assert entrance.tokens()

    def test_a_session_that_is_there_is_refreshed_all_the_same(self, shared: Entrance) -> None:
        entrance = at(Entrance(shared.cognito), HERE)
        limit(entrance, 10)
        with later(pause()):
            held = entrance.tokens()
            for _ in range(10):
                fault(lambda: entrance.by_password("wrong", a_name()))

            assert sprayed(entrance.tokens) == REFUSED
            assert entrance.refresh(held["RefreshToken"])
            assert entrance.me(held["AccessToken"])


class TestBursts:
    def test_every_guess_of_a_burst_counts(self, entrance: Entrance, one_window: None) -> None:
        """Those under way when the limit is reached are heard; the next finds it closed."""
        burst: list[Attempt] = [lambda: entrance.by_password("wrong", a_name())] * 12
        outcomes = at_once(*burst) + at_once(*burst)

        assert len(faults(outcomes)) == 24
        assert {one.message for one in faults(outcomes)} <= {WRONG, REFUSED}
        assert [one.message for one in faults(outcomes)].count(WRONG) >= 20
        assert sprayed(entrance.tokens) == REFUSED


class TestOtherDoors:
    def test_srp_is_shut_too(self, entrance: Entrance, one_window: None) -> None:
        for _ in range(20):
            name = a_name()
            assert sprayed(lambda name=name: entrance.by_srp("wrong", name)) == WRONG

        assert sprayed(entrance.by_srp) == REFUSED
        assert sprayed(entrance.tokens) == REFUSED

    def test_challenges_that_were_collected_before_are_not_heard_after(
        self, entrance: Entrance, one_window: None
    ) -> None:
        client, parameters = entrance.challenged()
        right, wrong = (client.answer(parameters, text) for text in (PASSWORD, "wrong"))
        shut_out(entrance)

        assert sprayed(lambda: entrance.verified(right)) == REFUSED
        assert sprayed(lambda: entrance.verified(wrong)) == REFUSED
        assert at(entrance, THERE).verified(right)["AuthenticationResult"]

    def test_a_choice_that_was_offered_before_is_not_heard_after(self, shared: Entrance) -> None:
        flows = {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"]}
        entrance = at(Entrance(shared.cognito, client=flows | HIDING), HERE)
        limit(entrance, 10)
        with later(pause()):
            offered = [entrance.initiate("USER_AUTH", USERNAME=entrance.name) for _ in range(2)]
            shut_out(entrance, 10)

            responses = {"USERNAME": entrance.name, "ANSWER": "PASSWORD", "PASSWORD": PASSWORD}
            for place, person in ((0, entrance), (1, at(entrance, THERE))):
                session = offered[place]["Session"]
                heard = sprayed(lambda: person.respond("SELECT_CHALLENGE", responses, Session=session))  # noqa: B023
                assert heard == ("in" if place else REFUSED)

    def test_names_are_not_tried_out_where_users_are_not_hidden(self, shared: Entrance) -> None:
        entrance = at(Entrance(shared.cognito), HERE)
        limit(entrance, 10)
        with later(pause()):
            for _ in range(10):
                assert sprayed(lambda: entrance.by_password("wrong", a_name())) == "User does not exist."

            assert sprayed(lambda: entrance.by_password("wrong", a_name())) == REFUSED
            assert sprayed(entrance.tokens) == REFUSED

    def test_a_name_that_is_a_sub_is_shut_out_too(self, shared: Entrance) -> None:
        cognito = shared.cognito
        entrance = at(Entrance.at(cognito, cognito.pool(UsernameAttributes=["email"])), HERE)
        limit(entrance, 10)
        name = cognito.user(entrance.pool, f"{a_name()}@example.com")
        with later(pause()):
            assert claims(entrance.tokens(name=name)["AccessToken"])["sub"] == name
            for _ in range(10):
                fault(lambda: entrance.by_password("wrong", a_name()))

            assert sprayed(lambda: entrance.tokens(name=name)) == REFUSED


class TestServers:
    def test_an_administrators_server_is_never_shut_out(self, shared: Entrance) -> None:
        entrance = Entrance(shared.cognito)
        limit(entrance, 10)

        def attempt(name: str, password: str) -> Any:
            parameters = {"USERNAME": name, "PASSWORD": password}
            given = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters}
            return entrance.cognito.call(
                "AdminInitiateAuth", UserPoolId=entrance.pool, ClientId=entrance.client, **given
            )

        for _ in range(15):
            fault(lambda: attempt(a_name(), "wrong"))
        assert attempt(entrance.name, PASSWORD)["AuthenticationResult"]

    def test_a_server_that_proves_its_secret_is_not_shut_out_by_a_stranger(self, shared: Entrance) -> None:
        """The attack: fail through the sign-in page of a server until its one address, and all its users, are out."""
        entrance = at(Entrance(shared.cognito), HERE)
        limit(entrance, 10)
        made = entrance.cognito.call(
            "CreateUserPoolClient",
            UserPoolId=entrance.pool,
            ClientName="server",
            GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        )["UserPoolClient"]
        entrance.client = made["ClientId"]

        def attempt(name: str, password: str) -> Any:
            proof = secret_hash(made["ClientSecret"], name, made["ClientId"])
            return entrance.by_password(password, name, SECRET_HASH=proof)

        with later(pause()):
            for _ in range(15):
                name = a_name()
                assert sprayed(lambda name=name: attempt(name, "wrong")) == "User does not exist."
            assert attempt(entrance.name, PASSWORD)["AuthenticationResult"]

    def test_a_forwarded_address_is_not_believed(self, entrance: Entrance, one_window: None) -> None:
        """The attack: a fresh address for each guess, written by the caller itself."""
        from tests.application import HOST, respond

        content = {
            "ClientId": entrance.client,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": entrance.name, "PASSWORD": PASSWORD},
            "UserContextData": {"IpAddress": THERE},
        }
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
            "Host": HOST,
            "X-Forwarded-For": THERE,
            "Forwarded": f"for={THERE}",
            "X-Real-IP": THERE,
        }
        shut_out(entrance)

        answer = respond("POST", "/", headers, json.dumps(content).encode(), entrance.cognito.source_ip)
        assert answer["statusCode"] == 400
        assert json.loads(answer["body"])["message"] == REFUSED
