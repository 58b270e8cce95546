"""The oldest form of MFA settings: codes by SMS, on and off."""

import pytest

from tests.application import PASSWORD, Cognito
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import a_name, attribute, refused

BY_SMS = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}
OTHERS = [
    {"DeliveryMedium": "EMAIL", "AttributeName": "email"},
    {"DeliveryMedium": "SMS", "AttributeName": "email"},
    {"DeliveryMedium": "SMS"},
    {},
]


@pytest.fixture(scope="module")
def shared(application):
    return Bearer(Cognito(*application))


@pytest.fixture
def bearer(shared):
    return shared.another(phone_number="+15550100")


def by_user(bearer, *options):
    return bearer.call("SetUserSettings", MFAOptions=list(options))


def by_administrator(bearer, *options):
    return bearer.admin("AdminSetUserSettings", MFAOptions=list(options))


@pytest.fixture(params=[by_user, by_administrator], ids=["user", "administrator"])
def put(request):
    """SetUserSettings or AdminSetUserSettings."""
    return request.param


class TestSettings:
    def test_codes_by_sms_are_switched_on_and_shown(self, bearer, put):
        assert put(bearer, BY_SMS) == {}

        for answer in (bearer.call("GetUser"), bearer.admin("AdminGetUser")):
            assert answer["MFAOptions"] == [BY_SMS]
            assert answer["UserMFASettingList"] == ["SMS_MFA"]
            assert "PreferredMfaSetting" not in answer

    def test_and_off_again(self, bearer, put):
        put(bearer, BY_SMS, BY_SMS)

        put(bearer)

        for answer in (bearer.call("GetUser"), bearer.admin("AdminGetUser")):
            assert not {"MFAOptions", "UserMFASettingList", "PreferredMfaSetting"} & answer.keys()
        assert bearer.stored().mfa is None

    def test_other_factors_stay(self, bearer, put):
        from chalicelib.table import store

        user = bearer.stored()
        user.mfa = {"enabled": ["SOFTWARE_TOKEN_MFA"], "preferred": "SOFTWARE_TOKEN_MFA"}
        store.save(user)

        put(bearer, BY_SMS)
        assert bearer.call("GetUser")["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA", "SMS_MFA"]
        put(bearer)

        assert bearer.stored().mfa == {"enabled": ["SOFTWARE_TOKEN_MFA"], "preferred": "SOFTWARE_TOKEN_MFA"}

    def test_a_factor_that_goes_is_preferred_no_longer(self, bearer, put):
        from chalicelib.table import store

        user = bearer.stored()
        user.mfa = {"enabled": ["SMS_MFA"], "preferred": "SMS_MFA"}
        store.save(user)

        put(bearer)

        assert bearer.stored().mfa is None

    @pytest.mark.parametrize("option", OTHERS, ids=["email", "to-email", "no-attribute", "empty"])
    def test_anything_else_is_refused(self, bearer, put, option):
        with refused("InvalidParameterException"):
            put(bearer, option)
        with refused("InvalidParameterException"):
            put(bearer, BY_SMS, option)

    def test_a_phone_that_gets_codes_is_not_deleted_before_they_are_switched_off(self, bearer, put):
        """Else the next sign-in would ask for a code that goes nowhere, or for none."""
        put(bearer, BY_SMS)
        sentence = "phone_number cannot be deleted while the user has SMS_MFA turned on."

        with refused("InvalidParameterException", sentence):
            bearer.delete("phone_number")
        with refused("InvalidParameterException", sentence):
            bearer.admin("AdminDeleteUserAttributes", UserAttributeNames=["phone_number"])
        bearer.update(phone_number="+15550177")
        put(bearer)
        bearer.delete("phone_number")

        assert "phone_number" not in bearer.me()

    def test_where_factors_are_optional_sign_in_asks_for_a_code_from_then_on(self, cognito, put):
        bearer = Bearer(cognito, **BY_SMS_TOO, MfaConfiguration="OPTIONAL").another(phone_number="+15550100")

        put(bearer, BY_SMS)

        parameters = {"USERNAME": bearer.name, "PASSWORD": PASSWORD}
        given = {"ClientId": bearer.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        assert cognito.call("InitiateAuth", **given)["ChallengeName"] == "SMS_MFA"

    def test_that_passkeys_count_as_both_factors_is_not_forgotten(self, bearer, put):
        from chalicelib.table import store

        user = bearer.stored()
        user.mfa = {"enabled": ["SOFTWARE_TOKEN_MFA"], "passkey": True}
        store.save(user)

        put(bearer, BY_SMS)
        put(bearer)

        assert bearer.stored().mfa == {"enabled": ["SOFTWARE_TOKEN_MFA"], "passkey": True}

    def test_an_old_access_token_changes_nothing_once_a_reset_is_wanted(self, bearer):
        bearer.change(attribute("email", "tess@example.com"), attribute("email_verified", "true"))
        bearer.admin("AdminResetUserPassword")

        with refused("PasswordResetRequiredException"):
            by_user(bearer, BY_SMS)


class TestRefusals:
    def test_a_user_without_a_phone_number_is_told_so(self, shared):
        with refused("InvalidParameterException", "User does not have a phone_number set to turn on SMS MFA"):
            by_user(shared, BY_SMS)
        with refused("InvalidParameterException", "User does not have delivery config set to turn on SMS_MFA"):
            by_administrator(shared, BY_SMS)
        by_user(shared)

    def test_a_junk_token_sets_nothing(self, cognito):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.call("SetUserSettings", AccessToken="junk", MFAOptions=[])

    def test_nobody_is_not_found(self, shared):
        with refused("UserNotFoundException"):
            shared.cognito.call("AdminSetUserSettings", UserPoolId=shared.pool, Username=a_name(), MFAOptions=[])
