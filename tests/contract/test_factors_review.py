"""Attacks on what people sign in with beside a password, and what becomes of it when a pool moves to another stage."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import cbor2
import pytest

from chalicelib.flows.recovery_codes import COUNT
from chalicelib.table.items import User
from chalicelib.table import invariants, store
from tests import engines, moving
from tests.application import Cognito, Fault
from tests.authenticator import ATTESTED, USER_PRESENT, USER_VERIFIED, Authenticator, encoded
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import attribute, refused
from tests.device_client import Owner
from tests.entrance import Entrance, fault
from tests.passkey_desk import HOST, ORIGIN, WITH_PASSKEYS, Desk, opened
from tests.token_app import METHOD, TOKENS, App, allow, associated

TRACKING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
BOTH_FACTORS = {"RelyingPartyId": HOST, "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
CHOOSING = {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]}
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": BY_SMS_TOO["SmsConfiguration"]}}


@pytest.fixture(scope="module")
def other(table_engine):
    """The engine of another stage."""
    with engines.running("dynoxide") as engine:
        yield engine


class Equipped:
    """A user with an authenticator app, a passkey, a remembered device and recovery codes."""

    def __init__(self, cognito: Cognito) -> None:
        self.entrance = Entrance(cognito, client=CHOOSING, DeviceConfiguration=TRACKING, **WITH_PASSKEYS)
        allow(cognito, self.entrance.pool, **TOKENS, WebAuthnConfiguration=BOTH_FACTORS)
        self.owner = Owner(self.entrance).confirmed()
        self.key = Authenticator(ORIGIN)
        options = self.owner.call("StartWebAuthnRegistration")["CredentialCreationOptions"]
        self.owner.call("CompleteWebAuthnRegistration", Credential=self.key.created(options))
        self.app = App(self.owner.call("AssociateSoftwareToken")["SecretCode"])
        self.owner.call("VerifySoftwareToken", UserCode=self.app.code())
        on = {"SoftwareTokenMfaSettings": {"Enabled": True}, "WebAuthnMfaSettings": {"Enabled": True}}
        self.owner.call("SetUserMFAPreference", **on)
        content = json.dumps({"AccessToken": self.owner.access}).encode()
        self.codes = cognito.send("latchkey", "CreateRecoveryCodes", content)["RecoveryCodes"]

    def by_code(self, code: str) -> dict[str, Any]:
        begun = self.entrance.by_password()
        assert begun["ChallengeName"] == METHOD
        responses = {"USERNAME": self.entrance.name, "SOFTWARE_TOKEN_MFA_CODE": code}
        return self.entrance.respond(METHOD, responses, Session=begun["Session"])

    def by_passkey(self) -> dict[str, Any]:
        asked = {"USERNAME": self.entrance.name, "PREFERRED_CHALLENGE": "WEB_AUTHN"}
        begun = self.entrance.initiate("USER_AUTH", **asked)
        options = json.loads(begun["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        responses = {"USERNAME": self.entrance.name, "CREDENTIAL": json.dumps(self.key.got(options))}
        return self.entrance.respond("WEB_AUTHN", responses, Session=begun["Session"])


class TestARestoredPool:
    @pytest.fixture
    def equipped(self, application):
        return Equipped(Cognito(*application))

    @pytest.fixture
    def moved(self, equipped, other):
        file = moving.exported(equipped.entrance.pool)
        with moving.used(other) as cognito:
            moving.restored(file)
            here, equipped.entrance.cognito = equipped.entrance.cognito, cognito
            yield equipped
            equipped.entrance.cognito = here
            found = moving.rows_of(equipped.entrance.pool)
            store.remove_all([engines_key(row) for row in found.values()])

    def test_x(self, moved):
        used = moved.app.again()
        with refused("ExpiredCodeException"):
            moved.by_code(used)
        assert moved.by_code(moved.app.code())["AuthenticationResult"]
        assert moved.by_code(moved.codes[0])["AuthenticationResult"]
        with refused("CodeMismatchException"):
            moved.by_code(moved.codes[0])
        assert moved.owner.signed_in()["AccessToken"]
        assert moved.by_passkey()["AuthenticationResult"]
        assert invariants.broken(moved.entrance.pool) == []

def engines_key(row):
    from chalicelib.table.keys import Key
    return Key(row["pk"]["S"], row["sk"]["S"])
