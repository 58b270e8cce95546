"""boto3 as the administrator of a directory: what is kept beside users and groups, from secrets to certificates."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509

from tests.clients import page
from tests.clients.application import Application, refusal
from tests.clients.pictures import png, size_in_browser
from tests.clients.running import FLOWS, NEW_PASSWORD, PASSWORD, Pool

pytestmark = pytest.mark.clients


LOGO = png(7, 5)


def unverified(token: str) -> dict[str, Any]:
    """The claims of a token that came straight from the service."""
    content: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return content


@pytest.fixture
def client(cognito: Any, pool: Pool) -> dict[str, str]:
    """The names of a client of a test's own."""
    made = cognito.create_user_pool_client(UserPoolId=pool.id, ClientName="own")["UserPoolClient"]
    return {"UserPoolId": pool.id, "ClientId": made["ClientId"]}


class TestSecrets:
    def test_one_takes_over_from_another_without_an_outage(self, cognito, public, pool, user) -> None:
        name = user("rotated")
        made = cognito.create_user_pool_client(
            UserPoolId=pool.id, ClientName="rotated", GenerateSecret=True, ExplicitAuthFlows=FLOWS
        )["UserPoolClient"]
        place = {"UserPoolId": pool.id, "ClientId": made["ClientId"]}
        old = Application(public, made["ClientId"], made["ClientSecret"])
        (first,) = cognito.list_user_pool_client_secrets(**place)["ClientSecrets"]

        added = cognito.add_user_pool_client_secret(**place)["ClientSecretDescriptor"]
        new = Application(public, made["ClientId"], added["ClientSecretValue"])
        tokens = old.sign_in(name, PASSWORD)
        assert new.sign_in(name, PASSWORD)["AccessToken"]
        assert new.refresh(name, tokens["RefreshToken"])["AccessToken"]
        assert refusal(cognito.add_user_pool_client_secret, **place) == "LimitExceededException"
        cognito.delete_user_pool_client_secret(**place, ClientSecretId=first["ClientSecretId"])

        assert refusal(old.sign_in, name, PASSWORD) == "NotAuthorizedException"
        assert new.sign_in(name, PASSWORD)["AccessToken"]
        (left,) = cognito.list_user_pool_client_secrets(**place)["ClientSecrets"]
        assert left["ClientSecretId"] == added["ClientSecretId"]
        last = {**place, "ClientSecretId": left["ClientSecretId"]}
        assert refusal(cognito.delete_user_pool_client_secret, **last) == "InvalidParameterException"

    def test_one_of_the_operator_s_own_is_not_told_again(self, cognito, public, pool, user) -> None:
        own = "own" * 10
        added = cognito.add_user_pool_client_secret(UserPoolId=pool.id, ClientId=pool.server_client, ClientSecret=own)[
            "ClientSecretDescriptor"
        ]

        assert "ClientSecretValue" not in added
        assert Application(public, pool.server_client, own).sign_in(user("owner"), PASSWORD)["AccessToken"]


class TestAttributes:
    def test_an_administrator_sets_and_deletes_them(self, cognito, pool, user) -> None:
        place = {"UserPoolId": pool.id, "Username": user("kept")}
        given = [{"Name": "nickname", "Value": "K"}, {"Name": "birthdate", "Value": "1990-01-31"}]

        cognito.admin_update_user_attributes(**place, UserAttributes=given)
        cognito.admin_delete_user_attributes(**place, UserAttributeNames=["birthdate"])

        shown = {one["Name"]: one["Value"] for one in cognito.admin_get_user(**place)["UserAttributes"]}
        assert shown["nickname"] == "K"
        assert "birthdate" not in shown

    def test_a_client_reads_and_writes_what_it_may(self, cognito, public, pool, user) -> None:
        name = user("reader")
        made = cognito.create_user_pool_client(
            UserPoolId=pool.id,
            ClientName="narrow",
            ExplicitAuthFlows=FLOWS,
            ReadAttributes=["email"],
            WriteAttributes=["email", "name"],
        )["UserPoolClient"]
        tokens = Application(public, made["ClientId"]).sign_in(name, PASSWORD)
        change = {"AccessToken": tokens["AccessToken"]}

        public.update_user_attributes(**change, UserAttributes=[{"Name": "name", "Value": "N"}])
        forbidden = refusal(
            public.update_user_attributes, **change, UserAttributes=[{"Name": "nickname", "Value": "N"}]
        )

        assert forbidden == "NotAuthorizedException"
        shown = {one["Name"] for one in public.get_user(**change)["UserAttributes"]}
        assert "email" in shown
        assert "name" not in shown

    def test_a_group_is_in_the_tokens_from_the_next_refresh_on(self, cognito, public, pool, user) -> None:
        name = user("joiner")
        application = Application(public, pool.client)
        tokens = application.sign_in(name, PASSWORD)
        cognito.create_group(UserPoolId=pool.id, GroupName="late")
        cognito.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName="late")

        renewed = application.refresh(name, tokens["RefreshToken"])

        assert "cognito:groups" not in unverified(tokens["IdToken"])
        assert unverified(renewed["IdToken"])["cognito:groups"] == ["late"]


class TestPasswordReset:
    def test_who_is_reset_signs_in_after_choosing_another(self, latchkey, cognito, public, pool, user) -> None:
        name = user("forgetful")
        application = Application(public, pool.client)

        cognito.admin_reset_user_password(UserPoolId=pool.id, Username=name)
        sent_by_the_reset = len(latchkey.messages(name))
        refused = refusal(application.sign_in, name, PASSWORD)
        public.forgot_password(ClientId=pool.client, Username=name)
        code = latchkey.code(name)
        public.confirm_forgot_password(
            ClientId=pool.client, Username=name, ConfirmationCode=code, Password=NEW_PASSWORD
        )

        assert (sent_by_the_reset, refused) == (1, "PasswordResetRequiredException")
        assert application.sign_in(name, NEW_PASSWORD)["AccessToken"]
        assert cognito.admin_get_user(UserPoolId=pool.id, Username=name)["UserStatus"] == "CONFIRMED"


class TestResourceServers:
    def test_from_creation_to_deletion(self, cognito, client) -> None:
        place = {"UserPoolId": client["UserPoolId"], "Identifier": "https://photos.example.com/v1"}
        scopes = [{"ScopeName": "read", "ScopeDescription": "Reads"}, {"ScopeName": "print", "ScopeDescription": "P"}]
        made = cognito.create_resource_server(**place, Name="Photos", Scopes=scopes)["ResourceServer"]
        oauth = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthFlowsUserPoolClient": True}
        wanted = [f"{place['Identifier']}/read"]
        server = cognito.create_user_pool_client(
            UserPoolId=client["UserPoolId"], ClientName="s", GenerateSecret=True, AllowedOAuthScopes=wanted, **oauth
        )["UserPoolClient"]

        changed = cognito.update_resource_server(**place, Name="Pictures", Scopes=scopes[:1])["ResourceServer"]

        assert made == {**place, "Name": "Photos", "Scopes": scopes}
        assert cognito.describe_resource_server(**place)["ResourceServer"] == changed
        assert changed == {**place, "Name": "Pictures", "Scopes": scopes[:1]}
        cognito.delete_resource_server(**place)
        with pytest.raises(cognito.exceptions.ResourceNotFoundException):
            cognito.describe_resource_server(**place)
        here = {"UserPoolId": client["UserPoolId"], "ClientId": server["ClientId"]}
        assert cognito.describe_user_pool_client(**here)["UserPoolClient"]["AllowedOAuthScopes"] == wanted

    def test_a_client_has_no_scope_that_nobody_defined(self, cognito, pool) -> None:
        oauth = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthFlowsUserPoolClient": True}
        given = {"UserPoolId": pool.id, "ClientName": "s", "GenerateSecret": True, **oauth}

        code = refusal(cognito.create_user_pool_client, **given, AllowedOAuthScopes=["nowhere/read"])

        assert code == "ScopeDoesNotExistException"


class TestTerms:
    def test_from_creation_to_deletion(self, cognito, client) -> None:
        links = {"cognito:default": "https://example.com/terms", "cognito:german": "https://example.com/agb"}
        given = {**client, "TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE", "Links": links}

        made = cognito.create_terms(**given)["Terms"]
        place = {"UserPoolId": client["UserPoolId"], "TermsId": made["TermsId"]}
        described = cognito.describe_terms(**place)["Terms"]
        found = cognito.describe_terms_by_client(**client, TermsName="terms-of-use")["Terms"]

        assert {name: made[name] for name in given} == given
        assert described == found == made
        with pytest.raises(cognito.exceptions.TermsExistsException):
            cognito.create_terms(**given)
        changed = cognito.update_terms(**place, Links={"cognito:default": "https://example.com/new"})["Terms"]
        assert changed["Links"] == {"cognito:default": "https://example.com/new"}
        cognito.delete_terms(**place)
        assert refusal(cognito.describe_terms, **place) == "ResourceNotFoundException"


class TestBranding:
    def test_settings_and_pictures_come_back_as_they_were_sent(self, cognito, client) -> None:
        colors = {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "ff0000ff"}}}}
        settings = {
            "components": colors,
            "categories": {"form": {"radius": 8.5, "steps": [1, 2, None, True, "\u00fc"]}},
        }
        asset = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": LOGO}

        made = cognito.create_managed_login_branding(**client, Settings=settings, Assets=[asset])[
            "ManagedLoginBranding"
        ]
        place = {"UserPoolId": client["UserPoolId"], "ManagedLoginBrandingId": made["ManagedLoginBrandingId"]}
        shown = cognito.describe_managed_login_branding(**place)["ManagedLoginBranding"]

        assert shown["Settings"] == settings
        assert [{name: one[name] for name in asset} for one in shown["Assets"]] == [asset]
        assert cognito.describe_managed_login_branding_by_client(**client)["ManagedLoginBranding"] == shown
        merged = cognito.describe_managed_login_branding(**place, ReturnMergedResources=True)["ManagedLoginBranding"]
        assert set(shown["Settings"]) <= set(merged["Settings"])
        with pytest.raises(cognito.exceptions.ManagedLoginBrandingExistsException):
            cognito.create_managed_login_branding(**client, UseCognitoProvidedValues=True)
        cognito.delete_managed_login_branding(**place)
        assert refusal(cognito.describe_managed_login_branding, **place) == "ResourceNotFoundException"

    def test_a_picture_is_replaced(self, cognito, client) -> None:
        asset = {"Category": "PAGE_BACKGROUND", "ColorMode": "DARK", "Extension": "PNG", "Bytes": LOGO}
        made = cognito.create_managed_login_branding(**client, Assets=[asset])["ManagedLoginBranding"]
        place = {"UserPoolId": client["UserPoolId"], "ManagedLoginBrandingId": made["ManagedLoginBrandingId"]}
        other = asset | {"Bytes": png(400, 300)}

        cognito.update_managed_login_branding(**place, Assets=[other])

        (shown,) = cognito.describe_managed_login_branding(**place)["ManagedLoginBranding"]["Assets"]
        assert shown["Bytes"] == other["Bytes"]


@pytest.fixture(scope="module")
def domain(cognito: Any, pool: Pool) -> str:
    """The pool's own prefix, without which there is nothing to dress."""
    name = "directory-" + pool.id.rpartition("_")[2].lower()
    cognito.create_user_pool_domain(UserPoolId=pool.id, Domain=name)
    return name


class TestUiCustomization:
    CSS = ".banner-customizable { background: #ff0000; }"

    def test_style_and_logo_come_back_and_the_logo_is_fetched(self, cognito, client, domain) -> None:
        made = cognito.set_ui_customization(**client, CSS=self.CSS, ImageFile=LOGO)["UICustomization"]

        shown = cognito.get_ui_customization(**client)["UICustomization"]
        fetched = requests.get(shown["ImageUrl"], timeout=30)

        assert shown == made
        assert shown["CSS"] == self.CSS
        assert (fetched.status_code, fetched.content) == (200, LOGO)
        assert fetched.headers["Content-Type"] == "image/png"
        assert fetched.headers["X-Content-Type-Options"] == "nosniff"

    def test_the_customization_of_all_holds_for_who_has_none(self, cognito, client, domain) -> None:
        place = {"UserPoolId": client["UserPoolId"]}
        cognito.set_ui_customization(**place, CSS=self.CSS)

        assert cognito.get_ui_customization(**client)["UICustomization"]["ClientId"] == "ALL"
        cognito.set_ui_customization(**place)
        assert cognito.get_ui_customization(**client)["UICustomization"] == {}

    def test_a_logo_that_is_taken_away_is_gone(self, cognito, client, domain) -> None:
        address = cognito.set_ui_customization(**client, ImageFile=LOGO)["UICustomization"]["ImageUrl"]

        cognito.set_ui_customization(**client)

        assert requests.get(address, timeout=30).status_code == 404

    def test_a_browser_shows_the_logo(self, cognito, client, domain, tmp_path: Path) -> None:
        program = page.browser()
        if program is None:
            pytest.skip("There is no Chromium on this machine.")
        address = cognito.set_ui_customization(**client, ImageFile=LOGO)["UICustomization"]["ImageUrl"]

        assert size_in_browser(program, tmp_path, address) == "7x5"


class TestCertificate:
    def test_it_is_a_certificate_for_ten_years_and_stays_the_same(self, cognito, pool) -> None:
        told = cognito.get_signing_certificate(UserPoolId=pool.id)["Certificate"]

        certificate = x509.load_der_x509_certificate(base64.b64decode(told, validate=True))
        life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert timedelta(days=3649) <= life <= timedelta(days=3660)
        assert certificate.not_valid_before_utc <= datetime.now(UTC)
        certificate.verify_directly_issued_by(certificate)
        assert cognito.get_signing_certificate(UserPoolId=pool.id)["Certificate"] == told


class TestSettings:
    def test_logs_go_where_they_were_sent(self, cognito, pool) -> None:
        group = {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/cognito"}
        wanted = [
            {"LogLevel": "ERROR", "EventSource": "userNotification", "CloudWatchLogsConfiguration": group},
            {
                "LogLevel": "INFO",
                "EventSource": "userAuthEvents",
                "S3Configuration": {"BucketArn": "arn:aws:s3:::events"},
            },
        ]

        cognito.set_log_delivery_configuration(UserPoolId=pool.id, LogConfigurations=wanted)

        shown = cognito.get_log_delivery_configuration(UserPoolId=pool.id)["LogDeliveryConfiguration"]
        assert shown == {"UserPoolId": pool.id, "LogConfigurations": wanted}

    def test_risks_of_a_pool_and_of_a_client_are_two(self, cognito) -> None:
        pool_id = cognito.create_user_pool(PoolName="risky", UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"})[
            "UserPool"
        ]["Id"]
        client = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="c")["UserPoolClient"]["ClientId"]
        blocked = {"BlockedIPRangeList": ["192.0.2.0/24", "2001:db8::/32"], "SkippedIPRangeList": []}
        compromised = {"EventFilter": ["SIGN_IN", "PASSWORD_CHANGE"], "Actions": {"EventAction": "BLOCK"}}

        cognito.set_risk_configuration(UserPoolId=pool_id, RiskExceptionConfiguration=blocked)
        place = {"UserPoolId": pool_id, "ClientId": client}
        cognito.set_risk_configuration(**place, CompromisedCredentialsRiskConfiguration=compromised)

        of_pool = cognito.describe_risk_configuration(UserPoolId=pool_id)["RiskConfiguration"]
        of_client = cognito.describe_risk_configuration(**place)["RiskConfiguration"]
        assert of_pool["RiskExceptionConfiguration"] == blocked
        assert "CompromisedCredentialsRiskConfiguration" not in of_pool
        assert of_client["CompromisedCredentialsRiskConfiguration"] == compromised

    def test_a_limit_is_provisioned(self, cognito) -> None:
        limit = {"LimitClass": "API_CATEGORY", "Attributes": {"Category": "UserAuthentication"}}
        before = cognito.get_provisioned_limit(LimitDefinition=limit)["Limit"]

        cognito.update_provisioned_limit(LimitDefinition=limit, RequestedLimitValue=before["ProvisionedLimitValue"] + 1)

        after = cognito.get_provisioned_limit(LimitDefinition=limit)["Limit"]
        assert after == before | {"ProvisionedLimitValue": before["ProvisionedLimitValue"] + 1}

    def test_a_replica_is_kept_and_never_said_to_serve(self, cognito, client) -> None:
        place = {"UserPoolId": client["UserPoolId"], "RegionName": "eu-central-1"}

        made = cognito.create_user_pool_replica(**place)["UserPoolReplica"]
        roles = cognito.list_user_pool_replicas(UserPoolId=client["UserPoolId"])["UserPoolReplicas"]

        assert (made["Status"], made["Role"]) == ("CREATING", "SECONDARY")
        assert [(one["Role"], one["Status"]) for one in roles] == [("PRIMARY", "ACTIVE"), ("SECONDARY", "INACTIVE")]
        assert refusal(cognito.update_user_pool_replica, **place, Status="ACTIVE") == "OperationNotEnabledException"
        assert cognito.delete_user_pool_replica(**place)["UserPoolReplica"]["Status"] == "DELETING"
