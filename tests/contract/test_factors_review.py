"""Attacks on what people sign in with beside a password, and what becomes of it when pools move and users go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import cbor2
import pytest

from chalicelib.table import store
from chalicelib.table.items import User
from tests import engines, moving
from tests.application import PASSWORD, Cognito
from tests.authenticator import EXTENDED, Authenticator
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import attribute, refused
from tests.device_client import Owner
from tests.entrance import Entrance
from tests.passkey_desk import HOST, ORIGIN, WITH_PASSKEYS, Desk, opened
from tests.token_app import METHOD, TOKENS, App, allow, switched_on

TRACKING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
BOTH_FACTORS = {"RelyingPartyId": HOST, "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
CHOOSING = {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]}
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": BY_SMS_TOO["SmsConfiguration"]}}
REFUSAL = ("NotAuthorizedException", "Sign in again with your second factor or a passkey before changing it.")


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
        on = {"Enabled": True}
        self.owner.call("SetUserMFAPreference", SoftwareTokenMfaSettings=on, WebAuthnMfaSettings=on)
        asked = json.dumps({"AccessToken": self.owner.access}).encode()
        self.codes = cognito.send("latchkey", "CreateRecoveryCodes", asked)["RecoveryCodes"]

    def parts(self) -> set[str]:
        """What the table has of the user."""
        sub = self.entrance.account().user.sub
        return {item.entity for item in store.list(User.at(pool=self.entrance.pool, sub=sub).pk).items}

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


@pytest.fixture
def equipped(cognito: Cognito) -> Equipped:
    return Equipped(cognito)


class TestARestoredPool:
    """Exported and restored into another stage, under whose keys everything is sealed anew."""

    @pytest.fixture
    def moved(self, equipped: Equipped) -> Iterator[Equipped]:
        file = moving.exported(equipped.entrance.pool)
        with engines.running("dynoxide") as other, moving.used(other) as cognito:
            moving.restored(file)
            equipped.entrance.cognito = cognito
            yield equipped

    def test_takes_every_factor_that_its_users_had(self, moved):
        assert moved.by_code(moved.app.code())["AuthenticationResult"]
        assert moved.by_passkey()["AuthenticationResult"]
        assert moved.owner.signed_in()["AccessToken"]
        assert moved.by_code(moved.codes[0])["AuthenticationResult"]

    def test_takes_nothing_that_was_spent_before(self, moved):
        """Attack: an export gives codes and copied keys a second life."""
        copied = moved.key.copied()
        copied.count -= 1
        moved.key = copied

        with refused("ExpiredCodeException"):
            moved.by_code(moved.app.again())
        with refused("NotAuthorizedException"):
            moved.by_passkey()


class TestADeletedUser:
    @pytest.mark.parametrize("operation", ["DeleteUser", "AdminDeleteUser"])
    def test_leaves_no_factor_behind(self, equipped, operation):
        equipped.owner.call("StartWebAuthnRegistration")
        sub = equipped.entrance.account().user.sub
        assert {"Totp", "Passkey", "Ceremony", "RecoveryCodes", "Device"} <= equipped.parts()

        equipped.owner.call(operation) if operation == "DeleteUser" else equipped.entrance.admin(operation)

        assert store.list(User.at(pool=equipped.entrance.pool, sub=sub).pk).items == []


def laughs(levels: int) -> bytes:
    """CBOR in which each list holds the one before it twice, by reference: as plain CBOR it doubles with each level."""
    share, refer = (cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1] for tag in (28, 29))
    lists = [b"\x82" + (refer + cbor2.dumps(level)) * 2 for level in range(levels - 1)]
    return bytes([0x98, levels]) + b"".join(share + one for one in [b"\x80", *lists])


class KeyBomb(Authenticator):
    """Its public key is none."""

    def _attested(self) -> bytes:
        return self.aaguid + len(self.id).to_bytes(2) + self.id + laughs(16)


class ExtensionBomb(Authenticator):
    """It says that it has done more than was asked."""

    def data(self, relying_party: str, attested: bytes) -> bytes:
        self.flags |= EXTENDED
        return super().data(relying_party, attested) + laughs(16)


class TestPasskeyBombs:
    """Attack: 140 bytes of references, which the library would write out in full to learn how long they were."""

    @pytest.fixture
    def desk(self, cognito: Cognito) -> Desk:
        return Desk(opened(cognito))

    @pytest.mark.parametrize("bomb", [KeyBomb, ExtensionBomb])
    def test_are_refused_before_anything_is_made_of_them(self, desk, bomb):
        with refused("InvalidParameterException", "The authenticatorData of the passkey is missing or malformed."):
            desk.complete(bomb(ORIGIN).created(desk.start()))

        assert desk.kept() == []


class TestAddressesOfASecondFactor:
    """In a pool that wants proof again before a factor changes; its codes go to telephones, and none by e-mail."""

    NUMBER = attribute("phone_number", "+15550199")

    @pytest.fixture
    def bearer(self, cognito: Cognito) -> Bearer:
        found = Bearer(cognito, **BY_SMS_TOO).another(phone_number="+15550100")
        allow(cognito, found.pool, **TOKENS, **SMS)
        wanted = {"UserPoolId": found.pool, "SecuritySettings": {"ReproveFactors": True}}
        cognito.send("latchkey", "UpdateUserPoolSecuritySettings", json.dumps(wanted).encode())
        return found

    def test_are_not_moved_by_a_session_that_has_proved_a_password_alone(self, bearer):
        """Attack: a stolen access token has the codes of the owner's factor sent to the thief."""
        bearer.call("SetUserMFAPreference", SMSMfaSettings={"Enabled": True})

        with refused(*REFUSAL):
            bearer.call("UpdateUserAttributes", UserAttributes=[self.NUMBER])

        assert bearer.stored().attributes["phone_number"] == "+15550100"

    def test_are_neither_dropped_nor_added_beside_another_factor(self, bearer):
        """Attack: step-up takes a code to any number, whether it was switched on or not."""
        switched_on(bearer)

        with refused(*REFUSAL):
            bearer.call("DeleteUserAttributes", UserAttributeNames=["phone_number"])
        bearer.admin("AdminDeleteUserAttributes", UserAttributeNames=["phone_number"])
        with refused(*REFUSAL):
            bearer.call("UpdateUserAttributes", UserAttributes=[self.NUMBER])

    def test_are_moved_by_one_that_has_just_proved_both(self, bearer):
        app = switched_on(bearer)
        asked = {"USERNAME": bearer.signed_in_as, "PASSWORD": PASSWORD}
        flow = {"ClientId": bearer.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": asked}
        begun = bearer.cognito.call("InitiateAuth", **flow)
        said = {"USERNAME": bearer.signed_in_as, "SOFTWARE_TOKEN_MFA_CODE": app.code()}
        given = {"ClientId": bearer.client, "ChallengeName": METHOD, "Session": begun["Session"]}
        answer = bearer.cognito.call("RespondToAuthChallenge", ChallengeResponses=said, **given)
        bearer.token = answer["AuthenticationResult"]["AccessToken"]

        bearer.call("UpdateUserAttributes", UserAttributes=[self.NUMBER])

        assert bearer.stored().attributes["phone_number"] == "+15550199"

    def test_are_free_while_nothing_protects_the_account(self, bearer):
        bearer.call("UpdateUserAttributes", UserAttributes=[self.NUMBER])

        assert bearer.stored().attributes["phone_number"] == "+15550199"

    def test_are_not_those_to_which_no_factor_goes_nor_those_that_stay(self, bearer):
        switched_on(bearer)
        same, other = attribute("phone_number", "+15550100"), attribute("email", "other@example.com")

        bearer.call("UpdateUserAttributes", UserAttributes=[same, other, attribute("name", "Tess")])

        assert bearer.stored().attributes["email"] == "other@example.com"
