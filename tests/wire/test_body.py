"""Bytes to a JSON object and back."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.wire import model
from chalicelib.wire.body import MAX_DEPTH, decoded, encoded, output_problems

GET_USER = model.operation("cognito-idp", "AdminGetUser")
LIST_USERS = model.operation("cognito-idp", "ListUsers")
NO_OUTPUT = model.operation("cognito-idp", "AdminDeleteUser")


def nested(levels):
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


class TestDecoded:
    def test_gives_the_object(self):
        assert decoded('{"a": "é", "b": [1, 2.5, null]}'.encode()) == {"a": "é", "b": [1, 2.5, None]}

    def test_takes_an_empty_body_as_an_empty_object(self):
        assert decoded(b"") == {}

    def test_keeps_the_last_of_two_equal_names(self):
        assert decoded(b'{"a":1,"a":2}') == {"a": 2}

    def test_reads_a_whole_surrogate_pair(self):
        assert decoded(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}

    def test_reads_brackets_in_texts(self):
        assert decoded(json.dumps({"a": "[{" * 500}).encode()) == {"a": "[{" * 500}

    def test_reads_wide_bodies_and_the_deepest_allowed(self):
        assert decoded(json.dumps({"a": [{}] * 500}).encode())
        assert decoded(nested(MAX_DEPTH)[:-1] + b',"b":[' + b"[]," * 100 + b"[]]}")

    @pytest.mark.parametrize(
        "body",
        [
            b"x",
            b"{",
            b"[]",
            b'"x"',
            b"null",
            b"\xff",
            b'{"a":"\xc3("}',
            b"\xef\xbb\xbf{}",
            b'{"a":NaN}',
            b'{"a":Infinity}',
            b'{"a":-Infinity}',
            b'{"a":1e999}',
            b'{"a":-1e999}',
            b'{"a":' + b"9" * 5000 + b"}",
            b'{"a":"\\ud800"}',
            b'{"\\uDC00":1}',
            b'{"a":1}x',
            b"\x00",
            nested(MAX_DEPTH + 1),
            b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            b'{"a":' * 100_000,
        ],
        ids=lambda body: repr(body[:20]),
    )
    def test_refuses_what_is_not_json_of_a_bounded_depth(self, body):
        with pytest.raises(errors.SerializationException):
            decoded(body)

    @given(st.binary(max_size=60))
    @example(b'{"a":1e400}')
    def test_never_fails_in_another_way(self, body):
        try:
            assert isinstance(decoded(body), dict)
        except errors.SerializationException as error:
            assert error.status == 400


class TestEncoded:
    def test_leaves_out_what_has_no_value_at_every_depth(self):
        reply = {"Username": "a", "UserMFASettingList": None, "UserAttributes": [{"Name": "n", "Value": None}]}

        assert json.loads(encoded(GET_USER, reply)) == {"Username": "a", "UserAttributes": [{"Name": "n"}]}

    def test_sends_nothing_that_the_shape_does_not_name(self):
        """Attack: a stored item handed out whole."""
        reply = {"Username": "a", "PasswordHash": "x", "UserAttributes": [{"Name": "n", "Seal": b"x"}]}

        assert encoded(GET_USER, reply) == b'{"Username":"a","UserAttributes":[{"Name":"n"}]}'

    @pytest.mark.parametrize(
        "moment",
        [
            1689721665.2391,
            datetime(2023, 7, 18, 23, 7, 45, 239100),
            datetime(2023, 7, 18, 23, 7, 45, 239100, tzinfo=UTC),
            datetime(2023, 7, 19, 1, 7, 45, 239100, tzinfo=timezone(timedelta(hours=2))),
        ],
    )
    def test_writes_times_as_seconds_with_milliseconds(self, moment):
        assert encoded(GET_USER, {"UserCreateDate": moment}) == b'{"UserCreateDate":1689721665.239}'

    def test_writes_whole_seconds_as_they_are(self):
        assert encoded(GET_USER, {"UserCreateDate": 1689721665}) == b'{"UserCreateDate":1689721665}'

    def test_writes_maps_documents_and_blobs(self):
        describe = model.operation("cognito-idp", "DescribeManagedLoginBranding")
        branding = {"Settings": {"a": [None, 1]}, "Assets": [{"Bytes": b"\x00\xff"}]}
        start = model.operation("cognito-idp", "InitiateAuth")

        assert json.loads(encoded(describe, {"ManagedLoginBranding": branding}))["ManagedLoginBranding"] == {
            "Settings": {"a": [None, 1]},
            "Assets": [{"Bytes": "AP8="}],
        }
        assert encoded(start, {"ChallengeParameters": {"a": "1", "b": None}}) == b'{"ChallengeParameters":{"a":"1"}}'

    def test_writes_an_empty_object_for_an_empty_reply(self):
        assert encoded(model.operation("cognito-idp", "ConfirmSignUp"), {}) == b"{}"

    def test_writes_nothing_where_there_is_no_output_shape(self):
        assert encoded(NO_OUTPUT, {}) == b""

    def test_refuses_numbers_that_json_lacks(self):
        with pytest.raises(ValueError, match="JSON"):
            encoded(GET_USER, {"UserCreateDate": float("nan")})


class TestOutputProblems:
    def test_are_none_for_a_good_reply(self):
        user = {"Username": "a", "Enabled": True, "UserStatus": "CONFIRMED", "UserCreateDate": 1.5, "MFAOptions": None}

        assert output_problems(LIST_USERS, {"Users": [user], "PaginationToken": "x"}) == []
        assert output_problems(NO_OUTPUT, {}) == []

    @pytest.mark.parametrize(
        ("reply", "text"),
        [
            ({}, "AdminGetUserResponse.Username: required, but missing"),
            ({"Username": None}, "AdminGetUserResponse.Username: required, but missing"),
            ({"Username": 1}, "AdminGetUserResponse.Username: int is not a string"),
            ({"Username": "a", "X": 1}, "AdminGetUserResponse.X: not a member"),
            ({"Username": "a", "Enabled": 1}, "AdminGetUserResponse.Enabled: int is not a boolean"),
            ({"Username": "a", "UserCreateDate": True}, "AdminGetUserResponse.UserCreateDate: bool is not a timestamp"),
            (
                {"Username": "a", "UserStatus": "x"},
                "AdminGetUserResponse.UserStatus: not one of UNCONFIRMED, CONFIRMED",
            ),
            (
                {"Username": "a", "UserAttributes": [{}]},
                "AdminGetUserResponse.UserAttributes[0].Name: required, but missing",
            ),
        ],
    )
    def test_name_the_place(self, reply, text):
        assert any(found.startswith(text) for found in output_problems(GET_USER, reply))

    def test_look_into_maps_and_not_into_documents(self):
        start = model.operation("cognito-idp", "InitiateAuth")
        describe = model.operation("cognito-idp", "DescribeManagedLoginBranding")

        assert output_problems(start, {"ChallengeParameters": {"a": 1}}) == [
            "InitiateAuthResponse.ChallengeParameters['a']: int is not a string"
        ]
        assert output_problems(describe, {"ManagedLoginBranding": {"Settings": {"any": 1}}}) == []

    def test_name_members_of_a_reply_that_should_be_empty(self):
        assert output_problems(NO_OUTPUT, {"a": 1}) == ["a: the operation has no output"]
