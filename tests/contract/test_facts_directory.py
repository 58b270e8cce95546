"""Facts about pools, clients, users and imports that no other test states in full; each test names its number.

The numbers are those of the list of testable facts that docs/not-covered.md speaks of. All other facts of these areas
are with the tests of their operations.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.wire import model
from tests.application import Cognito
from tests.callers import Desk, Door, Office, a_name, attribute, refused
from tests.contract import calls
from tests.entrance import ROTATING, Entrance, fault

HIDING = {"PreventUserExistenceErrors": "ENABLED"}
TRIGGERS = {"PreSignUp": "arn:aws:lambda:us-east-1:000000000000:function:gate"}


def _lengths(least: str, most: str) -> dict[str, Any]:
    return {"StringAttributeConstraints": {"MinLength": least, "MaxLength": most}}


@pytest.fixture(scope="module")
def caller(application: tuple[str, str]) -> Cognito:
    return Cognito(*application)


@pytest.fixture(scope="module")
def plain(caller: Cognito) -> dict[str, Any]:
    """A pool made with nothing but a name, as it is described."""
    return described(caller, caller.pool())


@pytest.fixture(scope="module")
def door(caller: Cognito) -> Door:
    return Door(caller)


def described(cognito: Cognito, pool_id: str) -> dict[str, Any]:
    found: dict[str, Any] = cognito.call("DescribeUserPool", UserPoolId=pool_id)["UserPool"]
    return found


def body_of(cognito: Cognito, operation: str, **given: Any) -> str:
    """The body of an answer as it comes."""
    asked = calls.question(_operation(operation), json.dumps(given).encode())
    answer = calls.ask(*calls.signed(cognito.credentials, "cognito-idp", asked))
    assert answer.status == 200, answer
    return answer.body


def _operation(name: str) -> model.Operation:
    found = model.operation("cognito-idp", name)
    assert found is not None
    return found


class TestWire:
    def test_9_and_10_success_without_content_is_an_empty_object_or_nothing(self, caller: Cognito, door: Door) -> None:
        name = caller.user(door.pool)

        assert body_of(caller, "AdminDeleteUser", UserPoolId=door.pool, Username=name) in ("", "{}")
        assert caller.call("AdminSetUserPassword", **_password(door, caller.user(door.pool))) == {}

    def test_13_a_page_of_two_leads_to_the_third_and_no_further(self, caller: Cognito) -> None:
        pool = caller.pool()
        names = {caller.user(pool) for _ in range(3)}

        first = caller.call("ListUsers", UserPoolId=pool, Limit=2)
        rest = caller.call("ListUsers", UserPoolId=pool, Limit=2, PaginationToken=first["PaginationToken"])

        assert (len(first["Users"]), len(rest["Users"])) == (2, 1)
        assert {user["Username"] for user in first["Users"] + rest["Users"]} == names
        assert "PaginationToken" not in rest


class TestPools:
    def test_19_and_20_the_schema_begins_with_sub_and_has_the_bounds_of_the_service(
        self, plain: dict[str, Any]
    ) -> None:
        schema = {one["Name"]: one for one in plain["SchemaAttributes"]}

        first = plain["SchemaAttributes"][0]
        assert (first["Name"], first["Mutable"], first["Required"]) == ("sub", False, True)
        assert first["StringAttributeConstraints"]["MinLength"] == "1"
        assert schema["updated_at"]["AttributeDataType"] == "Number"
        assert schema["updated_at"]["NumberAttributeConstraints"]["MinValue"] == "0"
        assert schema["birthdate"]["StringAttributeConstraints"]["MinLength"] == "10"

    def test_21_the_password_policy_asks_for_eight_of_all_kinds(self, plain: dict[str, Any]) -> None:
        classes = ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols")

        assert plain["Policies"]["PasswordPolicy"] == {
            "MinimumLength": 8,
            "TemporaryPasswordValidityDays": 7,
            **dict.fromkeys(classes, True),
        }

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            (
                {"Name": "x", "AttributeDataType": "String", "Required": True},
                "Required custom attributes are not supported currently.",
            ),
            (
                {"Name": "email", "AttributeDataType": "Number"},
                "You can not change AttributeDataType or set developerOnlyAttribute"
                " for standard schema attribute email",
            ),
            (
                {"Name": "x", "AttributeDataType": "String"} | _lengths("5", "3"),
                "user.custom:x: Max length cannot be less than min length.",
            ),
            (
                {"Name": "x", "AttributeDataType": "String"} | _lengths("0", "2049"),
                "user.custom:x: String attributes cannot have a length of more than 2048",
            ),
        ],
        ids=["26", "27", "30", "31"],
    )
    def test_26_27_30_and_31_a_schema_that_cannot_be_is_refused(
        self, caller: Cognito, given: dict[str, Any], sentence: str
    ) -> None:
        with refused("InvalidParameterException") as caught:
            caller.pool(Schema=[given])
        assert caught.value.message == sentence

    def test_29_an_attribute_is_added_once(self, caller: Cognito, plain: dict[str, Any]) -> None:
        given = {"UserPoolId": plain["Id"], "CustomAttributes": [{"Name": "x", "AttributeDataType": "String"}]}
        caller.call("AddCustomAttributes", **given)

        with refused("InvalidParameterException") as caught:
            caller.call("AddCustomAttributes", **given)
        assert "Existing attribute already has name" in caught.value.message

    def test_32_and_33_an_update_that_names_neither_ends_triggers_and_verification(self, caller: Cognito) -> None:
        pool = caller.pool(LambdaConfig=TRIGGERS, AutoVerifiedAttributes=["email"])
        assert described(caller, pool)["LambdaConfig"] == TRIGGERS

        caller.call("UpdateUserPool", UserPoolId=pool)

        after = described(caller, pool)
        assert not after.get("LambdaConfig")
        assert "AutoVerifiedAttributes" not in after

    def test_38_a_software_token_as_an_option_is_shown_as_it_was_set(self, caller: Cognito) -> None:
        wanted = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
        pool = caller.pool()

        caller.call("SetUserPoolMfaConfig", UserPoolId=pool, **wanted)

        assert caller.call("GetUserPoolMfaConfig", UserPoolId=pool).items() >= wanted.items()

    def test_168_provided_values_and_settings_exclude_each_other(self, caller: Cognito, door: Door) -> None:
        given = {"UseCognitoProvidedValues": True, "Settings": {"components": {}}}

        with refused("InvalidParameterException"):
            caller.call("CreateManagedLoginBranding", UserPoolId=door.pool, ClientId=door.client, **given)


class TestClients:
    def test_45_and_46_a_secret_is_described_where_there_is_one(self, caller: Cognito, plain: dict[str, Any]) -> None:
        for wanted in (True, False):
            given = {"UserPoolId": plain["Id"], "ClientName": "web", "GenerateSecret": wanted}
            made = caller.call("CreateUserPoolClient", **given)["UserPoolClient"]
            told = caller.call("DescribeUserPoolClient", UserPoolId=plain["Id"], ClientId=made["ClientId"])

            assert ("ClientSecret" in made) is ("ClientSecret" in told["UserPoolClient"]) is wanted
            assert made.get("ClientSecret") == told["UserPoolClient"].get("ClientSecret")

    def test_58_an_attribute_that_a_client_may_read_stands_alone_with_the_sub(self, caller: Cognito) -> None:
        entrance = Entrance(caller, client={"ReadAttributes": ["given_name"]})
        given = [attribute("given_name", "Tess"), attribute("nickname", "T")]
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=given)

        told = entrance.me(entrance.tokens()["AccessToken"])["UserAttributes"]

        assert {one["Name"] for one in told} == {"sub", "given_name"}

    def test_63_http_is_for_the_own_machine_alone(self, caller: Cognito, plain: dict[str, Any]) -> None:
        assert caller.client(plain["Id"], CallbackURLs=["http://localhost"])
        with refused("InvalidParameterException"):
            caller.client(plain["Id"], CallbackURLs=["http://example.com"])

    def test_64_an_update_without_flows_leaves_none(self, caller: Cognito, plain: dict[str, Any]) -> None:
        names = {"UserPoolId": plain["Id"], "ClientId": caller.client(plain["Id"])}
        assert "ExplicitAuthFlows" in caller.call("DescribeUserPoolClient", **names)["UserPoolClient"]

        caller.call("UpdateUserPoolClient", **names)

        assert "ExplicitAuthFlows" not in caller.call("DescribeUserPoolClient", **names)["UserPoolClient"]

    def test_65_where_tokens_rotate_the_plain_refresh_is_refused(self, caller: Cognito) -> None:
        entrance = Entrance(caller, client=ROTATING)
        token = entrance.tokens()["RefreshToken"]

        assert fault(lambda: entrance.refresh(token)) is not None
        assert entrance.renew(token)["RefreshToken"] != token


class TestHiddenUsers:
    def test_72_administrators_are_told_who_is_not_there(self, caller: Cognito, door: Door) -> None:
        caller.client(door.pool, **HIDING)

        with refused("UserNotFoundException", "User does not exist."):
            door.admin("AdminGetUser", "nobody")

    def test_73_a_taken_name_is_told(self, caller: Cognito) -> None:
        door, name = Door(caller, client=HIDING), a_name()
        door.sign_up(name)

        with refused("UsernameExistsException"):
            door.sign_up(name)


class TestUsers:
    def test_86_the_first_rule_that_a_password_breaks_is_named(self, door: Door) -> None:
        for password, rule in (("short", "long enough"), ("alllower1!x", "have uppercase characters")):
            with refused("InvalidPasswordException") as caught:
                door.sign_up(a_name(), Password=password)
            told = {"long enough": "Password not long enough"}.get(rule, f"Password must {rule}")
            assert caught.value.message == f"Password did not conform with policy: {told}"

    def test_93_an_attribute_that_the_pool_does_not_have_is_named(self, caller: Cognito) -> None:
        office, name = Office(caller), a_name()
        office.create(name)

        with refused("InvalidParameterException") as caught:
            office.update(name, attribute("custom:foo", "1"))
        sentence = "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema."
        assert caught.value.message.startswith(sentence)

    def test_95_who_is_created_is_shown_with_attributes(self, caller: Cognito, door: Door) -> None:
        user = caller.call("AdminCreateUser", UserPoolId=door.pool, Username=a_name(), MessageAction="SUPPRESS")["User"]

        assert (user["UserStatus"], user["Enabled"]) == ("FORCE_CHANGE_PASSWORD", True)
        assert user["Attributes"][0]["Name"] == "sub" and "UserAttributes" not in user

    def test_108_the_present_password_is_remembered(self, caller: Cognito) -> None:
        desk = Desk(caller, Policies={"PasswordPolicy": {"PasswordHistorySize": 3, "MinimumLength": 8}})
        token = desk.tokens()["AccessToken"]

        with refused("PasswordHistoryPolicyViolationException"):
            desk.change(token, "Correct-Horse-9", "Correct-Horse-9")


def _password(door: Door, name: str) -> dict[str, Any]:
    return {"UserPoolId": door.pool, "Username": name, "Password": "Another-Horse-7", "Permanent": True}
