"""A pool, a client, a user, and all the ways in which somebody signs in: for the tests of sign-in and sessions."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

from chalicelib.table import store, users
from chalicelib.table.items import Attempts, Session
from chalicelib.table.users import Account
from tests.application import PASSWORD, Cognito, Fault
from tests.srp_client import SrpClient

Answer = dict[str, Any]
HIDING = {"PreventUserExistenceErrors": "ENABLED"}
ROTATING = {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}
WRONG = "Incorrect username or password."


class Entrance:
    """Who comes in here has the user's name and password, unless a test says otherwise."""

    def __init__(self, cognito: Cognito, client: dict[str, Any] | None = None, **settings: Any) -> None:
        self.cognito = cognito
        self.pool = cognito.pool(**settings)
        self.client = cognito.client(self.pool, **(client or {}))
        self.name = self._user()

    @classmethod
    def at(cls, cognito: Cognito, pool: str) -> Entrance:
        """A pool that is there already, with a client and nobody in it."""
        found = cls.__new__(cls)
        found.cognito, found.pool, found.client, found.name = cognito, pool, cognito.client(pool), ""
        return found

    def another(self) -> Entrance:
        """The same pool and client with a fresh user: a pool costs two RSA keys, so tests that can share one."""
        fresh = copy.copy(self)
        fresh.name = self._user()
        return fresh

    def _user(self) -> str:
        return self.cognito.user(self.pool, email=f"{uuid.uuid4().hex[:12]}@example.com", email_verified="true")

    def initiate(self, flow: str, **parameters: str) -> Answer:
        """InitiateAuth."""
        return self.cognito.call("InitiateAuth", ClientId=self.client, AuthFlow=flow, AuthParameters=parameters)

    def by_password(self, password: str = PASSWORD, name: str | None = None, **more: str) -> Answer:
        """The answer to a first call with a password."""
        return self.initiate("USER_PASSWORD_AUTH", USERNAME=name or self.name, PASSWORD=password, **more)

    def tokens(self, password: str = PASSWORD, name: str | None = None) -> Answer:
        """AuthenticationResult of a sign-in with a password."""
        result: Answer = self.by_password(password, name)["AuthenticationResult"]
        return result

    def respond(self, challenge: str, responses: dict[str, str], **more: Any) -> Answer:
        """RespondToAuthChallenge."""
        given = {"ClientId": self.client, "ChallengeName": challenge, "ChallengeResponses": responses, **more}
        return self.cognito.call("RespondToAuthChallenge", **given)

    def challenged(self, name: str | None = None, **more: str) -> tuple[SrpClient, dict[str, str]]:
        """The first half of SRP: the client and the ChallengeParameters."""
        client = SrpClient(self.pool)
        begun = self.initiate("USER_SRP_AUTH", **client.begin(USERNAME=name or self.name, **more))
        return client, begun["ChallengeParameters"]

    def verified(self, responses: dict[str, str]) -> Answer:
        """The second half of SRP."""
        return self.respond("PASSWORD_VERIFIER", responses)

    def by_srp(self, password: str = PASSWORD, name: str | None = None) -> Answer:
        """Both halves of SRP."""
        client, parameters = self.challenged(name)
        return self.verified(client.answer(parameters, password))

    def refresh(self, token: str, **more: str) -> Answer:
        """AuthenticationResult of REFRESH_TOKEN_AUTH."""
        result: Answer = self.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, **more)["AuthenticationResult"]
        return result

    def renew(self, token: str, **more: str) -> Answer:
        """AuthenticationResult of GetTokensFromRefreshToken."""
        given = {"ClientId": self.client, "RefreshToken": token, **more}
        result: Answer = self.cognito.call("GetTokensFromRefreshToken", **given)["AuthenticationResult"]
        return result

    def revoke(self, token: str, **more: str) -> Answer:
        """RevokeToken."""
        return self.cognito.call("RevokeToken", ClientId=self.client, Token=token, **more)

    def me(self, access_token: str) -> Answer:
        """GetUser."""
        return self.cognito.call("GetUser", AccessToken=access_token)

    def admin(self, operation: str, name: str | None = None, **given: Any) -> Answer:
        """An administrator's call about the user."""
        return self.cognito.call(operation, UserPoolId=self.pool, Username=name or self.name, **given)

    def invited(self, name: str, password: str = "Temporary-1", **attributes: str) -> str:
        """A user with a temporary password; the name."""
        listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
        given = {"TemporaryPassword": password, "MessageAction": "SUPPRESS", "UserAttributes": listed}
        self.admin("AdminCreateUser", name, **given)
        return name

    def choose(self, begun: Answer, password: str = "Chosen-Horse-2", name: str | None = None, **more: str) -> Answer:
        """The answer to NEW_PASSWORD_REQUIRED."""
        responses = {"USERNAME": name or self.name, "NEW_PASSWORD": password, **more}
        return self.respond("NEW_PASSWORD_REQUIRED", responses, Session=begun["Session"])

    def account(self, name: str | None = None) -> Account:
        """The user as it stands in the table."""
        from chalicelib.table import pools

        pool = pools.pool(self.pool)
        assert pool is not None
        found = users.by_name(pool, name or self.name)
        assert found is not None
        return found

    def session_of(self, tokens: Answer) -> Session:
        """The session of a sign-in as it stands in the table."""
        told = claims(tokens["AccessToken"])
        found = store.get(Session, pool=self.pool, sub=told["sub"], id=told["event_id"])
        assert found is not None
        return found

    def backdate(self, seconds: float, name: str | None = None) -> None:
        """Let the last wrong password of a user be this much longer ago."""
        attempts = self.account(name).attempts
        assert attempts is not None
        attempts.failed_at -= seconds
        store.save(attempts)

    def wrongly(self, times: int, name: str | None = None) -> None:
        """That many wrong passwords, each as if it came after the lock of the one before; the last lock runs."""
        for _ in range(times):
            if self.failures(name):
                self.backdate(880, name)
            assert str(fault(lambda: self.by_password("wrong", name))).endswith(WRONG)

    def failures(self, name: str | None = None) -> int:
        """Wrong passwords in a row."""
        user = self.account(name).user
        found = store.get(Attempts, pool=user.pool_id, sub=user.sub)
        return int(found.failures) if found else 0


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return part(token, 1)


def header(token: str) -> dict[str, Any]:
    """A token's header."""
    return part(token, 0)


def part(token: str, place: int) -> dict[str, Any]:
    """One part of a token as JSON."""
    text = token.split(".")[place]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def secret_hash(secret: str, name: str, client: str) -> str:
    """SECRET_HASH."""
    return base64.b64encode(hmac.new(secret.encode(), (name + client).encode(), hashlib.sha256).digest()).decode()


def fault(attempt: Callable[[], Any]) -> Fault | None:
    """The refusal of a call, or None when it went through."""
    try:
        attempt()
    except Fault as refused:
        return refused
    return None


def at_once(*attempts: Callable[[], Any]) -> list[Any]:
    """What calls made in the same moment come to: the answer or the Fault of each, in their order."""
    gate, outcomes = threading.Barrier(len(attempts)), [None] * len(attempts)

    def run(place: int) -> None:
        gate.wait()
        try:
            outcomes[place] = attempts[place]()
        except Fault as refused:
            outcomes[place] = refused  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def faults(outcomes: list[Any]) -> list[Fault]:
    """Those that were refused."""
    return [outcome for outcome in outcomes if isinstance(outcome, Fault)]
