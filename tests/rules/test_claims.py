"""What tokens say, and what an access token must say to be one."""

from dataclasses import replace

import pytest

from chalicelib.rules import claims

SIGN_IN = claims.SignIn(
    issuer="http://latchkey.test/us-east-1_EXAMPLE01",
    client_id="1example23456789",
    sub="aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    username="testuser",
    session_id="0f8c1f0e-1111-4222-8333-444444444444",
    scope=claims.API_SCOPE,
    auth_time=1_700_000_000,
    issued_at=1_700_000_100,
)
VALUES = {"email": "tess@example.com", "email_verified": "true", "custom:n": "5", "nickname": ""}


class TestLifetime:
    @pytest.mark.parametrize("token", ["AccessToken", "IdToken"])
    def test_is_an_hour_unless_the_client_says_otherwise(self, token):
        assert claims.lifetime({}, token) == 3600
        assert claims.lifetime({"TokenValidityUnits": {}}, token) == 3600

    def test_of_refresh_tokens_is_thirty_days(self):
        assert claims.lifetime({}, "RefreshToken") == 30 * 86400
        assert claims.lifetime({"RefreshTokenValidity": 0}, "RefreshToken") == 30 * 86400

    @pytest.mark.parametrize(
        ("settings", "seconds"),
        [
            ({"AccessTokenValidity": 2}, 7200),
            ({"AccessTokenValidity": 2, "TokenValidityUnits": {"IdToken": "days"}}, 7200),
            ({"AccessTokenValidity": 5, "TokenValidityUnits": {"AccessToken": "minutes"}}, 300),
            ({"AccessTokenValidity": 300, "TokenValidityUnits": {"AccessToken": "seconds"}}, 300),
            ({"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "days"}}, 86400),
            ({"AccessTokenValidity": 1, "TokenValidityUnits": None}, 3600),
        ],
    )
    def test_is_an_amount_of_a_unit(self, settings, seconds):
        assert claims.lifetime(settings, "AccessToken") == seconds

    def test_of_refresh_tokens_counts_days(self):
        assert claims.lifetime({"RefreshTokenValidity": 10}, "RefreshToken") == 10 * 86400


class TestIdClaims:
    def test_are_those_of_the_service(self):
        assert claims.id_claims(SIGN_IN, {}, VALUES) == {
            "sub": SIGN_IN.sub,
            "iss": SIGN_IN.issuer,
            "aud": SIGN_IN.client_id,
            "cognito:username": "testuser",
            "event_id": SIGN_IN.session_id,
            "origin_jti": SIGN_IN.session_id,
            "token_use": "id",
            "auth_time": 1_700_000_000,
            "iat": 1_700_000_100,
            "exp": 1_700_003_700,
            "email": "tess@example.com",
            "email_verified": True,
            "custom:n": "5",
        }

    def test_leave_out_what_the_client_may_not_read(self):
        told = claims.id_claims(SIGN_IN, {"ReadAttributes": ["email"]}, VALUES)

        assert told["email"] == "tess@example.com"
        assert "custom:n" not in told and "email_verified" not in told

    def test_take_the_shorthand_for_a_profile(self):
        told = claims.id_claims(SIGN_IN, {"ReadAttributes": ["oidc:profile"]}, {"given_name": "Tess", "email": "x"})

        assert told["given_name"] == "Tess"
        assert "email" not in told

    def test_cannot_be_overwritten_by_attributes(self):
        told = claims.id_claims(SIGN_IN, {}, {"sub": "x", "aud": "x", "exp": "x", "cognito:username": "x", "iss": "x"})

        assert "x" not in told.values()

    def test_say_false_of_what_is_not_true(self):
        assert claims.id_claims(SIGN_IN, {}, {"phone_number_verified": "false"})["phone_number_verified"] is False

    def test_have_no_family_where_none_can_be_revoked(self):
        assert "origin_jti" not in claims.id_claims(replace(SIGN_IN, is_revocable=False), {}, {})


class TestAccessClaims:
    def test_are_those_of_the_service(self):
        assert claims.access_claims(SIGN_IN, {"AccessTokenValidity": 2}) == {
            "sub": SIGN_IN.sub,
            "iss": SIGN_IN.issuer,
            "client_id": SIGN_IN.client_id,
            "username": "testuser",
            "event_id": SIGN_IN.session_id,
            "origin_jti": SIGN_IN.session_id,
            "token_use": "access",
            "scope": "aws.cognito.signin.user.admin",
            "auth_time": 1_700_000_000,
            "iat": 1_700_000_100,
            "exp": 1_700_007_300,
        }

    def test_name_the_device_if_there_is_one(self):
        assert claims.access_claims(replace(SIGN_IN, device_key="us-east-1_x"), {})["device_key"] == "us-east-1_x"


class TestLevels:
    REACHED = replace(SIGN_IN, acr="urn:cognito:loa:4", amr=["pwd", "otp", "mfa"])

    def test_are_told_by_both_tokens_where_one_was_asked_for(self):
        for told in (claims.id_claims(self.REACHED, {}, VALUES), claims.access_claims(self.REACHED, {})):
            assert (told["acr"], told["amr"]) == ("urn:cognito:loa:4", ["pwd", "otp", "mfa"])

    def test_are_not_told_where_none_was(self):
        silent = replace(SIGN_IN, amr=["pwd"])

        for told in (claims.id_claims(silent, {}, VALUES), claims.access_claims(silent, {})):
            assert not {"acr", "amr"} & told.keys()


class TestMachineClaims:
    def test_have_neither_user_nor_session(self):
        machine = replace(SIGN_IN, sub=SIGN_IN.client_id, username="", session_id="", scope="orders/read")

        assert claims.machine_claims(machine, {}) == {
            "sub": SIGN_IN.client_id,
            "iss": SIGN_IN.issuer,
            "client_id": SIGN_IN.client_id,
            "token_use": "access",
            "scope": "orders/read",
            "auth_time": 1_700_000_000,
            "iat": 1_700_000_100,
            "exp": 1_700_003_700,
        }


class TestTokenProblem:
    ID, ACCESS = claims.id_claims(SIGN_IN, {}, VALUES), claims.access_claims(SIGN_IN, {})

    def problem(self, told, use, now=1_700_000_100.5, **changed):
        return claims.token_problem(told | changed, use, SIGN_IN.issuer, now)

    def test_there_is_none_with_a_good_token_of_the_kind(self):
        assert self.problem(self.ID, "id") is None
        assert self.problem(self.ACCESS, "access", scope="openid") is None

    def test_one_kind_does_not_pass_for_the_other(self):
        assert self.problem(self.ID, "access") == claims.INVALID
        assert self.problem(self.ACCESS, "id") == claims.INVALID

    @pytest.mark.parametrize("changed", [{"iss": "http://other"}, {"aud": None}, {"aud": ["x"]}, {"sub": 5}])
    def test_what_is_of_another_form_or_issuer_is_invalid(self, changed):
        assert self.problem(self.ID, "id", **changed) == claims.INVALID

    def test_what_is_over_is_expired(self):
        assert self.problem(self.ID, "id", now=1_700_003_700) == claims.EXPIRED


class TestAccessProblem:
    GOOD = claims.access_claims(SIGN_IN, {})

    def problem(self, now=1_700_000_100.5, **changed):
        told = {name: value for name, value in (self.GOOD | changed).items() if value is not None}
        return claims.access_problem(told, SIGN_IN.issuer, now)

    def test_there_is_none_with_a_good_one(self):
        assert self.problem() is None
        assert self.problem(scope="openid aws.cognito.signin.user.admin email") is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"token_use": "id"}, {"token_use": None}, {"iss": "http://other/us-east-1_EXAMPLE01"}, {"iss": None},
            {"sub": None}, {"sub": 5}, {"client_id": None}, {"event_id": None}, {"event_id": ["x"]},
        ],
    )  # fmt: skip
    def test_another_kind_or_issuer_is_invalid(self, changed):
        assert self.problem(**changed) == "Invalid Access Token"

    @pytest.mark.parametrize("exp", [1_700_000_100, None, "1800000000", 1.8e9])
    def test_what_is_over_or_has_no_whole_end_is_expired(self, exp):
        assert self.problem(exp=exp) == "Access Token has expired"

    @pytest.mark.parametrize("scope", ["openid", None, "", "aws.cognito.signin.user.administrator", ["x"]])
    def test_another_scope_does_not_do(self, scope):
        assert self.problem(scope=scope) == "Access Token does not have required scopes"
