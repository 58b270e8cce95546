"""Any standard OIDC JWT authorizer pointed at our issuer: discovery, key set, signature and claims, by PyJWT."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import jwt as pyjwt
import pytest
from jwt import PyJWKClient

from tests.application import Cognito
from tests.authorizer import minting
from tests.authorizer.serving import Server, serving


@pytest.fixture(scope="module")
def server(application: tuple[str, str]) -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def told(server: Server, pool: str) -> dict[str, Any]:
    """The OpenID Provider Configuration, as a verifier reads it."""
    with urllib.request.urlopen(f"{server.url}/{pool}/.well-known/openid-configuration", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("application/json")
        content: dict[str, Any] = json.load(answer)
    return content


@pytest.fixture
def verify(server: Server, told: dict[str, Any]) -> Any:
    """Verification by what discovery tells alone; only the host is exchanged, because tests have no name server."""
    keys = PyJWKClient(server.url + urlsplit(told["jwks_uri"]).path)

    def verified(token: str, **expected: Any) -> dict[str, Any]:
        algorithms = told["id_token_signing_alg_values_supported"]
        key = keys.get_signing_key_from_jwt(token)
        claims: dict[str, Any] = pyjwt.decode(
            token, key, algorithms, issuer=told["issuer"], options={"require": ["exp", "iat", "sub"]}, **expected
        )
        return claims

    return verified


class TestDiscovery:
    def test_names_the_issuer_under_which_it_stands(self, told: dict[str, Any], pool: str) -> None:
        assert told["issuer"] == f"{minting.BASE_URL}/{pool}"
        assert told["jwks_uri"] == f"{told['issuer']}/.well-known/jwks.json"

    def test_every_key_says_its_use_and_the_one_algorithm(self, server: Server, told: dict[str, Any]) -> None:
        with urllib.request.urlopen(server.url + urlsplit(told["jwks_uri"]).path, timeout=5) as answer:
            keys = json.load(answer)["keys"]

        assert {key["alg"] for key in keys} == {"RS256"}  # gateways take RSA alone
        assert {(key["use"], key["kty"]) for key in keys} == {("sig", "RSA")}
        assert len({key["kid"] for key in keys}) == len(keys) >= 2


class TestTokens:
    def test_of_a_sign_in_are_verified(self, verify: Any, cognito: Cognito, pool: str) -> None:
        client = cognito.client(pool)
        tokens = cognito.sign_in(client, cognito.user(pool))

        access = verify(tokens["AccessToken"])
        identity = verify(tokens["IdToken"], audience=client)

        assert (access["token_use"], access["client_id"]) == ("access", client)  # what aws-jwt-verify asks beside
        assert (identity["token_use"], identity["aud"]) == ("id", client)
        assert access["sub"] == identity["sub"]

    def test_for_another_client_are_refused(self, verify: Any, pool: str) -> None:
        with pytest.raises(pyjwt.InvalidAudienceError):
            verify(minting.id_token(pool), audience="other")

    def test_of_another_issuer_are_refused(self, verify: Any, pool: str) -> None:
        with pytest.raises(pyjwt.InvalidIssuerError):
            verify(minting.access_token(pool, iss="https://evil.example"))

    def test_with_changed_claims_are_refused(self, verify: Any, pool: str) -> None:
        head, _, signature = minting.access_token(pool).split(".")

        with pytest.raises(pyjwt.InvalidSignatureError):
            verify(f"{head}.{minting.encoded(minting.claims(pool))}.{signature}")
