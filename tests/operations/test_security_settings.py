"""DescribeUserPoolSecuritySettings and UpdateUserPoolSecuritySettings, and that what they say holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.rules import security_settings
from chalicelib.rules.security_settings import SecuritySettings
from chalicelib.table import pools
from chalicelib.table.items import Pool
from tests.application import Cognito
from tests.callers import Desk, Door, a_name, refused
from tests.entrance import Entrance, at_once, fault, faults

DEFAULTS = security_settings.shown(SecuritySettings())
BOUNDS = {
    ("LockoutSettings", "FreeFailures"): (1, 20),
    ("LockoutSettings", "LongestLockSeconds"): (1, 900),
    ("SourceLimitSettings", "FailuresPerSource"): (10, 1_000_000),
    ("SourceLimitSettings", "WindowSeconds"): (60, 3600),
    ("CodeLimitSettings", "Sends"): (1, 20),
    ("CodeLimitSettings", "Guesses"): (1, 30),
    ("CodeLimitSettings", "AddressChangeSends"): (1, 20),
    ("CodeLimitSettings", "PasswordChanges"): (1, 30),
    ("CodeLimitSettings", "SignInSends"): (1, 60),
    ("CodeLimitSettings", "SignInSendsPerSource"): (1, 60),
    ("CodeLimitSettings", "SignInGuesses"): (1, 30),
    ("CodeLimitSettings", "SignInGuessesPerSession"): (1, 10),
    ("CodeLimitSettings", "AuthenticatorGuesses"): (1, 30),
}


def ours(cognito: Cognito, operation: str, pool: str, **given: Any) -> Any:
    content = json.dumps({"UserPoolId": pool, **given}).encode()
    return cognito.send("latchkey", f"{operation}UserPoolSecuritySettings", content)["SecuritySettings"]


def described(cognito: Cognito, pool: str) -> Any:
    return ours(cognito, "Describe", pool)


def update(cognito: Cognito, pool: str, **settings: Any) -> Any:
    return ours(cognito, "Update", pool, SecuritySettings=settings)


@pytest.fixture(scope="module")
def pool(application: Any) -> str:
    return Cognito(*application).pool()


class TestSettings:
    def test_a_new_pool_has_the_defaults(self, cognito: Cognito) -> None:
        assert described(cognito, cognito.pool()) == DEFAULTS

    def test_an_update_replaces_all_of_them(self, cognito: Cognito, pool: str) -> None:
        given = {"ReproveFactors": True, "LockoutSettings": {"FreeFailures": 3}, "BreachCheckMode": "OFF"}

        told = update(cognito, pool, **given)

        assert told == described(cognito, pool)
        assert told == DEFAULTS | given | {"LockoutSettings": {"FreeFailures": 3, "LongestLockSeconds": 900}}
        assert update(cognito, pool) == described(cognito, pool) == DEFAULTS

    @pytest.mark.parametrize(("group", "member"), BOUNDS)
    def test_every_number_has_bounds(self, cognito: Cognito, pool: str, group: str, member: str) -> None:
        least, most = BOUNDS[group, member]

        for value in (least, most):
            assert update(cognito, pool, **{group: {member: value}})[group][member] == value
        for value in (least - 1, most + 1, -1, 2**31 - 1):
            with refused("InvalidParameterException"):
                update(cognito, pool, **{group: {member: value}})
        assert described(cognito, pool)[group][member] == most

    def test_all_numbers_are_known_here(self) -> None:
        found = {path for path in security_settings.MEMBERS.values() if len(path) == 2}

        assert found == set(BOUNDS)

    @pytest.mark.parametrize(
        ("settings", "code"),
        [
            ({"BreachCheckMode": "SOMETIMES"}, "InvalidParameterException"),
            ({"ReproveFactors": "perhaps"}, "SerializationException"),
            ({"LockoutSettings": {"FreeFailures": "five"}}, "SerializationException"),
            ({"LockoutSettings": []}, "SerializationException"),
        ],
        ids=repr,
    )
    def test_what_has_not_the_form_is_refused(self, cognito: Cognito, pool: str, settings: Any, code: str) -> None:
        before = described(cognito, pool)

        with refused(code):
            update(cognito, pool, **settings)
        assert described(cognito, pool) == before

    def test_a_pool_that_is_not_there_is_named(self, cognito: Cognito) -> None:
        for operation, given in (("Describe", {}), ("Update", {"SecuritySettings": {}})):
            with refused("ResourceNotFoundException", "User pool us-east-1_Nowhere01 does not exist."):
                ours(cognito, operation, "us-east-1_Nowhere01", **given)

    def test_other_settings_of_the_pool_stay(self, cognito: Cognito, pool: str) -> None:
        before = pools.fresh_pool(pool)
        assert isinstance(before, Pool)

        update(cognito, pool, ReproveFactors=True)

        after = pools.fresh_pool(pool)
        assert isinstance(after, Pool)
        assert (after.document, after.mfa, after.secret) == (before.document, before.mfa, before.secret)
        assert {**(after.ours or {}), "security": None} == {**(before.ours or {}), "security": None}

    def test_updates_at_once_all_go_through_and_one_of_them_stands(self, cognito: Cognito, pool: str) -> None:
        values = range(1, 7)

        outcomes = at_once(
            *[lambda most=most: update(cognito, pool, LockoutSettings={"FreeFailures": most}) for most in values]
        )

        assert faults(outcomes) == []
        assert described(cognito, pool)["LockoutSettings"]["FreeFailures"] in values


class TestLockout:
    def test_the_pools_own_numbers_hold(self, cognito: Cognito) -> None:
        entrance = Entrance(cognito)
        update(cognito, entrance.pool, LockoutSettings={"FreeFailures": 2, "LongestLockSeconds": 30})

        for _ in range(2):
            assert "Incorrect" in str(fault(lambda: entrance.by_password("wrong")))
        assert "Password attempts exceeded" in str(fault(entrance.tokens))

        for _ in range(8):
            entrance.backdate(31)
            assert "Incorrect" in str(fault(lambda: entrance.by_password("wrong")))
        entrance.backdate(29)
        assert "Password attempts exceeded" in str(fault(entrance.tokens))
        entrance.backdate(1.1)
        assert entrance.tokens()


class TestCodes:
    def test_sends_and_guesses_are_the_pools_own(self, cognito: Cognito, outbox: Any) -> None:
        door = Door(cognito)
        update(cognito, door.pool, CodeLimitSettings={"Sends": 2, "Guesses": 3})
        name = a_name()
        door.sign_up(name)

        for _ in range(2):
            door.resend(name)
        with refused("LimitExceededException"):
            door.resend(name)
        wrong = f"{(int(outbox.code(name)) + 1) % 10**6:06}"
        for _ in range(3):
            with refused("CodeMismatchException"):
                door.confirm(name, wrong)
        with refused("LimitExceededException"):
            door.confirm(name, outbox.code(name))

    def test_changes_of_a_password_are_the_pools_own(self, cognito: Cognito) -> None:
        desk = Desk(cognito)
        update(cognito, desk.pool, CodeLimitSettings={"PasswordChanges": 1})
        token = desk.tokens()["AccessToken"]

        desk.change(token, "Correct-Horse-9", "Fresh-Horse-11")
        with refused("LimitExceededException"):
            desk.change(token, "Fresh-Horse-11", "Fresh-Horse-12")
