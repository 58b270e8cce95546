"""What a setting is when it was left out."""

import pytest

from chalicelib.rules import defaults

CLASSES = ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols")


class TestPolicies:
    def test_demand_all_classes_when_nothing_was_given(self):
        policies = defaults.policies({}, 7)

        assert policies == {
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        }

    def test_demand_only_the_classes_that_a_given_policy_names(self):
        policy = defaults.policies({"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True}}, 7)[
            "PasswordPolicy"
        ]

        assert policy["MinimumLength"] == 12
        assert {member for member in CLASSES if policy[member]} == {"RequireNumbers"}

    def test_demand_nothing_when_an_empty_policy_was_given(self):
        policy = defaults.policies({"PasswordPolicy": {}}, 7)["PasswordPolicy"]

        assert not any(policy[member] for member in CLASSES)

    @pytest.mark.parametrize(("given", "shown"), [(5, 5), (0, None)])
    def test_show_a_history_that_is_kept(self, given, shown):
        policy = defaults.policies({"PasswordPolicy": {"PasswordHistorySize": given}}, 7)["PasswordPolicy"]

        assert policy.get("PasswordHistorySize") == shown

    def test_keep_given_first_factors(self):
        given = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}

        assert defaults.policies(given, 7)["SignInPolicy"] == given["SignInPolicy"]

    def test_never_hand_out_the_shared_list(self):
        defaults.policies({}, 7)["SignInPolicy"]["AllowedFirstAuthFactors"].append("EMAIL_OTP")

        assert defaults.policies({}, 7)["SignInPolicy"]["AllowedFirstAuthFactors"] == ["PASSWORD"]


class TestTemporaryDays:
    @pytest.mark.parametrize(
        ("newer", "older", "days"), [(None, None, 7), (3, None, 3), (None, 4, 4), (0, None, 7), (None, 0, 7), (5, 5, 5)]
    )
    def test_come_from_either_member(self, newer, older, days):
        policy = {} if newer is None else {"TemporaryPasswordValidityDays": newer}
        config = {} if older is None else {"UnusedAccountValidityDays": older}

        given = {"Policies": {"PasswordPolicy": policy}, "AdminCreateUserConfig": config}

        assert defaults.temporary_days(given) == days


class TestVerificationTemplate:
    def test_confirms_with_a_code(self):
        assert defaults.verification_template({}) == {"DefaultEmailOption": "CONFIRM_WITH_CODE"}

    def test_takes_the_older_members(self):
        given = {
            "EmailVerificationMessage": "code {####}",
            "EmailVerificationSubject": "subject",
            "SmsVerificationMessage": "sms {####}",
        }

        template = defaults.verification_template(given)

        assert template == {
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            "EmailMessage": "code {####}",
            "EmailSubject": "subject",
            "SmsMessage": "sms {####}",
        }
        assert defaults.older_spellings(template) == given

    def test_prefers_the_newer_member(self):
        given = {
            "EmailVerificationMessage": "older {####}",
            "VerificationMessageTemplate": {"EmailMessage": "newer {####}", "DefaultEmailOption": "CONFIRM_WITH_LINK"},
        }

        template = defaults.verification_template(given)

        assert template == {"EmailMessage": "newer {####}", "DefaultEmailOption": "CONFIRM_WITH_LINK"}


class TestSmallerBlocks:
    def test_admin_create_user_shows_the_days_of_the_password_policy(self):
        assert defaults.admin_create_user({"UnusedAccountValidityDays": 0}, 7) == {
            "AllowAdminCreateUserOnly": False,
            "UnusedAccountValidityDays": 7,
        }

    def test_email_is_sent_by_the_stage(self):
        assert defaults.email({"From": "a@b.example"}) == {
            "EmailSendingAccount": "COGNITO_DEFAULT",
            "From": "a@b.example",
        }

    def test_acr_names_all_four_levels(self):
        names = defaults.acr({"Level2": {"AcrValue": "two"}})

        assert [level["AcrValue"] for level in names.values()] == [
            "urn:cognito:loa:1",
            "two",
            "urn:cognito:loa:3",
            "urn:cognito:loa:4",
        ]

    def test_registration_is_on_by_being_there(self):
        assert defaults.registration({"OpenDcrGrantTypes": []}) == {
            "EnableStatus": "Enabled",
            "OpenDcrEnabled": False,
            "AuthenticatedGrantTypes": ["code", "client_credentials"],
            "OpenDcrGrantTypes": [],
        }

    def test_a_passkey_is_one_factor(self):
        assert defaults.passkey({"UserVerification": "required"}) == {
            "UserVerification": "required",
            "FactorConfiguration": "SINGLE_FACTOR",
        }


class TestClient:
    def test_shows_what_the_service_shows(self):
        assert defaults.client({"ClientName": "web", "AuthSessionValidity": 5}) == {
            "ClientName": "web",
            "RefreshTokenValidity": 30,
            "TokenValidityUnits": {},
            "AllowedOAuthFlowsUserPoolClient": False,
            "EnableTokenRevocation": True,
            "EnablePropagateAdditionalUserContextData": False,
            "AuthSessionValidity": 5,
        }

    def test_has_units_of_its_own(self):
        defaults.client({})["TokenValidityUnits"]["AccessToken"] = "days"

        assert defaults.client({})["TokenValidityUnits"] == {}
