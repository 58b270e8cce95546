"""Preferences of MFA: which second factors are on, and which one is preferred."""

import pytest

from chalicelib.table import store
from chalicelib.table.factors import Passkey
from tests.application import Cognito
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import a_name, refused
from tests.contest import codes, contest, winners
from tests.token_app import METHOD, TOKENS, allow, associated, equipped, switched_on

INVALID = "InvalidParameterException"
SMS, EMAIL = "SMS_MFA", "EMAIL_OTP"
ON, OFF = {"Enabled": True}, {"Enabled": False}
LIKED = {"Enabled": True, "PreferredMfa": True}
OWN_MAIL = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/x@example.com",
}
ADDRESSES = {
    "email": "tess@example.com", "email_verified": "true", "phone_number": "+15550100", "phone_number_verified": "true",
}  # fmt: skip
UNLOCKED = {"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION", "RelyingPartyId": "auth.example.com"}


@pytest.fixture(scope="module")
def shared(application):
    """A pool with all three methods, in which passkeys can count as both factors."""
    bearer = Bearer(Cognito(*application), **BY_SMS_TOO, EmailConfiguration=OWN_MAIL)
    methods = {
        "SmsMfaConfiguration": {"SmsConfiguration": BY_SMS_TOO["SmsConfiguration"]},
        "EmailMfaConfiguration": {},
        "WebAuthnConfiguration": UNLOCKED,
        **TOKENS,
    }
    allow(bearer.cognito, bearer.pool, **methods)
    return bearer


@pytest.fixture
def bearer(shared):
    return shared.another(**ADDRESSES)


@pytest.fixture
def bare(shared):
    """A user without any address."""
    return shared.another(nickname="Tess")


def by_user(bearer, **blocks):
    return bearer.call("SetUserMFAPreference", **blocks)


def by_administrator(bearer, **blocks):
    return bearer.admin("AdminSetUserMFAPreference", **blocks)


@pytest.fixture(params=[by_user, by_administrator], ids=["user", "administrator"])
def put(request):
    """SetUserMFAPreference or AdminSetUserMFAPreference."""
    return request.param


def settings(bearer):
    """The methods that are on, and the preferred one, as both forms of a profile show them."""
    shown = [bearer.call("GetUser"), bearer.admin("AdminGetUser")]
    told = {(tuple(one.get("UserMFASettingList", ["-"])), one.get("PreferredMfaSetting")) for one in shown}
    assert len(told) == 1
    return told.pop()


def register_passkey(bearer):
    passkey = Passkey.new(
        {"pool": bearer.pool, "sub": bearer.sub, "id": "0"},
        credential_id="AAAA",
        public_key=b"key",
        relying_party_id="auth.example.com",
        transports=[],
        aaguid="0",
        name="key",
        created_at=0,
    )
    store.save(passkey)
    return passkey


class TestPreference:
    def test_methods_are_switched_on_and_the_preferred_one_is_shown(self, bearer, put):
        assert put(bearer, SMSMfaSettings=ON, EmailMfaSettings=LIKED) == {}

        assert settings(bearer) == ((SMS, EMAIL), EMAIL)

    def test_a_block_that_is_left_out_changes_nothing(self, bearer, put):
        put(bearer, SMSMfaSettings=LIKED)

        put(bearer, EmailMfaSettings=ON)
        put(bearer)

        assert settings(bearer) == ((SMS, EMAIL), SMS)

    def test_another_one_is_preferred_in_its_place(self, bearer, put):
        put(bearer, SMSMfaSettings=LIKED)

        put(bearer, EmailMfaSettings=LIKED)

        assert settings(bearer) == ((SMS, EMAIL), EMAIL)

    def test_one_is_preferred_no_longer(self, bearer, put):
        put(bearer, SMSMfaSettings=LIKED)

        put(bearer, SMSMfaSettings={"Enabled": True, "PreferredMfa": False})

        assert settings(bearer) == ((SMS,), None)

    def test_one_that_is_switched_off_is_preferred_no_longer_and_the_list_goes_with_the_last(self, bearer, put):
        put(bearer, SMSMfaSettings=LIKED, EmailMfaSettings=ON)

        put(bearer, SMSMfaSettings=OFF)
        assert settings(bearer) == ((EMAIL,), None)
        put(bearer, EmailMfaSettings={})

        assert settings(bearer) == (("-",), None)
        assert bearer.stored().mfa is None

    def test_the_old_form_goes_with_codes_by_sms(self, bearer, put):
        bearer.call("SetUserSettings", MFAOptions=[{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}])

        put(bearer, SMSMfaSettings=OFF)

        assert "MFAOptions" not in bearer.call("GetUser")

    @pytest.mark.parametrize(
        "blocks",
        [
            {"SMSMfaSettings": LIKED, "EmailMfaSettings": LIKED},
            {"SMSMfaSettings": {"Enabled": False, "PreferredMfa": True}},
            {"SMSMfaSettings": {"PreferredMfa": True}},
        ],
        ids=["two", "off", "silent"],
    )
    def test_what_contradicts_itself_is_refused(self, bearer, put, blocks):
        with refused(INVALID):
            put(bearer, **blocks)
        assert settings(bearer) == (("-",), None)

    def test_the_same_again_writes_nothing(self, bearer, put):
        put(bearer, SMSMfaSettings=LIKED)
        before = bearer.stored().version

        put(bearer, SMSMfaSettings=LIKED)

        assert bearer.stored().version == before


class TestMeans:
    TOLD = "User does not have delivery config set to turn on "

    def test_codes_by_sms_need_a_phone_number(self, bare):
        with refused(INVALID, "User does not have a phone_number set to turn on SMS MFA"):
            by_user(bare, SMSMfaSettings=ON)
        with refused(INVALID, self.TOLD + SMS):
            by_administrator(bare, SMSMfaSettings=ON)

    def test_codes_by_email_need_an_address(self, bare):
        with refused(INVALID, "User does not have an email set to turn on Email MFA"):
            by_user(bare, EmailMfaSettings=ON)
        with refused(INVALID, self.TOLD + EMAIL):
            by_administrator(bare, EmailMfaSettings=ON)

    def test_codes_of_an_app_need_an_app(self, bare):
        with refused(INVALID, "User has not set up software token mfa"):
            by_user(bare, SoftwareTokenMfaSettings=ON)
        with refused(INVALID, self.TOLD + METHOD):
            by_administrator(bare, SoftwareTokenMfaSettings=ON)

    def test_that_was_proved(self, bare, put):
        associated(bare)

        with refused(INVALID, "User has not verified software token mfa"):
            put(bare, SoftwareTokenMfaSettings=LIKED)

    def test_with_it_they_are_switched_on(self, bare, put):
        equipped(bare)

        put(bare, SoftwareTokenMfaSettings=LIKED)

        assert settings(bare) == ((METHOD,), METHOD)

    def test_what_is_switched_off_needs_nothing(self, bare, put):
        put(bare, SMSMfaSettings=OFF, EmailMfaSettings=OFF, SoftwareTokenMfaSettings=OFF, WebAuthnMfaSettings=OFF)

        assert settings(bare) == (("-",), None)

    def test_one_that_cannot_be_switched_on_leaves_the_others_alone(self, bearer, put):
        with refused(INVALID):
            put(bearer, SMSMfaSettings=LIKED, SoftwareTokenMfaSettings=ON)

        assert settings(bearer) == (("-",), None)

    def test_a_method_that_the_pool_does_not_offer_is_named(self, cognito, put):
        bearer = Bearer(cognito).another(phone_number="+15550100")
        allow(cognito, bearer.pool)

        with refused(INVALID, "The user pool does not offer SMS_MFA as an MFA method."):
            put(bearer, SMSMfaSettings=ON)
        put(bearer, SMSMfaSettings=OFF)


class TestPasskey:
    def test_counts_as_both_factors_beside_another_method(self, bearer, put):
        register_passkey(bearer)

        put(bearer, SMSMfaSettings=ON, WebAuthnMfaSettings=ON)
        assert bearer.stored().mfa == {"enabled": [SMS], "passkey": True}
        put(bearer, WebAuthnMfaSettings=OFF)

        assert bearer.stored().mfa == {"enabled": [SMS]}

    def test_is_not_shown_among_the_methods(self, bearer, put):
        register_passkey(bearer)

        put(bearer, SMSMfaSettings=ON, WebAuthnMfaSettings=ON)

        assert settings(bearer) == ((SMS,), None)

    def test_needs_another_method(self, bearer, put):
        register_passkey(bearer)
        sentence = "Passkeys count as MFA only beside another MFA method that is enabled."

        with refused(INVALID, sentence):
            put(bearer, WebAuthnMfaSettings=ON)
        put(bearer, SMSMfaSettings=ON)
        with refused(INVALID, sentence):
            put(bearer, SMSMfaSettings=OFF, WebAuthnMfaSettings=ON)

    def test_goes_with_the_last_other_method(self, bearer, put):
        register_passkey(bearer)
        put(bearer, SMSMfaSettings=ON, WebAuthnMfaSettings=ON)

        put(bearer, SMSMfaSettings=OFF)

        assert bearer.stored().mfa is None

    def test_needs_a_passkey(self, bearer, put):
        with refused(INVALID, "User has not registered a passkey"):
            put(bearer, SMSMfaSettings=ON, WebAuthnMfaSettings=ON)

    def test_needs_a_pool_that_has_them_unlocked(self, cognito, put):
        bearer = Bearer(cognito)
        allow(cognito, bearer.pool)
        equipped(bearer)
        register_passkey(bearer)

        with refused(
            INVALID, f"Passkeys count as MFA only where FactorConfiguration is {UNLOCKED['FactorConfiguration']}."
        ):
            put(bearer, SoftwareTokenMfaSettings=ON, WebAuthnMfaSettings=ON)


class TestStrangers:
    def test_a_junk_token_sets_nothing(self, cognito):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.call("SetUserMFAPreference", AccessToken="junk", SMSMfaSettings=OFF)

    def test_nobody_is_not_found(self, shared):
        with refused("UserNotFoundException"):
            shared.cognito.call("AdminSetUserMFAPreference", UserPoolId=shared.pool, Username=a_name())

    def test_an_old_token_drops_nothing_once_a_reset_is_wanted(self, bearer):
        switched_on(bearer)
        bearer.admin("AdminResetUserPassword")

        with refused("PasswordResetRequiredException"):
            by_user(bearer, SoftwareTokenMfaSettings=OFF)
        assert bearer.stored().mfa["enabled"] == [METHOD]


class TestAtOnce:
    def test_no_change_is_lost(self, bearer):
        equipped(bearer)
        blocks = ["SMSMfaSettings", "EmailMfaSettings", "SoftwareTokenMfaSettings", "SMSMfaSettings"] * 2

        outcomes = contest(bearer.pool, *[lambda block=block: by_user(bearer, **{block: ON}) for block in blocks])

        assert codes(outcomes) == set()
        done = {blocks[place] for place in winners(outcomes)}
        names = {"SMSMfaSettings": SMS, "EmailMfaSettings": EMAIL, "SoftwareTokenMfaSettings": METHOD}
        assert set(settings(bearer)[0]) == {names[block] for block in done}
