"""The pool on which sign-ins are played: its settings, its clients, its clock, and what it sends."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from chalicelib.wire import dispatch
from tests.application import Cognito, Fault, Outbox
from tests.entrance import secret_hash
from tests.functions import CUSTOM_LAMBDAS
from tests.hall import BLOCKS, CALLER, SENDER
from tests.machine.model import METHODS, NEEDED, PoolSettings
from tests.machine.people import HOST, Actor

Answer = dict[str, Any]
OPEN = PoolSettings("OPTIONAL", frozenset(METHODS), frozenset({"EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"}), "trusted", True)
"""In these settings everybody may set up everything."""

SIGNED = ("AdminInitiateAuth", "AdminRespondToAuthChallenge")
LIFETIME = 15 * 60


@dataclass(frozen=True)
class Client:
    """An app client: its id, its secret or "", and what it allows."""

    id: str
    secret: str
    flows: frozenset[str]

    def allows(self, flow: str) -> bool:
        """Whether a flow of the model may begin here."""
        return NEEDED[flow.split()[0]] in self.flows

    def proof(self, name: str) -> dict[str, str]:
        """SECRET_HASH, where one is needed."""
        return {"SECRET_HASH": secret_hash(self.secret, name, self.id)} if self.secret else {}


class Stage:
    """One pool for many plays; each begins with its own settings and its own people."""

    def __init__(self, cognito: Cognito, outbox: Outbox) -> None:
        self.cognito, self.outbox = cognito, outbox
        self.restart()
        self.pool = cognito.pool(**_fixed())
        self.second = self.client(frozenset(NEEDED.values()))
        self.open_client = self.second.id
        limits = {"SourceLimitSettings": {"FailuresPerSource": 1_000_000}}
        given = {"UserPoolId": self.pool, "SecuritySettings": limits}
        cognito.send("latchkey", "UpdateUserPoolSecuritySettings", json.dumps(given).encode())

    def client(self, flows: frozenset[str], *, hides: bool = False, has_secret: bool = False) -> Client:
        """A fresh client."""
        given = {
            "UserPoolId": self.pool,
            "ClientName": "stage",
            "ExplicitAuthFlows": sorted(flows | {"ALLOW_REFRESH_TOKEN_AUTH"}),
            "AuthSessionValidity": LIFETIME // 60,
            "GenerateSecret": has_secret,
            "PreventUserExistenceErrors": "ENABLED" if hides else "LEGACY",
        }
        made = self.cognito.call("CreateUserPoolClient", **given)["UserPoolClient"]
        return Client(made["ClientId"], made.get("ClientSecret", ""), flows)

    def configure(self, settings: PoolSettings) -> None:
        """Give the pool other settings; MFA goes off in between, because some do not go together on the way."""
        self._ask("OFF", frozenset(), settings)
        policy = {"AllowedFirstAuthFactors": ["PASSWORD", *sorted(settings.first)]}
        given = _fixed() | {"Policies": {"SignInPolicy": policy}}
        given.pop("PoolName")
        if settings.devices:
            is_trusted = settings.devices == "trusted"
            given["DeviceConfiguration"] = {
                "ChallengeRequiredOnNewDevice": is_trusted,
                "DeviceOnlyRememberedOnUserPrompt": False,
            }
        self.cognito.call("UpdateUserPool", UserPoolId=self.pool, **given)
        if settings.mode != "OFF":
            self._ask(settings.mode, settings.methods, settings)

    def _ask(self, mode: str, methods: frozenset[str], settings: PoolSettings) -> None:
        kind = "MULTI_FACTOR_WITH_USER_VERIFICATION" if settings.passkeys_are_both else "SINGLE_FACTOR"
        passkeys = {"RelyingPartyId": HOST, "UserVerification": "preferred", "FactorConfiguration": kind}
        blocks = dict(BLOCKS[method] for method in sorted(methods))
        given = {"UserPoolId": self.pool, "MfaConfiguration": mode, "WebAuthnConfiguration": passkeys}
        self.cognito.call("SetUserPoolMfaConfig", **given, **blocks)

    def restart(self) -> None:
        """Let it be now. The clock stands still from here on, or codes would be right or wrong by chance."""
        self.began, self.offset = time.time(), 0.0

    def now(self) -> float:
        """The time of the calls that clients make."""
        return self.began + self.offset

    @contextmanager
    def own_time(self) -> Iterator[None]:
        """Requests come at the time of the stage; only unsigned ones, because a signature has its own clock."""
        real = dispatch.time
        dispatch.time = SimpleNamespace(time=self.now)  # type: ignore[assignment]
        try:
            yield
        finally:
            dispatch.time = real

    def heard(self, operation: str, given: dict[str, Any]) -> tuple[Answer | Fault, list[Answer]]:
        """What a call comes to, and the messages that it sent."""
        before = self._sent()
        try:
            outcome: Answer | Fault = self.called(operation, given)
        except Fault as fault:
            outcome = fault
        return outcome, self._sent_after(before)

    def called(self, operation: str, given: dict[str, Any]) -> Answer:
        """The answer to a call of a sign-in, or of who has a token."""
        if operation in SIGNED:
            return self.cognito.call(operation, UserPoolId=self.pool, **given)
        with self.own_time():
            return self.cognito.call(operation, **given)

    def initiate(self, flow: str, parameters: dict[str, str]) -> Answer:
        """InitiateAuth with the client that allows everything."""
        return self.called(
            "InitiateAuth", {"ClientId": self.open_client, "AuthFlow": flow, "AuthParameters": parameters}
        )

    def admin(self, operation: str, actor: Actor, **given: Any) -> Answer:
        """An administrator's call about somebody."""
        return self.cognito.call(operation, UserPoolId=self.pool, Username=actor.name, **given)

    def _sent(self) -> int:
        path = self.outbox.path
        return path.stat().st_size if path.exists() else 0

    def _sent_after(self, size: int) -> list[Answer]:
        if self._sent() == size:
            return []
        with self.outbox.path.open("rb") as file:
            file.seek(size)
            return [json.loads(line) for line in file.read().splitlines()]


def _fixed() -> dict[str, Any]:
    """What all settings of the pool have in common."""
    return {
        "PoolName": f"stage-{uuid.uuid4().hex[:8]}",
        "AutoVerifiedAttributes": ["email"],
        "EmailConfiguration": SENDER,
        "SmsConfiguration": {"SnsCallerArn": CALLER},
        "LambdaConfig": CUSTOM_LAMBDAS,
    }
