"""Signing in with a passkey: the challenge WEB_AUTHN of the flow in which the person chooses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.table.factors import Passkey
from tests import authenticator as device
from tests.application import Cognito
from tests.authenticator import Authenticator, decoded, encoded
from tests.callers import refused
from tests.clock import later
from tests.entrance import HIDING, WRONG, Entrance, at_once, claims, fault, faults
from tests.passkey_desk import HOST, WITH_PASSKEYS, Desk, configure

USER_AUTH = {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}


class Gate(Desk):
    """A user with tokens and passkeys who comes in anew."""

    def asked(self, **parameters: str) -> dict[str, Any]:
        given = {"USERNAME": self.entrance.name, "PREFERRED_CHALLENGE": "WEB_AUTHN", **parameters}
        return self.entrance.initiate("USER_AUTH", **given)

    def options(self, begun: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(begun["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        return found

    def answer(self, begun: dict[str, Any], credential: Any, **more: str) -> dict[str, Any]:
        responses = {"USERNAME": self.entrance.name, "CREDENTIAL": json.dumps(credential), **more}
        return self.entrance.respond("WEB_AUTHN", responses, Session=begun["Session"])

    def by(self, key: Authenticator, /, **lie: Any) -> dict[str, Any]:
        begun = self.asked()
        return self.answer(begun, replace(key, **lie).got(self.options(begun)))


@pytest.fixture(scope="module")
def hall(application: tuple[str, str]) -> Entrance:
    entrance = Entrance(Cognito(*application), client=HIDING | USER_AUTH, **WITH_PASSKEYS)
    configure(entrance, RelyingPartyId=HOST)
    return entrance


@pytest.fixture
def gate(hall: Entrance) -> Gate:
    return Gate(hall.another())


class TestSignIn:
    @pytest.mark.parametrize("algorithm", [device.ES256, device.RS256])
    def test_gives_tokens(self, gate, algorithm):
        key = gate.register(algorithm=algorithm)

        begun = gate.asked()
        done = gate.answer(begun, key.got(gate.options(begun)))

        assert begun["ChallengeName"] == "WEB_AUTHN"
        assert claims(done["AuthenticationResult"]["AccessToken"])["sub"] == gate.sub
        (kept,) = gate.kept()
        assert kept.sign_count == 2

    def test_may_be_chosen(self, gate):
        key = gate.register()
        begun = gate.asked(PREFERRED_CHALLENGE="")

        assert begun["ChallengeName"] == "SELECT_CHALLENGE"
        assert "WEB_AUTHN" in begun["AvailableChallenges"]
        responses = {"USERNAME": gate.entrance.name, "ANSWER": "WEB_AUTHN"}
        asked = gate.entrance.respond("SELECT_CHALLENGE", responses, Session=begun["Session"])
        assert "AuthenticationResult" in gate.answer(asked, key.got(gate.options(asked)))

    def test_is_not_for_a_user_without_a_passkey(self, gate):
        begun = gate.asked()

        assert begun["ChallengeName"] == "SELECT_CHALLENGE"
        assert "WEB_AUTHN" not in begun["AvailableChallenges"]

    @pytest.mark.parametrize(
        "lie",
        [
            {"origin": "https://evil-example.com"},
            {"relying_party": "evil.net"},
            {"challenge": encoded(bytes(32))},
            {"kind": "webauthn.create"},
            {"flags": 0},
            {"key": device.new_key(device.ES256)},
            {"handle": b"another"},
            {"id": b"another"},
            {"count": 0},
        ],
        ids=lambda lie: next(iter(lie)),
    )
    def test_refuses_lies(self, gate, lie):
        key = gate.register()

        with refused("NotAuthorizedException", WRONG):
            gate.by(key, **lie)
        (kept,) = gate.kept()
        assert (kept.sign_count, kept.used_at) == (1, None)

    def test_may_be_tried_again_in_the_same_session(self, gate):
        key = gate.register()
        begun = gate.asked()

        with refused("NotAuthorizedException", WRONG):
            gate.answer(begun, replace(key, origin="https://evil.net").got(gate.options(begun)))
        assert "AuthenticationResult" in gate.answer(begun, key.got(gate.options(begun)))

    def test_happens_once_for_each_challenge(self, gate):
        key = gate.register()
        begun = gate.asked()
        credential = key.got(gate.options(begun))
        gate.answer(begun, credential)

        with refused("NotAuthorizedException"):
            gate.answer(begun, credential)
        with refused("NotAuthorizedException"):
            gate.answer(begun, key.got(gate.options(begun)))

    def test_happens_once_whatever_is_sent_at_once(self, gate):
        key = gate.register(counts=False)
        begun = gate.asked()
        credential = key.got(gate.options(begun))

        outcomes = at_once(*[lambda: gate.answer(begun, credential)] * 4)

        assert len(faults(outcomes)) == 3

    def test_is_over_with_the_session(self, gate):
        key = gate.register()
        begun = gate.asked()

        with later(181), refused("NotAuthorizedException"):
            gate.answer(begun, key.got(gate.options(begun)))

    def test_is_not_for_the_session_of_another_user(self, gate):
        other, key = Gate(gate.entrance.another()), gate.register()
        other.register()
        begun = other.asked()

        for name in (gate.entrance.name, other.entrance.name):
            with refused("NotAuthorizedException"):
                gate.answer(begun, key.got(gate.options(begun)), USERNAME=name)

    def test_is_not_for_a_deleted_passkey(self, gate):
        key = gate.register()
        gate.register()
        begun = gate.asked()
        gate.delete(key)

        with refused("NotAuthorizedException"):
            gate.answer(begun, key.got(gate.options(begun)))

    def test_is_not_for_a_disabled_user(self, gate):
        key = gate.register()
        gate.entrance.admin("AdminDisableUser")

        with refused("NotAuthorizedException"):
            gate.by(key)

    @pytest.mark.parametrize("credential", ["", "x", {}, {"id": "x"}], ids=repr)
    def test_says_what_is_no_credential(self, gate, credential):
        gate.register()
        begun = gate.asked()

        with refused("InvalidParameterException"):
            gate.answer(begun, credential)

    def test_of_a_copy_and_its_original_lets_the_first_in(self, gate):
        key = gate.register()
        copy = key.copied()
        gate.by(key)

        assert str(fault(lambda: gate.by(copy))).endswith(WRONG)

    def test_of_a_copy_and_its_original_lets_one_in_when_they_come_at_once(self, gate):
        key = gate.register()
        begun = [gate.asked() for _ in range(2)]
        credentials = [one.got(gate.options(two)) for one, two in zip((key, key.copied()), begun, strict=True)]

        outcomes = at_once(
            *(lambda one=one, two=two: gate.answer(one, two) for one, two in zip(begun, credentials, strict=True))
        )

        assert len(faults(outcomes)) == 1


class TestSecondFactor:
    """A pool whose unlocked passkeys count as both factors."""

    @pytest.fixture
    def strict(self, cognito: Cognito) -> Gate:
        entrance = Entrance(cognito, client=USER_AUTH, **WITH_PASSKEYS)
        configure(entrance, RelyingPartyId=HOST, FactorConfiguration="MULTI_FACTOR_WITH_USER_VERIFICATION")
        gate = Gate(entrance)
        sender = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sender"}}
        config = {"MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": sender}
        cognito.call("SetUserPoolMfaConfig", UserPoolId=entrance.pool, **config)
        number = [{"Name": "phone_number", "Value": "+4712345678"}, {"Name": "phone_number_verified", "Value": "true"}]
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=number)
        return gate

    def prefer(self, gate: Gate) -> None:
        wanted = {"SMSMfaSettings": {"Enabled": True}, "WebAuthnMfaSettings": {"Enabled": True}}
        gate.call("SetUserMFAPreference", **wanted)

    def test_is_not_asked_for_beside_an_unlocked_passkey(self, strict):
        key = strict.register()
        self.prefer(strict)

        assert "AuthenticationResult" in strict.by(key)

    def test_is_asked_for_beside_one_that_nobody_unlocked(self, strict):
        """Attack: a security key is stolen, and it asks for no PIN."""
        key = strict.register(flags=device.USER_PRESENT)
        self.prefer(strict)

        assert strict.by(key)["ChallengeName"] == "SMS_MFA"

    def test_takes_the_passkey_out_when_the_last_one_goes(self, strict):
        key = strict.register()
        self.prefer(strict)
        assert (strict.entrance.account().user.mfa or {}).get("passkey") is True

        strict.delete(key)

        assert "passkey" not in (strict.entrance.account().user.mfa or {})
        assert "WEB_AUTHN" not in strict.asked().get("AvailableChallenges", [])


def test_an_id_of_a_passkey_is_its_own_text(gate):
    key = gate.register()

    assert [decoded(one.credential_id) for one in gate.kept() if isinstance(one, Passkey)] == [key.id]
