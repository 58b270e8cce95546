"""New passwords that everybody knows: refused by every operation that takes one, in its usual words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.flows import breaches, passwords
from tests import ranges
from tests.application import PASSWORD, Cognito
from tests.callers import a_name, attribute, different, refused
from tests.entrance import Entrance

COMMON, LEAKED = "P@ssw0rd", "Tr0ub4dor&3x"
POLICY = {"MinimumLength": 8, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": True}
REASONS = {COMMON: "Password is too common", LEAKED: "Password has appeared in a data breach"}

Attempt = Callable[[str], Any]


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[ranges.Source]:
    """The installation names a source of leaked passwords."""
    with ranges.serving() as found:
        found.leaked = {LEAKED}
        there = dataclasses.replace(settings.current(), breach_range_url=found.url)
        monkeypatch.setattr(breaches, "current", lambda: there)
        yield found


@pytest.fixture(scope="module")
def shared(application: Any) -> Entrance:
    policies = {"PasswordPolicy": POLICY | {"RequireSymbols": True}}
    return Entrance(Cognito(*application), Policies=policies, AutoVerifiedAttributes=["email"])


@pytest.fixture
def entrance(shared: Entrance) -> Entrance:
    return shared.another()


def signing_up(entrance: Entrance, _: Any) -> Attempt:
    given = {"ClientId": entrance.client, "UserAttributes": [attribute("email", "tess@example.com")]}
    return lambda text: entrance.cognito.call("SignUp", Username=a_name(), Password=text, **given)


def changing(entrance: Entrance, _: Any) -> Attempt:
    token = entrance.tokens()["AccessToken"]
    given = {"AccessToken": token, "PreviousPassword": PASSWORD}
    return lambda text: entrance.cognito.call("ChangePassword", ProposedPassword=text, **given)


def resetting(entrance: Entrance, outbox: Any) -> Attempt:
    given = {"ClientId": entrance.client, "Username": entrance.name}
    entrance.cognito.call("ForgotPassword", **given)
    given["ConfirmationCode"] = outbox.code(entrance.name)
    return lambda text: entrance.cognito.call("ConfirmForgotPassword", Password=text, **given)


def choosing(entrance: Entrance, _: Any) -> Attempt:
    name = entrance.invited(a_name())
    begun = entrance.by_password("Temporary-1", name)
    return lambda text: entrance.choose(begun, text, name=name)


def setting(entrance: Entrance, _: Any) -> Attempt:
    return lambda text: entrance.admin("AdminSetUserPassword", Password=text, Permanent=True)


def setting_for_now(entrance: Entrance, _: Any) -> Attempt:
    return lambda text: entrance.admin("AdminSetUserPassword", Password=text, Permanent=False)


def inviting(entrance: Entrance, _: Any) -> Attempt:
    return lambda text: entrance.admin("AdminCreateUser", a_name(), TemporaryPassword=text, MessageAction="SUPPRESS")


DOORS: dict[str, tuple[Callable[[Entrance, Any], Attempt], str]] = {
    "SignUp": (signing_up, passwords.REFUSED),
    "ChangePassword": (changing, passwords.REFUSED),
    "ConfirmForgotPassword": (resetting, passwords.REFUSED),
    "NEW_PASSWORD_REQUIRED": (choosing, passwords.REFUSED),
    "AdminSetUserPassword for good": (setting, passwords.REFUSED_FOR_ADMINISTRATORS),
    "AdminSetUserPassword for now": (setting_for_now, passwords.REFUSED_FOR_ADMINISTRATORS),
    "AdminCreateUser": (inviting, passwords.REFUSED),
}


class TestEveryDoor:
    @pytest.mark.parametrize("door", DOORS)
    def test_refuses_common_and_leaked_ones_and_takes_another(
        self, entrance: Entrance, outbox: Any, source: ranges.Source, door: str
    ) -> None:
        prepare, prefix = DOORS[door]
        attempt = prepare(entrance, outbox)

        for text, reason in REASONS.items():
            with refused("InvalidPasswordException", prefix + reason):
                attempt(text)
        attempt("Fresh-Horse-11")
        assert all(path == f"/range/{path[-5:]}" for path, _ in source.asked)

    @pytest.mark.parametrize("door", DOORS)
    def test_names_the_rule_of_the_policy_first(self, entrance: Entrance, outbox: Any, door: str) -> None:
        prepare, prefix = DOORS[door]

        with refused("InvalidPasswordException", prefix + "Password must have symbol characters"):
            prepare(entrance, outbox)("Password1")


class TestCommon:
    @pytest.mark.parametrize("text", ["password", "PASSWORD", "Password1", "qwertyui", "12345678", "iloveyou"])
    def test_no_policy_is_loose_enough_for_them(self, cognito: Cognito, text: str) -> None:
        loose = {"PasswordPolicy": {"MinimumLength": 6}}
        entrance = Entrance(cognito, Policies=loose)

        with refused("InvalidPasswordException", passwords.REFUSED + "Password is too common"):
            signing_up(entrance, None)(text)

    def test_a_user_who_has_one_already_signs_in(self, entrance: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
        from chalicelib.rules import frequent_passwords

        with monkeypatch.context() as before:
            before.setattr(frequent_passwords, "is_common", lambda _: False)
            setting(entrance, None)(COMMON)

        assert entrance.tokens(COMMON)

    def test_a_wrong_reset_code_hears_no_more_of_it_than_a_right_one(self, entrance: Entrance, outbox: Any) -> None:
        given = {"ClientId": entrance.client, "Username": entrance.name}
        entrance.cognito.call("ForgotPassword", **given)
        code = outbox.code(entrance.name)

        for one in (code, different(code)):
            with refused("InvalidPasswordException"):
                entrance.cognito.call("ConfirmForgotPassword", ConfirmationCode=one, Password=COMMON, **given)


class TestLeaked:
    def test_a_source_that_is_down_keeps_nobody_from_a_new_password(
        self, entrance: Entrance, source: ranges.Source
    ) -> None:
        source.status = 503

        changing(entrance, None)(LEAKED)
        assert entrance.tokens(LEAKED)

    def test_a_pool_may_only_watch(
        self, cognito: Cognito, source: ranges.Source, caplog: pytest.LogCaptureFixture
    ) -> None:
        entrance = Entrance(cognito)
        content = {"UserPoolId": entrance.pool, "SecuritySettings": {"BreachCheckMode": "AUDIT"}}
        cognito.send("latchkey", "UpdateUserPoolSecuritySettings", json.dumps(content).encode())

        with caplog.at_level("INFO"):
            changing(entrance, None)(LEAKED)
        lines = [record.facts for record in caplog.records if "facts" in vars(record)]
        assert [line["operation"] for line in lines if line.get("breached_password")] == ["ChangePassword"]
        assert LEAKED not in caplog.text
