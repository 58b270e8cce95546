"""aws-jwt-verify in Node: it believes our tokens by our published keys, and no others."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.clients.running import FLOWS, PASSWORD, Latchkey, Pool, Told

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def tokens(cognito: Any, pool: Pool, user: Callable[..., str]) -> dict[str, str]:
    return signed_in(cognito, pool.client, user("verified"))


@pytest.fixture(scope="module")
def other_pool(cognito: Any) -> tuple[str, dict[str, str]]:
    """Another pool's id, and tokens of its own."""
    pool_id = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="other", ExplicitAuthFlows=FLOWS)
    cognito.admin_create_user(UserPoolId=pool_id, Username="other", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="other", Password=PASSWORD, Permanent=True)
    return pool_id, signed_in(cognito, made["UserPoolClient"]["ClientId"], "other")


@pytest.fixture(scope="module")
def told(
    node: Callable[..., Told],
    latchkey: Latchkey,
    pool: Pool,
    tokens: dict[str, str],
    other_pool: tuple[str, dict[str, str]],
) -> Told:
    """What the verifier said, by step."""
    other_id, foreign = other_pool
    return node(
        "jwt-verify.mjs",
        issuer=f"{latchkey.url}/{pool.id}",
        otherIssuer=f"{latchkey.url}/{other_id}",
        client=pool.client,
        access=tokens["AccessToken"],
        id=tokens["IdToken"],
        foreign=foreign["AccessToken"],
        forged=forgeries(tokens["AccessToken"]),
    )


def signed_in(cognito: Any, client: str, username: str) -> dict[str, str]:
    given = {"USERNAME": username, "PASSWORD": PASSWORD}
    answer = cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    return dict(answer["AuthenticationResult"])


def forgeries(token: str) -> dict[str, str]:
    """The same claims with another's signature, with none, with changed claims, and with a key of no pool."""
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    strange = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    head, _, signature = token.split(".")
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": header["kid"]})
    promoted = jwt.encode({**claims, "username": "root"}, "", algorithm="none").split(".")[1]
    return {
        "strange key": jwt.encode(claims, strange, algorithm="RS256", headers={"kid": header["kid"]}),
        "unknown key": jwt.encode(claims, strange, algorithm="RS256", headers={"kid": "unknown"}),
        "unsigned": unsigned,
        "unsigned with a signature": f"{unsigned}{signature}",
        "changed": f"{head}.{promoted}.{signature}",
    }


class TestBelieved:
    def test_an_access_token_is(self, told, pool):
        assert told["access"]["username"] == "verified"
        assert told["access"]["client_id"] == pool.client
        assert told["access"]["exp"] > time.time()

    def test_an_id_token_is(self, told, pool):
        assert told["id"]["email"] == "verified@example.com"
        assert told["id"]["aud"] == pool.client

    def test_an_id_token_is_by_the_rules_of_any_provider(self, told):
        assert told["id by audience"] == told["id"]

    def test_an_id_token_is_by_keys_handed_over(self, told):
        assert told["handed over"] == told["id"]


class TestRefused:
    @pytest.mark.parametrize(
        ("step", "error"),
        [
            ("id as access", "CognitoJwtInvalidTokenUseError"),
            ("other client", "CognitoJwtInvalidClientIdError"),
            ("other issuer", "JwtInvalidIssuerError"),
            ("other pool", "KidNotFoundInJwksError"),
            ("forged: strange key", "JwtInvalidSignatureError"),
            ("forged: unknown key", "KidNotFoundInJwksError"),
            ("forged: unsigned", "JwtParseError"),
            ("forged: unsigned with a signature", "JwtInvalidSignatureAlgorithmError"),
            ("forged: changed", "JwtInvalidSignatureError"),
            ("expired", "JwtExpiredError"),
        ],
    )
    def test_what_is_not_ours_or_not_now_is(self, told, step, error):
        assert error in told[step].get("error", ""), told[step]
