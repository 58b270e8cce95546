"""pycognito as a remembered device: its exchange begins with the value of the password's, and without a Session."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito import AWSSRP, aws_srp

from tests.clients.running import FLOWS, PASSWORD, Latchkey, Pool

pytestmark = [pytest.mark.clients, pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")]

AWS = "https://cognito-idp.us-east-1.amazonaws.com/"


@pytest.fixture(scope="module")
def pool(cognito: Any) -> Pool:
    """A pool that takes remembered devices for a second factor."""
    tracking = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
    made = cognito.create_user_pool(PoolName="devices", DeviceConfiguration=tracking)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=made, ClientName="client", ExplicitAuthFlows=FLOWS)
    return Pool(made, client["UserPoolClient"]["ClientId"], "", "")


@pytest.fixture
def redirected(latchkey: Latchkey, pasted_shell: None) -> Iterator[None]:
    """Its calls about devices go to an address that nobody can configure; they reach us as they are."""
    real = aws_srp.requests.post

    def post(url: str, **given: Any) -> Any:
        assert url == AWS
        return real(latchkey.url + "/", **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws_srp.requests, "post", post)
        yield


class Person:
    """Somebody who signs in with pycognito."""

    def __init__(self, latchkey: Latchkey, pool: Pool, name: str) -> None:
        self.pool = pool
        self.name = name
        self.client = latchkey.cognito()
        self.device: dict[str, str] = {}

    def signed_in(self, password: str = PASSWORD) -> dict[str, Any]:
        srp = AWSSRP(self.name, password, self.pool.id, self.pool.client, client=self.client, **self.device)
        found: dict[str, Any] = srp.authenticate_user()["AuthenticationResult"]
        return found

    def remembered(self) -> dict[str, Any]:
        """Confirm a new device and remember it; the tokens of its sign-in."""
        srp = AWSSRP(self.name, PASSWORD, self.pool.id, self.pool.client, client=self.client)
        tokens: dict[str, Any] = srp.authenticate_user()
        answer, secret = srp.confirm_device(tokens, "pycognito's")
        assert answer.json() == {"UserConfirmationNecessary": True}
        result: dict[str, Any] = tokens["AuthenticationResult"]
        metadata = result["NewDeviceMetadata"]
        told = srp.update_device_status(True, result["AccessToken"], metadata["DeviceKey"])
        assert told.startswith("<Response [200]>")
        self.device = {
            "device_key": metadata["DeviceKey"],
            "device_group_key": metadata["DeviceGroupKey"],
            "device_password": secret,
        }
        return result


@pytest.fixture
def person(latchkey: Latchkey, redirected: None, pool: Pool, user: Any, request: pytest.FixtureRequest) -> Person:
    return Person(latchkey, pool, user(request.node.originalname.replace("_", "-")[-40:]))


def told(token: str) -> dict[str, Any]:
    text = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


class TestDevice:
    def test_it_is_confirmed_remembered_and_signs_in_by_its_own_secret(self, person):
        person.remembered()

        tokens = person.signed_in()

        assert told(tokens["AccessToken"])["device_key"] == person.device["device_key"]
        assert "NewDeviceMetadata" not in tokens

    def test_many_exchanges_agree_whatever_their_leading_zeros(self, person):
        person.remembered()

        for _ in range(10):
            assert person.signed_in()["RefreshToken"]

    def test_another_secret_is_refused(self, person):
        person.remembered()
        person.device["device_password"] = base64.b64encode(bytes(40)).decode()

        with pytest.raises(ClientError, match="NotAuthorizedException"):
            person.signed_in()

    def test_a_wrong_password_never_comes_to_the_device(self, person):
        person.remembered()

        with pytest.raises(ClientError, match="Incorrect username or password"):
            person.signed_in("Wrong-Horse-1")

    def test_a_device_that_its_owner_forgot_is_unknown_and_its_sessions_are_over(self, person):
        tokens = person.remembered()
        srp = AWSSRP(person.name, PASSWORD, person.pool.id, person.pool.client, client=person.client)

        answer = srp.forget_device(tokens["AccessToken"], person.device["device_key"])

        assert answer.startswith("<Response [200]>")
        with pytest.raises(ClientError, match="Device does not exist"):
            person.signed_in()
        with pytest.raises(ClientError, match="Access Token has been revoked"):
            person.client.get_user(AccessToken=tokens["AccessToken"])
