"""The settings of an app client."""

import pytest

from chalicelib.errors import InvalidOAuthFlowException, InvalidParameterException, ScopeDoesNotExistException
from chalicelib.rules import client_settings, schema
from chalicelib.rules.client_settings import Surroundings

NOW, LATER = 1700000000.0, 1700000999.0
ATTRIBUTES = schema.created([{"Name": "x", "AttributeDataType": "String"}])
AROUND = Surroundings("us-east-1_AbCdEfGhI", ATTRIBUTES)
WITH_SECRET = Surroundings("us-east-1_AbCdEfGhI", ATTRIBUTES, has_secret=True)
OAUTH = {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"]}


def document(around=AROUND, **given):
    return client_settings.created({"UserPoolId": around.pool_id, "ClientName": "web"} | given, around, NOW)


def sentence(around=AROUND, **given):
    with pytest.raises(InvalidParameterException) as refusal:
        document(around, **given)
    return refusal.value.message


class TestCreated:
    def test_fills_in_what_the_service_fills_in(self):
        assert document() == {
            "ClientName": "web",
            "RefreshTokenValidity": 30,
            "TokenValidityUnits": {},
            "AllowedOAuthFlowsUserPoolClient": False,
            "EnableTokenRevocation": True,
            "EnablePropagateAdditionalUserContextData": False,
            "AuthSessionValidity": 3,
            "CreationDate": NOW,
            "LastModifiedDate": NOW,
        }

    def test_never_keeps_a_secret_in_the_settings(self):
        made = document(WITH_SECRET, ClientSecret="s" * 24, GenerateSecret=False)

        assert not {"ClientSecret", "GenerateSecret"} & made.keys()

    def test_refuses_a_secret_of_both_kinds(self):
        assert "GenerateSecret" in sentence(WITH_SECRET, ClientSecret="s" * 24, GenerateSecret=True)

    def test_refuses_flows_of_both_styles(self):
        assert sentence(ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"])

    def test_takes_an_empty_list_of_flows_for_none(self):
        assert "ExplicitAuthFlows" not in document(ExplicitAuthFlows=[])

    def test_refuses_user_context_without_a_secret(self):
        assert "secret" in sentence(EnablePropagateAdditionalUserContextData=True)
        assert document(WITH_SECRET, EnablePropagateAdditionalUserContextData=True)

    def test_refuses_what_is_too_large_to_store(self):
        assert "too large" in sentence(AnalyticsConfiguration={"ExternalId": "ü" * 100_000})


class TestLifetimes:
    @pytest.mark.parametrize(
        "given",
        [
            {"AccessTokenValidity": 5, "TokenValidityUnits": {"AccessToken": "minutes"}},
            {"AccessTokenValidity": 24, "IdTokenValidity": 24},
            {"RefreshTokenValidity": 0},
            {"RefreshTokenValidity": 3650},
            {"RefreshTokenValidity": 61, "TokenValidityUnits": {"RefreshToken": "minutes"}},
        ],
        ids=str,
    )
    def test_pass_within_the_range(self, given):
        assert document(**given)

    @pytest.mark.parametrize(
        "given",
        [
            {"AccessTokenValidity": 4, "TokenValidityUnits": {"AccessToken": "minutes"}},
            {"AccessTokenValidity": 25},
            {"IdTokenValidity": 2, "TokenValidityUnits": {"IdToken": "days"}},
            {"IdTokenValidity": 299, "TokenValidityUnits": {"IdToken": "seconds"}},
            {"RefreshTokenValidity": 3651},
            {"RefreshTokenValidity": 59, "TokenValidityUnits": {"RefreshToken": "minutes"}},
            {"RefreshTokenValidity": 60, "TokenValidityUnits": {"RefreshToken": "minutes"}},
            {"RefreshTokenValidity": 1, "AccessTokenValidity": 24},
        ],
        ids=str,
    )
    def test_are_refused_outside_of_it(self, given):
        assert sentence(**given) == "Invalid range for token validity."


class TestAttributeLists:
    @pytest.mark.parametrize("listed", [[], ["email", "custom:x", "sub", "email_verified"], ["oidc:profile"]], ids=str)
    def test_of_reading_hold_any_known_name(self, listed):
        assert document(ReadAttributes=listed)["ReadAttributes"] == listed

    def test_of_reading_hold_no_unknown_name(self):
        assert sentence(ReadAttributes=["custom:y"]) == ("Invalid read attributes specified while creating a client")

    @pytest.mark.parametrize("listed", [[], ["email", "custom:x"], ["oidc:profile"]], ids=str)
    def test_of_writing_hold_what_users_may_change(self, listed):
        assert document(WriteAttributes=listed)["WriteAttributes"] == listed

    @pytest.mark.parametrize("name", ["custom:y", "sub", "email_verified", "phone_number_verified", "dev:custom:d"])
    def test_of_writing_hold_nothing_that_clients_never_write(self, name):
        own = schema.created([{"Name": "d", "AttributeDataType": "String", "DeveloperOnlyAttribute": True}])

        assert sentence(Surroundings("p_1", own), WriteAttributes=[name]) == (
            "Invalid write attributes specified while creating a client"
        )

    def test_of_writing_hold_every_required_name(self):
        around = Surroundings("p_1", schema.created([{"Name": "given_name", "Required": True}]))

        assert sentence(around, WriteAttributes=["email"])
        assert document(around, WriteAttributes=["email", "given_name"])
        assert document(around, WriteAttributes=["oidc:profile"])
        assert document(around)


class TestOAuth:
    @pytest.mark.parametrize("missing", ["AllowedOAuthFlows", "AllowedOAuthScopes"])
    def test_needs_flows_and_scopes(self, missing):
        with pytest.raises(InvalidOAuthFlowException):
            document(**{member: value for member, value in OAUTH.items() if member != missing})

    def test_works_with_both(self):
        assert document(**OAUTH)["AllowedOAuthFlows"] == ["code"]

    def test_keeps_client_credentials_apart(self):
        with pytest.raises(InvalidOAuthFlowException):
            document(WITH_SECRET, AllowedOAuthFlows=["code", "client_credentials"])

    def test_keeps_client_credentials_for_clients_with_a_secret(self):
        with pytest.raises(InvalidOAuthFlowException):
            document(AllowedOAuthFlows=["client_credentials"])

        assert document(WITH_SECRET, AllowedOAuthFlows=["client_credentials"])

    def test_knows_the_standard_scopes_and_those_of_resource_servers(self):
        around = Surroundings("p_1", ATTRIBUTES, scopes=frozenset({"https://api.example/read"}))
        scopes = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin", "https://api.example/read"]

        assert document(around, AllowedOAuthScopes=scopes)
        with pytest.raises(ScopeDoesNotExistException):
            document(AllowedOAuthScopes=scopes)

    def test_knows_the_providers_of_the_pool(self):
        around = Surroundings("p_1", ATTRIBUTES, providers=frozenset({"Google"}))

        assert document(around, SupportedIdentityProviders=["COGNITO", "Google"])
        assert sentence(SupportedIdentityProviders=["COGNITO", "Google"]) == (
            "The provider Google does not exist for User Pool us-east-1_AbCdEfGhI."
        )


class TestRedirects:
    @pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
    def test_are_checked_in_both_lists(self, member):
        assert sentence(**{member: ["https://a.example", "http://example.com"]}) == (
            "http://example.com cannot use the HTTP protocol."
        )

    def test_have_a_default_among_them(self):
        assert "DefaultRedirectURI" in sentence(CallbackURLs=["https://a.b"], DefaultRedirectURI="https://a.c")
        assert document(CallbackURLs=["https://a.b"], DefaultRedirectURI="https://a.b")


class TestUpdated:
    def test_returns_what_was_left_out_to_its_default(self):
        before = document(ExplicitAuthFlows=["ALLOW_USER_AUTH"], ReadAttributes=["email"], EnableTokenRevocation=False)

        after = client_settings.updated(before, {"UserPoolId": "p_1", "ClientId": "c"}, AROUND, LATER)

        assert after == document() | {"LastModifiedDate": LATER}

    def test_changes_name_and_settings(self):
        after = client_settings.updated(document(), {"ClientName": "new", "AuthSessionValidity": 9}, AROUND, LATER)

        assert (after["ClientName"], after["AuthSessionValidity"], after["CreationDate"]) == ("new", 9, NOW)

    def test_keeps_a_scope_that_no_server_has_any_more(self):
        around = Surroundings("p_1", ATTRIBUTES, scopes=frozenset({"api/read"}))
        before = document(around, AllowedOAuthScopes=["api/read"])

        after = client_settings.updated(before, {"AllowedOAuthScopes": ["openid", "api/read"]}, AROUND, LATER)

        assert after["AllowedOAuthScopes"] == ["openid", "api/read"]
        with pytest.raises(ScopeDoesNotExistException, match="api/write"):
            client_settings.updated(before, {"AllowedOAuthScopes": ["api/read", "api/write"]}, AROUND, LATER)

    def test_refuses_what_creation_refuses(self):
        with pytest.raises(InvalidParameterException):
            client_settings.updated(document(), {"AccessTokenValidity": 25}, AROUND, LATER)
