"""A user's own attributes with aws-amplify v6, and the groups in the tokens: one script, its steps told here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.running import FLOWS, PASSWORD, Latchkey, Pool, Told

pytestmark = pytest.mark.clients

NAME = "ada"
ADDRESS = f"{NAME}@example.com"
TAKEN = "taken@example.com"
ROLES = "arn:aws:iam::123456789012:role/"
DONE = {"isUpdated": True, "nextStep": {"updateAttributeStep": "DONE"}}


def careful_pool(cognito: Any) -> dict[str, str]:
    """A pool where addresses are names, and a new one takes over only when it is proved."""
    pool = cognito.create_user_pool(
        PoolName="careful",
        AliasAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="careful",
        ExplicitAuthFlows=FLOWS,
        WriteAttributes=["email"],
        PreventUserExistenceErrors="ENABLED",
    )
    for name, address in ((NAME, ADDRESS), ("other", TAKEN)):
        attributes = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
    return {"pool": pool, "client": client["UserPoolClient"]["ClientId"]}


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], cognito: Any, pool: Pool, user: Callable[[str], str]) -> Told:
    """What the application saw, by step."""
    user(NAME)
    for group, precedence in (("writers", 2), ("admins", 1)):
        settings = {"RoleArn": f"{ROLES}{group}", "Precedence": precedence}
        cognito.create_group(UserPoolId=pool.id, GroupName=group, **settings)
        cognito.admin_add_user_to_group(UserPoolId=pool.id, Username=NAME, GroupName=group)
    given = {"password": PASSWORD, "username": NAME, "address": ADDRESS, "taken": TAKEN}
    place = {"pool": pool.id, "client": pool.client}
    return node("amplify-directory.mjs", open=place, careful=careful_pool(cognito), **given)


class TestGroups:
    def test_both_tokens_name_the_groups(self, told: Told) -> None:
        assert sorted(told["session"]["access"]["cognito:groups"]) == ["admins", "writers"]
        assert sorted(told["session"]["id"]["cognito:groups"]) == ["admins", "writers"]

    def test_the_id_token_names_the_roles_and_prefers_the_lowest_number(self, told: Told) -> None:
        claims = told["session"]["id"]

        assert sorted(claims["cognito:roles"]) == [f"{ROLES}admins", f"{ROLES}writers"]
        assert claims["cognito:preferred_role"] == f"{ROLES}admins"


class TestAttributes:
    def test_several_are_set_at_once_and_need_no_code(self, told: Told) -> None:
        assert told["several"] == {"name": DONE, "nickname": DONE, "phone_number": DONE}
        assert told["with several"]["name"] == "Ada Lovelace"
        assert told["with several"]["phone_number_verified"] == "false"

    def test_some_are_deleted(self, told: Told) -> None:
        gone = {"nickname", "phone_number", "phone_number_verified"}

        assert told["deleted"] is None
        assert set(told["with several"]) - set(told["without deleted"]) == gone

    def test_new_tokens_tell_of_a_change(self, told: Told) -> None:
        assert "name" not in told["session"]["id"]
        assert told["claims after a change"]["id"]["name"] == "Ada Lovelace"


class TestProof:
    def test_a_new_address_asks_for_its_code(self, told: Told) -> None:
        asked = told["another address"]

        assert asked["isUpdated"] is False
        assert asked["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
        assert asked["nextStep"]["codeDeliveryDetails"]["attributeName"] == "email"
        assert asked["nextStep"]["codeDeliveryDetails"]["deliveryMedium"] == "EMAIL"
        assert asked["nextStep"]["codeDeliveryDetails"]["destination"] == "s***@e***"

    def test_it_is_unproved_until_then(self, told: Told) -> None:
        assert (told["unproved"]["email"], told["unproved"]["email_verified"]) == ("second@example.com", "false")

    def test_the_right_code_alone_proves_it_and_only_once(self, told: Told) -> None:
        assert told["wrong code"]["error"] == "CodeMismatchException"
        assert told["sent again"] == {"destination": "s***@e***", "deliveryMedium": "EMAIL", "attributeName": "email"}
        assert told["proved"] is None
        assert told["after the proof"]["email_verified"] == "true"
        assert told["spent code"]["error"] == "ExpiredCodeException"


class TestRefusals:
    @pytest.mark.parametrize(
        ("step", "error"),
        [
            ("changed by a stranger", "UserUnAuthenticatedException"),
            ("no phone to verify", "InvalidParameterException"),
            ("nothing that can be verified", "InvalidParameterException"),
            ("no such attribute", "InvalidParameterException"),
            ("no phone number", "InvalidParameterException"),
            ("not to be set", "NotAuthorizedException"),
            ("not to be changed", "NotAuthorizedException"),
            ("beyond the client", "NotAuthorizedException"),
        ],
    )
    def test_they_have_the_names_that_amplify_gives_them(self, told: Told, step: str, error: str) -> None:
        assert told[step]["error"] == error


class TestVerificationBeforeUpdate:
    def test_the_old_address_stands_while_the_new_one_waits(self, told: Told, latchkey: Latchkey) -> None:
        assert told["careful change"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
        assert (told["while it waits"]["email"], told["while it waits"]["email_verified"]) == (ADDRESS, "true")
        assert latchkey.messages(NAME)[-1]["to"] == f"new-{ADDRESS}"

    def test_it_signs_in_and_the_new_one_does_not(self, told: Told) -> None:
        assert told["by the first address"]["isSignedIn"] is True
        assert told["by the waiting address"]["error"] == "NotAuthorizedException"
        assert told["by the first address still"]["isSignedIn"] is True

    def test_the_proof_moves_the_name(self, told: Told) -> None:
        shown = told["after the careful proof"]

        assert told["careful proof"] is None
        assert (shown["email"], shown["email_verified"]) == (f"new-{ADDRESS}", "true")
        assert told["by the first address no more"]["error"] == "NotAuthorizedException"
        assert told["by the second address"]["isSignedIn"] is True

    def test_the_proven_address_of_another_is_not_had_by_a_code(self, told: Told) -> None:
        assert told["taken"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
        assert told["proof of the taken one"]["error"] == "AliasExistsException"
