"""What strangers and thieves try: forged tokens, guesses, and the same thing twice in one moment."""

import base64
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.flows import signing_keys
from chalicelib.table import store
from tests.application import HOST, PASSWORD, Cognito, respond
from tests.callers import Door, a_name, refused
from tests.clock import HOUR, later
from tests.entrance import ROTATING, WRONG, Entrance, at_once, claims, faults, header

INVALID = "Invalid Access Token"
LOCKED = "Password attempts exceeded"


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


def encoded(content):
    octets = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class TestForgedAccessTokens:
    @pytest.fixture
    def token(self, entrance):
        return entrance.tokens()["AccessToken"]

    def re_signed(self, entrance, told, purpose="access"):
        return signing_keys.signer(entrance.pool, purpose).sign(told)

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", "RS512", "ES256"])
    def test_without_a_signature(self, entrance, token, algorithm):
        head = header(token) | {"alg": algorithm}

        for signature in ("", token.split(".")[2]):
            with refused("NotAuthorizedException", INVALID):
                entrance.me(f"{encoded(head)}.{token.split('.')[1]}.{signature}")

    def test_signed_with_the_published_key_as_secret(self, entrance, token):
        jwks = json.loads(respond("GET", f"/{entrance.pool}/.well-known/jwks.json", {"Host": HOST})["body"])
        published = next(key for key in jwks["keys"] if key["kid"] == header(token)["kid"])
        public = jwt.PyJWK(published).key
        content = f"{encoded(header(token) | {'alg': 'HS256'})}.{token.split('.')[1]}"
        secrets = [
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            json.dumps(published).encode(),
        ]

        for secret in secrets:
            with refused("NotAuthorizedException", INVALID):
                entrance.me(f"{content}.{encoded(hmac.digest(secret, content.encode(), 'sha256'))}")

    def test_signed_with_a_key_of_ones_own(self, entrance, token):
        own = rsa.generate_private_key(public_exponent=65537, key_size=2048)

        for head in ({"kid": header(token)["kid"]}, {"kid": "own"}, {}, {"jku": "http://evil.test/", "kid": "own"}):
            with refused("NotAuthorizedException", INVALID):
                entrance.me(jwt.encode(claims(token), own, "RS256", head))

    def test_signed_with_the_key_of_another_pool(self, entrance, token, cognito):
        other = cognito.pool()

        with refused("NotAuthorizedException", INVALID):
            entrance.me(self.re_signed(Entrance.at(cognito, other), claims(token)))
        with refused("NotAuthorizedException", INVALID):
            entrance.me(self.re_signed(entrance, claims(token) | {"iss": f"http://{HOST}/{other}"}))

    def test_of_another_issuer_with_our_key(self, entrance, token):
        for issuer in ("http://evil.test/", "http://latchkey.test.evil.test/", "", "https://latchkey.test/"):
            with refused("NotAuthorizedException", INVALID):
                entrance.me(self.re_signed(entrance, claims(token) | {"iss": issuer + entrance.pool}))

    @pytest.mark.parametrize(
        "issuer", ["x" * 5000, "\ud800", "", "#", "a/" + "é" * 2000, 5, None, ["x"], {"a": 1}, "us-east-1_" + "A" * 60]
    )
    def test_of_an_issuer_that_cannot_be(self, entrance, token, issuer):
        content = f"{encoded(header(token))}.{encoded(claims(token) | {'iss': issuer})}"

        with refused("NotAuthorizedException", INVALID):
            entrance.me(f"{content}.{token.split('.')[2]}")

    def test_an_id_token(self, entrance):
        with refused("NotAuthorizedException", INVALID):
            entrance.me(entrance.tokens()["IdToken"])

    def test_an_id_token_that_says_access(self, entrance, token):
        tokens = entrance.tokens()
        posing = claims(tokens["IdToken"]) | {"token_use": "access"}
        content = f"{encoded(header(tokens['IdToken']))}.{encoded(posing)}"

        with refused("NotAuthorizedException", INVALID):
            entrance.me(f"{content}.{tokens['IdToken'].split('.')[2]}")

    def test_a_refresh_token(self, entrance):
        with refused("NotAuthorizedException", INVALID):
            entrance.me(entrance.tokens()["RefreshToken"])

    def test_an_altered_one(self, entrance, token):
        head, content, signature = token.split(".")
        other = entrance.another().account().user.sub
        forged = encoded(claims(token) | {"sub": other})

        for text in (f"{head}.{forged}.{signature}", f"{head}.{content}.{signature[:-4]}AAAA", f"{head}.{content}."):
            with refused("NotAuthorizedException", INVALID):
                entrance.me(text)

    def test_an_expired_one(self, entrance, token):
        with later(HOUR - 5):
            entrance.me(token)
        with later(HOUR + 1), refused("NotAuthorizedException", "Access Token has expired"):
            entrance.me(token)

    def test_one_without_our_scope(self, entrance, token):
        with refused("NotAuthorizedException", "Access Token does not have required scopes"):
            entrance.me(self.re_signed(entrance, claims(token) | {"scope": "openid"}))

    def test_one_of_a_client_that_is_gone(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool)
        token = entrance.tokens()["AccessToken"]
        entrance.cognito.call("DeleteUserPoolClient", UserPoolId=entrance.pool, ClientId=entrance.client)

        with refused("NotAuthorizedException", INVALID):
            entrance.me(token)

    def test_one_of_a_pool_that_is_gone(self, cognito):
        entrance = Entrance(cognito)
        token = entrance.tokens()["AccessToken"]
        cognito.call("DeleteUserPool", UserPoolId=entrance.pool)

        with refused("NotAuthorizedException", INVALID):
            entrance.me(token)

    def test_every_call_that_takes_one_refuses_them(self, entrance, token):
        forged = f"{encoded(header(token) | {'alg': 'none'})}.{token.split('.')[1]}."
        given = {"PreviousPassword": PASSWORD, "ProposedPassword": "Fresh-Horse-11"}

        for operation, more in (("GetUser", {}), ("GlobalSignOut", {}), ("DeleteUser", {}), ("ChangePassword", given)):
            for text in (forged, entrance.tokens()["IdToken"]):
                with refused("NotAuthorizedException", INVALID):
                    entrance.cognito.call(operation, AccessToken=text, **more)
        assert entrance.tokens()


class TestTheSameThingTwiceAtOnce:
    def test_of_two_sign_ups_of_one_name_one_wins(self, cognito):
        door = Door(cognito)
        name = a_name()

        outcomes = at_once(*[lambda: door.sign_up(name)] * 4)

        assert [one.code for one in faults(outcomes)] == ["UsernameExistsException"] * 3
        subs = {one["UserSub"] for one in outcomes if one not in faults(outcomes)}
        assert {door.read(name)["Attributes"]["sub"]} == subs

    def test_of_two_confirmations_one_wins(self, cognito, outbox):
        door = Door(cognito)
        name = a_name()
        door.sign_up(name)
        code = outbox.code(name)

        outcomes = at_once(*[lambda: door.confirm(name, code)] * 4)

        assert outcomes.count({}) == 1
        assert {one.code for one in faults(outcomes)} == {"NotAuthorizedException"}

    def test_of_two_rotations_one_wins_and_its_token_works(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, **ROTATING)

        for _ in range(4):
            token = entrance.tokens()["RefreshToken"]
            outcomes = at_once(*[lambda token=token: entrance.renew(token)] * 4)

            assert [one.code for one in faults(outcomes)] == ["RefreshTokenReuseException"] * 3
            winner = next(one for one in outcomes if one not in faults(outcomes))
            assert entrance.me(winner["AccessToken"])
            assert entrance.renew(winner["RefreshToken"])

    def test_a_rotated_token_that_comes_back_long_after_ends_the_family(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, **ROTATING)
        tokens = entrance.tokens()
        renewed = entrance.renew(tokens["RefreshToken"])
        session = entrance.session_of(tokens)
        session.rotated_at -= 3600
        store.save(session)

        with refused("RefreshTokenReuseException"):
            entrance.renew(tokens["RefreshToken"])
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            entrance.renew(renewed["RefreshToken"])
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            entrance.me(renewed["AccessToken"])

    def test_of_two_answers_to_one_srp_challenge_one_wins(self, entrance):
        client, parameters = entrance.challenged()
        responses = client.answer(parameters, PASSWORD)

        outcomes = at_once(*[lambda: entrance.verified(responses)] * 4)

        assert [one.message for one in faults(outcomes)] == [WRONG] * 3

    def test_a_sign_out_and_a_refresh_leave_no_token_alive(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        at_once(lambda: entrance.admin("AdminUserGlobalSignOut"), lambda: entrance.refresh(token))

        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            entrance.refresh(token)
