"""The settings of a user pool."""

import pytest

from chalicelib.errors import InvalidParameterException, UserPoolTaggingException
from chalicelib.rules import pool_settings

NOW, LATER = 1700000000.1234, 1700000999.0
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
OTHER_ARN = "arn:aws:lambda:us-east-1:123456789012:function:g"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}


def document(**given):
    return pool_settings.created({"PoolName": "demo"} | given, NOW)[0]


def updated(before, given, mfa=None):
    return pool_settings.updated(before, mfa or {}, given, LATER)[0]


def sentence(**given):
    with pytest.raises(InvalidParameterException) as refusal:
        document(**given)
    return refusal.value.message


class TestCreated:
    def test_fills_in_what_the_service_fills_in(self):
        made = document()

        del made["SchemaAttributes"]
        assert made == {
            "Name": "demo",
            "CreationDate": 1700000000.123,
            "LastModifiedDate": 1700000000.123,
            "Policies": {
                "PasswordPolicy": {
                    "MinimumLength": 8,
                    "RequireUppercase": True,
                    "RequireLowercase": True,
                    "RequireNumbers": True,
                    "RequireSymbols": True,
                    "TemporaryPasswordValidityDays": 7,
                },
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
            },
            "DeletionProtection": "INACTIVE",
            "LambdaConfig": {},
            "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
            "MfaConfiguration": "OFF",
            "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
            "UserPoolTags": {},
            "UserPoolTier": "ESSENTIALS",
        }

    def test_keeps_what_was_given(self):
        given = {
            "AutoVerifiedAttributes": ["email"],
            "AliasAttributes": ["email"],
            "UsernameConfiguration": {"CaseSensitive": False},
            "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True},
            "UserPoolTags": {"k": "v"},
            "UserPoolTier": "LITE",
            "IssuerConfiguration": {"Type": "UPDATED"},
            "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
        }

        made = document(**given)

        assert {member: made[member] for member in given} == given

    def test_leaves_out_empty_lists(self):
        made = document(AutoVerifiedAttributes=[], AliasAttributes=[], UsernameAttributes=["email"])

        assert "AutoVerifiedAttributes" not in made
        assert "AliasAttributes" not in made

    def test_completes_dynamic_registration(self):
        assert document(DcrConfiguration={})["DcrConfiguration"]["EnableStatus"] == "Enabled"

    def test_refuses_two_kinds_of_sign_in_names(self):
        assert sentence(AliasAttributes=["email"], UsernameAttributes=["email"]) == (
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."
        )

    @pytest.mark.parametrize("mode", ["ON", "OPTIONAL"])
    def test_refuses_mfa_without_a_sender_of_sms(self, mode):
        assert sentence(MfaConfiguration=mode) == (
            "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
        )

    def test_makes_sms_the_method_where_mfa_is_asked_for(self):
        given = {"PoolName": "demo", "MfaConfiguration": "ON", "SmsConfiguration": SMS}

        assert pool_settings.created(given, NOW)[1] == {"SmsMfaConfiguration": {}}

    def test_refuses_to_verify_phone_numbers_without_a_sender(self):
        assert "SmsConfiguration" in sentence(AutoVerifiedAttributes=["phone_number"])
        assert document(AutoVerifiedAttributes=["phone_number"], SmsConfiguration=SMS)

    @pytest.mark.parametrize(
        "sms", [{"ExternalId": "x"}, {"SnsCallerArn": ""}, SMS | {"EumsSms": {"CallerArn": ARN}}], ids=str
    )
    def test_refuses_a_sender_that_is_none_or_two(self, sms):
        assert sentence(SmsConfiguration=sms) == "SmsConfiguration needs either SnsCallerArn or EumsSms."

    def test_refuses_first_factors_without_password(self):
        assert "PASSWORD" in sentence(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["WEB_AUTHN"]}})

    def test_refuses_a_software_token_as_first_factor(self):
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SOFTWARE_TOKEN"]}}

        assert "SOFTWARE_TOKEN" in sentence(Policies=factors)

    def test_refuses_required_mfa_beside_codes_as_first_factor(self):
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}

        assert "first factor" in sentence(Policies=factors, MfaConfiguration="ON", SmsConfiguration=SMS)
        assert document(Policies=factors, MfaConfiguration="OPTIONAL", SmsConfiguration=SMS)

    def test_refuses_two_lifetimes_of_temporary_passwords(self):
        policies = {"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}}

        assert sentence(Policies=policies, AdminCreateUserConfig={"UnusedAccountValidityDays": 4}) == (
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        )
        assert document(Policies=policies, AdminCreateUserConfig={"UnusedAccountValidityDays": 3})

    def test_takes_one_lifetime_in_two_spellings(self):
        policies = {"PasswordPolicy": {"TemporaryPasswordValidityDays": 0}}

        assert document(Policies=policies, AdminCreateUserConfig={"UnusedAccountValidityDays": 7})

    @pytest.mark.parametrize("member", ["AliasAttributes", "UsernameAttributes"])
    def test_takes_a_way_to_sign_in_that_is_named_twice_for_one(self, member):
        made = document(**{member: ["phone_number", "email", "phone_number"]})

        assert made[member] == ["phone_number", "email"]

    def test_shows_one_lifetime_in_both_places(self):
        made = document(AdminCreateUserConfig={"UnusedAccountValidityDays": 4})

        assert made["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == 4
        assert made["AdminCreateUserConfig"]["UnusedAccountValidityDays"] == 4

    def test_refuses_an_own_mail_account_without_its_arn(self):
        assert "SourceArn" in sentence(EmailConfiguration={"EmailSendingAccount": "DEVELOPER"})
        assert document(EmailConfiguration={"EmailSendingAccount": "DEVELOPER", "SourceArn": ARN})

    def test_refuses_a_key_that_it_would_not_use(self):
        key = {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1"}

        assert "AWS_OWNED_KEY" in sentence(KeyConfiguration=key)
        assert document(KeyConfiguration={"KeyType": "AWS_OWNED_KEY"})["KeyConfiguration"]

    def test_refuses_what_is_too_large_to_store(self):
        message = {"EmailMessage": "{####}" + "😀" * 19000, "EmailMessageByLink": "{##x##}" + "😀" * 19000}

        assert "too large" in sentence(VerificationMessageTemplate=message)


class TestSettingsThatExcludeEachOther:
    def test_an_alias_that_is_set_after_sign_up_is_not_required_at_it(self):
        needed = {"Name": "preferred_username", "Required": True}

        told = sentence(Schema=[needed], AliasAttributes=["preferred_username"])

        assert told == "preferred_username cannot be both a required attribute and an alias."
        assert document(Schema=[needed], AliasAttributes=["email"])["AliasAttributes"] == ["email"]
        assert document(AliasAttributes=["preferred_username"])["AliasAttributes"] == ["preferred_username"]

    @pytest.mark.parametrize("verified", [[], ["phone_number"]])
    def test_what_is_proved_before_it_changes_is_verified_by_the_pool(self, verified):
        given = {"AttributesRequireVerificationBeforeUpdate": ["email"]}

        told = sentence(AutoVerifiedAttributes=verified, SmsConfiguration=SMS, UserAttributeUpdateSettings=given)

        assert told == "AttributesRequireVerificationBeforeUpdate must be among AutoVerifiedAttributes."
        document(AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=given)


class TestInvitations:
    @pytest.mark.parametrize("member", ["EmailMessage", "SMSMessage"])
    @pytest.mark.parametrize("text", ["only {username}", "only {####}"])
    def test_must_tell_name_and_password(self, member, text):
        words = {"InviteMessageTemplate": {member: text}}

        assert member in sentence(AdminCreateUserConfig=words)

    def test_may_leave_the_password_out_where_people_get_in_without(self):
        words = {"InviteMessageTemplate": {"EmailMessage": "only {username}", "EmailSubject": "s"}}
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}

        assert document(AdminCreateUserConfig=words, Policies=factors)["AdminCreateUserConfig"] | words


class TestRecovery:
    @staticmethod
    def setting(*mechanisms):
        return {"RecoveryMechanisms": [{"Name": name, "Priority": priority} for name, priority in mechanisms]}

    def test_by_administrators_stands_alone(self):
        both = self.setting(("admin_only", 1), ("verified_email", 2))

        assert "admin_only" in sentence(AccountRecoverySetting=both)
        assert document(AccountRecoverySetting=self.setting(("admin_only", 1)))

    @pytest.mark.parametrize("second", [("verified_email", 2), ("verified_phone_number", 1)])
    def test_names_two_different_ways(self, second):
        assert "differ" in sentence(AccountRecoverySetting=self.setting(("verified_email", 1), second))

    def test_takes_two_ways_in_order(self):
        assert document(AccountRecoverySetting=self.setting(("verified_email", 1), ("verified_phone_number", 2)))


class TestAcr:
    def test_is_shown_in_full(self):
        shown = pool_settings.shown(document(AcrConfiguration={"Level1": {"AcrValue": "one"}}))

        assert shown["AcrConfiguration"]["Level1"] == {"AcrValue": "one"}
        assert shown["AcrConfiguration"]["Level4"] == {"AcrValue": "urn:cognito:loa:4"}

    def test_differs_from_the_defaults_of_other_levels(self):
        assert "ACR" in sentence(AcrConfiguration={"Level1": {"AcrValue": "urn:cognito:loa:2"}})


class TestTags:
    def test_are_at_most_fifty(self):
        with pytest.raises(UserPoolTaggingException):
            document(UserPoolTags={f"k{number}": "v" for number in range(51)})

    @pytest.mark.parametrize("name", ["aws:x", "AWS:x"])
    def test_do_not_begin_like_those_of_aws(self, name):
        with pytest.raises(UserPoolTaggingException):
            document(UserPoolTags={name: "v"})


class TestTriggers:
    def test_are_named_once_each(self):
        config = {"PreSignUp": ARN, "PreTokenGeneration": ARN, "CustomSMSSender": {"LambdaArn": ARN}, "KMSKeyID": ARN}

        assert pool_settings.triggers(document(LambdaConfig=config)) == {
            "PreSignUp",
            "PreTokenGeneration",
            "CustomSMSSender",
        }

    def test_of_tokens_show_in_both_members(self):
        older = document(LambdaConfig={"PreTokenGeneration": ARN})["LambdaConfig"]
        newer = document(LambdaConfig={"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": ARN}})

        assert older["PreTokenGenerationConfig"] == {"LambdaVersion": "V1_0", "LambdaArn": ARN}
        assert newer["LambdaConfig"]["PreTokenGeneration"] == ARN

    def test_of_tokens_name_one_function(self):
        config = {
            "PreTokenGeneration": ARN,
            "PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": OTHER_ARN},
        }

        assert "same function" in sentence(LambdaConfig=config)

    @pytest.mark.parametrize("name", ["CustomSMSSender", "CustomEmailSender"])
    def test_that_send_need_a_key(self, name):
        assert "KMSKeyID" in sentence(LambdaConfig={name: {"LambdaVersion": "V1_0", "LambdaArn": ARN}})
