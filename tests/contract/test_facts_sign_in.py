"""Facts 119 to 131 and 143 to 146: passwords, SRP, temporary passwords, the lock, remembered devices.

The numbers are those of the list of testable facts that docs/not-covered.md speaks of; each test names its own. What
goes beyond a fact is with the tests of the operations.
"""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.rules import devices, srp
from tests.application import PASSWORD, Cognito
from tests.callers import a_name, attribute, refused
from tests.clock import later
from tests.device_client import DeviceClient, Owner
from tests.entrance import WRONG, Entrance, claims
from tests.hall import SMS, Hall
from tests.srp_client import N, SrpClient

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "srp.json").read_text("utf-8"))
A, B = int(VECTORS["a"], 16), int(VECTORS["b"], 16)
BLOCK, SIGNED_AT = base64.b64decode(VECTORS["secret_block_base64"]), VECTORS["timestamp"]
SIGNED = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC).timestamp()
TEMPORARY = "Temporary-1"
SCHEMA = [{"Name": "given_name", "AttributeDataType": "String", "Required": True, "Mutable": True}]
TRACKING = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}}


@pytest.fixture(scope="module")
def shared(application: tuple[str, str]) -> Entrance:
    """A pool with an alias and an attribute that everybody must have."""
    return Entrance(Cognito(*application), AliasAttributes=["email"], Schema=SCHEMA)


@pytest.fixture
def entrance(shared: Entrance) -> Entrance:
    return shared.another()


@pytest.fixture(scope="module")
def tracking(application: tuple[str, str]) -> Hall:
    """A pool that keeps track of devices and offers a second factor."""
    hall = Hall(Cognito(*application), **TRACKING)
    hall.ask("OPTIONAL", SMS)
    return hall


@pytest.fixture
def owner(tracking: Hall) -> Owner:
    return Owner(tracking.another())


class TestPasswords:
    def test_119_a_right_one_gives_three_tokens_and_no_parameters(self, entrance: Entrance) -> None:
        answer = entrance.by_password()

        result = answer["AuthenticationResult"]
        assert answer["ChallengeParameters"] == {}
        assert all(result[name] for name in ("AccessToken", "IdToken", "RefreshToken"))
        assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)

    def test_126_an_unconfirmed_user_is_told_so_whatever_the_password(self, entrance: Entrance) -> None:
        name, given = a_name(), {"Password": PASSWORD, "UserAttributes": [attribute("given_name", "Una")]}
        entrance.cognito.call("SignUp", ClientId=entrance.client, Username=name, **given)

        with refused("UserNotConfirmedException"):
            entrance.by_password("wrong", name)

    def test_131_five_wrong_ones_lock_out_the_right_one_for_a_while(self, entrance: Entrance) -> None:
        entrance.wrongly(5)

        with refused("NotAuthorizedException", "Password attempts exceeded"):
            entrance.by_password()
        with later(1.5):
            assert entrance.tokens()


class TestSrp:
    def test_120_the_challenge_has_no_session_and_needs_none(self, entrance: Entrance) -> None:
        client = SrpClient(entrance.pool)

        begun = entrance.initiate("USER_SRP_AUTH", **client.begin(USERNAME=entrance.name))

        assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
        assert "Session" not in begun
        assert entrance.verified(client.answer(begun["ChallengeParameters"], PASSWORD))["AuthenticationResult"]

    def test_121_key_and_signature_of_the_worked_example_match_and_its_client_signs_in(
        self, entrance: Entrance
    ) -> None:
        example = VECTORS["password"]
        pool, user, password, salt = (example[name] for name in ("pool_name", "user_id", "password", "salt"))
        verifier = srp.verifier(pool, user, password, int(salt, 16))
        b_public = srp.challenge(verifier, B)
        client = SrpClient(f"us-east-1_{pool}", A)
        told = {"SALT": salt, "SRP_B": f"{b_public:x}", "USER_ID_FOR_SRP": user} | _block()

        key = srp.session_key(int(client.public, 16), B, b_public, verifier)
        signature = client.answer(told, password, SIGNED_AT)["PASSWORD_CLAIM_SIGNATURE"]

        assert key == client.key(told, password) == bytes.fromhex(example["key"])
        assert signature == example["signature_base64"]
        assert srp.is_valid_proof(key, srp.Claim(pool, user, BLOCK, SIGNED_AT), signature)
        assert _by_srp(entrance, SrpClient(entrance.pool, A))["AuthenticationResult"]

    def test_122_a_day_with_a_zero_before_it_is_refused_however_well_it_is_signed(self, entrance: Entrance) -> None:
        with later(SIGNED - time.time()):
            client, parameters = entrance.challenged()

            with refused("NotAuthorizedException", WRONG):
                entrance.verified(client.answer(parameters, PASSWORD, SIGNED_AT.replace("Nov 3", "Nov 03")))
            assert entrance.verified(client.answer(parameters, PASSWORD, SIGNED_AT))["AuthenticationResult"]

    def test_123_the_modulus_is_no_public_value(self, entrance: Entrance) -> None:
        with refused("InvalidParameterException"):
            entrance.initiate("USER_SRP_AUTH", USERNAME=entrance.name, SRP_A=f"{N:x}")

    def test_124_a_tampered_block_is_a_wrong_password(self, entrance: Entrance) -> None:
        client, parameters = entrance.challenged()
        block = bytearray(base64.b64decode(parameters["SECRET_BLOCK"]))
        block[len(block) // 2] ^= 1
        tampered = parameters | {"SECRET_BLOCK": base64.b64encode(block).decode()}

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(tampered, PASSWORD))

    def test_125_an_alias_is_told_the_username_to_hash(self, entrance: Entrance) -> None:
        address = entrance.account().user.attributes["email"]

        client, parameters = entrance.challenged(address)

        assert parameters["USER_ID_FOR_SRP"] == entrance.name
        assert entrance.verified(client.answer(parameters, PASSWORD))["AuthenticationResult"]


class TestTemporaryPasswords:
    @pytest.fixture
    def invited(self, entrance: Entrance) -> Entrance:
        entrance.name = entrance.invited(a_name(), TEMPORARY, given_name="Tess")
        return entrance

    def test_127_lead_to_a_challenge_whose_answer_signs_in_and_confirms(self, invited: Entrance) -> None:
        begun = invited.by_password(TEMPORARY)

        answer = invited.choose(begun)

        assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert answer["AuthenticationResult"]
        assert invited.admin("AdminGetUser")["UserStatus"] == "CONFIRMED"

    def test_128_a_required_attribute_that_is_not_sent_is_named(self, entrance: Entrance) -> None:
        entrance.name = entrance.invited(a_name(), TEMPORARY)

        with refused("InvalidParameterException", "Invalid attributes given, given_name is missing"):
            entrance.choose(entrance.by_password(TEMPORARY))

    def test_129_a_session_is_used_once(self, invited: Entrance) -> None:
        begun = invited.by_password(TEMPORARY)
        invited.choose(begun)

        with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
            invited.choose(begun)

    def test_130_a_session_is_over_after_its_time(self, invited: Entrance) -> None:
        invited.client = invited.cognito.client(invited.pool, AuthSessionValidity=5)
        begun = invited.by_password(TEMPORARY)

        with later(301), refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
            invited.choose(begun)
        with later(299):
            assert invited.choose(begun)["AuthenticationResult"]


class TestDevices:
    def test_143_a_sign_in_without_a_device_is_given_one(self, owner: Owner) -> None:
        given = owner.tokens["NewDeviceMetadata"]

        assert given.keys() == {"DeviceKey", "DeviceGroupKey"}
        assert claims(owner.access)["device_key"] == given["DeviceKey"]
        assert "NewDeviceMetadata" not in owner.confirmed().signed_in()

    def test_144_the_signature_of_the_worked_example_matches(self) -> None:
        example = VECTORS["device"]
        metadata = {"DeviceKey": example["device_key"], "DeviceGroupKey": example["group_key"]}
        client = DeviceClient(metadata, example["password"], example["salt"])
        client.exchange = client.fresh_exchange(A)
        verifier = devices.registered(client.registration()).verifier
        b_public = srp.challenge(verifier, B)
        told = {"SALT": example["salt"], "SRP_B": f"{b_public:x}", "USERNAME": "tess"} | _block()

        signature = client.answer(told, SIGNED_AT)["PASSWORD_CLAIM_SIGNATURE"]

        key = srp.session_key(int(client.exchange.public, 16), B, b_public, verifier)
        claim = srp.Claim(client.group_key, client.key, BLOCK, SIGNED_AT)
        assert key == bytes.fromhex(example["key"])
        assert signature == example["signature_base64"]
        assert srp.is_valid_proof(key, claim, signature)

    def test_144_its_client_signs_in_with_its_password_and_salt(self, owner: Owner) -> None:
        example = VECTORS["device"]
        owner.device = DeviceClient(owner.tokens["NewDeviceMetadata"], example["password"], example["salt"])
        owner.device.exchange = owner.device.fresh_exchange(A)
        owner.confirm()

        challenged = owner.challenged()

        assert challenged["ChallengeParameters"]["SALT"] == example["salt"]
        assert owner.finish(owner.proof(challenged))["AuthenticationResult"]

    def test_145_a_remembered_one_is_asked_in_the_place_of_a_second_factor(self, owner: Owner) -> None:
        owner.confirm()
        owner.entrance.admin("AdminSetUserMFAPreference", SMSMfaSettings={"Enabled": True})

        assert owner.entrance.by_password()["ChallengeName"] == "SMS_MFA"
        assert owner.by_password()["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert owner.signed_in()["AccessToken"]

    def test_146_an_unknown_one_is_told_in_a_sentence_with_its_name(self, owner: Owner) -> None:
        with refused("ResourceNotFoundException") as caught:
            owner.entrance.by_password(DEVICE_KEY="us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
        assert "evice" in caught.value.message


def _block() -> dict[str, str]:
    return {"SECRET_BLOCK": VECTORS["secret_block_base64"]}


def _by_srp(entrance: Entrance, client: SrpClient) -> dict[str, Any]:
    begun = entrance.initiate("USER_SRP_AUTH", **client.begin(USERNAME=entrance.name))
    return entrance.verified(client.answer(begun["ChallengeParameters"], PASSWORD))
