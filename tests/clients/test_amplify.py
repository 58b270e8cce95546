"""aws-amplify v6 Auth in Node, configured with `userPoolEndpoint`: one script, its steps told here."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
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
    return node("amplify.mjs", pool=pool.id, client=pool.client, **names)


def claims(token: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return content


class TestSignUp:
    def test_a_code_is_asked_for(self, told):
        asked = told["sign up"]["nextStep"]

        assert asked["signUpStep"] == "CONFIRM_SIGN_UP"
        assert asked["codeDeliveryDetails"]["deliveryMedium"] == "EMAIL"
        assert told["resend"]["attributeName"] == "email"

    def test_the_unconfirmed_are_sent_to_confirm(self, told):
        assert told["sign in unconfirmed"]["nextStep"] == {"signInStep": "CONFIRM_SIGN_UP"}

    def test_the_right_code_alone_confirms(self, told):
        assert told["confirm with a wrong code"]["error"] == "CodeMismatchException"
        assert told["confirm"]["isSignUpComplete"] is True


class TestSignIn:
    def test_srp_signs_in(self, told):
        assert told["sign in"] == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
        assert told["current user"]["username"] == "amplify"
        assert told["current user"]["signInDetails"]["authFlowType"] == "USER_SRP_AUTH"
        assert told["current user"]["userId"] == told["sign up"]["userId"]

    def test_a_wrong_password_and_an_unknown_user_look_the_same(self, told):
        assert told["wrong password"]["error"] == "NotAuthorizedException"
        assert told["wrong password"] == told["unknown user"]

    def test_attributes_are_fetched(self, told):
        expected = {"email": "amplify@example.com", "email_verified": "true", "sub": told["sign up"]["userId"]}

        assert told["attributes"] == expected

    def test_an_invited_user_chooses_a_password(self, told):
        assert told["invited"]["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
        assert told["new password"]["isSignedIn"] is True
        assert told["invited user"]["username"] == "invited"

    def test_the_password_flow_signs_in_too(self, told):
        assert told["plain sign-in elsewhere"]["isSignedIn"] is True


class TestSession:
    def test_tokens_name_the_user_and_the_issuer(self, told, latchkey: Latchkey, pool: Pool):
        access = claims(told["session"]["access"])

        assert access["iss"] == told["session"]["id"]["iss"] == f"{latchkey.url}/{pool.id}"
        assert access["sub"] == told["session"]["userSub"] == told["sign up"]["userId"]
        assert access["exp"] > time.time()

    def test_a_forced_refresh_brings_new_tokens_of_the_same_session(self, told):
        before, after = claims(told["session"]["access"]), claims(told["forced refresh"]["access"])

        assert after["jti"] != before["jti"]
        assert after["origin_jti"] == before["origin_jti"]

    def test_signing_out_forgets_the_user(self, told):
        assert told["signed out"]["error"] == "UserUnAuthenticatedException"

    def test_a_global_sign_out_ends_the_session_of_another_device(self, told):
        assert told["session elsewhere"]["access"]
        assert told["global sign-out"] is None
        assert told["refresh after global sign-out"] == {}


class TestPassword:
    def test_a_changed_password_replaces_the_old_one(self, told):
        assert told["change password"] is None
        assert told["old password"]["error"] == "NotAuthorizedException"

    def test_a_forgotten_password_is_replaced_by_code(self, told):
        assert told["forgot"]["nextStep"]["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
        assert told["reset"] is None
        assert told["sign in after reset"]["isSignedIn"] is True


class TestDeletion:
    def test_a_deleted_user_is_gone(self, told):
        assert told["delete"] is None
        assert told["sign in deleted"]["error"] == "NotAuthorizedException"
