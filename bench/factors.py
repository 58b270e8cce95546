"""Stories of second factors and passkeys: a pool of their own, with users who have what the story needs.

The other side is that of the tests: an authenticator app, a device, an authenticator, none of which shares code with
the product.
"""

from __future__ import annotations

import json
import time
from functools import cache
from typing import Any

import pyotp

from bench.callers import Ask, Caller
from tests.authenticator import Authenticator
from tests.device_client import DeviceClient

HOST = "bench.example.com"
PASSWORD = "Correct-Horse-9"  # noqa: S105 - of users who live for a minute
_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


class Guarded:
    """A pool that keeps track of devices and takes apps and passkeys, and one user for each of the three."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
        devices = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
        made = caller.call("CreateUserPool", PoolName="guarded", Policies=policies, DeviceConfiguration=devices)
        self.pool = str(made["UserPool"]["Id"])
        caller.call(
            "SetUserPoolMfaConfig",
            UserPoolId=self.pool,
            MfaConfiguration="OPTIONAL",
            SoftwareTokenMfaConfiguration={"Enabled": True},
            WebAuthnConfiguration={"RelyingPartyId": HOST},
        )
        given = {"UserPoolId": self.pool, "ClientName": "bench", "ExplicitAuthFlows": _FLOWS}
        self.client = str(caller.call("CreateUserPoolClient", **given)["UserPoolClient"]["ClientId"])
        self._access: dict[str, str] = {}

    def user(self, name: str) -> str:
        """The access token of a user of that name, who is made when first asked for."""
        if name not in self._access:
            given = {"UserPoolId": self.pool, "Username": name}
            self._caller.call("AdminCreateUser", **given, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
            self._caller.call("AdminSetUserPassword", **given, Password=PASSWORD, Permanent=True)
            self.result = self.by_password(name)["AuthenticationResult"]
            self._access[name] = str(self.result["AccessToken"])
        return self._access[name]

    def by_password(self, name: str, **more: str) -> dict[str, Any]:
        """The answer to a first call with the password."""
        return self.begin("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=PASSWORD, **more)

    def begin(self, flow: str, **parameters: str) -> dict[str, Any]:
        """The answer to InitiateAuth."""
        return self._caller.call("InitiateAuth", ClientId=self.client, AuthFlow=flow, AuthParameters=parameters)

    def answer(self, asked: dict[str, Any], **responses: str) -> Ask:
        """The answer to a challenge, not yet sent."""
        return self._caller.ask(
            "RespondToAuthChallenge",
            ClientId=self.client,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses=responses,
        )

    def with_app(self, name: str) -> Ask:
        """The code of a fresh app, whose code before it was spent by proving the app."""
        token = self.user(name)
        app = pyotp.TOTP(self._caller.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"])
        step = int(time.time()) // 30
        self._caller.call("VerifySoftwareToken", AccessToken=token, UserCode=app.generate_otp(step - 1))
        on = {"Enabled": True, "PreferredMfa": True}
        self._caller.call("SetUserMFAPreference", AccessToken=token, SoftwareTokenMfaSettings=on)
        asked = self.by_password(name)
        return self.answer(asked, USERNAME=name, SOFTWARE_TOKEN_MFA_CODE=app.generate_otp(step))

    @cache  # noqa: B019 - lives as long as the run
    def device(self, name: str) -> DeviceClient:
        """A remembered device of a user."""
        token = self.user(name)
        device = DeviceClient(self.result["NewDeviceMetadata"])
        config = device.registration()
        self._caller.call("ConfirmDevice", AccessToken=token, DeviceKey=device.key, DeviceSecretVerifierConfig=config)
        return device

    def with_device(self, name: str) -> Ask:
        """The proof of a device."""
        device = self.device(name)
        device.exchange = device.fresh_exchange()
        asked = self.by_password(name, DEVICE_KEY=device.key)
        posed = self._caller.answer(self.answer(asked, **device.begin(name)))
        return self.answer(posed, **device.answer(posed["ChallengeParameters"]))

    @cache  # noqa: B019 - lives as long as the run
    def authenticator(self, name: str) -> Authenticator:
        """A user's authenticator, with a passkey in it."""
        token, found = self.user(name), Authenticator(f"https://{HOST}")
        options = self._caller.call("StartWebAuthnRegistration", AccessToken=token)["CredentialCreationOptions"]
        self._caller.call("CompleteWebAuthnRegistration", AccessToken=token, Credential=found.created(options))
        return found

    def with_passkey(self, name: str) -> Ask:
        """The assertion of a passkey. Each counts one more, so they are good in the order in which they are made."""
        found = self.authenticator(name)
        asked = self.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="WEB_AUTHN")
        options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        return self.answer(asked, USERNAME=name, CREDENTIAL=json.dumps(found.got(options)))


@cache
def guarded(caller: Caller) -> Guarded:
    """The pool of a run, made when first asked for."""
    return Guarded(caller)
