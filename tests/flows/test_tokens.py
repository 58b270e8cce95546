"""Tokens as they are minted: facts 60 and 148 to 152."""

import base64
import uuid

import jwt
import pytest

from tests.application import HOST, Cognito, respond
from tests.callers import attribute
from tests.entrance import Entrance, claims, header


@pytest.fixture(scope="module")
def shared(application):
    number = {"Name": "n", "AttributeDataType": "Number", "Mutable": True}
    return Entrance(Cognito(*application), Schema=[number])


@pytest.fixture
def entrance(shared):
    return shared.another()


class TestIdToken:
    def test_says_who_it_is_about_and_for(self, entrance):
        told = claims(entrance.tokens()["IdToken"])

        assert told["aud"] == entrance.client
        assert told["token_use"] == "id"
        assert told["cognito:username"] == entrance.name
        assert told["iss"] == f"http://{HOST}/{entrance.pool}"
        assert uuid.UUID(told["sub"]).version == 4
        assert "client_id" not in told and "scope" not in told and "username" not in told

    def test_has_flags_as_booleans_and_all_else_as_text(self, entrance):
        given = [attribute("custom:n", "5"), attribute("phone_number", "+15555550100")]
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=given)

        told = claims(entrance.tokens()["IdToken"])
        assert told["email_verified"] is True
        assert told["custom:n"] == "5"
        assert told["phone_number"] == "+15555550100"
        assert told.get("phone_number_verified", False) is False

    @pytest.mark.parametrize(
        ("read", "shown"),
        [(["nickname"], {"nickname"}), (["email"], {"email"}), (["oidc:profile"], {"nickname", "given_name"})],
    )
    def test_has_what_the_client_may_read(self, entrance, read, shown):
        given = [attribute("nickname", "tess"), attribute("given_name", "Tess")]
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=given)
        entrance.client = entrance.cognito.client(entrance.pool, ReadAttributes=read)

        told = claims(entrance.tokens()["IdToken"])
        assert told.keys() & {"nickname", "given_name", "email", "email_verified"} == shown

    def test_has_no_attribute_without_a_value(self, entrance):
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("nickname", "x")])
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("nickname", "")])

        assert "nickname" not in claims(entrance.tokens()["IdToken"])


class TestAccessToken:
    def test_says_whose_it_is_and_what_it_is_good_for(self, entrance):
        told = claims(entrance.tokens()["AccessToken"])

        assert told.keys() == {
            "sub", "iss", "client_id", "origin_jti", "event_id", "token_use", "scope", "auth_time", "exp", "iat", "jti",
            "username",
        }  # fmt: skip
        assert told["client_id"] == entrance.client
        assert told["token_use"] == "access"
        assert told["scope"] == "aws.cognito.signin.user.admin"


class TestBoth:
    def test_belong_together(self, entrance):
        tokens = entrance.tokens()
        one, other = claims(tokens["IdToken"]), claims(tokens["AccessToken"])

        for name in ("origin_jti", "sub", "event_id", "auth_time", "iss"):
            assert one[name] == other[name]
        assert one["jti"] != other["jti"]
        assert header(tokens["IdToken"])["kid"] != header(tokens["AccessToken"])["kid"]

    def test_have_a_header_of_two_members(self, entrance):
        tokens = entrance.tokens()

        for kind in ("IdToken", "AccessToken"):
            assert header(tokens[kind]).keys() == {"kid", "alg"}
            assert header(tokens[kind])["alg"] == "RS256"
            assert len(base64.b64decode(header(tokens[kind])["kid"])) == 32

    def test_times_are_whole_seconds(self, entrance):
        tokens = entrance.tokens()

        for kind in ("IdToken", "AccessToken"):
            told = claims(tokens[kind])
            assert all(type(told[name]) is int for name in ("iat", "exp", "auth_time"))
            assert told["exp"] - told["iat"] == 3600

    def test_live_as_long_as_the_client_says(self, entrance):
        entrance.client = entrance.cognito.client(
            entrance.pool,
            AccessTokenValidity=5,
            IdTokenValidity=600,
            TokenValidityUnits={"AccessToken": "minutes", "IdToken": "seconds"},
        )
        tokens = entrance.tokens()

        assert tokens["ExpiresIn"] == 300
        access, identity = claims(tokens["AccessToken"]), claims(tokens["IdToken"])
        assert access["exp"] - access["iat"] == 300
        assert identity["exp"] - identity["iat"] == 600

    def test_verify_with_the_published_keys_in_another_library(self, entrance):
        tokens = entrance.tokens()
        answer = respond("GET", f"/{entrance.pool}/.well-known/jwks.json", {"Host": HOST})
        keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(answer["body"]).keys}
        issuer = f"http://{HOST}/{entrance.pool}"

        for kind, audience in (("IdToken", entrance.client), ("AccessToken", None)):
            key = keys[header(tokens[kind])["kid"]]
            told = jwt.decode(tokens[kind], key, algorithms=["RS256"], audience=audience, issuer=issuer)
            assert told == claims(tokens[kind])

    def test_two_sign_ins_are_two_families(self, entrance):
        one, other = (claims(entrance.tokens()["AccessToken"]) for _ in range(2))

        assert one["origin_jti"] != other["origin_jti"]
        assert one["sub"] == other["sub"]


class TestRefreshToken:
    def test_is_opaque_and_of_the_models_letters(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.")
        assert "." not in token

    def test_is_kept_as_a_digest_only(self, entrance):
        tokens = entrance.tokens()
        secret = base64.urlsafe_b64decode(tokens["RefreshToken"] + "=" * (-len(tokens["RefreshToken"]) % 4))[-32:]

        kept = entrance.session_of(tokens).attribute_values
        assert secret not in [value for value in kept.values() if isinstance(value, bytes)]
        assert all(tokens["RefreshToken"] != value for value in kept.values())
