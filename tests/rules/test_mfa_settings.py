"""The MFA and passkey settings of a pool."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import mfa_settings, pool_settings

ARN = "arn:aws:ses:us-east-1:123456789012:identity/a@b.example"
SENDER = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
OWN_MAIL = {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "SourceArn": ARN}}


def document(**given):
    return pool_settings.created({"PoolName": "demo"} | given, 0)[0]


def changed(given, mfa=None, **pool):
    return mfa_settings.changed(document(**pool), mfa or {}, given)


def sentence(given, **pool):
    with pytest.raises(InvalidParameterException) as refusal:
        changed(given, **pool)
    return refusal.value.message


class TestChanged:
    def test_sets_mode_and_method(self):
        after, mfa = changed({"MfaConfiguration": "OPTIONAL"} | TOTP)

        assert after["MfaConfiguration"] == "OPTIONAL"
        assert mfa_settings.shown(after, mfa) == {"MfaConfiguration": "OPTIONAL"} | TOTP

    def test_takes_the_sms_sender_for_the_whole_pool(self):
        sms = {"SmsConfiguration": SENDER, "SmsAuthenticationMessage": "mfa {####}"}

        after, mfa = changed({"MfaConfiguration": "ON", "SmsMfaConfiguration": sms})

        assert after["SmsConfiguration"] == SENDER
        assert after["SmsAuthenticationMessage"] == "mfa {####}"
        assert mfa_settings.shown(after, mfa) == {"MfaConfiguration": "ON", "SmsMfaConfiguration": sms}

    def test_returns_the_sms_text_to_its_default(self):
        given = {"MfaConfiguration": "ON", "SmsMfaConfiguration": {"SmsConfiguration": SENDER}}

        after, _ = changed(given, SmsAuthenticationMessage="mfa {####}")

        assert "SmsAuthenticationMessage" not in after

    def test_replaces_the_methods_before(self):
        given = {"MfaConfiguration": "ON", "SmsMfaConfiguration": {"SmsConfiguration": SENDER}}

        after, mfa = changed(given, mfa=TOTP)

        assert mfa_settings.methods(after, mfa) == {"SMS_MFA"}

    def test_switches_everything_off(self):
        after, mfa = changed({"MfaConfiguration": "OFF"}, mfa=TOTP)

        assert mfa == {}
        assert mfa_settings.methods(after, mfa) == set()

    def test_takes_a_method_that_is_off_for_none(self):
        after, _ = changed({"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {"Enabled": False}})

        assert after["MfaConfiguration"] == "OFF"

    def test_leaves_the_settings_it_was_given_alone(self):
        before = document()

        mfa_settings.changed(before, {}, {"MfaConfiguration": "ON"} | TOTP)

        assert before == document()

    def test_needs_a_mode(self):
        assert sentence(TOTP) == "[MfaConfiguration] must be one of 'ON', 'OFF', or 'OPTIONAL'."

    @pytest.mark.parametrize("method", [{}, {"SoftwareTokenMfaConfiguration": {"Enabled": False}}])
    def test_needs_a_method(self, method):
        assert sentence({"MfaConfiguration": "ON"} | method) == (
            "At least one of [SmsMfaConfiguration] or [SoftwareTokenMfaConfiguration] must be provided."
        )

    def test_needs_a_sender_of_sms(self):
        assert sentence({"MfaConfiguration": "ON", "SmsMfaConfiguration": {}}) == (
            "[SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration]."
        )

    def test_needs_one_sender_of_sms(self):
        assert "either" in sentence({"MfaConfiguration": "ON", "SmsMfaConfiguration": {"SmsConfiguration": {}}})

    def test_cannot_be_off_with_a_method(self):
        assert sentence({"MfaConfiguration": "OFF"} | TOTP) == (
            "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
        )

    def test_cannot_be_required_beside_codes_as_first_factor(self):
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SMS_OTP"]}}

        assert "first factor" in sentence({"MfaConfiguration": "ON"} | TOTP, Policies=factors)

    def test_is_bounded_together_with_the_pool(self):
        template = {"EmailMessage": "{####}" + "😀" * 19_000}
        mail = {"Message": "{####}" + "😀" * 19_000}

        given = {"MfaConfiguration": "ON", "EmailMfaConfiguration": mail}

        assert "too large" in sentence(given, VerificationMessageTemplate=template, **OWN_MAIL)


class TestEmailMfa:
    GIVEN = {"MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": {"Subject": "s"}}

    def test_is_offered_with_an_own_mail_account(self):
        after, mfa = changed(self.GIVEN, **OWN_MAIL)

        assert mfa_settings.methods(after, mfa) == {"EMAIL_OTP"}
        assert mfa_settings.shown(after, mfa) == self.GIVEN

    def test_needs_an_own_mail_account(self):
        assert "DEVELOPER" in sentence(self.GIVEN)

    def test_cannot_stand_beside_recovery_by_mail_alone(self):
        recovery = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}

        assert "recovery" in sentence(self.GIVEN, AccountRecoverySetting=recovery, **OWN_MAIL)

    def test_stands_beside_recovery_by_two_ways(self):
        ways = [{"Name": "verified_email", "Priority": 1}, {"Name": "verified_phone_number", "Priority": 2}]

        assert changed(self.GIVEN, AccountRecoverySetting={"RecoveryMechanisms": ways}, **OWN_MAIL)

    def test_is_not_taken_from_a_pool_by_changing_its_mail_account(self):
        after, mfa = changed(self.GIVEN, **OWN_MAIL)

        with pytest.raises(InvalidParameterException, match="DEVELOPER"):
            pool_settings.updated(after, mfa, {"MfaConfiguration": "OPTIONAL"}, 0)


class TestPasskeys:
    def test_are_set_alone(self):
        _, mfa = changed({"WebAuthnConfiguration": {"RelyingPartyId": "auth.example.com"}}, mfa=TOTP)

        assert mfa == TOTP | {
            "WebAuthnConfiguration": {
                "RelyingPartyId": "auth.example.com",
                "UserVerification": "preferred",
                "FactorConfiguration": "SINGLE_FACTOR",
            }
        }

    def test_stay_when_mfa_is_changed(self):
        passkeys = {"WebAuthnConfiguration": {"RelyingPartyId": "localhost"}}

        after, mfa = changed({"MfaConfiguration": "OFF"}, mfa=passkeys)

        assert mfa_settings.shown(after, mfa) == {"MfaConfiguration": "OFF"} | passkeys

    def test_need_no_domain(self):
        assert changed({"WebAuthnConfiguration": {"UserVerification": "required"}})

    @pytest.mark.parametrize("host", ["com", "Example.com", "https://example.com", "a..b", "1.2.3.4", "", "-a.com"])
    def test_are_refused_for_what_is_no_domain(self, host):
        assert "RelyingPartyId" in sentence({"WebAuthnConfiguration": {"RelyingPartyId": host}})


class TestShown:
    def test_says_off_for_a_fresh_pool(self):
        assert mfa_settings.shown(document(), {}) == {"MfaConfiguration": "OFF"}

    def test_hides_methods_that_rest(self):
        assert mfa_settings.shown(document(), TOTP) == {"MfaConfiguration": "OFF"}


class TestImplied:
    def test_keeps_a_chosen_method(self):
        optional = document() | {"MfaConfiguration": "OPTIONAL", "SmsConfiguration": SENDER}

        assert mfa_settings.implied(optional, TOTP) == TOTP

    def test_means_sms_where_none_was_chosen(self):
        optional = document() | {"MfaConfiguration": "OPTIONAL", "SmsConfiguration": SENDER}

        assert mfa_settings.methods(optional, mfa_settings.implied(optional, {})) == {"SMS_MFA"}
