"""Every setting that the model has comes back as it was given: a new one in botocore fails here by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape

from tests.application import Cognito

MODEL = botocore.session.get_session().get_service_model("cognito-idp")
POOL: dict[str, Any] = json.loads((Path(__file__).parents[1] / "clients" / "create-user-pool.json").read_text())
EUMS = {
    "CallerArn": "arn:aws:iam::123456789012:role/sms",
    "ExternalId": "external",
    "OriginationIdentity": "+12065550100",
    "ConfigurationSetName": "events",
    "InEntityId": "1101",
    "InTemplateId": "1107",
    "Region": "us-east-1",
}
OTHER_POOL = {name: value for name, value in POOL.items() if name != "AliasAttributes"} | {
    "UsernameAttributes": ["phone_number", "email"],
    "SmsConfiguration": {"EumsSms": EUMS},
}
"""With what excludes something in the first one."""

CLIENT: dict[str, Any] = {
    "ClientName": "Everything + more, a.b@c=d-e",
    "ClientSecret": "s" * 64,
    "RefreshTokenValidity": 90,
    "AccessTokenValidity": 10,
    "IdTokenValidity": 600,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "seconds", "RefreshToken": "days"},
    "ReadAttributes": ["email", "email_verified", "custom:seats", "dev:custom:team"],
    "WriteAttributes": ["email", "name", "custom:seats"],
    "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": ["https://app.example.com/callback", "http://localhost:3000", "com.example.app://back"],
    "LogoutURLs": ["https://app.example.com/bye"],
    "DefaultRedirectURI": "https://app.example.com/callback",
    "AllowedOAuthFlows": ["code", "implicit"],
    "AllowedOAuthScopes": ["openid", "email", "api/read"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AnalyticsConfiguration": {
        "ApplicationId": "00ff",
        "ApplicationArn": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/00ff",
        "RoleArn": "arn:aws:iam::123456789012:role/analytics",
        "ExternalId": "external",
        "UserDataShared": True,
    },
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": False,
    "EnablePropagateAdditionalUserContextData": True,
    "AuthSessionValidity": 15,
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60},
}
NOT_SETTINGS = {"UserPoolId", "GenerateSecret"}
SHOWN_AS = {"PoolName": "Name", "Schema": "SchemaAttributes"}
PREFIXES = {"team": "dev:custom:team", "seats": "custom:seats"}


def members(operation: str) -> list[str]:
    """The members of an operation's input."""
    return list(MODEL.operation_model(operation).input_shape.members)


def paths_of_model(shape: Shape, path: str = "") -> Iterator[str]:
    """Every member below a shape, with dots between."""
    if shape.type_name == "structure":
        for name, inner in shape.members.items():
            yield f"{path}.{name}"
            yield from paths_of_model(inner, f"{path}.{name}")
    elif shape.type_name == "list":
        yield from paths_of_model(shape.member, path)
    elif shape.type_name == "map":
        yield from paths_of_model(shape.value, path)


def paths_given(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Every member of the model that an input fills."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield f"{path}.{name}"
            yield from paths_given(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name in ("list", "map"):
        inner_shape = shape.member if shape.type_name == "list" else shape.value
        for inner in value if shape.type_name == "list" else value.values():
            yield from paths_given(inner_shape, inner, path)


def unfilled(operation: str, *inputs: dict[str, Any]) -> list[str]:
    """The members of an operation's input that none of these inputs has."""
    shape = MODEL.operation_model(operation).input_shape
    given = {path for one in inputs for path in paths_given(shape, one)}
    return sorted(set(paths_of_model(shape)) - given)


def as_shown(member: str, value: Any) -> Any:
    """What a description holds of a given setting: custom attributes have got their prefixes."""
    if member != "Schema":
        return value
    return [entry | {"Name": PREFIXES.get(entry["Name"], entry["Name"])} for entry in value]


def compared(pool: dict[str, Any], member: str) -> Any:
    """What a description holds of one member; of the schema, what the input had something to say about."""
    value = pool[SHOWN_AS.get(member, member)]
    if member != "Schema":
        return value
    wanted = [PREFIXES.get(entry["Name"], entry["Name"]) for entry in POOL["Schema"]]
    return [next(entry for entry in value if entry["Name"] == name) for name in wanted]


def updatable(operation: str, shown: dict[str, Any]) -> dict[str, Any]:
    """What a caller sends back who describes and then updates."""
    return {name: shown[name] for name in members(operation) if name in shown}


@pytest.fixture(scope="module")
def caller(application: tuple[str, str]) -> Cognito:
    return Cognito(*application)


@pytest.fixture(scope="module")
def described(caller: Cognito) -> list[dict[str, Any]]:
    """Both pools as they are described."""
    ids = [caller.call("CreateUserPool", **given)["UserPool"]["Id"] for given in (POOL, OTHER_POOL)]
    return [caller.call("DescribeUserPool", UserPoolId=pool_id)["UserPool"] for pool_id in ids]


@pytest.fixture(scope="module")
def client(caller: Cognito, described: list[dict[str, Any]]) -> dict[str, Any]:
    """A client with every setting, as it is described."""
    pool_id = described[0]["Id"]
    scopes = [{"ScopeName": "read", "ScopeDescription": "reads"}]
    caller.call("CreateResourceServer", UserPoolId=pool_id, Identifier="api", Name="API", Scopes=scopes)
    made = caller.call("CreateUserPoolClient", UserPoolId=pool_id, **CLIENT)["UserPoolClient"]
    told = caller.call("DescribeUserPoolClient", UserPoolId=pool_id, ClientId=made["ClientId"])
    result: dict[str, Any] = told["UserPoolClient"]
    return result


class TestPools:
    def test_are_tried_with_every_member_of_the_model(self) -> None:
        assert unfilled("CreateUserPool", POOL, OTHER_POOL) == []

    @pytest.mark.parametrize("member", members("CreateUserPool"))
    def test_show_what_they_were_given(self, described: list[dict[str, Any]], member: str) -> None:
        tried = [
            (given[member], shown)
            for given, shown in zip((POOL, OTHER_POOL), described, strict=True)
            if member in given
        ]

        assert tried, f"{member} is not tried"
        for value, shown in tried:
            assert compared(shown, member) == as_shown(member, value)

    def test_show_nothing_that_was_not_given(self, described: list[dict[str, Any]]) -> None:
        computed = {"Id", "Arn", "CreationDate", "LastModifiedDate", "EstimatedNumberOfUsers"}

        for given, shown in zip((POOL, OTHER_POOL), described, strict=True):
            assert set(shown) - computed == {SHOWN_AS.get(member, member) for member in given}

    @pytest.mark.parametrize("which", [0, 1], ids=["alias", "address"])
    def test_are_changed_by_nothing_that_they_showed(
        self, caller: Cognito, described: list[dict[str, Any]], which: int
    ) -> None:
        before = described[which]
        name = {"UserPoolId": before["Id"]}
        mfa = caller.call("GetUserPoolMfaConfig", **name)

        caller.call("UpdateUserPool", **updatable("UpdateUserPool", before), **name, PoolName=before["Name"])

        after = caller.call("DescribeUserPool", **name)["UserPool"]
        assert after | {"LastModifiedDate": before["LastModifiedDate"]} == before
        assert caller.call("GetUserPoolMfaConfig", **name) == mfa

    def test_of_one_name_alone_are_changed_by_nothing_that_they_showed(self, caller: Cognito) -> None:
        before = caller.call("CreateUserPool", PoolName="plain")["UserPool"]

        caller.call("UpdateUserPool", **updatable("UpdateUserPool", before), UserPoolId=before["Id"])

        after = caller.call("DescribeUserPool", UserPoolId=before["Id"])["UserPool"]
        assert after | {"LastModifiedDate": before["LastModifiedDate"]} == before

    def test_can_be_made_anew_from_what_they_showed(self, caller: Cognito, described: list[dict[str, Any]]) -> None:
        shown = described[0]
        unnameable = ("sub", "phone_number_verified")  # the latter is longer than the model lets a name be
        schema = [entry for entry in shown["SchemaAttributes"] if entry["Name"] not in unnameable]

        again = caller.call(
            "CreateUserPool", PoolName=shown["Name"], Schema=schema, **updatable("CreateUserPool", shown)
        )["UserPool"]

        computed = ("Id", "Arn", "CreationDate", "LastModifiedDate")
        assert again == shown | {member: again[member] for member in computed}


class TestClients:
    def test_are_tried_with_every_member_of_the_model(self) -> None:
        assert unfilled("CreateUserPoolClient", CLIENT) == [f".{name}" for name in sorted(NOT_SETTINGS)]

    @pytest.mark.parametrize("member", [name for name in members("CreateUserPoolClient") if name not in NOT_SETTINGS])
    def test_show_what_they_were_given(self, client: dict[str, Any], member: str) -> None:
        assert client[member] == CLIENT[member]

    def test_show_nothing_that_was_not_given(self, client: dict[str, Any]) -> None:
        computed = {"UserPoolId", "ClientId", "ClientType", "CreationDate", "LastModifiedDate"}

        assert set(client) - computed == set(CLIENT)

    def test_are_changed_by_nothing_that_they_showed(self, caller: Cognito, client: dict[str, Any]) -> None:
        names = {member: client[member] for member in ("UserPoolId", "ClientId")}

        caller.call("UpdateUserPoolClient", **updatable("UpdateUserPoolClient", client))

        after = caller.call("DescribeUserPoolClient", **names)["UserPoolClient"]
        assert after | {"LastModifiedDate": client["LastModifiedDate"]} == client
