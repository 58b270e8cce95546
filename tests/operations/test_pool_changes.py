"""MFA configuration and custom attributes of user pools, against a table engine."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.application import Fault

TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


def attribute(pool, name):
    return next(entry for entry in pool["SchemaAttributes"] if entry["Name"] == name)


@pytest.fixture
def pool_id(cognito):
    return cognito.pool()


def described(cognito, pool_id):
    return cognito.call("DescribeUserPool", UserPoolId=pool_id)["UserPool"]


class TestMfaConfiguration:
    def test_is_off_in_a_fresh_pool(self, cognito, pool_id):
        assert cognito.call("GetUserPoolMfaConfig", UserPoolId=pool_id) == {"MfaConfiguration": "OFF"}

    def test_comes_back_as_it_was_set(self, cognito, pool_id):
        wanted = {"MfaConfiguration": "OPTIONAL"} | TOTP

        assert cognito.call("SetUserPoolMfaConfig", UserPoolId=pool_id, **wanted) == wanted
        assert cognito.call("GetUserPoolMfaConfig", UserPoolId=pool_id) == wanted
        assert described(cognito, pool_id)["MfaConfiguration"] == "OPTIONAL"

    def test_needs_a_method(self, cognito, pool_id):
        assert refusal(cognito, "SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="ON") == (
            "InvalidParameterException",
            "At least one of [SmsMfaConfiguration] or [SoftwareTokenMfaConfiguration] must be provided.",
        )

    def test_outlives_an_update_of_the_pool(self, cognito, pool_id):
        wanted = {"MfaConfiguration": "OPTIONAL"} | TOTP
        cognito.call("SetUserPoolMfaConfig", UserPoolId=pool_id, **wanted)

        cognito.call("UpdateUserPool", UserPoolId=pool_id, MfaConfiguration="OPTIONAL")

        assert cognito.call("GetUserPoolMfaConfig", UserPoolId=pool_id) == wanted

    def test_of_an_unknown_pool_is_refused(self, cognito):
        unknown = {"UserPoolId": "us-east-1_Unknown00"}

        assert refusal(cognito, "GetUserPoolMfaConfig", **unknown)[0] == "ResourceNotFoundException"
        assert refusal(cognito, "SetUserPoolMfaConfig", MfaConfiguration="OFF", **unknown)[0] == (
            "ResourceNotFoundException"
        )


class TestAddCustomAttributes:
    def test_shows_them_in_the_schema(self, cognito, pool_id):
        added = [{"Name": "x", "AttributeDataType": "String"}]

        assert cognito.call("AddCustomAttributes", UserPoolId=pool_id, CustomAttributes=added) == {}

        assert attribute(described(cognito, pool_id), "custom:x")["StringAttributeConstraints"] == {}

    def test_refuses_a_taken_name(self, cognito, pool_id):
        added = [{"Name": "x", "AttributeDataType": "String"}]
        cognito.call("AddCustomAttributes", UserPoolId=pool_id, CustomAttributes=added)

        assert refusal(cognito, "AddCustomAttributes", UserPoolId=pool_id, CustomAttributes=added) == (
            "InvalidParameterException",
            "custom:x: Existing attribute already has name custom:x.",
        )

    def test_keeps_those_of_several_callers_at_once(self, cognito, pool_id):
        def add(name):
            entry = {"Name": name, "AttributeDataType": "String"}
            cognito.call("AddCustomAttributes", UserPoolId=pool_id, CustomAttributes=[entry])

        with ThreadPoolExecutor(2) as together:
            list(together.map(add, ["a", "b"]))

        assert attribute(described(cognito, pool_id), "custom:a")
        assert attribute(described(cognito, pool_id), "custom:b")
