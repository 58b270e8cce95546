"""USER_AUTH with aws-amplify v6, and the sign-in of who has just signed up: one script, its steps told here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import sign_in_pools as pools
from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey, Told

pytestmark = pytest.mark.clients

DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
BY_MAIL = "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], cognito: Any) -> Told:
    """What the application saw, by step."""
    choice = pools.made(cognito, **pools.first_factors("PASSWORD", "EMAIL_OTP", "SMS_OTP"))
    for name in ("mailed", "free"):
        pools.reachable(cognito, choice, name)
    named = pools.made(cognito, UsernameAttributes=["email"], **pools.first_factors("PASSWORD", "EMAIL_OTP"))
    words = {"password": PASSWORD, "newPassword": NEW_PASSWORD}
    return node("amplify-choice.mjs", choice=choice.told, named=named.told, **words)


def asked(told: Told, step: str) -> str:
    assert told[step]["isSignedIn"] is False
    return str(told[step]["nextStep"]["signInStep"])


class TestCodes:
    def test_the_preferred_one_by_mail_signs_in(self, told: Told) -> None:
        assert asked(told, "by mail") == BY_MAIL
        assert told["by mail"]["nextStep"]["codeDeliveryDetails"] == {
            "deliveryMedium": "EMAIL",
            "destination": "m***@e***",
        }
        assert told["wrong code by mail"]["error"] == "CodeMismatchException"
        assert told["code by mail"] == DONE
        assert told["session by mail"]["id"]["cognito:username"] == "mailed"

    def test_the_preferred_one_by_sms_signs_in(self, told: Told) -> None:
        assert asked(told, "by sms") == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
        assert told["code by sms"] == DONE

    def test_they_have_eight_digits(self, told: Told, latchkey: Latchkey) -> None:
        client = told["session by mail"]["access"]["client_id"]

        assert [len(one["code"]) for one in latchkey.messages("mailed") if one["client"] == client] == [8, 8]


class TestChoosing:
    def test_without_a_preference_all_that_the_user_has_is_offered(self, told: Told) -> None:
        assert asked(told, "to be chosen") == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
        assert told["to be chosen"]["nextStep"]["availableChallenges"] == [
            "PASSWORD_SRP",
            "PASSWORD",
            "EMAIL_OTP",
            "SMS_OTP",
        ]

    def test_a_code_may_be_chosen(self, told: Told) -> None:
        assert asked(told, "mail chosen") == BY_MAIL
        assert told["code by chosen mail"] == DONE

    def test_a_password_may_be_chosen(self, told: Told) -> None:
        assert asked(told, "password chosen") == "CONFIRM_SIGN_IN_WITH_PASSWORD"
        assert told["wrong chosen password"]["error"] == "NotAuthorizedException"
        assert told["chosen password"] == DONE

    def test_srp_may_be_chosen(self, told: Told) -> None:
        assert asked(told, "srp chosen") == "CONFIRM_SIGN_IN_WITH_PASSWORD"
        assert told["chosen srp"] == DONE

    def test_what_is_preferred_and_not_there_is_to_be_chosen(self, told: Told) -> None:
        assert asked(told, "by a passkey that is not there") == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"


class TestPasswords:
    def test_the_preferred_password_signs_in_at_once(self, told: Told) -> None:
        assert told["by password"] == DONE
        assert told["by a wrong password"]["error"] == "NotAuthorizedException"

    def test_preferred_srp_does_too(self, told: Told) -> None:
        assert told["by srp"] == DONE
        assert told["session by srp"]["id"]["cognito:username"] == "free"
        assert told["by a wrong password with srp"]["error"] == "NotAuthorizedException"


class TestNobody:
    def test_an_unknown_user_is_asked_for_a_code_like_anybody(self, told: Told, latchkey: Latchkey) -> None:
        assert asked(told, "nobody") == BY_MAIL
        assert latchkey.messages("nobody") == []


class TestSigningUp:
    def test_who_has_confirmed_is_signed_in_without_another_code(self, told: Told, latchkey: Latchkey) -> None:
        assert told["sign up without a password"]["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
        assert told["confirm"]["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
        assert told["signed in by that"] == DONE
        assert told["session by signing up"]["id"]["cognito:username"] == "newcomer"
        assert told["attributes of the newcomer"]["email_verified"] == "true"

    def test_the_only_factor_need_not_be_chosen(self, told: Told) -> None:
        assert asked(told, "the newcomer's only factor") == BY_MAIL
        assert told["the newcomer again"] == DONE

    def test_who_has_a_password_is_signed_in_by_it(self, told: Told) -> None:
        assert told["sign up with a password"]["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
        assert told["signed in by password after that"] == DONE

    def test_an_address_may_be_the_name(self, told: Told) -> None:
        assert told["sign up by address"]["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
        assert told["confirm by address"]["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
        assert told["address signed in by that"] == DONE
        assert asked(told, "address by mail") == BY_MAIL
        assert told["code of the address"] == DONE
        assert told["session of the address"]["id"]["email"] == "named@example.com"
