"""Proof asked for again: what a session must have proved, and how lately, before it changes a factor."""

import json

import pytest

from chalicelib.flows import reproof
from chalicelib.table import store
from tests.application import PASSWORD, Cognito
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import refused
from tests.clock import later
from tests.entrance import Entrance
from tests.token_app import METHOD, TOKENS, App, allow, associated, switched_on

REFUSAL = ("NotAuthorizedException", "Sign in again with your second factor or a passkey before changing it.")
ON, OFF = {"Enabled": True}, {"Enabled": False}
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": BY_SMS_TOO["SmsConfiguration"]}}
BY_SMS = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


def demand(cognito, pool):
    given = {"UserPoolId": pool, "SecuritySettings": {"ReproveFactors": True}}
    cognito.send("latchkey", "UpdateUserPoolSecuritySettings", json.dumps(given).encode())


@pytest.fixture(scope="module")
def shared(application):
    bearer = Bearer(Cognito(*application), **BY_SMS_TOO)
    allow(bearer.cognito, bearer.pool, **TOKENS, **SMS)
    demand(bearer.cognito, bearer.pool)
    return bearer


@pytest.fixture
def bearer(shared):
    return shared.another(phone_number="+15550100")


@pytest.fixture
def app(bearer):
    """That of the bearer, whose token is from before it was switched on."""
    return switched_on(bearer)


def drop(bearer):
    return bearer.call("SetUserMFAPreference", SoftwareTokenMfaSettings=OFF)


def create_codes(bearer):
    return bearer.cognito.send("latchkey", "CreateRecoveryCodes", json.dumps({"AccessToken": bearer.token}).encode())


CHANGES = {
    "drop": drop,
    "add": lambda bearer: bearer.call("SetUserMFAPreference", SMSMfaSettings=ON),
    "add-old": lambda bearer: bearer.call("SetUserSettings", MFAOptions=[BY_SMS]),
    "associate": lambda bearer: bearer.call("AssociateSoftwareToken"),
    "verify": lambda bearer: bearer.call("VerifySoftwareToken", UserCode="123456"),
    "codes": create_codes,
}


def sign_in_again(bearer, code):
    given = {"ClientId": bearer.client, "AuthFlow": "USER_PASSWORD_AUTH"}
    parameters = {"USERNAME": bearer.signed_in_as, "PASSWORD": PASSWORD}
    begun = bearer.cognito.call("InitiateAuth", AuthParameters=parameters, **given)
    responses = {"USERNAME": bearer.signed_in_as, "SOFTWARE_TOKEN_MFA_CODE": code}
    given = {"ClientId": bearer.client, "ChallengeName": METHOD, "Session": begun["Session"]}
    answer = bearer.cognito.call("RespondToAuthChallenge", ChallengeResponses=responses, **given)
    bearer.tokens = answer["AuthenticationResult"]
    bearer.token = bearer.tokens["AccessToken"]


class TestRefused:
    @pytest.mark.parametrize("change", CHANGES)
    def test_a_session_that_has_proved_a_password_changes_nothing(self, bearer, app, change):
        """Attack: an open session drops the factor, replaces it, or gets another way in beside it."""
        with refused(*REFUSAL):
            CHANGES[change](bearer)

        assert bearer.stored().mfa == {"enabled": [METHOD], "preferred": METHOD}

    def test_neither_does_one_that_proved_both_a_while_ago(self, bearer, app):
        sign_in_again(bearer, app.code())

        with later(reproof.LASTS + 1), refused(*REFUSAL):
            drop(bearer)
        drop(bearer)

    def test_nor_one_that_was_refreshed_since(self, bearer, app):
        sign_in_again(bearer, app.code())
        given = {"ClientId": bearer.client, "AuthFlow": "REFRESH_TOKEN_AUTH"}
        parameters = {"REFRESH_TOKEN": bearer.tokens["RefreshToken"]}

        with later(reproof.LASTS + 1):
            fresh = bearer.cognito.call("InitiateAuth", AuthParameters=parameters, **given)["AuthenticationResult"]
            bearer.token = fresh["AccessToken"]
            with refused(*REFUSAL):
                drop(bearer)

    def test_codes_by_sms_are_not_dropped_by_the_old_form_either(self, bearer):
        bearer.call("SetUserSettings", MFAOptions=[BY_SMS])

        with refused(*REFUSAL):
            bearer.call("SetUserSettings", MFAOptions=[])

    def test_a_secret_that_waits_is_not_proved_once_another_factor_is_on(self, bearer):
        """Attack: a thief asks for a secret early, and makes it count when the owner has begun to rely on a factor."""
        thief = associated(bearer)
        bearer.call("SetUserMFAPreference", SMSMfaSettings=ON)

        with refused(*REFUSAL):
            bearer.call("VerifySoftwareToken", UserCode=thief.code())


class TestAllowed:
    @pytest.mark.parametrize("change", [name for name in CHANGES if name != "verify"])
    def test_a_session_that_has_just_proved_both(self, bearer, app, change):
        sign_in_again(bearer, app.code())

        CHANGES[change](bearer)

    def test_one_that_proved_a_passkey(self, bearer, app):
        from chalicelib.table.items import Session
        from tests.entrance import claims

        told = claims(bearer.token)
        session = store.get(Session, pool=bearer.pool, sub=told["sub"], id=told["event_id"])
        session.proved = ["hwk"]
        store.save(session)

        drop(bearer)

    def test_what_drops_and_adds_nothing(self, bearer, app):
        bearer.call("SetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": False})

        assert bearer.stored().mfa == {"enabled": [METHOD]}

    def test_the_first_factor_of_a_user(self, bearer):
        for name in ("add", "associate"):
            if name == "associate":
                bearer.admin("AdminSetUserMFAPreference", SMSMfaSettings=OFF)
            CHANGES[name](bearer)

    def test_an_administrator(self, bearer, app):
        bearer.admin("AdminSetUserMFAPreference", SoftwareTokenMfaSettings=OFF)
        bearer.admin("AdminDeleteSoftwareToken")

        assert bearer.stored().mfa is None

    def test_everybody_where_the_pool_does_not_want_it(self, cognito):
        bearer = Bearer(cognito)
        allow(cognito, bearer.pool)
        switched_on(bearer)

        for name in ("codes", "associate", "drop"):
            CHANGES[name](bearer)

    def test_a_factor_that_no_sign_in_asks_for(self, cognito):
        bearer = Bearer(cognito)
        allow(cognito, bearer.pool)
        demand(cognito, bearer.pool)
        switched_on(bearer)

        cognito.call("SetUserPoolMfaConfig", UserPoolId=bearer.pool, MfaConfiguration="OFF")

        drop(bearer)


class TestWhereEverybodyNeedsOne:
    def test_an_app_that_was_never_switched_on_protects_too(self, cognito):
        entrance = Entrance(cognito)
        allow(cognito, entrance.pool)
        demand(cognito, entrance.pool)
        token = entrance.tokens()["AccessToken"]
        app = App(cognito.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"])
        cognito.call("VerifySoftwareToken", AccessToken=token, UserCode=app.code())

        allow(cognito, entrance.pool, "ON")

        with refused(*REFUSAL):
            cognito.call("AssociateSoftwareToken", AccessToken=token)
