"""amazon-cognito-identity-js in Node, its pool given an `endpoint`: one script, its steps told here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey, Pool, Told

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], cognito: Any, pool: Pool) -> Told:
    """What the application saw, by step."""
    cognito.admin_create_user(
        UserPoolId=pool.id, Username="invited", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    names = {"password": PASSWORD, "newPassword": NEW_PASSWORD, "invited": "invited"}
    return node("identity-js.mjs", pool=pool.id, client=pool.client, **names)


class TestSignUp:
    def test_a_code_is_sent_and_confirms(self, told):
        assert told["sign up"]["confirmed"] is False
        assert told["sign up"]["sent"]["DeliveryMedium"] == "EMAIL"
        assert told["resend"]["CodeDeliveryDetails"]["AttributeName"] == "email"
        assert told["confirm"] == "SUCCESS"

    def test_the_unconfirmed_are_refused(self, told):
        assert told["sign in unconfirmed"]["code"] == "UserNotConfirmedException"


class TestSignIn:
    def test_srp_signs_in(self, told, latchkey: Latchkey, pool: Pool):
        assert told["sign in"]["valid"] is True
        assert told["sign in"]["id"]["iss"] == f"{latchkey.url}/{pool.id}"
        assert told["sign in"]["id"]["sub"] == told["sign up"]["sub"]

    def test_every_srp_exchange_agrees_whatever_its_leading_zeros(self, told):
        assert told["many exchanges"] == {"rounds": 3}

    def test_a_wrong_password_is_refused(self, told):
        assert told["wrong password"]["code"] == "NotAuthorizedException"
        assert told["wrong password"]["message"] == "Incorrect username or password."

    def test_the_password_flow_signs_in_too(self, told):
        assert told["plain sign-in"]["valid"] is True

    def test_an_invited_user_chooses_a_password(self, told):
        assert "newPasswordRequired" in told["invited"]
        assert told["new password"]["id"]["cognito:username"] == "invited"


class TestSession:
    def test_the_session_is_found_again(self, told):
        assert told["session"] == told["sign in"]

    def test_a_refresh_brings_new_tokens_and_keeps_the_refresh_token(self, told):
        assert told["refresh"]["access"] != told["session"]["access"]
        assert told["refresh"]["refresh"] == told["session"]["refresh"]
        assert told["refresh"]["id"]["origin_jti"] == told["session"]["id"]["origin_jti"]

    def test_attributes_are_read(self, told):
        expected = {"sub": told["sign up"]["sub"], "email": "js@example.com", "email_verified": "true"}

        assert told["attributes"] == expected

    def test_signing_out_revokes_the_refresh_token(self, told, cognito, pool):
        given = {"REFRESH_TOKEN": told["sign out"]["refresh"]}

        with pytest.raises(cognito.exceptions.NotAuthorizedException):
            cognito.initiate_auth(ClientId=pool.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=given)

    def test_a_global_sign_out_ends_the_session_of_another_browser(self, told):
        assert told["elsewhere"]["valid"] is True
        assert told["global sign-out"] == "SUCCESS"
        assert told["refresh after global sign-out"]["code"] == "NotAuthorizedException"


class TestPassword:
    def test_a_changed_password_replaces_the_old_one(self, told):
        assert told["change password"] == "SUCCESS"
        assert told["old password"]["code"] == "NotAuthorizedException"
        assert told["changed password"]["valid"] is True

    def test_a_forgotten_password_is_replaced_by_code(self, told):
        assert told["forgot"]["inputVerificationCode"]["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
        assert told["reset"] == "SUCCESS"


class TestDeletion:
    def test_a_deleted_user_is_gone(self, told):
        assert told["delete"] == "SUCCESS"
        assert told["deleted"]["code"] == "NotAuthorizedException"
