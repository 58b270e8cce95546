"""Facts 148 to 159 and 174: what tokens say, how they are renewed, and how they end.

The numbers are those of the list of testable facts that docs/not-covered.md speaks of; each test names its own. What
goes beyond a fact is with the tests of the operations. 160 waits for federation.
"""

from __future__ import annotations

import pytest

from chalicelib.flows import signing_keys
from tests.application import Cognito
from tests.callers import attribute, refused
from tests.clock import later
from tests.entrance import Answer, Entrance, claims, header

REVOKED = "Access Token has been revoked"
SCOPE = "aws.cognito.signin.user.admin"
SAME = ("origin_jti", "sub", "event_id", "auth_time")


@pytest.fixture(scope="module")
def shared(application: tuple[str, str]) -> Entrance:
    schema = [{"Name": "n", "AttributeDataType": "Number", "Mutable": True}]
    return Entrance(Cognito(*application), Schema=schema)


@pytest.fixture
def entrance(shared: Entrance) -> Entrance:
    return shared.another()


@pytest.fixture
def tokens(entrance: Entrance) -> Answer:
    return entrance.tokens()


class TestClaims:
    def test_148_an_id_token_is_for_the_client_and_has_real_booleans(self, entrance: Entrance, tokens: Answer) -> None:
        told = claims(tokens["IdToken"])

        assert (told["aud"], told["token_use"]) == (entrance.client, "id")
        assert told["email_verified"] is True

    def test_149_an_access_token_has_a_client_and_a_scope_and_no_address(
        self, entrance: Entrance, tokens: Answer
    ) -> None:
        told = claims(tokens["AccessToken"])

        assert (told["client_id"], told["token_use"], told["scope"]) == (entrance.client, "access", SCOPE)
        assert told.keys().isdisjoint({"aud", "email"})

    def test_150_the_tokens_of_a_sign_in_belong_together(self, tokens: Answer) -> None:
        first, second = claims(tokens["IdToken"]), claims(tokens["AccessToken"])

        assert [first[name] for name in SAME] == [second[name] for name in SAME]
        assert first["jti"] != second["jti"]
        assert header(tokens["IdToken"])["kid"] != header(tokens["AccessToken"])["kid"]

    def test_151_a_refresh_keeps_the_sign_in_and_makes_new_tokens(self, entrance: Entrance, tokens: Answer) -> None:
        with later(2):
            renewed = entrance.refresh(tokens["RefreshToken"])

        assert "RefreshToken" not in renewed
        for kind in ("IdToken", "AccessToken"):
            before, after = claims(tokens[kind]), claims(renewed[kind])
            assert (before["origin_jti"], before["auth_time"]) == (after["origin_jti"], after["auth_time"])
            assert after["iat"] > before["iat"]
            assert after["jti"] != before["jti"]

    def test_152_a_number_of_the_pools_own_is_text(self, entrance: Entrance) -> None:
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("custom:n", "5")])

        assert claims(entrance.tokens()["IdToken"])["custom:n"] == "5"


class TestAccess:
    def test_153_an_id_token_is_no_access_token(self, entrance: Entrance, tokens: Answer) -> None:
        with refused("NotAuthorizedException", "Invalid Access Token"):
            entrance.me(tokens["IdToken"])

    def test_159_a_token_without_the_scope_of_the_api_opens_nothing(self, entrance: Entrance, tokens: Answer) -> None:
        """No sign-in gives such a token yet, so it is made of one by the pool's own key."""
        said = claims(tokens["AccessToken"]) | {"scope": "openid"}

        with refused("NotAuthorizedException", "Access Token does not have required scopes"):
            entrance.me(signing_keys.signer(entrance.pool, "access").sign(said))


class TestEnding:
    def test_154_a_revoked_sign_in_is_over_and_another_lives(self, entrance: Entrance, tokens: Answer) -> None:
        other = entrance.tokens()

        entrance.revoke(tokens["RefreshToken"])

        with refused("NotAuthorizedException", REVOKED):
            entrance.me(tokens["AccessToken"])
        assert entrance.me(other["AccessToken"])

    def test_155_a_global_sign_out_ends_all_before_it_and_nothing_after(
        self, entrance: Entrance, tokens: Answer
    ) -> None:
        other = entrance.tokens()

        entrance.cognito.call("GlobalSignOut", AccessToken=other["AccessToken"])

        for one in (tokens, other):
            with refused("NotAuthorizedException", REVOKED):
                entrance.me(one["AccessToken"])
            with refused("NotAuthorizedException", "Refresh Token has been revoked"):
                entrance.refresh(one["RefreshToken"])
        assert entrance.me(entrance.tokens()["AccessToken"])

    def test_156_only_a_refresh_token_is_revoked(self, entrance: Entrance, tokens: Answer) -> None:
        with refused("UnsupportedTokenTypeException"):
            entrance.revoke(tokens["AccessToken"])

    def test_157_a_client_without_revocation_revokes_nothing(self, entrance: Entrance) -> None:
        entrance.client = entrance.cognito.client(entrance.pool, EnableTokenRevocation=False)
        token = entrance.tokens()["RefreshToken"]

        with refused("UnsupportedOperationException"):
            entrance.revoke(token)
        assert entrance.refresh(token)

    def test_158_another_client_does_not_refresh(self, entrance: Entrance, tokens: Answer) -> None:
        entrance.client = entrance.cognito.client(entrance.pool)

        with refused("NotAuthorizedException"):
            entrance.refresh(tokens["RefreshToken"])

    def test_174_the_first_of_two_sessions_ends_where_one_is_the_most(self, application: tuple[str, str]) -> None:
        strict = Entrance(Cognito(*application))
        given = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 1}}
        strict.cognito.call("SetUserPoolSessionConfiguration", UserPoolId=strict.pool, **given)

        first, second = strict.tokens(), strict.tokens()

        with refused("NotAuthorizedException", REVOKED):
            strict.me(first["AccessToken"])
        assert strict.me(second["AccessToken"])
