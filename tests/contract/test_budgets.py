"""What each story costs in trips to DynamoDB, in a warm process: the budgets of the design, and that they do not grow.

The trips of a story follow one another, so their number is its sequential trips as well. The user and the session of a
token come by one BatchGetItem of two keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.table import store
from tests.application import HOST, PASSWORD, Cognito, respond
from tests.callers import attribute, different
from tests.entrance import ROTATING, Entrance, fault

READS = {"GetItem", "BatchGetItem", "Query"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


@dataclass
class Town:
    """A pool with a plain and a rotating client, and a user; `outbox` is where codes are read."""

    plain: Entrance
    rotating: Entrance
    outbox: Any

    def sign_up(self, name: str) -> str:
        given = {"Password": PASSWORD, "UserAttributes": [attribute("email", f"{name}@example.com")]}
        self.plain.cognito.call("SignUp", ClientId=self.plain.client, Username=name, **given)
        return name

    def confirm(self, name: str, code: str | None = None) -> Any:
        given = {"Username": name, "ConfirmationCode": code or self.outbox.code(name)}
        return self.plain.cognito.call("ConfirmSignUp", ClientId=self.plain.client, **given)

    def forgot(self) -> Any:
        return self.plain.cognito.call("ForgotPassword", ClientId=self.plain.client, Username=self.plain.name)

    def reset(self) -> Any:
        given = {"ConfirmationCode": self.outbox.code(self.plain.name), "Password": PASSWORD}
        return self.plain.cognito.call(
            "ConfirmForgotPassword", ClientId=self.plain.client, Username=self.plain.name, **given
        )

    def change(self, token: str) -> Any:
        given = {"PreviousPassword": PASSWORD, "ProposedPassword": PASSWORD}
        return self.plain.cognito.call("ChangePassword", AccessToken=token, **given)


@pytest.fixture
def town(shared_town, outbox):
    plain = shared_town.plain.another()
    rotating = shared_town.rotating.another()
    rotating.name = plain.name
    return Town(plain, rotating, outbox)


@pytest.fixture(scope="module")
def shared_town(application):
    plain = Entrance(Cognito(*application), AutoVerifiedAttributes=["email"])
    rotating = plain.another()
    rotating.client = plain.cognito.client(plain.pool, **ROTATING)
    for entrance in (plain, rotating):
        entrance.me(entrance.tokens()["AccessToken"])
    return Town(plain, rotating, None)


def trips(story: Callable[[], Any]) -> list[str]:
    with store.counted() as counted:
        story()
    return counted.calls


Prepare = Callable[[Town], Callable[[], Any]]


def srp_answer(town: Town) -> Callable[[], Any]:
    client, parameters = town.plain.challenged()
    responses = client.answer(parameters, PASSWORD)
    return lambda: town.plain.verified(responses)


def with_token(use: Callable[[Town, dict[str, Any]], Any], *, rotating: bool = False) -> Prepare:
    def prepare(town: Town) -> Callable[[], Any]:
        tokens = (town.rotating if rotating else town.plain).tokens()
        return lambda: use(town, tokens)

    return prepare


def after_wrong(times: int) -> Prepare:
    def prepare(town: Town) -> Callable[[], Any]:
        town.plain.wrongly(times)
        return town.plain.tokens

    return prepare


def new_password(town: Town) -> Callable[[], Any]:
    name = town.plain.invited(f"new-{town.plain.name}")
    begun = town.plain.by_password("Temporary-1", name)
    return lambda: town.plain.choose(begun, name=name)


def reset(town: Town) -> Callable[[], Any]:
    town.forgot()
    return town.reset


def own(operation: str, **given: Any) -> Prepare:
    return with_token(lambda town, held: town.plain.cognito.call(operation, AccessToken=held["AccessToken"], **given))


def admin(operation: str, **given: Any) -> Prepare:
    return lambda town: lambda: town.plain.admin(operation, **given)


def proof(town: Town) -> Callable[[], Any]:
    token, kind = town.plain.tokens()["AccessToken"], "email"
    town.plain.cognito.call("GetUserAttributeVerificationCode", AccessToken=token, AttributeName=kind)
    given = {"AccessToken": token, "AttributeName": kind, "Code": town.outbox.code(town.plain.name)}
    return lambda: town.plain.cognito.call("VerifyUserAttribute", **given)


NICKNAME, ADDRESS = attribute("nickname", "A"), attribute("email", "next@example.com")


def confirmation(*, right: bool) -> Prepare:
    def prepare(town: Town) -> Callable[[], Any]:
        name = town.sign_up(f"up-{town.plain.name}")
        code = town.outbox.code(name)
        return lambda: fault(lambda: town.confirm(name, code if right else different(code)))

    return prepare


STORIES: dict[str, tuple[Prepare, tuple[int, int]]] = {
    "InitiateAuth with a password": (lambda town: town.plain.tokens, (2, 1)),
    "the same after a wrong password": (after_wrong(1), (2, 1)),
    "a wrong password": (
        lambda town: lambda: fault(lambda: town.plain.tokens("wrong")),
        (2, 3),
    ),  # the lock's count, the day's and the address's
    "SRP: InitiateAuth": (lambda town: town.plain.challenged, (2, 0)),
    "SRP: RespondToAuthChallenge": (srp_answer, (1, 1)),
    "NEW_PASSWORD_REQUIRED": (new_password, (1, 1)),
    "refresh": (with_token(lambda town, held: town.plain.refresh(held["RefreshToken"])), (1, 0)),
    "refresh with rotation": (
        with_token(lambda town, held: town.rotating.renew(held["RefreshToken"]), rotating=True),
        (1, 1),
    ),
    "GetUser": (with_token(lambda town, held: town.plain.me(held["AccessToken"])), (1, 0)),
    "RevokeToken": (with_token(lambda town, held: town.plain.revoke(held["RefreshToken"])), (1, 1)),
    "GlobalSignOut": (
        with_token(lambda town, held: town.plain.cognito.call("GlobalSignOut", AccessToken=held["AccessToken"])),
        (1, 1),
    ),
    "SignUp": (lambda town: lambda: town.sign_up(f"in-{town.plain.name}"), (0, 1)),
    "ConfirmSignUp": (confirmation(right=True), (2, 1)),
    "ConfirmSignUp with a wrong code": (confirmation(right=False), (2, 1)),
    "ForgotPassword": (lambda town: town.forgot, (2, 2)),  # the code, and the line of the journal that tells of it
    "ConfirmForgotPassword": (reset, (2, 1)),
    "ChangePassword": (with_token(lambda town, held: town.change(held["AccessToken"])), (2, 1)),
    "UpdateUserAttributes": (own("UpdateUserAttributes", UserAttributes=[NICKNAME]), (1, 1)),
    "UpdateUserAttributes with an address": (own("UpdateUserAttributes", UserAttributes=[ADDRESS]), (2, 1)),
    "DeleteUserAttributes": (own("DeleteUserAttributes", UserAttributeNames=["nickname"]), (1, 1)),
    "GetUserAttributeVerificationCode": (own("GetUserAttributeVerificationCode", AttributeName="email"), (2, 1)),
    "VerifyUserAttribute": (proof, (2, 1)),
    "SetUserSettings": (own("SetUserSettings", MFAOptions=[]), (1, 1)),
    "AdminUpdateUserAttributes": (admin("AdminUpdateUserAttributes", UserAttributes=[ADDRESS]), (2, 1)),
    "AdminDeleteUserAttributes": (admin("AdminDeleteUserAttributes", UserAttributeNames=["nickname"]), (2, 1)),
    "AdminResetUserPassword": (admin("AdminResetUserPassword"), (2, 1)),
    "AdminSetUserSettings": (admin("AdminSetUserSettings", MFAOptions=[]), (2, 1)),
    "AdminGetUser": (lambda town: lambda: town.plain.admin("AdminGetUser"), (2, 0)),
    "AdminUserGlobalSignOut": (lambda town: lambda: town.plain.admin("AdminUserGlobalSignOut"), (2, 1)),
}
"""What is made ready, and how many reads and writes the story may then take: together its sequential trips."""


class TestStories:
    @pytest.mark.parametrize("story", STORIES)
    def test_keep_to_their_budget(self, town, story):
        prepare, (reads, writes) = STORIES[story]

        sent = trips(prepare(town))
        assert set(sent) <= READS | WRITES
        assert len([name for name in sent if name in READS]) == reads
        assert len([name for name in sent if name in WRITES]) <= writes

    @pytest.mark.parametrize("path", ["jwks.json", "openid-configuration"])
    def test_what_is_published_costs_nothing(self, town, path):
        respond("GET", f"/{town.plain.pool}/.well-known/{path}", {"Host": HOST})

        assert trips(lambda: respond("GET", f"/{town.plain.pool}/.well-known/{path}", {"Host": HOST})) == []

    def test_a_forged_token_costs_nothing(self, town):
        token = town.plain.tokens()["AccessToken"]

        assert trips(lambda: fault(lambda: town.plain.me(token[:-4] + "AAAA"))) == []
        assert trips(lambda: fault(lambda: town.plain.refresh("A" * 91))) == ["BatchGetItem"]
        assert trips(lambda: fault(lambda: town.plain.refresh("junk"))) == []

    def test_a_missing_or_wrong_client_secret_costs_nothing(self, town):
        town.plain.client = town.plain.cognito.client(town.plain.pool, GenerateSecret=True)
        fault(town.plain.tokens)

        assert trips(lambda: fault(town.plain.tokens)) == []
        assert trips(lambda: fault(lambda: town.plain.by_password(SECRET_HASH="junk"))) == []


class TestGrowth:
    def test_neither_users_nor_sessions_cost_more_trips(self, town):
        before = self.trips_of_all(town)
        units = self.units_of_a_sign_in(town)
        for place in range(50):
            town.plain.cognito.user(town.plain.pool, f"{town.plain.name}-{place}")
        for _ in range(60):
            town.plain.tokens()

        assert self.trips_of_all(town) == before
        assert self.units_of_a_sign_in(town) == units

    def trips_of_all(self, town: Town) -> dict[str, list[str]]:
        found = {}
        for story, (prepare, _) in STORIES.items():
            plain, rotating = town.plain.another(), town.rotating.another()
            rotating.name = plain.name
            found[story] = trips(prepare(Town(plain, rotating, town.outbox)))
        return found

    def units_of_a_sign_in(self, town: Town) -> tuple[float, float]:
        with store.counted() as counted:
            town.plain.tokens()
        return counted.read_units, counted.write_units

    def test_many_sessions_of_the_very_user_cost_no_more_to_read(self, town):
        first = self.units_of_a_sign_in(town)
        for _ in range(80):
            town.plain.tokens()

        assert self.units_of_a_sign_in(town) == first
