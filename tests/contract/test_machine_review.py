"""Attacks on the challenge machine that hang on what changes between two answers, and on what a refusal tells."""

from __future__ import annotations

import pytest

from chalicelib import errors
from chalicelib.flows import deliveries
from tests import functions
from tests.application import PASSWORD, Cognito, Fault
from tests.callers import refused
from tests.contest import RUNNERS, codes, contest, winners
from tests.device_client import Owner
from tests.entrance import HIDING, claims, fault
from tests.functions import ANSWER, CUSTOM_LAMBDAS
from tests.hall import EMAIL, SMS, TOTP, Hall, factors
from tests.srp_client import SrpClient
from tests.token_app import App

FLOWS = {"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"]}
CHOICES = factors("PASSWORD", "EMAIL_OTP")
TRACKING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
SPENT = "Invalid session for the user, session can only be used once."
FOREIGN = "Invalid session for the user."
UNREACHABLE = "The user has no factor that leads to the authentication level asked for."
TOO_LONG = "This sign-in has more to carry on than a Session holds."


@pytest.fixture
def hall(cognito: Cognito, outbox):
    found = Hall(cognito, FLOWS | HIDING, **CHOICES)
    found.outbox = outbox
    return found


@pytest.fixture
def strict(cognito: Cognito, outbox):
    """A pool that may ask everybody for a second factor: no code stands in the place of a password."""
    found = Hall(cognito, FLOWS | HIDING)
    found.outbox = outbox
    return found


@pytest.fixture
def own(cognito: Cognito, outbox):
    """A pool with functions of its own, which ask one question, and devices."""
    found = Hall(cognito, FLOWS, LambdaConfig=CUSTOM_LAMBDAS, DeviceConfiguration=TRACKING)
    found.outbox = outbox
    found.ask("OPTIONAL", EMAIL, SMS, TOTP)
    return found


def asked(hall, levels, **more):
    return hall.choose_by(TARGET_ACR_VALUES=" ".join(f"urn:cognito:loa:{level}" for level in levels), **more)


def outcome(attempt):
    """What a caller sees of a first call."""
    try:
        answer = attempt()
    except Fault as refusal:
        return str(refusal)
    return answer["ChallengeName"], answer["AvailableChallenges"], sorted(answer["ChallengeParameters"])


def proved_by_srp(hall, **more):
    """The answer to a right password in a sign-in of the pool's own functions."""
    client = SrpClient(hall.pool)
    begun = hall.initiate("CUSTOM_AUTH", **client.begin(USERNAME=hall.name, CHALLENGE_NAME="SRP_A"))
    responses = client.answer(begun["ChallengeParameters"], PASSWORD) | more
    return hall.respond("PASSWORD_VERIFIER", responses, Session=begun["Session"])


def as_device(owner):
    """The answer to a right password and a right device, in a sign-in of the pool's own functions."""
    hall, device = owner.entrance, owner.device
    challenged = owner.begin(proved_by_srp(hall, DEVICE_KEY=device.key))
    return owner.finish(owner.proof(challenged), Session=challenged["Session"])


class TestStolenAccessTokens:
    def test_set_no_factor_up_for_a_level_where_the_user_has_none(self, strict):
        stolen = strict.tokens()["AccessToken"]
        strict.ask("ON", TOTP)

        with refused("NotAuthorizedException", UNREACHABLE):
            asked(strict, [4], ACCESS_TOKEN=stolen)

    def test_nor_where_the_only_method_is_what_the_token_was_got_by(self, hall):
        begun = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
        stolen = hall.answer(begun, EMAIL_OTP_CODE=hall.code())["AuthenticationResult"]["AccessToken"]
        hall.ask("OPTIONAL", EMAIL, TOTP)
        hall.prefer(EMAIL)

        told = asked(hall, [3], ACCESS_TOKEN=stolen)

        assert told["ChallengeName"] == "SELECT_CHALLENGE"
        assert told["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
        done = hall.answer(told, ANSWER="PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]
        assert claims(done["IdToken"])["amr"] == ["email_otp", "pwd", "mfa"]


class TestChoices:
    def test_of_methods_are_not_answered_by_setting_one_up(self, strict):
        strict.ask("ON", EMAIL, SMS)
        begun = strict.by_password()
        strict.admin("AdminDeleteUserAttributes", UserAttributeNames=["email", "phone_number"])

        assert begun["ChallengeName"] == "SELECT_MFA_TYPE"
        with refused("InvalidParameterException", "MFA_SETUP is none of the methods that can be chosen."):
            strict.answer(begun, ANSWER="MFA_SETUP")

    def test_that_signed_in_are_spent(self, hall):
        begun = hall.choose_by()
        hall.answer(begun, ANSWER="PASSWORD", PASSWORD=PASSWORD)

        with refused("NotAuthorizedException", SPENT):
            hall.answer(begun, ANSWER="PASSWORD", PASSWORD=PASSWORD)


class TestTemporaryPasswords:
    def test_of_many_answers_at_once_one_goes_on_and_the_others_are_told_why(self, strict):
        strict.ask("ON", TOTP)
        strict.name = strict.invited(f"invited-{strict.name}")
        begun = strict.by_password("Temporary-1")

        outcomes = contest(strict.pool, *[lambda: strict.choose(begun)] * RUNNERS)

        [first] = winners(outcomes)
        assert outcomes[first]["ChallengeName"] == "MFA_SETUP"
        assert codes(outcomes) <= {"NotAuthorizedException"}
        assert {str(one) for one in outcomes if isinstance(one, Fault)} == {f"NotAuthorizedException (400): {SPENT}"}


class TestHiddenUsers:
    @pytest.mark.parametrize("levels", [[2], [3], [4], [3, 1], [4, 3], [4, 2], [3, 2, 1]], ids=str)
    def test_are_not_told_apart_from_nobody_by_a_level(self, hall, levels):
        """The attack: a level is asked for in many names, and what only real users are ever told tells who is one."""
        hall.ask("OPTIONAL", EMAIL, TOTP)
        known = [outcome(lambda: asked(hall, levels))]
        hall.prefer(EMAIL)
        known.append(outcome(lambda: asked(hall, levels)))

        unknown = []
        for number in range(16):
            hall.name = f"nobody-{number}"
            unknown.append(outcome(lambda: asked(hall, levels)))

        assert all(one in unknown for one in known)

    def test_nor_by_a_message_that_cannot_leave(self, hall, monkeypatch):
        def broken(*_: object) -> dict[str, str]:
            raise errors.CodeDeliveryFailureException

        monkeypatch.setattr(deliveries, "send", broken)
        known = outcome(lambda: hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP"))

        hall.name = "nobody-of-that-name"

        assert outcome(lambda: hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")) == known

    @pytest.mark.parametrize("own_session", [True, False], ids=["of ones own sign-up", "of nothing"])
    def test_nor_by_a_session_beside_the_code_of_a_sign_up(self, hall, own_session):
        def sign_up(name: str) -> str:
            address = {"Name": "email", "Value": f"{name}@example.com"}
            given = {"Username": name, "Password": PASSWORD, "UserAttributes": [address]}
            return str(hall.cognito.call("SignUp", ClientId=hall.client, **given)["Session"])

        session = sign_up(f"mallory-{hall.name}") if own_session else "x" * 40
        sign_up(f"alice-{hall.name}")

        def confirm(name: str) -> str:
            given = {"Username": name, "ConfirmationCode": "123456", "Session": session}
            return str(fault(lambda: hall.cognito.call("ConfirmSignUp", ClientId=hall.client, **given)))

        assert confirm(f"alice-{hall.name}") == confirm("nobody-of-that-name")


class TestOwnFunctions:
    def test_that_remember_much_of_a_long_name_end_in_a_refusal(self, own):
        own.name = own.cognito.user(own.pool, "\U00020000" * 82, email=f"{own.name}@example.com")
        script = functions.script(own.pool)
        script.create = lambda event: functions.usual_create(event) | {"challengeMetadata": "m" * 512}
        asking = functions.usual_define
        script.define = lambda event: (
            {"challengeName": EMAIL} if len(event["request"]["session"]) > 4 else without_an_end(event, asking)
        )
        begun = proved_by_srp(own)
        for _ in range(2):
            begun = own.answer(begun, ANSWER=ANSWER)

        with refused("InvalidParameterException", TOO_LONG):
            own.answer(begun, ANSWER=ANSWER)

    def test_take_no_code_of_a_method_that_was_switched_off_meanwhile(self, own):
        token = own.by_password()["AuthenticationResult"]["AccessToken"]
        app = App(own.cognito.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"])
        own.cognito.call("VerifySoftwareToken", AccessToken=token, UserCode=app.code())
        own.prefer(EMAIL)
        begun = proved_by_srp(own)
        assert begun["ChallengeName"] == EMAIL

        own.prefer(TOTP, preferred=TOTP, disabled=(EMAIL,))

        with refused("NotAuthorizedException", FOREIGN):
            own.answer(begun, EMAIL_OTP_CODE=own.code())

    def test_may_ask_for_a_method_beside_the_one_that_is_switched_on(self, own):
        own.prefer(SMS)
        define = functions.usual_define

        def both(event):
            names = [one["challengeName"] for one in event["request"]["session"]]
            if names[-1] == SMS:
                return {"challengeName": EMAIL}
            return {"issueTokens": True} if names[-1] == EMAIL else define(event)

        functions.script(own.pool).define = both
        behind_sms = own.answer(proved_by_srp(own), SMS_MFA_CODE=own.code())

        done = own.answer(behind_sms, EMAIL_OTP_CODE=own.code())

        assert claims(done["AuthenticationResult"]["IdToken"])["sub"]

    def test_may_ask_again_for_an_address_that_was_set_up(self, own):
        own.ask("ON", EMAIL)
        own.admin("AdminDeleteUserAttributes", UserAttributeNames=["email", "phone_number"])
        define = functions.usual_define

        def twice(event):
            names = [one["challengeName"] for one in event["request"]["session"]]
            if EMAIL not in names:
                return define(event)
            return {"issueTokens": True} if names.count(EMAIL) > 1 else {"challengeName": EMAIL}

        functions.script(own.pool).define = twice
        behind_setup = own.answer(proved_by_srp(own), EMAIL="new@example.com")
        behind_code = own.answer(behind_setup, EMAIL_OTP_CODE=own.code())

        done = own.answer(behind_code, EMAIL_OTP_CODE=own.code())

        assert claims(done["AuthenticationResult"]["IdToken"])["email"] == "new@example.com"

    def test_sign_in_behind_a_device(self, own):
        owner = Owner(own).confirmed()
        own.prefer(EMAIL)

        done = own.answer(as_device(owner), ANSWER=ANSWER)["AuthenticationResult"]

        assert claims(done["AccessToken"])["device_key"] == owner.device.key

    @pytest.mark.parametrize("change", ["AdminForgetDevice", "AdminUpdateDeviceStatus"])
    def test_sign_nobody_in_behind_a_device_that_is_not_remembered_any_more(self, own, change):
        owner = Owner(own).confirmed()
        own.prefer(EMAIL)
        begun = as_device(owner)
        assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"

        status = {"DeviceRememberedStatus": "not_remembered"} if change == "AdminUpdateDeviceStatus" else {}
        owner.admin(change, **status)

        with refused("ResourceNotFoundException", "Device does not exist."):
            own.answer(begun, ANSWER=ANSWER)


def without_an_end(event, asking):
    """As `asking`, with one question after another."""
    said = asking(event)
    return {"challengeName": "CUSTOM_CHALLENGE"} if said.get("issueTokens") else said
