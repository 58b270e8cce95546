"""USER_AUTH: what may be chosen to sign in with, what each choice asks for, and what a choice must not leave out."""

from __future__ import annotations

import pytest

from chalicelib.rules import quotas
from tests.application import PASSWORD, Cognito
from tests.callers import attribute, refused
from tests.clock import later
from tests.entrance import HIDING, at_once, claims, fault, faults
from tests.hall import CHOOSING, EMAIL, SMS, TOTP, Hall, factors, other
from tests.srp_client import SrpClient

MISMATCH = "Invalid code or auth state for the user."
SPENT = "Invalid session for the user, session can only be used once."
FOREIGN = "Invalid session for the user."
WRONG = "Incorrect username or password."


@pytest.fixture(scope="module")
def shared(application):
    return Hall(Cognito(*application), CHOOSING, **factors("PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"))


@pytest.fixture
def hall(shared, outbox):
    found = shared.another()
    found.outbox = outbox
    return found


@pytest.fixture
def own(cognito, outbox):
    """A pool of the test's own, which verifies e-mail addresses."""
    hall = Hall(cognito, CHOOSING, **factors("PASSWORD", "EMAIL_OTP"), AutoVerifiedAttributes=["email"])
    hall.outbox = outbox
    return hall


class TestWhatIsOffered:
    def test_what_the_pool_allows_and_the_user_has(self, hall):
        asked = hall.choose_by()

        assert asked["ChallengeName"] == "SELECT_CHALLENGE"
        assert asked["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
        assert asked["ChallengeParameters"] == {}

    def test_an_unavailable_preference_is_a_choice(self, hall):
        assert hall.choose_by(PREFERRED_CHALLENGE="WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"

    def test_the_only_factor_is_asked_for_at_once(self, own):
        own.name = "paula"
        given = {"UserAttributes": [attribute("email", "paula@example.com")], "MessageAction": "SUPPRESS"}
        own.admin("AdminCreateUser", **given)

        asked = own.choose_by()

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert asked["AvailableChallenges"] == ["EMAIL_OTP"]

    def test_a_temporary_password_has_to_be_replaced_first(self, own):
        own.name = own.invited("nina", email="nina@example.com")

        asked = own.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        assert asked["ChallengeName"] == "SELECT_CHALLENGE"
        assert asked["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]

    def test_a_second_factor_leaves_passwords_alone(self, own):
        own.ask("OPTIONAL", EMAIL)
        own.prefer(EMAIL)

        assert own.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]

    def test_the_client_has_to_allow_it(self, own):
        own.client = own.cognito.client(own.pool)

        with refused("InvalidParameterException", "USER_AUTH is not enabled for the client."):
            own.choose_by()


class TestPasswords:
    def test_come_with_the_first_call(self, hall):
        assert hall.choose_by(PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]

    def test_come_with_the_choice(self, hall):
        assert hall.answer(hall.choose_by(), ANSWER="PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]

    @pytest.mark.parametrize("parameters", [{}, {"PREFERRED_CHALLENGE": "PASSWORD"}])
    def test_answer_a_challenge_of_their_own_name(self, hall, parameters):
        asked = hall.choose_by(**parameters)

        answer = hall.respond("PASSWORD", {"USERNAME": hall.name, "PASSWORD": PASSWORD}, Session=asked["Session"])

        assert answer["AuthenticationResult"]

    def test_by_srp_with_the_first_call_or_the_choice(self, hall):
        for first in (True, False):
            client = SrpClient(hall.pool)
            begun = client.begin(USERNAME=hall.name)
            if first:
                asked = hall.choose_by(PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=begun["SRP_A"])
            else:
                asked = hall.answer(hall.choose_by(), ANSWER="PASSWORD_SRP", SRP_A=begun["SRP_A"])

            responses = client.answer(asked["ChallengeParameters"], PASSWORD)

            assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
            assert hall.answer(asked, **responses)["AuthenticationResult"]

    def test_by_srp_behind_a_challenge_of_that_name(self, hall):
        client = SrpClient(hall.pool)
        begun = client.begin(USERNAME=hall.name)

        asked = hall.answer(hall.choose_by(PREFERRED_CHALLENGE="PASSWORD_SRP"), SRP_A=begun["SRP_A"])
        verified = hall.verified(client.answer(asked["ChallengeParameters"], PASSWORD))

        assert verified["AuthenticationResult"]

    def test_lead_to_the_second_factor(self, own):
        own.ask("OPTIONAL", EMAIL)
        own.prefer(EMAIL)

        asked = own.choose_by(PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert len(own.code()) == quotas.CODE_DIGITS
        assert own.answer(asked, EMAIL_OTP_CODE=own.code())["AuthenticationResult"]

    def test_are_counted_when_they_are_wrong(self, hall):
        with refused("NotAuthorizedException", WRONG):
            hall.answer(hall.choose_by(), ANSWER="PASSWORD", PASSWORD="wrong")

        assert hall.failures() == 1

    def test_a_choice_without_its_input_asks_for_it(self, hall):
        assert hall.answer(hall.choose_by(), ANSWER="PASSWORD")["ChallengeName"] == "PASSWORD"

    @pytest.mark.parametrize("answer", ["WEB_AUTHN", "SMS_MFA", "x" * 300])
    def test_what_is_no_choice_is_refused(self, hall, answer):
        with refused("InvalidParameterException"):
            hall.answer(hall.choose_by(), ANSWER=answer)


class TestCodes:
    def test_by_email_have_eight_digits_and_give_tokens(self, hall):
        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
        answer = hall.answer(asked, EMAIL_OTP_CODE=hall.code())

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"] == "EMAIL"
        assert len(hall.code()) == 8
        assert claims(answer["AuthenticationResult"]["IdToken"])["cognito:username"] == hall.name

    def test_by_sms_give_tokens(self, hall):
        asked = hall.answer(hall.choose_by(), ANSWER="SMS_OTP")

        assert asked["ChallengeName"] == "SMS_OTP"
        assert hall.answer(asked, SMS_OTP_CODE=hall.code())["AuthenticationResult"]
        assert hall.account().user.attributes["phone_number_verified"] == "true"

    def test_confirm_a_user_who_was_not(self, own):
        own.name = "una"
        given = {"Password": PASSWORD, "UserAttributes": [attribute("email", "una@example.com")]}
        own.cognito.call("SignUp", ClientId=own.client, Username="una", **given)

        asked = own.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
        answer = own.answer(asked, EMAIL_OTP_CODE=own.code())

        user = own.account().user
        assert answer["AuthenticationResult"]
        assert (user.status, user.attributes["email_verified"]) == ("CONFIRMED", "true")

    def test_a_wrong_one_does_not_spend_the_session(self, hall):
        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        with refused("CodeMismatchException", MISMATCH):
            hall.answer(asked, EMAIL_OTP_CODE=other(hall.code()))

        assert hall.answer(asked, EMAIL_OTP_CODE=hall.code())["AuthenticationResult"]

    def test_a_right_one_spends_it(self, hall):
        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
        code = hall.code()

        outcomes = at_once(*[lambda: hall.answer(asked, EMAIL_OTP_CODE=code)] * 3)

        assert len(faults(outcomes)) == 2
        with refused("NotAuthorizedException", SPENT):
            hall.answer(asked, EMAIL_OTP_CODE=code)

    def test_passwords_that_are_locked_do_not_lock_them(self, hall):
        """The attack: a stranger sends wrong passwords without end, so that the owner never gets in."""
        hall.wrongly(6)

        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        assert hall.answer(asked, EMAIL_OTP_CODE=hall.code())["AuthenticationResult"]

    def test_guesses_of_a_stranger_do_not_use_up_the_owners(self, hall):
        for _ in range(4):
            asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
            wrong = other(hall.code())
            told = [guess(hall, asked, wrong) for _ in range(6)]
            assert told == ["CodeMismatchException"] * 5 + ["TooManyRequestsException"]

        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        assert hall.answer(asked, EMAIL_OTP_CODE=hall.code())["AuthenticationResult"]


def guess(hall, asked, code):
    found = fault(lambda: hall.answer(asked, EMAIL_OTP_CODE=code))
    return found.code if found else ""


class TestAfterSigningUp:
    def sign_up(self, own, name):
        own.name = name
        given = {"Password": PASSWORD, "UserAttributes": [attribute("email", f"{name}@example.com")]}
        return own.cognito.call("SignUp", ClientId=own.client, Username=name, **given)

    def confirm(self, own, **given):
        code = own.code()
        return own.cognito.call("ConfirmSignUp", ClientId=own.client, Username=own.name, ConfirmationCode=code, **given)

    def sign_in(self, own, session):
        parameters = {"USERNAME": own.name}
        return own.cognito.call(
            "InitiateAuth", ClientId=own.client, AuthFlow="USER_AUTH", AuthParameters=parameters, Session=session
        )

    def test_whoever_confirms_is_signed_in_by_the_session_once(self, own):
        begun = self.sign_up(own, "sia")
        confirmed = self.confirm(own, Session=begun["Session"])

        assert self.sign_in(own, confirmed["Session"])["AuthenticationResult"]
        with refused("NotAuthorizedException", SPENT):
            self.sign_in(own, confirmed["Session"])

    def test_a_proved_address_that_is_a_first_factor_is_enough(self, own):
        """Clients do not hand the session of the sign-up on."""
        self.sign_up(own, "sid")

        assert self.sign_in(own, self.confirm(own)["Session"])["AuthenticationResult"]

    def test_where_codes_let_nobody_in_the_session_of_the_sign_up_is_asked_for(self, cognito, outbox):
        """The attack: whoever reads or guesses the code of somebody else's sign-up would be signed in by it."""
        own = Hall(cognito, CHOOSING, AutoVerifiedAttributes=["email"])
        own.outbox = outbox
        self.sign_up(own, "sib")
        assert "Session" not in self.confirm(own)

        begun = self.sign_up(own, "sif")
        assert self.sign_in(own, self.confirm(own, Session=begun["Session"])["Session"])["AuthenticationResult"]

    def test_the_session_of_a_sign_up_signs_nobody_in(self, own):
        begun = self.sign_up(own, "sol")
        self.confirm(own)

        with refused("NotAuthorizedException", FOREIGN):
            self.sign_in(own, begun["Session"])

    def test_the_session_of_one_user_confirms_no_other(self, own):
        begun = self.sign_up(own, "sue")
        self.sign_up(own, "sam")

        with refused("NotAuthorizedException", FOREIGN):
            self.confirm(own, Session=begun["Session"])
        assert own.account().user.status == "UNCONFIRMED"

    def test_a_second_factor_is_asked_for(self, own):
        own.ask("OPTIONAL", TOTP, SMS)
        begun = self.sign_up(own, "siv")
        confirmed = self.confirm(own, Session=begun["Session"])
        own.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("phone_number", "+15550001234")])
        own.prefer(SMS)

        assert self.sign_in(own, confirmed["Session"])["ChallengeName"] == "SMS_MFA"

    def test_it_is_over_soon(self, own):
        begun = self.sign_up(own, "sly")
        confirmed = self.confirm(own, Session=begun["Session"])

        with later(181), refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
            self.sign_in(own, confirmed["Session"])


class TestAttacks:
    def test_a_factor_that_was_switched_on_meanwhile_is_not_left_out(self, own):
        """The attack: a code is asked for while it is enough, and kept until it is not any more."""
        own.ask("OPTIONAL", SMS)
        asked = own.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
        own.prefer(SMS)

        with refused("NotAuthorizedException", FOREIGN):
            own.answer(asked, EMAIL_OTP_CODE=own.code())

    def test_a_second_factors_code_is_no_first_one(self, own):
        own.ask("OPTIONAL", EMAIL)
        own.prefer(EMAIL)
        asked = own.by_password()
        own.prefer(disabled=(EMAIL,))
        first = own.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        with refused("CodeMismatchException"):
            own.answer(first, EMAIL_OTP_CODE=own.outbox.lines(own.name)[-2]["code"])
        assert asked["Session"] != first["Session"]

    def test_a_disabled_user_gets_no_code_and_is_not_told(self, hall):
        hall.admin("AdminDisableUser")
        before = len(hall.outbox.lines(hall.name))

        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert len(hall.outbox.lines(hall.name)) == before
        with refused("CodeMismatchException", MISMATCH):
            hall.answer(asked, EMAIL_OTP_CODE="12345678")

    def test_a_user_who_must_reset_the_password_gets_none(self, hall):
        hall.admin("AdminResetUserPassword")

        assert "EMAIL_OTP" not in hall.choose_by()["AvailableChallenges"]


class TestLongNames:
    def test_fit_into_a_session_and_are_known_again(self, cognito):
        hall = Hall(cognito, CHOOSING | HIDING, **factors("PASSWORD", "EMAIL_OTP"))
        hall.name = "é" * 2048

        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        assert len(asked["Session"]) < 4096
        with refused("CodeMismatchException", MISMATCH):
            hall.answer(asked, EMAIL_OTP_CODE="12345678")

    def test_a_device_key_that_is_none_is_refused_unread(self, hall):
        with refused("InvalidParameterException", "Invalid device key given."):
            hall.choose_by(DEVICE_KEY="x" * 4000)


class TestHiddenUsers:
    @pytest.fixture
    def hiding(self, cognito, outbox):
        hall = Hall(cognito, CHOOSING | HIDING, **factors("PASSWORD", "EMAIL_OTP"))
        hall.outbox = outbox
        return hall

    def test_are_offered_what_others_are(self, hiding):
        known = hiding.choose_by()
        hiding.name = "nobody"
        unknown = hiding.choose_by()

        assert unknown["AvailableChallenges"] == known["AvailableChallenges"]
        assert abs(len(unknown["Session"]) - len(known["Session"])) < 40

    def test_get_a_code_that_does_not_come(self, hiding):
        hiding.name = "nobody"

        asked = hiding.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert "@" in asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"]
        with refused("CodeMismatchException", MISMATCH):
            hiding.answer(asked, EMAIL_OTP_CODE="12345678")
        assert hiding.outbox.lines("nobody") == []

    def test_have_as_many_guesses_as_others(self, hiding):
        hiding.name = "nobody"
        asked = hiding.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        told = [guess(hiding, asked, "12345678") for _ in range(6)]

        assert told == ["CodeMismatchException"] * 5 + ["TooManyRequestsException"]

    def test_are_told_nothing_about_their_password(self, hiding):
        hiding.name = "nobody"

        with refused("NotAuthorizedException", WRONG):
            hiding.answer(hiding.choose_by(), ANSWER="PASSWORD", PASSWORD=PASSWORD)

    def test_pass_for_users_with_and_without_passkeys_and_phones(self, cognito, outbox):
        """The attack: a choice that only real users are ever given tells which names are somebody's."""
        hall = Hall(cognito, CHOOSING | HIDING, **factors("PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"))
        hall.cognito.call(
            "SetUserPoolMfaConfig", UserPoolId=hall.pool, WebAuthnConfiguration={"RelyingPartyId": "example.com"}
        )
        seen = []
        for number in range(24):
            hall.name = f"nobody-{number}"
            first, again = hall.choose_by()["AvailableChallenges"], hall.choose_by()["AvailableChallenges"]
            assert first == again
            seen.append(tuple(first))

        assert {"WEB_AUTHN" in choices for choices in seen} == {True, False}
        assert {"SMS_OTP" in choices for choices in seen} == {True, False}
        passkey = next(f"nobody-{place}" for place, choices in enumerate(seen) if "WEB_AUTHN" in choices)
        hall.name = passkey
        asked = hall.choose_by(PREFERRED_CHALLENGE="WEB_AUTHN")
        assert "allowCredentials" in asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]
