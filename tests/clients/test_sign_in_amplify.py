"""Second factors, custom challenges and a first password with aws-amplify v6: one script, its steps told here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import sign_in_pools as pools
from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey, Told
from tests.clients.sign_in_pools import EMAIL, SMS, TOTP

pytestmark = pytest.mark.clients

DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], cognito: Any) -> Told:
    """What the application saw, by step."""
    places = {
        "optional": pools.made(cognito, "OPTIONAL", SMS, TOTP, EMAIL),
        "token": pools.made(cognito, "ON", TOTP),
        "mail": pools.made(cognito, "ON", EMAIL),
        "either": pools.made(cognito, "ON", TOTP, EMAIL),
        "custom": pools.made(cognito, LambdaConfig=pools.FUNCTIONS),
        "profile": pools.made(cognito, **pools.demanding("given_name")),
    }
    for name in ("token", "texted", "mailed", "chooser"):
        pools.reachable(cognito, places["optional"], name)
    for place, name in (("token", "newcomer"), ("mail", "reader"), ("either", "undecided"), ("either", "decided")):
        pools.person(cognito, places[place], name)
    pools.person(cognito, places["custom"], "asked")
    pools.invited(cognito, places["profile"], "invited")
    given = {name: place.told for name, place in places.items()}
    return node("amplify-sign-in.mjs", password=PASSWORD, newPassword=NEW_PASSWORD, **given)


def asked(told: Told, step: str) -> str:
    assert told[step]["isSignedIn"] is False
    return str(told[step]["nextStep"]["signInStep"])


class TestAuthenticatorApps:
    def test_one_is_set_up_with_its_right_code_alone(self, told: Told) -> None:
        assert f"secret={told['set-up']['secret']}" in told["set-up"]["uri"]
        assert told["app with a wrong code"]["error"] == "EnableSoftwareTokenMFAException"
        assert told["app proved"] is None

    def test_the_preference_is_read_back(self, told: Told) -> None:
        assert told["app preferred"] is None
        assert told["settings with the app"] == {"preferred": "TOTP", "enabled": ["TOTP"]}

    def test_its_code_signs_in_once(self, told: Told) -> None:
        assert asked(told, "asked for a token") == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
        assert told["wrong token"]["error"] == "CodeMismatchException"
        assert told["token"] == DONE
        assert told["session by token"]["id"]["cognito:username"] == "token"
        assert told["spent token"]["error"] == "ExpiredCodeException"


class TestSettingUp:
    def test_an_app_is_set_up_inside_the_sign_in(self, told: Told) -> None:
        assert asked(told, "asked to set an app up") == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
        assert told["wrong code at set-up"]["error"] == "EnableSoftwareTokenMFAException"
        assert told["app set up"] == DONE
        assert told["settings after setting up"] == {"preferred": "TOTP", "enabled": ["TOTP"]}
        assert asked(told, "asked for the new token") == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
        assert told["new token"] == DONE

    def test_an_address_is_proved_inside_the_sign_in(self, told: Told) -> None:
        assert asked(told, "asked for an address") == "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"
        assert asked(told, "address given") == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        assert told["wrong code of the address"]["error"] == "CodeMismatchException"
        assert told["address proved"] == DONE
        assert told["attributes with the address"]["email"] == "reader@example.com"
        assert told["attributes with the address"]["email_verified"] == "true"

    def test_codes_go_to_that_address_from_then_on(self, told: Told, latchkey: Latchkey) -> None:
        assert asked(told, "asked for a code of the address") == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        assert told["code of the address"] == DONE
        assert {message["to"] for message in latchkey.messages("reader")} == {"reader@example.com"}

    def test_where_both_are_possible_one_is_chosen(self, told: Told) -> None:
        assert asked(told, "asked what to set up") == "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION"
        assert sorted(told["asked what to set up"]["nextStep"]["allowedMFATypes"]) == ["EMAIL", "TOTP"]
        assert asked(told, "an address chosen") == "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"
        assert asked(told, "chosen address given") == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        assert told["chosen address proved"] == DONE
        assert asked(told, "an app chosen") == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
        assert told["chosen app set up"] == DONE


class TestCodes:
    def test_one_by_sms_signs_in(self, told: Told) -> None:
        assert asked(told, "asked for sms") == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
        assert told["asked for sms"]["nextStep"]["codeDeliveryDetails"] == {
            "deliveryMedium": "SMS",
            "destination": "+*******0100",
        }
        assert told["wrong sms"]["error"] == "CodeMismatchException"
        assert told["sms"] == DONE

    def test_one_by_mail_signs_in(self, told: Told) -> None:
        assert told["settings with mail"] == {"preferred": "EMAIL", "enabled": ["EMAIL"]}
        assert asked(told, "asked for mail") == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        assert told["asked for mail"]["nextStep"]["codeDeliveryDetails"] == {
            "deliveryMedium": "EMAIL",
            "destination": "m***@e***",
        }
        assert told["mail"] == DONE


class TestChoice:
    def test_of_several_methods_that_nobody_prefers_one_is_chosen(self, told: Told) -> None:
        assert "preferred" not in told["settings with all"]
        assert asked(told, "asked to choose") == "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
        assert sorted(told["asked to choose"]["nextStep"]["allowedMFATypes"]) == ["EMAIL", "SMS", "TOTP"]

    def test_each_signs_in(self, told: Told) -> None:
        assert asked(told, "chosen mail") == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        assert told["by chosen mail"] == DONE
        assert asked(told, "chosen token") == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
        assert told["by chosen token"] == DONE

    def test_methods_are_switched_off(self, told: Told) -> None:
        assert told["one left"] is None
        assert told["settings with one"] == {"enabled": ["TOTP"]}


class TestCustomChallenges:
    def test_the_public_part_is_shown_and_the_private_one_is_not(self, told: Told) -> None:
        assert asked(told, "custom") == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
        assert told["custom"]["nextStep"]["additionalInfo"] == {
            "question": "What is the colour of the sky?",
            "USERNAME": "asked",
        }

    def test_after_a_wrong_answer_the_right_one_signs_in(self, told: Told) -> None:
        assert asked(told, "custom wrong") == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
        assert told["custom right"] == DONE
        assert told["session by custom"]["id"]["cognito:username"] == "asked"

    def test_a_password_may_come_first(self, told: Told) -> None:
        assert told["custom behind a wrong password"]["error"] == "NotAuthorizedException"
        assert asked(told, "custom behind srp") == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
        assert told["custom behind srp right"] == DONE


class TestFirstPassword:
    def test_it_is_set_with_the_missing_attribute_alone(self, told: Told) -> None:
        assert asked(told, "invited") == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
        assert told["invited"]["nextStep"]["missingAttributes"] == ["given_name"]
        assert told["without the attribute"]["error"] == "InvalidParameterException"
        assert told["with the attribute"] == DONE
        assert told["attributes of the invited"]["given_name"] == "Ada"
