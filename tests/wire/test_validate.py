"""Requests against the model: types, limits, and the words for both."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.wire import model, words
from chalicelib.wire.body import decoded
from chalicelib.wire.validate import validated

SIGN_UP = {"ClientId": "abc", "Username": "ann", "Password": "Passw0rd!"}
OPERATIONS = [operation for service in model.services() for operation in model.operations(service)]


def check(name, body, service="cognito-idp"):
    return validated(model.operation(service, name), body)


def refusal(name, body, service="cognito-idp"):
    with pytest.raises(errors.AwsError) as caught:
        check(name, body, service)
    return caught.value


def message(name, body, service="cognito-idp"):
    error = refusal(name, body, service)
    assert error.code == "InvalidParameterException"
    return error.message


class TestAcceptedRequests:
    def test_come_back_as_a_new_object(self):
        body = dict(SIGN_UP)

        result = check("SignUp", body)

        assert result == body
        assert result is not body

    def test_lose_unknown_members_at_every_depth(self):
        body = SIGN_UP | {"New": 1, "UserAttributes": [{"Name": "email", "Value": "a@b", "Extra": {}}]}

        assert check("SignUp", body)["UserAttributes"] == [{"Name": "email", "Value": "a@b"}]
        assert "New" not in check("SignUp", body)

    def test_lose_null_members_and_null_map_values(self):
        body = SIGN_UP | {"SecretHash": None, "ClientMetadata": {"a": "1", "b": None}}

        assert check("SignUp", body) == SIGN_UP | {"ClientMetadata": {"a": "1"}}

    def test_keep_empty_lists_and_maps(self):
        assert check("SignUp", SIGN_UP | {"UserAttributes": [], "ClientMetadata": {}})["UserAttributes"] == []

    def test_have_blobs_as_bytes(self):
        body = {"UserPoolId": "eu-west-1_a", "ImageFile": "AP8="}

        assert check("SetUICustomization", body)["ImageFile"] == b"\x00\xff"

    def test_have_timestamps_as_seconds(self):
        patch = {"Op": "replace", "Key": "k", "SyncCount": 0, "DeviceLastModifiedDate": 1689721665.239}
        body = {
            "IdentityPoolId": "eu-west-1:a",
            "IdentityId": "eu-west-1:a",
            "DatasetName": "d",
            "SyncSessionToken": "t",
        }

        result = check("UpdateRecords", body | {"RecordPatches": [patch]}, "cognito-sync")

        assert result["RecordPatches"] == [patch]

    def test_take_a_whole_number_that_javascript_writes_as_a_fraction(self):
        result = check("ListUsers", {"UserPoolId": "eu-west-1_a", "Limit": 5.0})

        assert repr(result["Limit"]) == "5"

    def test_keep_documents_as_they_are(self):
        settings_ = {"a": [{"b": None, "c": 1.5}]}

        result = check(
            "CreateManagedLoginBranding", {"UserPoolId": "eu-west-1_a", "ClientId": "c", "Settings": settings_}
        )

        assert result["Settings"] == settings_

    def test_keep_booleans_and_maps_of_structures(self):
        mapping = {"p": {"Type": "Token", "AmbiguousRoleResolution": "Deny"}}
        body = {"IdentityPoolId": "a:b", "Roles": {}, "RoleMappings": mapping}

        assert check("SetIdentityPoolRoles", body, "cognito-identity") == body
        assert check(
            "AdminSetUserPassword", {"UserPoolId": "a_b", "Username": "a", "Password": "ab", "Permanent": True}
        )

    def test_take_a_code_that_is_no_number(self):
        """Fact 14: the code error applies, not a pattern."""
        assert check("ConfirmSignUp", {"ClientId": "a", "Username": "u", "ConfirmationCode": "abc!"})

    def test_take_the_flow_that_the_enum_lacks(self):
        body = {"UserPoolId": "a_b", "ClientName": "c", "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"]}

        assert check("CreateUserPoolClient", body)["ExplicitAuthFlows"] == ["ALLOW_CLIENT_TOKEN_AUTH"]

    def test_take_a_password_with_blanks_inside(self):
        assert check("SignUp", SIGN_UP | {"Password": "correct horse 1A!"})


class TestWrongTypes:
    @pytest.mark.parametrize(
        ("member", "value", "text"),
        [
            ("Username", 5, "NUMBER_VALUE can not be converted to a String"),
            ("Username", 5.5, "NUMBER_VALUE can not be converted to a String"),
            ("Username", True, "TRUE_VALUE can not be converted to a String"),
            ("Username", False, "FALSE_VALUE can not be converted to a String"),
            ("Username", [], "Start of list found where not expected"),
            ("Username", {}, "Start of structure or map found where not expected."),
            ("UserAttributes", {}, "Expected list or null"),
            ("UserAttributes", ["x"], "Expected structure or null"),
            ("ClientMetadata", "x", "Expected map or null"),
            ("AnalyticsMetadata", [], "Expected structure or null"),
        ],
    )
    def test_are_serialization_errors(self, member, value, text):
        error = refusal("SignUp", SIGN_UP | {member: value})

        assert (error.code, error.status, error.message) == ("SerializationException", 400, text)

    def test_include_a_number_as_attribute_value(self):
        """Fact 17."""
        error = refusal("SignUp", SIGN_UP | {"UserAttributes": [{"Name": "age", "Value": 5}]})

        assert error.code == "SerializationException"

    def test_win_over_violations(self):
        assert refusal("SignUp", {"Username": "", "ClientMetadata": {"a": 1}}).code == "SerializationException"

    @pytest.mark.parametrize("value", ["5", True, 5.5, 2**31, -(2**31) - 1, [], float("inf"), float("nan")])
    def test_of_integers(self, value):
        error = refusal("ListUsers", {"UserPoolId": "a_b", "Limit": value})

        assert error.code == "SerializationException"
        assert "Integer" in error.message or "Start of list" in error.message

    def test_of_long_integers(self):
        body = {"IdentityPoolId": "a:b", "IdentityId": "a:b", "DatasetName": "d", "LastSyncCount": 2**63}

        assert refusal("ListRecords", body, "cognito-sync").message == "NUMBER_VALUE can not be converted to a Long"
        assert check("ListRecords", body | {"LastSyncCount": 2**63 - 1}, "cognito-sync")

    @pytest.mark.parametrize("value", ["true", 1])
    def test_of_booleans(self, value):
        body = {"UserPoolId": "a_b", "Username": "a", "Password": "ab", "Permanent": value}

        assert "a Boolean" in refusal("AdminSetUserPassword", body).message

    @pytest.mark.parametrize("value", ["2026-01-01", True, 1e300, float("nan")])
    def test_of_timestamps(self, value):
        patch = {"Op": "replace", "Key": "k", "SyncCount": 0, "DeviceLastModifiedDate": value}
        body = {"IdentityPoolId": "a:b", "IdentityId": "a:b", "DatasetName": "d", "SyncSessionToken": "t"}

        error = refusal("UpdateRecords", body | {"RecordPatches": [patch]}, "cognito-sync")

        assert error.message.endswith("_VALUE can not be converted to milliseconds since epoch")

    @pytest.mark.parametrize("value", [5, "AP8", "A*P8=", "\u00e9\u00e9\u00e9\u00e9"])
    def test_of_blobs(self, value):
        assert refusal("SetUICustomization", {"UserPoolId": "a_b", "ImageFile": value}).code == "SerializationException"

    def test_of_documents(self):
        body = {"UserPoolId": "a_b", "ClientId": "c", "Settings": []}

        assert refusal("CreateManagedLoginBranding", body).message == "Expected structure or null"


class TestViolations:
    def test_of_a_missing_member_are_worded_as_the_service_does(self):
        """Fact 11."""
        assert message("ListUserPools", {}) == (
            "1 validation error detected: Value null at 'maxResults' failed to satisfy constraint: "
            "Member must not be null"
        )

    def test_of_a_large_number(self):
        """Fact 12."""
        assert message("ListUsers", {"UserPoolId": "a_b", "Limit": 61}) == (
            "1 validation error detected: Value '61' at 'limit' failed to satisfy constraint: "
            "Member must have value less than or equal to 60"
        )

    def test_of_a_small_number(self):
        assert message("ListUserPools", {"MaxResults": 0}) == (
            "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )

    def test_of_a_pattern_print_the_models_own(self):
        assert message("ListUsers", {"UserPoolId": "x"}) == (
            "1 validation error detected: Value 'x' at 'userPoolId' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+"
        )

    def test_of_a_short_secret_tell_pattern_and_length_and_not_the_value(self):
        body = {"Session": "x" * 20, "UserCode": "12ab"}

        assert message("VerifySoftwareToken", body) == (
            "2 validation errors detected: Value at 'userCode' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [0-9]+; Value at 'userCode' failed to satisfy constraint: Member must have "
            "length greater than or equal to 6"
        )

    @pytest.mark.parametrize("password", [" a1B!", "a1B! ", "x", "", "a\nb"])
    def test_of_a_password_print_the_pattern_of_the_running_service(self, password):
        assert message("SignUp", SIGN_UP | {"Password": password}) == (
            "1 validation error detected: Value at 'password' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$"
        )

    def test_of_a_long_text_leave_the_pattern_out(self):
        """Attack: regular expressions over more text than the model allows."""
        found = message("SignUp", SIGN_UP | {"Password": " " * 257})

        assert found == (
            "1 validation error detected: Value at 'password' failed to satisfy constraint: "
            "Member must have length less than or equal to 256"
        )

    def test_of_an_enum_list_the_values_in_the_models_order(self):
        found = message("SetUserPoolMfaConfig", {"UserPoolId": "a_b", "MfaConfiguration": "MAYBE"})

        assert found.endswith("Value 'MAYBE' at 'mfaConfiguration' failed to satisfy constraint: "
                              "Member must satisfy enum value set: [OFF, ON, OPTIONAL]")  # fmt: skip

    def test_of_list_elements_count_from_one(self):
        body = SIGN_UP | {"UserAttributes": [{"Name": "ok"}, {"Name": "x" * 33, "Value": "v"}, {"Value": "v"}, None]}

        found = message("SignUp", body).partition(": ")[2].split("; ")

        assert [text.partition("' at ")[2] or text for text in found] == [
            "'userAttributes.2.member.name' failed to satisfy constraint: "
            "Member must have length less than or equal to 32",
            "Value null at 'userAttributes.3.member.name' failed to satisfy constraint: Member must not be null",
            "Value null at 'userAttributes.4.member' failed to satisfy constraint: Member must not be null",
        ]

    def test_of_plain_elements_are_told_once_for_the_list(self):
        body = {"UserPoolId": "a_b", "ClientName": "c", "CallbackURLs": ["https://a", " ", "b c"]}

        assert message("CreateUserPoolClient", body) == (
            "1 validation error detected: Value '[https://a,  , b c]' at 'callbackURLs' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have "
            r"length greater than or equal to 1, Member must satisfy regular expression pattern: "
            r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+]"
        )

    def test_of_enum_elements_name_the_enum(self):
        body = {"PoolName": "p", "AutoVerifiedAttributes": ["email", "fax"]}

        assert message("CreateUserPool", body) == (
            "1 validation error detected: Value '[email, fax]' at 'autoVerifiedAttributes' failed to satisfy "
            "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [phone_number, email]]"
        )

    def test_of_a_list_that_is_too_long(self):
        body = {"IdentityIdsToDelete": ["a:b"] * 61}

        found = message("DeleteIdentities", body, "cognito-identity")

        assert (
            "at 'identityIdsToDelete' failed to satisfy constraint: Member must have length less than or equal to 60"
            in found
        )

    def test_of_a_list_that_is_too_short(self):
        assert "length greater than or equal to 1" in message(
            "DeleteIdentities", {"IdentityIdsToDelete": []}, "cognito-identity"
        )

    def test_of_map_keys_and_values(self):
        body = {"PoolName": "p", "UserPoolTags": {"": "v", "k": "x" * 257}}

        found = message("CreateUserPool", body)

        assert found.startswith("2 validation errors detected: Value '{=v, k=xxx")
        assert (
            "at 'userPoolTags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have "
            in found
        )
        assert (
            "at 'userPoolTags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have "
            in found
        )

    def test_of_a_structure_in_a_map_are_under_its_key(self):
        body = {"IdentityPoolId": "a:b", "Roles": {}, "RoleMappings": {"p": {"Type": "Rulez"}}}

        assert message("SetIdentityPoolRoles", body, "cognito-identity") == (
            "1 validation error detected: Value 'Rulez' at 'roleMappings.p.member.type' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Token, Rules]"
        )

    def test_of_nested_structures_have_a_dotted_path(self):
        body = {"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": 5}}}

        assert "Value '5' at 'policies.passwordPolicy.minimumLength'" in message("CreateUserPool", body)

    def test_lower_only_the_first_letter_of_a_name(self):
        assert "Value null at 'mFAOptions' failed" in message("SetUserSettings", {"AccessToken": "a"})

    def test_of_a_blob_do_not_print_it(self):
        too_large = "A" * (4 * 1_400_000)
        body = {"UserPoolId": "a_b", "ClientId": "c", "Assets": [{"Category": "FAVICON_ICO", "ColorMode": "LIGHT",
                "Extension": "ICO", "Bytes": too_large}]}  # fmt: skip

        assert "Value at 'assets.1.member.bytes' failed" in message("CreateManagedLoginBranding", body)

    def test_of_what_holds_a_secret_do_not_print_it(self):
        kind = model.shape("cognito-idp", "AttributeListType")

        assert words._shown(kind, [{"Name": "email", "Value": "secret"}]) == ""
        assert words._shown(model.shape("cognito-idp", "UserPoolTagsType"), {"a": [True, 1]}) == " '{a=[true, 1]}'"

    @pytest.mark.parametrize(
        ("service", "name"), [("cognito-identity", "ListIdentityPools"), ("cognito-sync", "ListDatasets")]
    )
    def test_carry_the_error_of_their_service(self, service, name):
        assert "Member must not be null" in message(name, {}, service)


class TestBounds:
    def test_a_refusal_does_not_grow_with_the_request(self):
        attributes = [{"Name": "x" * 5000}] * 5000

        found = message("SignUp", SIGN_UP | {"UserAttributes": attributes})

        assert found.startswith("5000 validation errors detected: ")
        assert len(found) < words.MAX_LISTED * (words.MAX_PRINTED + 200)

    def test_a_long_map_key_is_cut_in_the_path(self):
        mappings = {"k" * 100_000: {"Type": "x"}}
        body = {"IdentityPoolId": "a:b", "Roles": {}, "RoleMappings": mappings}

        assert len(message("SetIdentityPoolRoles", body, "cognito-identity")) < 10_000

    def test_a_large_request_is_checked_in_linear_time(self):
        body = decoded(json.dumps(SIGN_UP | {"UserAttributes": [{"Name": "", "Value": "x"}] * 20_000}).encode())

        started = time.process_time()
        refusal("SignUp", body)

        assert time.process_time() - started < 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


class TestAnyRequest:
    @given(st.sampled_from(OPERATIONS), st.data())
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_of_any_operation_is_accepted_or_refused_and_never_crashes(self, operation, data):
        members = model.shape(operation.service, operation.input).members
        body = {name: data.draw(JSON, label=name) for name in members}

        try:
            result = validated(operation, body)
        except errors.AwsError as error:
            assert error.status == 400
        else:
            assert set(result) <= set(members)
