"""The example API beside a deployed Latchkey: real tokens of a real sign-in, real gateways, real authorizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.authorizer.stack import asked
from tests.clients.running import PASSWORD, Pool
from tests.deployed import example as examples
from tests.deployed.cloud import Cloud, Deployed
from tests.deployed.conftest import STACK
from tests.deployed.example import Example

pytestmark = pytest.mark.deployed

SCOPE = "aws.cognito.signin.user.admin"
"""What the token of a sign-in by the API has."""


@pytest.fixture(scope="module")
def example(cloud: Cloud, latchkey: Deployed, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example, for the tokens of this file's pool."""
    return examples.deployed(cloud, tmp_path_factory.mktemp("example"), f"{latchkey.url}/{pool.id}", SCOPE)


@pytest.fixture(scope="module")
def authorizer(cloud: Cloud, latchkey: Deployed) -> str:
    """The ARN that scripts/deploy tells."""
    return cloud.outputs(STACK)["AuthorizerArn"]


@pytest.fixture(scope="module")
def sign_in(public: Any, pool: Pool, user: Callable[..., str]) -> Callable[[str], str]:
    """Makes a user and signs them in; their access token."""

    def signed_in(name: str) -> str:
        answer = public.initiate_auth(
            ClientId=pool.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user(name), "PASSWORD": PASSWORD},
        )
        return str(answer["AuthenticationResult"]["AccessToken"])

    return signed_in


@pytest.fixture(scope="module")
def token(sign_in: Callable[[str], str]) -> str:
    return sign_in("reader")


def forged(token: str) -> str:
    """The token with another signature."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{signature[:-8][::-1]}{signature[-8:]}"


class TestOurAuthorizer:
    """The Lambda that scripts/deploy has made stands at the gateway, the example's function behind it."""

    def test_a_good_token_comes_through_with_its_claims(
        self, example: Example, authorizer: str, pool: Pool, public: Any, token: str
    ) -> None:
        gateway = example.behind(authorizer, pools=pool.id)
        me = {one["Name"]: one["Value"] for one in public.get_user(AccessToken=token)["UserAttributes"]}

        answer = asked(gateway.at("me"), f"Bearer {token}")

        assert (answer.status, answer.content["claims"]["sub"]) == (200, me["sub"])
        assert answer.content["claims"]["client_id"] == pool.client
        assert answer.content["groups"] == []

    def test_without_a_token_or_with_a_bad_one_it_is_401(
        self, example: Example, authorizer: str, pool: Pool, token: str
    ) -> None:
        gateway = example.behind(authorizer, pools=pool.id)

        for credential in (None, "Bearer nonsense", f"Bearer {forged(token)}", f"Bearer {token} {token}"):
            assert asked(gateway.at("me"), credential).status == 401, credential

    def test_a_token_of_another_pool_is_401(self, example: Example, authorizer: str, cognito: Any, token: str) -> None:
        other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]

        assert asked(example.behind(authorizer, pools=other).at("me"), token).status == 401

    def test_the_scope_decides_between_200_and_403(
        self, example: Example, authorizer: str, pool: Pool, token: str
    ) -> None:
        own = example.behind(authorizer, pools=pool.id, scopes=SCOPE)
        foreign = example.behind(authorizer, pools=pool.id, scopes="orders/read")

        assert asked(own.at("orders"), f"Bearer {token}").content == {"orders": []}
        assert asked(foreign.at("orders"), f"Bearer {token}").status == 403

    def test_who_is_not_in_the_group_is_403(self, example: Example, authorizer: str, pool: Pool, token: str) -> None:
        gateway = example.behind(authorizer, pools=pool.id, groups="admins")

        assert asked(gateway.at("admin"), f"Bearer {token}").status == 403

    def test_a_signed_out_users_token_is_refused_on_the_next_call_where_sessions_are_asked_for(
        self, example: Example, authorizer: str, pool: Pool, public: Any, sign_in: Callable[[str], str]
    ) -> None:
        token = sign_in("leaver")
        asking = example.behind(authorizer, pools=pool.id, sessions="on")
        trusting = example.behind(authorizer, pools=pool.id)
        before = [asked(gateway.at("me"), f"Bearer {token}").status for gateway in (asking, trusting)]

        public.global_sign_out(AccessToken=token)

        after = [asked(gateway.at("me"), f"Bearer {token}").status for gateway in (asking, trusting)]
        assert (before, after) == ([200, 200], [401, 200])

    def test_an_api_that_names_no_pool_lets_nobody_in(self, example: Example, authorizer: str, token: str) -> None:
        assert asked(example.behind(authorizer).at("me"), f"Bearer {token}").status == 500


class TestItsOwnAuthorizers:
    """Chalice's authorizers of the example, which fetch the keys from the deployed Latchkey over HTTP."""

    def test_answers_200_401_and_403(self, example: Example, token: str) -> None:
        statuses = {
            (route, credential): asked(example.own(route), credential and f"Bearer {credential}").status
            for route in ("", *examples.ROUTES)
            for credential in (None, "nonsense", forged(token), token)
        }

        assert [statuses["", credential] for credential in (None, token)] == [200, 200]
        for route in examples.ROUTES:
            assert [statuses[route, bad] for bad in (None, "nonsense", forged(token))] == [401, 401, 401], route
        assert [statuses[route, token] for route in examples.ROUTES] == [200, 200, 403]
