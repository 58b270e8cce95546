"""Events for functions, and the reading of their replies."""

from __future__ import annotations

import pytest

from chalicelib.errors import InvalidLambdaResponseException
from chalicelib.rules import function_events

UNKNOWN = "aws-sdk-unknown-unknown"


class TestSdkVersion:
    @pytest.mark.parametrize(
        ("agent", "version"),
        [
            ("aws-sdk-js/2.1639.0 linux/v18 promise", "aws-sdk-js-2.1639.0"),
            ("aws-sdk-java/2.20.43 Linux/5.4", "aws-sdk-java-2.20.43"),
            ("aws-sdk-nodejs/2.1639.0", "aws-sdk-nodejs-2.1639.0"),
            ("Boto3/1.40.0 md/Botocore#1.40.0", UNKNOWN),
            ("Mozilla/5.0", UNKNOWN),
            ("x" * 1000 + " aws-sdk-js/2.0.0", UNKNOWN),
            ("", UNKNOWN),
        ],
        ids=["js", "java", "node", "boto", "browser", "long", "none"],
    )
    def test_is_that_of_the_user_agent(self, agent, version):
        assert function_events.sdk_version(agent) == version


class TestUserAttributes:
    def test_are_the_stored_ones_with_the_status(self):
        found = function_events.user_attributes(
            {}, {"sub": "s", "email": "a@b.c", "email_verified": "true"}, "CONFIRMED"
        )

        assert found == {
            "sub": "s", "email": "a@b.c", "email_verified": "true", "cognito:user_status": "CONFIRMED",
        }  # fmt: skip

    def test_tell_the_aliases_that_are_active(self):
        settings = {"AliasAttributes": ["email", "phone_number", "preferred_username"]}
        values = {"email": "a@b.c", "email_verified": "true", "phone_number": "+1555", "phone_number_verified": "false"}

        found = function_events.user_attributes(settings, values, "CONFIRMED")

        assert found["cognito:email_alias"] == "a@b.c"
        assert "cognito:phone_number_alias" not in found


class TestResponse:
    def test_is_what_stands_in_the_event_that_comes_back(self):
        assert function_events.response({"request": {}, "response": {"a": 1}}) == {"a": 1}

    @pytest.mark.parametrize("reply", [None, "x", 7, [], True], ids=["null", "text", "number", "list", "true"])
    def test_a_reply_that_is_no_object_is_no_json(self, reply):
        with pytest.raises(InvalidLambdaResponseException, match=r"^Invalid lambda function output : Invalid JSON$"):
            function_events.response(reply)

    @pytest.mark.parametrize("reply", [{}, {"response": None}, {"response": []}], ids=["empty", "null", "list"])
    def test_an_object_without_one_is_not_recognized(self, reply):
        with pytest.raises(InvalidLambdaResponseException, match=r"^Unrecognizable lambda output$"):
            function_events.response(reply)


class TestMembers:
    def test_are_read_by_type(self):
        given = {"yes": True, "text": "x", "texts": {"a": "b"}}

        assert function_events.flag(given, "yes") is True
        assert function_events.text(given, "text") == "x"
        assert function_events.texts(given, "texts") == {"a": "b"}

    @pytest.mark.parametrize("given", [{}, {"one": None}], ids=["missing", "null"])
    def test_may_be_left_alone(self, given):
        assert function_events.flag(given, "one") is False
        assert function_events.text(given, "one") is None
        assert function_events.texts(given, "one") == {}

    @pytest.mark.parametrize("value", ["yes", 1, 0, "", [], {}], ids=repr)
    def test_a_flag_is_nothing_else(self, value):
        with pytest.raises(InvalidLambdaResponseException):
            function_events.flag({"one": value}, "one")

    @pytest.mark.parametrize("value", [[], "", {"a": 1}, {"a": None}, {"a": {}}], ids=repr)
    def test_texts_are_nothing_else(self, value):
        with pytest.raises(InvalidLambdaResponseException):
            function_events.texts({"one": value}, "one")
