"""Sessions of users and tokens of machines with boto3: seen, ended, exchanged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import sign_in_pools as pools
from tests.clients.application import refusal
from tests.clients.doors import APPLICATION, Door, claims, tokens
from tests.clients.sign_in_pools import Place

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def place(cognito: Any) -> Place:
    return pools.made(cognito)


@pytest.fixture(scope="module")
def tracked(cognito: Any) -> Place:
    """A pool where a user has two sessions at most."""
    made = pools.made(cognito)
    settings = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 2}}
    cognito.set_user_pool_session_configuration(UserPoolId=made.pool, **settings)
    shown = cognito.get_user_pool_session_configuration(UserPoolId=made.pool)
    assert {name: shown[name] for name in settings} == settings
    return made


class TestSessions:
    def test_a_user_sees_them_and_ends_another(self, tracked, cognito, public) -> None:
        at = Door(public, tracked, APPLICATION)
        name = pools.person(cognito, tracked, "traveller")
        here, there = (tokens(at.by_password(name))["AccessToken"] for _ in range(2))

        listed = public.list_user_sessions(AccessToken=here)["Sessions"]
        [other] = [one["SessionId"] for one in listed if not one.get("IsCurrentSession")]
        public.revoke_user_session(AccessToken=here, SessionId=other)

        assert len(listed) == 2
        assert refusal(public.get_user, AccessToken=there) == "NotAuthorizedException"
        assert public.get_user(AccessToken=here)["Username"] == name

    def test_an_operator_does_too_and_the_oldest_gives_way(self, tracked, cognito, public) -> None:
        at = Door(public, tracked, APPLICATION)
        name = pools.person(cognito, tracked, "crowd")
        who = {"UserPoolId": tracked.pool, "Username": name}
        access = [tokens(at.by_password(name))["AccessToken"] for _ in range(3)]

        listed = cognito.admin_list_user_sessions(**who)["Sessions"]
        for one in listed:
            cognito.admin_revoke_user_session(**who, SessionId=one["SessionId"])

        assert len(listed) == 2
        assert {refusal(public.get_user, AccessToken=one) for one in access} == {"NotAuthorizedException"}
        assert cognito.admin_list_user_sessions(**who)["Sessions"] == []


class TestMachines:
    def test_a_client_gets_a_token_for_itself(self, place, cognito, public) -> None:
        scope = {"ScopeName": "read", "ScopeDescription": "Reads"}
        cognito.create_resource_server(UserPoolId=place.pool, Identifier="api", Name="API", Scopes=[scope])
        made = cognito.create_user_pool_client(
            UserPoolId=place.pool,
            ClientName="machine",
            GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
            AllowedOAuthScopes=["api/read"],
        )["UserPoolClient"]
        asked = {"ClientId": made["ClientId"], "Scopes": ["api/read"]}

        found = public.get_client_token(**asked, Secret=made["ClientSecret"])["ClientAuthenticationResult"]

        assert found["TokenType"] == "Bearer"
        assert claims(found["AccessToken"])["scope"] == "api/read"
        assert claims(found["AccessToken"])["sub"] == made["ClientId"]
        assert refusal(public.get_client_token, **asked, Secret="0" * 51) == "NotAuthorizedException"

    def test_a_server_exchanges_a_users_token(self, place, cognito, public) -> None:
        name = pools.reachable(cognito, place, "served")
        found = tokens(Door(public, place, APPLICATION).by_password(name))
        made = cognito.create_user_pool_client(
            UserPoolId=place.pool,
            ClientName="server",
            GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_IMPERSONATION"],
        )["UserPoolClient"]

        issued = public.get_derived_token(
            ClientId=made["ClientId"],
            ClientSecret=made["ClientSecret"],
            SubjectToken=found["AccessToken"],
            SubjectTokenType="ACCESS_TOKEN",
            RequestedTokenType="ID_TOKEN",
        )

        told = claims(issued["IssuedToken"])
        assert (issued["IssuedTokenType"], issued["TokenType"]) == ("ID_TOKEN", "N_A")
        assert (told["sub"], told["aud"]) == (claims(found["AccessToken"])["sub"], made["ClientId"])
        assert (
            refusal(
                public.get_derived_token,
                **{
                    "ClientId": made["ClientId"],
                    "SubjectToken": found["AccessToken"],
                    "SubjectTokenType": "ACCESS_TOKEN",
                },
            )
            == "NotAuthorizedException"
        )
