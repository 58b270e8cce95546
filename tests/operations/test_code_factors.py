"""Second factors by SMS and e-mail: which one is asked for, where its code goes, what a right and a wrong one bring."""

from __future__ import annotations

import json

import pytest

from chalicelib.rules import quotas
from tests.application import Cognito
from tests.callers import attribute, refused
from tests.clock import later
from tests.entrance import Entrance, at_once, claims, fault, faults
from tests.hall import CHOOSING, EMAIL, SMS, TOTP, Hall, other

MISMATCH = "Invalid code or auth state for the user."
SPENT = "Invalid session for the user, session can only be used once."
TOO_MANY = "Attempt limit exceeded, please try after some time."


@pytest.fixture(scope="module")
def shared(application):
    hall = Hall(Cognito(*application))
    hall.ask("OPTIONAL", SMS, EMAIL, TOTP)
    return hall


@pytest.fixture
def hall(shared, outbox):
    found = shared.another()
    found.outbox = outbox
    return found


@pytest.fixture
def strict(cognito, outbox):
    """A pool that asks everybody for a second factor."""
    hall = Hall(cognito, AutoVerifiedAttributes=["email"])
    hall.outbox = outbox
    return hall


def told(hall, asked, code):
    """The error that a code gets, "" for none."""
    found = fault(lambda: hall.answer(asked, EMAIL_OTP_CODE=code))
    return found.code if found else ""


class TestBySms:
    def test_the_code_of_the_preferred_method_gives_tokens(self, hall):
        hall.prefer(SMS, EMAIL, preferred=SMS)

        asked = hall.by_password()
        answer = hall.answer(asked, SMS_MFA_CODE=hall.code())

        number = hall.account().user.attributes["phone_number"]
        assert asked["ChallengeName"] == "SMS_MFA"
        assert asked["ChallengeParameters"] == {
            "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
            "CODE_DELIVERY_DESTINATION": f"+*******{number[-4:]}",
            "USER_ID_FOR_SRP": hall.name,
        }
        assert len(hall.code()) == 6
        assert answer["AuthenticationResult"]["RefreshToken"]

    def test_a_right_code_verifies_the_number(self, hall):
        hall.prefer(SMS)
        assert hall.account().user.attributes["phone_number_verified"] == "false"

        result = hall.answer(hall.by_password(), SMS_MFA_CODE=hall.code())["AuthenticationResult"]

        assert hall.account().user.attributes["phone_number_verified"] == "true"
        assert claims(result["IdToken"])["phone_number_verified"] is True

    def test_the_words_are_the_pools(self, cognito, outbox):
        hall = Hall(cognito)
        hall.outbox = outbox
        hall.cognito.call(
            "SetUserPoolMfaConfig",
            UserPoolId=hall.pool,
            MfaConfiguration="OPTIONAL",
            SmsMfaConfiguration={
                "SmsAuthenticationMessage": "In with {####}!",
                "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"},
            },
        )
        hall.prefer(SMS)

        hall.by_password()

        assert outbox.lines(hall.name)[-1]["body"] == f"In with {hall.code()}!"

    def test_srp_leads_to_the_same_challenge(self, hall):
        hall.prefer(SMS)

        asked = hall.by_srp()

        assert asked["ChallengeName"] == "SMS_MFA"
        assert hall.answer(asked, SMS_MFA_CODE=hall.code())["AuthenticationResult"]


class TestByEmail:
    def test_a_wrong_code_then_the_right_one_with_the_same_session(self, hall):
        hall.prefer(EMAIL)
        asked = hall.by_password()

        with refused("CodeMismatchException", MISMATCH):
            hall.answer(asked, EMAIL_OTP_CODE=other(hall.code()))
        answer = hall.answer(asked, EMAIL_OTP_CODE=hall.code())

        assert asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"] == "EMAIL"
        assert (
            asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"]
            == f"{hall.account().user.attributes['email'][0]}***@e***"
        )
        assert hall.outbox.lines(hall.name)[-1]["body"].startswith("Your code is ")
        assert answer["AuthenticationResult"]

    def test_a_missing_code_is_named(self, hall):
        hall.prefer(EMAIL)

        with refused("InvalidParameterException", "Missing required parameter EMAIL_OTP_CODE"):
            hall.answer(hall.by_password(), SMS_MFA_CODE="123456")


class TestWhichOne:
    def test_several_and_none_preferred_are_a_choice(self, hall):
        hall.prefer(SMS, EMAIL)

        asked = hall.by_password()
        chosen = hall.answer(asked, ANSWER="SMS_MFA")

        assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
        assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "EMAIL_OTP"]
        assert chosen["ChallengeName"] == "SMS_MFA"
        assert hall.answer(chosen, SMS_MFA_CODE=hall.code())["AuthenticationResult"]

    def test_email_may_be_chosen_by_either_of_its_names(self, hall):
        hall.prefer(SMS, EMAIL)

        assert hall.answer(hall.by_password(), ANSWER="EMAIL_MFA")["ChallengeName"] == "EMAIL_OTP"

    @pytest.mark.parametrize("answer", ["SOFTWARE_TOKEN_MFA", "PASSWORD", "x" * 500])
    def test_what_is_no_choice_is_refused(self, hall, answer):
        hall.prefer(SMS, EMAIL)

        with refused("InvalidParameterException"):
            hall.answer(hall.by_password(), ANSWER=answer)

    def test_nobody_is_asked_who_has_switched_nothing_on(self, hall):
        assert hall.by_password()["AuthenticationResult"]

    def test_a_strict_pool_uses_what_the_user_can_be_reached_by(self, strict):
        strict.ask("ON", SMS)
        assert strict.by_password()["ChallengeName"] == "SMS_MFA"

        strict.ask("ON", SMS, EMAIL)
        assert json.loads(strict.by_password()["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "EMAIL_OTP"]

    def test_a_strict_pool_has_everybody_else_set_one_up(self, strict):
        strict.ask("ON", TOTP)

        asked = strict.by_password()

        assert asked["ChallengeName"] == "MFA_SETUP"
        assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
        with refused("InvalidParameterException"):
            strict.answer(asked)

    def test_an_address_can_be_set_up_and_counts_once_it_is_proved(self, strict):
        strict.ask("ON", EMAIL)
        strict.admin("AdminDeleteUserAttributes", UserAttributeNames=["email"])

        asked = strict.by_password()
        sent = strict.answer(asked, EMAIL="fresh@example.com")
        before = dict(strict.account().user.attributes)
        answer = strict.answer(sent, EMAIL_OTP_CODE=strict.code())

        assert asked["ChallengeName"] == "MFA_SETUP"
        assert sent["ChallengeName"] == "EMAIL_OTP"
        assert "email" not in before
        assert answer["AuthenticationResult"]
        assert strict.account().user.attributes["email"] == "fresh@example.com"
        assert strict.account().user.attributes["email_verified"] == "true"

    def test_a_new_password_comes_before_the_second_factor(self, strict):
        strict.ask("ON", EMAIL)
        strict.name = strict.invited("nina", email="nina@example.com")

        asked = strict.choose(strict.by_password("Temporary-1"))

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert strict.account().user.status == "CONFIRMED"
        assert strict.answer(asked, EMAIL_OTP_CODE=strict.code())["AuthenticationResult"]


class TestAdministrators:
    def test_sign_somebody_in_by_the_same_challenges(self, hall):
        hall.prefer(EMAIL)
        given = {"UserPoolId": hall.pool, "ClientId": hall.client}
        parameters = {"USERNAME": hall.name, "PASSWORD": "Correct-Horse-9"}

        asked = hall.cognito.call(
            "AdminInitiateAuth", AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters, **given
        )
        answer = hall.cognito.call(
            "AdminRespondToAuthChallenge",
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": hall.name, "EMAIL_OTP_CODE": hall.code()},
            **given,
        )

        assert answer["AuthenticationResult"]["AccessToken"]


class TestAttacks:
    def test_a_session_signs_in_once(self, hall):
        hall.prefer(EMAIL)
        asked = hall.by_password()
        hall.answer(asked, EMAIL_OTP_CODE=hall.code())

        with refused("NotAuthorizedException", SPENT):
            hall.answer(asked, EMAIL_OTP_CODE=hall.code())

    def test_of_two_right_answers_at_once_one_signs_in(self, hall):
        hall.prefer(EMAIL)
        asked, code = hall.by_password(), hall.code()

        outcomes = at_once(*[lambda: hall.answer(asked, EMAIL_OTP_CODE=code)] * 4)

        assert len(faults(outcomes)) == 3

    def test_the_code_of_one_sign_in_is_none_of_another(self, hall):
        hall.prefer(EMAIL)
        hall.by_password()
        code, asked = hall.code(), hall.by_password()

        if code != hall.code():
            with refused("CodeMismatchException"):
                hall.answer(asked, EMAIL_OTP_CODE=code)

    def test_a_session_grows_old(self, hall):
        hall.prefer(EMAIL)
        asked = hall.by_password()

        with later(181), refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
            hall.answer(asked, EMAIL_OTP_CODE=hall.code())

    def test_guesses_are_bounded_in_one_session_and_over_all_of_an_hour(self, hall):
        """The attack: who knows the password tries codes, and takes a new session whenever one is used up."""
        hall.prefer(EMAIL)
        heard = 0
        for _ in range(4):
            asked = hall.by_password()
            wrong = other(hall.code())
            outcomes = [told(hall, asked, wrong) for _ in range(7)]
            heard += outcomes.count("CodeMismatchException")
            assert outcomes[5:] == ["TooManyRequestsException"] * 2
        asked = hall.by_password()
        assert heard == quotas.SIGN_IN_GUESSES
        with refused("TooManyRequestsException", TOO_MANY):
            hall.answer(asked, EMAIL_OTP_CODE=hall.code())

        with later(3700):
            assert hall.answer(hall.by_password(), EMAIL_OTP_CODE=hall.code())["AuthenticationResult"]

    def test_a_burst_of_guesses_is_counted_one_by_one(self, hall):
        hall.prefer(EMAIL)
        asked = hall.by_password()
        wrong = other(hall.code())

        outcomes = faults(at_once(*[lambda: hall.answer(asked, EMAIL_OTP_CODE=wrong)] * 12))

        assert [one.code for one in outcomes].count("CodeMismatchException") <= quotas.SIGN_IN_GUESSES_BY_SESSION

    def test_codes_are_sent_so_often_for_one_address_of_a_caller(self, hall):
        hall.prefer(EMAIL)
        for _ in range(quotas.SIGN_IN_SENDS_BY_SOURCE):
            hall.by_password()

        with refused("TooManyRequestsException", TOO_MANY):
            hall.by_password()

    def test_a_password_that_was_replaced_leads_no_further(self, hall):
        hall.prefer(EMAIL)
        asked = hall.by_password()
        hall.admin("AdminSetUserPassword", Password="Another-Horse-3", Permanent=True)

        with refused("NotAuthorizedException", "Invalid session for the user."):
            hall.answer(asked, EMAIL_OTP_CODE=hall.code())

    def test_a_user_who_was_disabled_meanwhile_stays_out(self, hall):
        hall.prefer(EMAIL)
        asked = hall.by_password()
        hall.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "User is disabled."):
            hall.answer(asked, EMAIL_OTP_CODE=hall.code())

    def test_a_code_is_no_good_after_its_address_was_changed(self, hall):
        hall.prefer(EMAIL)
        asked, code = hall.by_password(), hall.code()
        hall.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("email", "thief@example.com")])

        with refused("CodeMismatchException"):
            hall.answer(asked, EMAIL_OTP_CODE=code)

    def test_another_client_cannot_answer(self, hall):
        hall.prefer(EMAIL)
        asked, code = hall.by_password(), hall.code()
        hall.client = hall.cognito.client(hall.pool, **CHOOSING)

        with refused("NotAuthorizedException", "Invalid session for the user."):
            hall.answer(asked, EMAIL_OTP_CODE=code)

    def test_another_challenge_is_not_the_one_that_was_asked(self, hall):
        hall.prefer(EMAIL)
        asked = hall.by_password()

        for name in ("SMS_MFA", "SMS_OTP", "SELECT_MFA_TYPE", "MFA_SETUP", "WEB_AUTHN", "CUSTOM_CHALLENGE"):
            responses = {
                "USERNAME": hall.name,
                "SMS_MFA_CODE": "1",
                "SMS_OTP_CODE": "1",
                "ANSWER": "x",
                "CREDENTIAL": "{}",
            }
            with refused("NotAuthorizedException", "Invalid session for the user."):
                hall.respond(name, responses, Session=asked["Session"])


class TestHiddenUsers:
    def test_are_never_asked_for_a_second_factor(self, cognito):
        """Nobody has a password, so nobody comes that far."""
        entrance = Entrance(cognito, client={"PreventUserExistenceErrors": "ENABLED"})

        with refused("NotAuthorizedException", "Incorrect username or password."):
            entrance.by_password(name="nobody")


class TestChangesInBetween:
    def test_a_method_that_was_switched_off_answers_no_more(self, hall):
        """The attack: a phone is lost, so its owner leaves SMS for e-mail; who found it has begun a sign-in."""
        hall.prefer(SMS)
        asked, code = hall.by_password(), hall.code()
        hall.prefer(EMAIL, disabled=(SMS,))

        with refused("NotAuthorizedException", "Invalid session for the user."):
            hall.answer(asked, SMS_MFA_CODE=code)

    def test_an_address_is_not_added_where_a_factor_was_set_up_meanwhile(self, strict):
        """The attack: who knows the password keeps a session from before, and proves an address of their own."""
        strict.ask("ON", EMAIL, SMS)
        number = strict.account().user.attributes["phone_number"]
        strict.admin("AdminDeleteUserAttributes", UserAttributeNames=["email", "phone_number"])
        asked = strict.by_password()
        sent = strict.answer(asked, EMAIL="thief@example.com")
        code = strict.code()
        strict.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("phone_number", number)])

        with refused("InvalidParameterException"):
            strict.answer(asked, EMAIL="thief@example.com")
        with refused("NotAuthorizedException", "Invalid session for the user."):
            strict.answer(sent, EMAIL_OTP_CODE=code)
        assert "email" not in strict.account().user.attributes
