"""No operation that takes an access token takes one that is over or that is none: facts 153, 154, 155 and 159."""

import json

import pytest

from chalicelib.flows import signing_keys
from chalicelib.table import store
from chalicelib.wire import model
from tests.application import Cognito
from tests.callers import refused
from tests.clock import HOUR, later
from tests.contract.calls import EVERY_OPERATION
from tests.entrance import Entrance, claims
from tests.operations.test_machine_tokens import Machine, serve
from tests.operations.test_session_configuration import put

REVOKED = "Access Token has been revoked"
KEY = "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
REST = {
    "ChangePassword": {"PreviousPassword": "Correct-Horse-9", "ProposedPassword": "Other-Horse-9"},
    "CompleteWebAuthnRegistration": {"Credential": {"id": "x"}},
    "ConfirmDevice": {"DeviceKey": KEY},
    "DeleteUserAttributes": {"UserAttributeNames": ["nickname"]},
    "DeleteWebAuthnCredential": {"CredentialId": "x"},
    "ForgetDevice": {"DeviceKey": KEY},
    "GetDevice": {"DeviceKey": KEY},
    "GetUserAttributeVerificationCode": {"AttributeName": "email"},
    "RevokeUserSession": {"SessionId": "tkn" + "0" * 25},
    "SetUserSettings": {"MFAOptions": []},
    "UpdateDeviceStatus": {"DeviceKey": KEY},
    "UpdateUserAttributes": {"UserAttributes": [{"Name": "nickname", "Value": "x"}]},
    "VerifySoftwareToken": {"UserCode": "123456"},
    "VerifyUserAttribute": {"AttributeName": "email", "Code": "123456"},
}
"""What an operation needs beside the token."""

TAKING = [
    operation
    for operation in EVERY_OPERATION
    if operation.input and "AccessToken" in model.shape(operation.service, operation.input).members
]


@pytest.fixture(scope="module")
def entrance(application):
    entrance = Entrance(Cognito(*application))
    put(entrance.cognito, entrance.pool)
    serve(entrance, "read", "write")
    return entrance


@pytest.fixture(scope="module")
def over(entrance):
    """Tokens of sign-ins that have ended in each way, and the sentence that they are refused with."""
    made = {}
    for way in ("revoked", "signed out", "signed out by an administrator", "disabled", "session ended"):
        user = entrance.another()
        made[way] = user, user.tokens()
    user, tokens = made["revoked"]
    user.revoke(tokens["RefreshToken"])
    user, tokens = made["signed out"]
    user.cognito.call("GlobalSignOut", AccessToken=tokens["AccessToken"])
    made["signed out by an administrator"][0].admin("AdminUserGlobalSignOut")
    made["disabled"][0].admin("AdminDisableUser")
    user, _ = made["session ended"]
    [session] = user.admin("AdminListUserSessions")["Sessions"]
    user.admin("AdminRevokeUserSession", SessionId=session["SessionId"])
    return {way: tokens["AccessToken"] for way, (_, tokens) in made.items()}


@pytest.fixture(scope="module")
def strange(entrance):
    """What is no access token of a user for these operations, and the sentence that it is refused with."""
    tokens = entrance.another().tokens()
    said = claims(tokens["AccessToken"]) | {"scope": "openid"}
    scope = "Access Token does not have required scopes"
    return [
        (tokens["IdToken"], "Invalid Access Token"),
        (tokens["RefreshToken"], "Invalid Access Token"),
        (Machine(entrance).tokens()["AccessToken"], "Invalid Access Token"),
        (signing_keys.signer(entrance.pool, "access").sign(said), scope),
        ("junk", "Invalid Access Token"),
    ]


def call(entrance, operation, token):
    given = {"AccessToken": token, **REST.get(operation.name, {})}
    return entrance.cognito.send(operation.service, operation.name, json.dumps(given).encode())


def name_of(operation):
    return operation.name


@pytest.mark.parametrize("operation", TAKING, ids=name_of)
class TestEveryOperation:
    def test_refuses_the_token_of_a_sign_in_that_has_ended(self, entrance, over, operation):
        for token in over.values():
            with refused("NotAuthorizedException", REVOKED):
                call(entrance, operation, token)

    def test_refuses_what_is_no_access_token_with_its_scope(self, entrance, strange, operation):
        for token, sentence in strange:
            with refused("NotAuthorizedException", sentence):
                call(entrance, operation, token)

    def test_refuses_a_token_that_has_expired(self, entrance, operation):
        token = entrance.tokens()["AccessToken"]

        with later(HOUR + 1), refused("NotAuthorizedException", "Access Token has expired"):
            call(entrance, operation, token)

    def test_looks_before_it_writes(self, entrance, over, operation):
        with store.counted() as trips, refused("NotAuthorizedException", REVOKED):
            call(entrance, operation, over["revoked"])

        assert trips.calls == ["BatchGetItem"]


class TestOtherSignIns:
    def test_live_on(self, entrance):
        user = entrance.another()
        ended, other = user.tokens(), user.tokens()

        user.revoke(ended["RefreshToken"])

        assert user.me(other["AccessToken"])
