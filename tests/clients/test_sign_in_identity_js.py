"""Every way of signing in that amazon-cognito-identity-js has, against one script, its steps told here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import sign_in_pools as pools
from tests.clients.running import NEW_PASSWORD, PASSWORD, Told
from tests.clients.sign_in_pools import SMS, TOTP

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], cognito: Any) -> Told:
    """What the application saw, by step."""
    places = {
        "optional": pools.made(cognito, "OPTIONAL", SMS, TOTP),
        "required": pools.made(cognito, "ON", TOTP),
        "custom": pools.made(cognito, LambdaConfig=pools.FUNCTIONS),
        "profile": pools.made(cognito, **pools.demanding("given_name")),
    }
    for name in ("token", "texted", "chooser"):
        pools.reachable(cognito, places["optional"], name)
    pools.person(cognito, places["required"], "newcomer")
    pools.person(cognito, places["custom"], "asked")
    pools.invited(cognito, places["profile"], "invited", email="ada@example.com", email_verified="true")
    given = {name: place.told for name, place in places.items()}
    return node("identity-js-sign-in.mjs", password=PASSWORD, newPassword=NEW_PASSWORD, **given)


class TestAuthenticatorApps:
    def test_one_is_set_up_with_its_right_code_alone(self, told: Told) -> None:
        assert told["app with a wrong code"]["code"] == "EnableSoftwareTokenMFAException"
        assert told["app proved"] == {"Status": "SUCCESS"}

    def test_the_settings_are_read_back(self, told: Told) -> None:
        assert told["app preferred"] == "SUCCESS"
        assert told["settings with the app"]["PreferredMfaSetting"] == TOTP
        assert told["settings with the app"]["UserMFASettingList"] == [TOTP]

    def test_sign_in_asks_for_it_from_then_on(self, told: Told) -> None:
        assert told["before the app"]["session"]["valid"]
        challenge, parameters = told["asked for a token"]["totpRequired"]
        assert challenge == TOTP
        assert parameters["FRIENDLY_DEVICE_NAME"] == "Phone"

    def test_its_code_signs_in_once(self, told: Told) -> None:
        assert told["wrong token"]["code"] == "CodeMismatchException"
        assert told["token"]["session"]["id"]["cognito:username"] == "token"
        assert told["spent token"]["code"] == "ExpiredCodeException"


class TestSettingUp:
    def test_a_pool_that_requires_mfa_asks_to_set_an_app_up(self, told: Told) -> None:
        challenge, parameters = told["asked to set up"]["mfaSetup"]

        assert challenge == "MFA_SETUP"
        assert json.loads(parameters["MFAS_CAN_SETUP"]) == [TOTP]

    def test_doing_so_completes_the_sign_in(self, told: Told) -> None:
        assert told["set up"]["session"]["valid"]
        assert told["settings after setting up"]["UserMFASettingList"] == [TOTP]

    def test_the_next_sign_in_asks_for_its_code(self, told: Told) -> None:
        assert told["asked for the new token"]["totpRequired"][0] == TOTP
        assert told["new token"]["session"]["id"]["cognito:username"] == "newcomer"


class TestSms:
    def test_a_code_is_sent_and_signs_in(self, told: Told) -> None:
        challenge, parameters = told["asked for sms"]["mfaRequired"]

        assert challenge == SMS
        assert parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] == "SMS"
        assert parameters["CODE_DELIVERY_DESTINATION"] == "+*******0100"
        assert told["wrong sms"]["code"] == "CodeMismatchException"
        assert told["sms"]["session"]["valid"]

    def test_the_password_flow_asks_too(self, told: Told) -> None:
        assert told["asked for sms without srp"]["mfaRequired"][0] == SMS
        assert told["sms without srp"]["session"]["valid"]

    def test_it_is_switched_on_and_off(self, told: Told) -> None:
        assert (told["sms preferred"], told["sms off"]) == ("SUCCESS", "SUCCESS")
        assert told["settings with sms"]["PreferredMfaSetting"] == SMS
        assert told["without sms"]["session"]["valid"]


class TestChoice:
    def test_of_two_methods_that_nobody_prefers_one_is_chosen(self, told: Told) -> None:
        challenge, parameters = told["asked to choose"]["selectMFAType"]

        assert "PreferredMfaSetting" not in told["settings with both"]
        assert sorted(told["settings with both"]["UserMFASettingList"]) == sorted([SMS, TOTP])
        assert challenge == "SELECT_MFA_TYPE"
        assert sorted(json.loads(parameters["MFAS_CAN_CHOOSE"])) == sorted([SMS, TOTP])

    def test_either_signs_in(self, told: Told) -> None:
        assert told["chosen sms"]["mfaRequired"][1]["CODE_DELIVERY_DELIVERY_MEDIUM"] == "SMS"
        assert told["by chosen sms"]["session"]["valid"]
        assert told["chosen token"]["totpRequired"][0] == TOTP
        assert told["by chosen token"]["session"]["valid"]


class TestCustomChallenges:
    def test_the_public_part_is_shown_and_the_private_one_is_not(self, told: Told) -> None:
        [shown] = told["custom"]["customChallenge"]

        assert shown == {"question": "What is the colour of the sky?", "USERNAME": "asked"}

    def test_after_a_wrong_answer_the_right_one_signs_in(self, told: Told) -> None:
        assert "customChallenge" in told["custom wrong"]
        assert told["custom right"]["session"]["id"]["cognito:username"] == "asked"

    def test_the_function_ends_it_after_three_wrong_ones(self, told: Told) -> None:
        assert told["custom failed"]["code"] == "NotAuthorizedException"

    def test_a_password_may_come_first(self, told: Told) -> None:
        assert told["custom behind a wrong password"]["code"] == "NotAuthorizedException"
        assert "customChallenge" in told["custom behind srp"]
        assert "customChallenge" in told["custom behind srp wrong"]
        assert told["custom behind srp right"]["session"]["valid"]


class TestFirstPassword:
    def test_what_is_known_and_what_is_missing_is_told(self, told: Told) -> None:
        known, missing = told["invited"]["newPasswordRequired"]

        assert known == {"email": "ada@example.com", "email_verified": "true"}
        assert missing == ["given_name"]

    def test_it_is_set_with_the_missing_attribute_alone(self, told: Told) -> None:
        assert told["without the attribute"]["code"] == "InvalidParameterException"
        assert told["with the attribute"]["session"]["id"]["given_name"] == "Ada"
        assert told["invited no more"]["session"]["valid"]
