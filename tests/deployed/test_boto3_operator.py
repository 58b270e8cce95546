"""The tests of tests/clients/test_boto3_operator.py against the deployed stage, which insists on its region."""

import boto3
import pytest

from tests.clients import test_boto3_operator
from tests.clients.application import refusal
from tests.clients.test_boto3_operator import *  # noqa: F403
from tests.deployed.cloud import Deployed

pytestmark = pytest.mark.deployed


class TestKeys(test_boto3_operator.TestKeys):
    test_any_region_will_do = None

    def test_a_signature_for_another_region_is_refused(self, latchkey: Deployed, cognito: object) -> None:
        elsewhere = boto3.Session(profile_name="latchkey").client(
            "cognito-idp", "eu-central-1", endpoint_url=latchkey.url
        )

        assert refusal(elsewhere.list_user_pools, MaxResults=1) == "InvalidSignatureException"

    def test_the_address_with_the_stage_in_it_serves_too(self, latchkey: Deployed, cognito: object) -> None:
        staged = boto3.Session(profile_name="latchkey").client(
            "cognito-idp", "us-east-1", endpoint_url=f"{latchkey.url}/api/"
        )

        assert staged.list_user_pools(MaxResults=1)["UserPools"]
