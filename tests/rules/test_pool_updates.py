"""What becomes of the settings of a user pool that is there."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import pool_settings

NOW, LATER = 1700000000.1234, 1700000999.0
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}


def document(**given):
    return pool_settings.created({"PoolName": "demo"} | given, NOW)[0]


def updated(before, given):
    return pool_settings.updated(before, {}, given, LATER)[0]


class TestUpdated:
    def test_returns_what_was_left_out_to_its_default(self):
        before = document(
            AutoVerifiedAttributes=["email"],
            LambdaConfig={"PreSignUp": ARN},
            Policies={"PasswordPolicy": {"MinimumLength": 20}},
            UserPoolTags={"k": "v"},
            AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
        )

        after = updated(before, {})

        assert after == document() | {"LastModifiedDate": LATER}

    def test_keeps_what_an_update_does_not_reset(self):
        kept = {
            "UserPoolTier": "PLUS",
            "DeletionProtection": "ACTIVE",
            "SmsConfiguration": SMS,
            "IssuerConfiguration": {"Type": "ORIGINAL"},
            "DcrConfiguration": {"EnableStatus": "Disabled"},
            "UsernameAttributes": ["email"],
            "Schema": [{"Name": "x", "AttributeDataType": "String"}],
        }
        before = document(**kept)

        assert updated(before, {}) == before | {"LastModifiedDate": LATER}

    def test_keeps_the_domains_whatever_is_given(self):
        before = document() | {"Domain": "demo", "CustomDomain": "auth.example.com"}

        after = updated(before, {"Domain": "other", "CustomDomain": "other.example.com"})

        assert (after["Domain"], after["CustomDomain"]) == ("demo", "auth.example.com")

    @pytest.mark.parametrize("given", [{}, {"SnsCallerArn": ""}, {"ExternalId": "x"}], ids=str)
    def test_never_removes_the_sender_of_sms(self, given):
        with pytest.raises(InvalidParameterException, match="either SnsCallerArn or EumsSms"):
            updated(document(SmsConfiguration=SMS), {"SmsConfiguration": given})

    def test_changes_the_sender_of_sms(self):
        eums = {"EumsSms": {"CallerArn": ARN}}

        assert updated(document(SmsConfiguration=SMS), {"SmsConfiguration": eums})["SmsConfiguration"] == eums

    def test_renames_the_pool(self):
        assert updated(document(), {"PoolName": "new"})["Name"] == "new"

    def test_takes_back_what_was_described(self):
        before = document(EmailVerificationMessage="code {####}", LambdaConfig={"PreTokenGeneration": ARN})
        shown = pool_settings.shown(before)

        after = updated(before, {member: value for member, value in shown.items() if member not in ("Name",)})

        assert pool_settings.shown(after) == shown | {"LastModifiedDate": LATER}

    def test_keeps_the_methods_of_mfa(self):
        mfa = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}

        after, methods = pool_settings.updated(document(), mfa, {"MfaConfiguration": "OPTIONAL"}, LATER)

        assert (after["MfaConfiguration"], methods) == ("OPTIONAL", mfa)


class TestShown:
    def test_repeats_the_template_in_the_older_members(self):
        words = {"EmailMessage": "a {####}", "EmailSubject": "b", "SmsMessage": "c {####}"}

        shown = pool_settings.shown(document(VerificationMessageTemplate=words))

        assert shown["EmailVerificationMessage"] == "a {####}"
        assert shown["EmailVerificationSubject"] == "b"
        assert shown["SmsVerificationMessage"] == "c {####}"

    def test_is_short_in_a_list(self):
        assert pool_settings.summary(document()) == {
            "Name": "demo",
            "LambdaConfig": {},
            "CreationDate": 1700000000.123,
            "LastModifiedDate": 1700000000.123,
        }


class TestWithAttributes:
    def test_adds_to_the_schema_and_to_nothing_else(self):
        before = document()

        after = pool_settings.with_attributes(before, [{"Name": "x", "AttributeDataType": "String"}], LATER)

        assert after["SchemaAttributes"][-1]["Name"] == "custom:x"
        assert after | {"SchemaAttributes": before["SchemaAttributes"]} == before | {"LastModifiedDate": LATER}


class TestRefuseDeletion:
    def test_protects_a_pool_that_says_so(self):
        with pytest.raises(InvalidParameterException) as refusal:
            pool_settings.refuse_deletion(document(DeletionProtection="ACTIVE"))

        assert refusal.value.message == (
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )

    @pytest.mark.parametrize("member", ["Domain", "CustomDomain"])
    def test_protects_a_pool_that_a_domain_leads_to(self, member):
        with pytest.raises(InvalidParameterException) as refusal:
            pool_settings.refuse_deletion(document() | {member: "demo"})

        assert refusal.value.message == (
            "User pool cannot be deleted. It has a domain configured that should be deleted first."
        )

    def test_lets_others_go(self):
        pool_settings.refuse_deletion(document())
