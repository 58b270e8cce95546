"""Facts 132 to 142 and 170 to 173: second factors, the choice of the first one, passkeys, authenticator apps.

The numbers are those of the list of testable facts that docs/not-covered.md speaks of; each test names its own. What
goes beyond a fact is with the tests of the operations.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.application import PASSWORD, Cognito, Outbox
from tests.authenticator import Authenticator, encoded
from tests.callers import a_name, attribute, refused
from tests.entrance import Answer
from tests.hall import CHOOSING, EMAIL, SMS, TOTP, Hall, factors, other
from tests.passkey_desk import ORIGIN, Desk, opened
from tests.token_app import App


@pytest.fixture(scope="module")
def optional(application: tuple[str, str]) -> Hall:
    """A pool that offers all second factors."""
    hall = Hall(Cognito(*application))
    hall.ask("OPTIONAL", SMS, TOTP, EMAIL)
    return hall


@pytest.fixture(scope="module")
def mandatory(application: tuple[str, str]) -> Hall:
    """A pool that asks everybody for an authenticator app."""
    hall = Hall(Cognito(*application))
    hall.ask("ON", TOTP)
    return hall


@pytest.fixture(scope="module")
def choice(application: tuple[str, str]) -> Hall:
    """A pool that takes passwords and codes by e-mail as first factors."""
    return Hall(Cognito(*application), CHOOSING, **factors("PASSWORD", "EMAIL_OTP"), AutoVerifiedAttributes=["email"])


@pytest.fixture
def hall(optional: Hall, outbox: Outbox) -> Hall:
    return _with_outbox(optional, outbox)


@pytest.fixture
def strict(mandatory: Hall) -> Hall:
    return mandatory.another()


@pytest.fixture
def chooser(choice: Hall, outbox: Outbox) -> Hall:
    return _with_outbox(choice, outbox)


@pytest.fixture(scope="module")
def passkeys(application: tuple[str, str]) -> Desk:
    """Somebody in a pool that takes passkeys."""
    return Desk(opened(Cognito(*application)))


class TestAuthenticatorApps:
    def test_132_a_preferred_one_is_asked_for_and_its_code_signs_in(self, hall: Hall) -> None:
        app = _equipped(hall)
        hall.prefer(TOTP, preferred=TOTP)

        asked = hall.by_password()

        assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert hall.answer(asked, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

    def test_133_a_code_signs_in_once(self, hall: Hall) -> None:
        app = _equipped(hall)
        hall.prefer(TOTP, preferred=TOTP)
        hall.answer(hall.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())
        asked = hall.by_password()

        with refused("ExpiredCodeException", "Your software token has already been used once."):
            hall.answer(asked, SOFTWARE_TOKEN_MFA_CODE=app.again())

    def test_136_who_has_none_where_all_need_one_is_asked_to_set_it_up(self, strict: Hall) -> None:
        asked = strict.by_password()

        assert asked["ChallengeName"] == "MFA_SETUP"
        assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]

    def test_137_associate_verify_and_an_answer_sign_in(self, strict: Hall) -> None:
        associated = _call(strict, "AssociateSoftwareToken", Session=strict.by_password()["Session"])
        code = App(associated["SecretCode"]).code()
        verified = _call(strict, "VerifySoftwareToken", Session=associated["Session"], UserCode=code)

        answer = strict.respond("MFA_SETUP", {"USERNAME": strict.name}, Session=verified["Session"])

        assert verified["Status"] == "SUCCESS"
        assert answer["AuthenticationResult"]

    def test_138_a_wrong_code_verifies_nothing(self, hall: Hall) -> None:
        token = hall.tokens()["AccessToken"]
        app = App(_call(hall, "AssociateSoftwareToken", AccessToken=token)["SecretCode"])

        with refused("EnableSoftwareTokenMFAException"):
            _call(hall, "VerifySoftwareToken", AccessToken=token, UserCode=app.wrong())

    def test_173_one_that_is_deleted_is_among_the_users_settings_no_longer(self, hall: Hall) -> None:
        _equipped(hall)
        hall.prefer(SMS, TOTP)
        assert hall.admin("AdminGetUser")["UserMFASettingList"] == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]

        hall.admin("AdminDeleteSoftwareToken")

        assert hall.admin("AdminGetUser")["UserMFASettingList"] == ["SMS_MFA"]


class TestSecondFactors:
    def test_134_a_wrong_code_by_email_does_not_spend_the_session(self, hall: Hall) -> None:
        hall.prefer(EMAIL)
        asked = hall.by_password()
        with refused("CodeMismatchException"):
            hall.answer(asked, EMAIL_OTP_CODE=other(hall.code()))

        assert hall.answer(asked, EMAIL_OTP_CODE=hall.code())["AuthenticationResult"]

    def test_135_of_two_without_a_preference_one_is_chosen(self, hall: Hall) -> None:
        _equipped(hall)
        hall.prefer(SMS, TOTP)

        asked = hall.by_password()

        assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
        assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]


class TestFirstFactors:
    def test_139_without_a_preference_they_are_offered(self, chooser: Hall) -> None:
        asked = chooser.choose_by()

        assert asked["ChallengeName"] == "SELECT_CHALLENGE"
        assert asked["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]

    def test_140_a_preferred_code_by_email_is_sent_and_has_eight_digits(self, chooser: Hall) -> None:
        asked = chooser.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert len(chooser.code()) == 8 and chooser.code().isdigit()

    def test_141_a_code_by_email_confirms_user_and_address(self, chooser: Hall) -> None:
        _sign_up(chooser)

        chooser.answer(chooser.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP"), EMAIL_OTP_CODE=chooser.code())

        found = chooser.admin("AdminGetUser")
        assert found["UserStatus"] == "CONFIRMED"
        assert attribute("email_verified", "true") in found["UserAttributes"]

    @pytest.mark.parametrize("handed_on", [("Session",), ()], ids=["with that of the sign-up", "without"])
    def test_142_the_session_of_a_confirmation_signs_in(self, chooser: Hall, handed_on: tuple[str, ...]) -> None:
        signed_up = _sign_up(chooser)
        given = {name: signed_up[name] for name in handed_on}
        given |= {"ClientId": chooser.client, "Username": chooser.name, "ConfirmationCode": chooser.code()}

        confirmed = _call(chooser, "ConfirmSignUp", **given)
        begin = {"ClientId": chooser.client, "AuthFlow": "USER_AUTH", "Session": confirmed["Session"]}
        answer = _call(chooser, "InitiateAuth", **begin, AuthParameters={"USERNAME": chooser.name})

        assert answer["AuthenticationResult"]


class TestPasskeys:
    def test_170_are_registered_only_where_they_sign_in(self, optional: Hall) -> None:
        desk = Desk(optional.another())

        with refused("WebAuthnNotEnabledException"):
            desk.start()

    def test_171_are_registered_only_behind_a_start(self, passkeys: Desk) -> None:
        credential = Authenticator(ORIGIN).created(passkeys.start())
        stranger = Desk(passkeys.entrance.another())

        with refused("WebAuthnChallengeNotFoundException"):
            stranger.complete(credential)

    def test_172_are_discoverable_and_by_keys_of_two_kinds(self, passkeys: Desk) -> None:
        options = passkeys.start()

        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -257]
        assert options["user"]["id"] == encoded(passkeys.sub.encode())


def _with_outbox(shared: Hall, outbox: Outbox) -> Hall:
    hall = shared.another()
    hall.outbox = outbox
    return hall


def _call(hall: Hall, operation: str, **given: Any) -> Answer:
    return hall.cognito.call(operation, **given)


def _equipped(hall: Hall) -> App:
    """The app of a user who has proved it, without switching it on."""
    token = hall.tokens()["AccessToken"]
    app = App(_call(hall, "AssociateSoftwareToken", AccessToken=token)["SecretCode"])
    _call(hall, "VerifySoftwareToken", AccessToken=token, UserCode=app.code())
    return app


def _sign_up(hall: Hall) -> Answer:
    """SignUp of somebody new, who is the hall's user from then on."""
    hall.name = a_name()
    given = {"Password": PASSWORD, "UserAttributes": [attribute("email", f"{hall.name}@example.com")]}
    return _call(hall, "SignUp", ClientId=hall.client, Username=hall.name, **given)
