"""The stories that are measured: what is asked, what has to be there first, and which cryptography is in them.

`prepare` makes as many requests as are wanted, each good for one successful answer, and everything that they need; it
is not measured. `crypto` names the floors of `floors.py`, each as often as the story cannot do without it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import factors
from bench.callers import Ask, Caller
from bench.srp_client import SrpClient

PASSWORD = "Correct-Horse-9"  # noqa: S105 - of users who live for a minute
PAGE = 60
BY_PASSWORD = ["ALLOW_USER_PASSWORD_AUTH"]
BY_BOTH = ["ALLOW_USER_SRP_AUTH", *BY_PASSWORD]
_TOKENS = ("RS256 sign", "RS256 sign")


class World:
    """A pool with a client, one with rotating refresh tokens, and users: a page of them, or as many as are wanted."""

    def __init__(self, caller: Caller, outbox: Path, users: int = PAGE, flows: list[str] = BY_BOTH) -> None:
        self.caller = caller
        self._outbox = outbox
        made = caller.call("CreateUserPool", PoolName="bench", AutoVerifiedAttributes=["email"])
        self.pool = str(made["UserPool"]["Id"])
        self.client = self._client([*flows, "ALLOW_REFRESH_TOKEN_AUTH"])
        self.rotating = self._client(flows, RefreshTokenRotation={"Feature": "ENABLED"})
        self.users = [self.user() for _ in range(users)]

    def user(self) -> str:
        """A confirmed user who came through the front door; its name."""
        name = fresh_name()
        attributes = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "name", "Value": "Ada Example"}]
        given = {"UserPoolId": self.pool, "Username": name}
        self.caller.call("AdminCreateUser", **given, UserAttributes=attributes, MessageAction="SUPPRESS")
        self.caller.call("AdminSetUserPassword", **given, Password=PASSWORD, Permanent=True)
        return name

    def tokens(self, client: str) -> dict[str, Any]:
        """AuthenticationResult of a fresh sign-in."""
        found: dict[str, Any] = self.caller.answer(by_password(self, self.users[0], client))["AuthenticationResult"]
        return found

    def codes(self) -> dict[str, str]:
        """The newest code of each user who was sent one."""
        lines = [json.loads(line) for line in self._outbox.read_text().splitlines()]
        return {line["username"]: line["code"] for line in lines}

    def _client(self, flows: list[str], **settings: Any) -> str:
        given = {"UserPoolId": self.pool, "ClientName": "bench", "ExplicitAuthFlows": flows, **settings}
        return str(self.caller.call("CreateUserPoolClient", **given)["UserPoolClient"]["ClientId"])


@dataclass(frozen=True, slots=True)
class Story:
    """One row of the tables. `own_limit`: the CPU milliseconds of our own that are the target, if there is one."""

    name: str
    prepare: Callable[[World, int], list[Ask]]
    crypto: tuple[str, ...] = ()
    own_limit: float | None = None
    ratio_limit: float | None = None


def fresh_name() -> str:
    """A username that nobody has."""
    return f"user-{uuid.uuid4().hex[:12]}"


def by_password(world: World, username: str, client: str = "") -> Ask:
    """A sign-in with the password."""
    parameters = {"USERNAME": username, "PASSWORD": PASSWORD}
    return _auth(world, "USER_PASSWORD_AUTH", parameters, client or world.client)


def _auth(world: World, flow: str, parameters: dict[str, str], client: str) -> Ask:
    return world.caller.ask("InitiateAuth", ClientId=client, AuthFlow=flow, AuthParameters=parameters)


def _sign_up(world: World, number: int) -> list[Ask]:
    return [_one_sign_up(world, fresh_name()) for _ in range(number)]


def _one_sign_up(world: World, name: str) -> Ask:
    attributes = [{"Name": "email", "Value": f"{name}@example.com"}]
    given = {"ClientId": world.client, "Username": name, "Password": PASSWORD, "UserAttributes": attributes}
    return world.caller.ask("SignUp", **given)


def _confirm(world: World, number: int) -> list[Ask]:
    names = [fresh_name() for _ in range(number)]
    for name in names:
        world.caller.answer(_one_sign_up(world, name))
    codes = world.codes()
    ask = world.caller.ask
    return [ask("ConfirmSignUp", ClientId=world.client, Username=n, ConfirmationCode=codes[n]) for n in names]


def _password(world: World, number: int) -> list[Ask]:
    return [by_password(world, world.users[turn % PAGE]) for turn in range(number)]


def _srp_first(world: World, number: int) -> list[Ask]:
    return [_one_srp(world, turn)[1] for turn in range(number)]


def _one_srp(world: World, turn: int) -> tuple[SrpClient, Ask]:
    side = SrpClient(world.pool, PASSWORD)
    parameters = {"USERNAME": world.users[turn % PAGE], "SRP_A": side.public_value}
    return side, _auth(world, "USER_SRP_AUTH", parameters, world.client)


def _srp_second(world: World, number: int) -> list[Ask]:
    asks = []
    for turn in range(number):
        side, first = _one_srp(world, turn)
        responses = side.responses(world.caller.answer(first)["ChallengeParameters"])
        given = {"ClientId": world.client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}
        asks.append(world.caller.ask("RespondToAuthChallenge", **given))
    return asks


def _refresh(world: World, number: int) -> list[Ask]:
    parameters = {"REFRESH_TOKEN": world.tokens(world.client)["RefreshToken"]}
    return [_auth(world, "REFRESH_TOKEN_AUTH", parameters, world.client)] * number


def _rotate(world: World, number: int) -> list[Ask]:
    texts = [world.tokens(world.rotating)["RefreshToken"] for _ in range(number)]
    ask = world.caller.ask
    return [ask("GetTokensFromRefreshToken", ClientId=world.rotating, RefreshToken=text) for text in texts]


def _get_user(world: World, number: int) -> list[Ask]:
    return [world.caller.ask("GetUser", AccessToken=world.tokens(world.client)["AccessToken"])] * number


def _admin_get_user(world: World, number: int) -> list[Ask]:
    names = (world.users[turn % PAGE] for turn in range(number))
    return [world.caller.ask("AdminGetUser", UserPoolId=world.pool, Username=name) for name in names]


def list_users(world: World, number: int) -> list[Ask]:
    """The first page of the pool's users."""
    return [world.caller.ask("ListUsers", UserPoolId=world.pool, Limit=PAGE)] * number


def _jwks(world: World, number: int) -> list[Ask]:
    return [Ask(f"/{world.pool}/.well-known/jwks.json", headers={"Host": world.caller.door.host})] * number


def _create_pool(world: World, number: int) -> list[Ask]:
    return [world.caller.ask("CreateUserPool", PoolName="another") for _ in range(number)]


def _token(world: World, number: int) -> list[Ask]:
    """Each user's app is made anew, since a code is good once."""
    return [factors.guarded(world.caller).with_app(f"app-{turn}") for turn in range(number)]


def _device(world: World, number: int) -> list[Ask]:
    return [factors.guarded(world.caller).with_device("device") for _ in range(number)]


def _passkey(world: World, number: int) -> list[Ask]:
    return [factors.guarded(world.caller).with_passkey("passkey") for _ in range(number)]


STORIES = (
    Story("SignUp", _sign_up, ("argon2 hash", "SRP verifier")),
    Story("ConfirmSignUp", _confirm),
    Story("sign-in, password", _password, ("argon2 verify", *_TOKENS), ratio_limit=1.25),
    Story("sign-in, SRP 1", _srp_first, ("SRP step 1",)),
    Story("sign-in, SRP 2", _srp_second, ("SRP step 2", *_TOKENS)),
    Story("sign-in, TOTP", _token, _TOKENS),
    Story("sign-in, device", _device, ("SRP step 2", *_TOKENS)),
    Story("sign-in, passkey", _passkey, ("ES256 verify", *_TOKENS)),
    Story("refresh", _refresh, _TOKENS, own_limit=3.0),
    Story("refresh, rotating", _rotate, _TOKENS, own_limit=3.0),
    Story("GetUser", _get_user, ("RS256 verify",), own_limit=3.0),
    Story("AdminGetUser", _admin_get_user),
    Story("ListUsers, 60", list_users),
    Story("JWKS", _jwks),
    Story("CreateUserPool", _create_pool, ("two RSA-2048 keys",)),
)
