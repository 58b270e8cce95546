"""boto3 as the operator, with nothing but profile, region and endpoint; and with keys that must not do."""

from __future__ import annotations

import os
from typing import Any

import boto3
import pytest

from tests.clients.application import Application, refusal
from tests.clients.running import NEW_PASSWORD, PASSWORD

pytestmark = pytest.mark.clients


class TestOperator:
    def test_the_life_of_a_pool_and_its_client(self, cognito):
        pool_id = cognito.create_user_pool(PoolName="brief", MfaConfiguration="OFF")["UserPool"]["Id"]
        client = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="brief")["UserPoolClient"]
        here = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}

        cognito.update_user_pool(UserPoolId=pool_id, AutoVerifiedAttributes=["email"])
        cognito.update_user_pool_client(**here, ClientName="renamed")

        assert cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["AutoVerifiedAttributes"] == ["email"]
        assert cognito.describe_user_pool_client(**here)["UserPoolClient"]["ClientName"] == "renamed"
        cognito.delete_user_pool_client(**here)
        assert refusal(cognito.describe_user_pool_client, **here) == "ResourceNotFoundException"
        cognito.delete_user_pool(UserPoolId=pool_id)
        assert refusal(cognito.describe_user_pool, UserPoolId=pool_id) == "ResourceNotFoundException"

    def test_an_operator_signs_a_user_in(self, cognito, pool, user):
        given = {"USERNAME": user("admitted"), "PASSWORD": PASSWORD}

        answer = cognito.admin_initiate_auth(
            UserPoolId=pool.id, ClientId=pool.client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=given
        )

        assert answer["AuthenticationResult"]["ExpiresIn"] == 3600

    def test_an_operator_leads_an_invited_user_through(self, cognito, pool):
        cognito.admin_create_user(
            UserPoolId=pool.id, Username="led", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
        )
        here = {"UserPoolId": pool.id, "ClientId": pool.client}
        given = {"USERNAME": "led", "PASSWORD": PASSWORD}

        challenge = cognito.admin_initiate_auth(**here, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=given)
        answer = cognito.admin_respond_to_auth_challenge(
            **here,
            ChallengeName=challenge["ChallengeName"],
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "led", "NEW_PASSWORD": NEW_PASSWORD},
        )

        assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert answer["AuthenticationResult"]["IdToken"]

    def test_a_disabled_user_is_out_until_enabled(self, cognito, public, pool, user):
        here = {"UserPoolId": pool.id, "Username": user("paused")}
        application = Application(public, pool.client)

        cognito.admin_disable_user(**here)
        assert refusal(application.sign_in, "paused", PASSWORD) == "NotAuthorizedException"
        cognito.admin_enable_user(**here)

        assert application.sign_in("paused", PASSWORD)["AccessToken"]

    def test_paginators_find_everything_once(self, cognito):
        pools = [cognito.create_user_pool(PoolName=f"paged-{number}")["UserPool"]["Id"] for number in range(3)]
        clients = [
            cognito.create_user_pool_client(UserPoolId=pools[0], ClientName=f"paged-{number}")["UserPoolClient"]
            for number in range(3)
        ]
        for number in range(5):
            cognito.admin_create_user(UserPoolId=pools[0], Username=f"paged-{number}", MessageAction="SUPPRESS")

        found_pools = paged(cognito, "list_user_pools", "UserPools", "Id")
        found_clients = paged(cognito, "list_user_pool_clients", "UserPoolClients", "ClientId", UserPoolId=pools[0])
        found_users = paged(cognito, "list_users", "Users", "Username", UserPoolId=pools[0])

        assert sorted(set(found_pools) & set(pools)) == sorted(pools)
        assert len(found_pools) == len(set(found_pools))
        assert sorted(found_clients) == sorted(client["ClientId"] for client in clients)
        assert sorted(found_users) == [f"paged-{number}" for number in range(5)]

    def test_what_is_not_built_says_so(self, cognito, pool):
        assert refusal(cognito.list_identity_providers, UserPoolId=pool.id, MaxResults=1) == "NotImplementedException"


def paged(boto: Any, operation: str, member: str, name: str, **given: Any) -> list[str]:
    """One member of everything that a paginator finds, two at a time."""
    pages = list(boto.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **given))
    assert len(pages) > 1
    return [one[name] for page in pages for one in page[member]]


class TestKeys:
    def test_an_unknown_key_is_refused(self, latchkey):
        stranger = boto3.client(
            "cognito-idp",
            "us-east-1",
            endpoint_url=latchkey.url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="x" * 40,
        )

        assert refusal(stranger.list_user_pools, MaxResults=1) == "UnrecognizedClientException"

    def test_a_wrong_secret_is_refused(self, latchkey, cognito):
        key_id = boto3.Session(profile_name="latchkey").get_credentials().access_key
        forger = boto3.client(
            "cognito-idp",
            "us-east-1",
            endpoint_url=latchkey.url,
            aws_access_key_id=key_id,
            aws_secret_access_key="x" * 40,
        )

        assert refusal(forger.list_user_pools, MaxResults=1) == "InvalidSignatureException"

    def test_an_invented_session_token_is_refused(self, latchkey, cognito):
        key = boto3.Session(profile_name="latchkey").get_credentials()
        invented = boto3.client(
            "cognito-idp",
            "us-east-1",
            endpoint_url=latchkey.url,
            aws_access_key_id=key.access_key,
            aws_secret_access_key=key.secret_key,
            aws_session_token="invented",
        )

        assert refusal(invented.list_user_pools, MaxResults=1) == "UnrecognizedClientException"

    def test_no_key_is_refused_where_one_is_needed(self, public):
        assert refusal(public.list_user_pools, MaxResults=1) == "MissingAuthenticationTokenException"

    def test_a_key_does_no_harm_where_none_is_needed(self, cognito, pool, user):
        assert Application(cognito, pool.client).sign_in(user("signed"), PASSWORD)["AccessToken"]

    def test_any_region_will_do(self, latchkey, cognito):
        elsewhere = boto3.Session(profile_name="latchkey").client(
            "cognito-idp", "eu-central-1", endpoint_url=latchkey.url
        )

        assert elsewhere.list_user_pools(MaxResults=1)["UserPools"]

    def test_the_pasted_shell_is_all_that_boto3_needs(self, pasted_shell):
        assert "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER" in os.environ

        assert boto3.client("cognito-idp").list_user_pools(MaxResults=1)["UserPools"]
