"""GetUserAuthFactors and AdminGetUserAuthFactors: with what a user can sign in."""

import pytest

from chalicelib.table import store
from chalicelib.table.factors import Passkey
from chalicelib.table.items import Password
from tests.application import Cognito
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import a_name, refused
from tests.token_app import METHOD, TOKENS, allow, associated, equipped, switched_on

ADDRESSES = {"email": "tess@example.com", "phone_number": "+15550100"}
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": BY_SMS_TOO["SmsConfiguration"]}}
WITHOUT_PASSWORD = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]


@pytest.fixture(scope="module")
def shared(application):
    bearer = Bearer(Cognito(*application))
    allow(bearer.cognito, bearer.pool)
    return bearer


@pytest.fixture(scope="module")
def every_way(application):
    """A pool in which one can begin with anything."""
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": WITHOUT_PASSWORD}}
    bearer = Bearer(Cognito(*application), **BY_SMS_TOO, Policies=policies)
    allow(bearer.cognito, bearer.pool)
    return bearer


def factors(bearer):
    """The answer, which is the same to both callers."""
    own, told = bearer.call("GetUserAuthFactors"), bearer.admin("AdminGetUserAuthFactors")
    assert own == told
    return own


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


class TestFactors:
    def test_of_a_plain_user_the_password_is_the_only_one(self, shared):
        bearer = shared.another(**ADDRESSES)

        assert factors(bearer) == {"Username": bearer.name, "ConfiguredUserAuthFactors": ["PASSWORD"]}

    def test_addresses_count_where_one_can_begin_with_their_codes(self, every_way):
        assert factors(every_way.another(**ADDRESSES))["ConfiguredUserAuthFactors"] == [
            "PASSWORD",
            "EMAIL_OTP",
            "SMS_OTP",
        ]
        alone = every_way.another(email="tess@example.com")
        assert factors(alone)["ConfiguredUserAuthFactors"] == ["PASSWORD", "EMAIL_OTP"]

    def test_or_where_their_codes_are_second_factors(self, cognito):
        bearer = Bearer(cognito, **BY_SMS_TOO).another(**ADDRESSES)
        assert factors(bearer)["ConfiguredUserAuthFactors"] == ["PASSWORD"]

        allow(cognito, bearer.pool, **SMS)

        assert factors(bearer)["ConfiguredUserAuthFactors"] == ["PASSWORD", "SMS_OTP"]

    def test_a_passkey_counts_where_the_pool_takes_them(self, shared, every_way):
        for bearer, expected in ((shared.another(), []), (every_way.another(), ["EMAIL_OTP", "WEB_AUTHN"])):
            register_passkey(bearer)

            assert factors(bearer)["ConfiguredUserAuthFactors"] == ["PASSWORD", *expected]

    def test_an_app_counts_once_it_was_proved(self, shared):
        bearer = shared.another()
        associated(bearer)
        assert factors(bearer)["ConfiguredUserAuthFactors"] == ["PASSWORD"]

        equipped(bearer)

        assert factors(bearer)["ConfiguredUserAuthFactors"] == ["PASSWORD", "SOFTWARE_TOKEN"]

    def test_the_settings_of_mfa_are_told_too(self, shared):
        bearer = shared.another()

        switched_on(bearer)

        found = factors(bearer)
        assert (found["PreferredMfaSetting"], found["UserMFASettingList"]) == (METHOD, [METHOD])

    def test_an_app_counts_no_longer_when_the_pool_takes_none(self, cognito):
        bearer = Bearer(cognito, **BY_SMS_TOO)
        allow(cognito, bearer.pool, **TOKENS)
        switched_on(bearer)

        allow(cognito, bearer.pool, **SMS)

        assert "SOFTWARE_TOKEN" not in factors(bearer)["ConfiguredUserAuthFactors"]

    def test_a_user_without_password_has_none(self, every_way):
        bearer = every_way.another(**ADDRESSES)

        store.together(store.Remove(Password.at(pool=bearer.pool, sub=bearer.sub)))

        assert factors(bearer)["ConfiguredUserAuthFactors"] == ["EMAIL_OTP", "SMS_OTP"]


class TestStrangers:
    def test_a_junk_token_learns_nothing(self, cognito):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.call("GetUserAuthFactors", AccessToken="junk")

    def test_nobody_is_not_found(self, shared):
        with refused("UserNotFoundException"):
            shared.cognito.call("AdminGetUserAuthFactors", UserPoolId=shared.pool, Username=a_name())

    def test_a_user_of_another_pool_is_nobody(self, shared, every_way):
        with refused("UserNotFoundException"):
            shared.cognito.call("AdminGetUserAuthFactors", UserPoolId=every_way.pool, Username=shared.name)
