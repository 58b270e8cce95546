"""Functions by Lambda's own API and by name on a laptop: time, tries, errors, and replies that are none."""

from __future__ import annotations

import json
import math
import time

import pytest

from chalicelib import settings
from chalicelib.outside import aws, lambdas
from chalicelib.outside.lambdas import FunctionFailed, NotInvoked, Unreadable
from tests.engines import free_port
from tests.outside import lambda_endpoint
from tests.outside.lambda_endpoint import Reply

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:define:live"
EVENT = {"triggerSource": "DefineAuthChallenge_Authentication", "request": {"name": "Zoë"}, "response": {}}
TIMED_OUT = r"^Socket timeout while invoking Lambda function$"


@pytest.fixture
def endpoint(configured):
    with lambda_endpoint.running() as found:
        configured(**found.environment)
        yield found


@pytest.fixture
def hasty(monkeypatch):
    """Functions get less than their five seconds, so that a test need not last as long."""
    monkeypatch.setattr(aws, "TIMEOUT", 0.3)
    aws.forget()


@pytest.fixture
def laptop(configured):
    configured(LATCHKEY_LOCAL="1")
    calls.clear()


class TestLambda:
    def test_a_function_gets_the_event_and_its_reply_comes_back(self, endpoint):
        endpoint.replies = [Reply(json.dumps({"response": {"said": "Zoë"}}).encode())]

        assert lambdas.invoke(ARN, EVENT) == {"response": {"said": "Zoë"}}

        [(path, kind, event)] = endpoint.asked
        assert (path, kind) == (f"/2015-03-31/functions/{ARN}/invocations", "RequestResponse")
        assert event == EVENT

    @pytest.mark.parametrize(
        ("body", "value"), [(b"null", None), (b'"x"', "x"), (b"[1]", [1])], ids=["null", "text", "list"]
    )
    def test_any_json_is_a_reply_and_whoever_asked_judges_it(self, endpoint, body, value):
        endpoint.replies = [Reply(body)]

        assert lambdas.invoke(ARN, EVENT) == value

    def test_an_error_of_the_function_is_told_by_its_message_alone_and_never_repeated(self, endpoint):
        told = {"errorMessage": "not today", "errorType": "Refusal", "stackTrace": ["secret.py"]}
        endpoint.replies = [Reply(json.dumps(told).encode(), error="Unhandled")]

        with pytest.raises(FunctionFailed, match=r"^not today$"):
            lambdas.invoke(ARN, EVENT)

        assert len(endpoint.asked) == 1

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"errorMessage": null}'], ids=["nothing", "list", "null"])
    def test_an_error_without_a_message_is_an_error_still(self, endpoint, body):
        endpoint.replies = [Reply(body, error="Handled")]

        with pytest.raises(FunctionFailed, match=r"^$"):
            lambdas.invoke(ARN, EVENT)

    def test_a_message_without_end_is_cut(self, endpoint):
        endpoint.replies = [Reply(json.dumps({"errorMessage": "x" * 100_000}).encode(), error="Unhandled")]

        with pytest.raises(FunctionFailed, match=r"^x{1000}$"):
            lambdas.invoke(ARN, EVENT)

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"\xff", b"NaN", b'{"a": Infinity}', b"1e999", b'"\\ud800"', b"[" * 100_000],
        ids=["nothing", "half", "latin", "nan", "infinity", "too-large", "surrogate", "deep"],
    )
    def test_what_is_not_strict_json_is_unreadable(self, endpoint, body):
        endpoint.replies = [Reply(body)]

        with pytest.raises(Unreadable):
            lambdas.invoke(ARN, EVENT)

    def test_no_more_is_read_than_a_function_may_say(self, endpoint):
        endpoint.replies = [Reply(b'"' + b"x" * lambdas.LARGEST_REPLY + b'"')]

        with pytest.raises(Unreadable):
            lambdas.invoke(ARN, EVENT)

    @pytest.mark.parametrize(
        ("status", "code"),
        [(403, "AccessDeniedException"), (404, "ResourceNotFoundException"), (409, "ResourceConflictException"),
         (502, "EC2UnexpectedException"), (500, "ServiceException")],
        ids=["denied", "missing", "busy", "network", "broken"],
    )  # fmt: skip
    def test_a_refusal_of_lambda_is_told_by_its_name_and_not_tried_again(self, endpoint, status, code):
        endpoint.replies = [Reply(b'{"Message": "no"}', status, code)]

        with pytest.raises(NotInvoked, match=f"^{code}$"):
            lambdas.invoke(ARN, EVENT)

        assert len(endpoint.asked) == 1

    def test_too_many_calls_at_once_are_tried_again(self, endpoint):
        throttled = Reply(b'{"Reason": "CallerRateLimitExceeded"}', 429, "TooManyRequestsException")
        endpoint.replies = [throttled, throttled, Reply(b'{"response": {}}')]

        assert lambdas.invoke(ARN, EVENT) == {"response": {}}

        assert len(endpoint.asked) == 3

    def test_too_many_calls_for_too_long_are_told_after_the_third_try(self, endpoint):
        endpoint.replies = [Reply(b"{}", 429, "TooManyRequestsException")]

        with pytest.raises(NotInvoked, match=r"^TooManyRequestsException$"):
            lambdas.invoke(ARN, EVENT)

        assert len(endpoint.asked) == 3

    def test_a_function_that_does_not_answer_is_tried_three_times(self, endpoint, hasty):
        endpoint.replies = [Reply(seconds=1.0)]

        with pytest.raises(NotInvoked, match=TIMED_OUT):
            lambdas.invoke(ARN, EVENT)

        assert len(endpoint.asked) == 3

    def test_no_try_begins_when_the_request_has_no_time_left(self, endpoint, hasty):
        endpoint.replies = [Reply(seconds=1.0)]

        with pytest.raises(NotInvoked, match=TIMED_OUT):
            lambdas.invoke(ARN, EVENT, patience=0.0)

        assert len(endpoint.asked) == 1

    def test_a_late_answer_is_taken_from_the_second_try(self, endpoint, hasty):
        endpoint.replies = [Reply(seconds=1.0), Reply(b"7")]

        assert lambdas.invoke(ARN, EVENT) == 7

    def test_three_functions_in_a_row_fit_into_the_time_of_the_gateway(self):
        assert lambdas.LATEST_TRY + 3 * aws.TIMEOUT < 29
        assert lambdas.LATEST_TRY > 2 * aws.TIMEOUT  # or there would be no third try

    def test_lambda_out_of_reach_is_told(self, configured):
        there = f"http://127.0.0.1:{free_port()}"
        configured(AWS_ENDPOINT_URL_LAMBDA=there, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")

        with pytest.raises(NotInvoked, match=r"^EndpointConnectionError$"):
            lambdas.invoke(ARN, EVENT)

    @pytest.mark.parametrize("region", ["evil.example/", "a b", "-"])
    def test_a_region_that_is_none_leads_nowhere(self, endpoint, region):
        with pytest.raises(NotInvoked, match=r"^[A-Za-z]+Error$"):
            lambdas.invoke(ARN.replace("eu-west-1", region), EVENT)

        assert endpoint.asked == []

    def test_a_function_is_sought_in_the_region_of_its_arn(self, endpoint):
        lambdas.invoke(ARN, EVENT)

        assert aws.client("lambda", "eu-west-1").meta.region_name == "eu-west-1"
        assert ("lambda", "eu-west-1") in aws._clients


calls: list[dict] = []


def told(event, context):
    calls.append(event)
    return event | {"left": context.get_remaining_time_in_millis(), "name": context.function_name}


def refusing(_event, _context):
    raise ValueError("not today")


def leaving(_event, _context):
    raise SystemExit("gone")


def sleeping(event, _context):
    calls.append(event)
    time.sleep(1)


def odd(_event, _context):
    return {"a": object()}


def not_a_number(_event, _context):
    return math.nan


class TestPython:
    """Named by the module of these tests, as it is known to Python."""

    def test_a_function_is_called_as_lambda_calls_a_handler(self, laptop):
        found = lambdas.invoke(f"python:{__name__}:told", {"a": (1, 2)})

        assert found["a"] == [1, 2]  # as JSON has it
        assert found["name"] == f"python:{__name__}:told"
        assert 0 < found["left"] <= 1000 * aws.TIMEOUT

    def test_its_exception_is_an_error_of_the_function(self, laptop):
        with pytest.raises(FunctionFailed, match=r"^not today$"):
            lambdas.invoke(f"python:{__name__}:refusing", EVENT)

    def test_it_cannot_end_the_process(self, laptop):
        with pytest.raises(FunctionFailed, match=r"^gone$"):
            lambdas.invoke(f"python:{__name__}:leaving", EVENT)

    def test_it_has_the_same_time_and_the_same_tries(self, laptop, hasty):
        with pytest.raises(NotInvoked, match=TIMED_OUT):
            lambdas.invoke(f"python:{__name__}:sleeping", EVENT)

        assert len(calls) == 3

    def test_its_reply_must_be_json_too(self, laptop):
        with pytest.raises(FunctionFailed, match="object is not JSON serializable"):
            lambdas.invoke(f"python:{__name__}:odd", EVENT)
        with pytest.raises(Unreadable):
            lambdas.invoke(f"python:{__name__}:not_a_number", EVENT)

    @pytest.mark.parametrize("name", ["python:no.such.module:f", "python:json:no_such"])
    def test_one_that_is_not_there_could_not_be_run(self, laptop, name):
        with pytest.raises(NotInvoked, match=r"^[A-Za-z]+Error importing (f|no_such) of (no.such.module|json)$"):
            lambdas.invoke(name, EVENT)

    def test_in_aws_none_is_called(self, configured):
        calls.clear()

        with pytest.raises(NotInvoked, match=r"^functions of Python are called on a laptop alone$"):
            lambdas.invoke(f"python:{__name__}:told", EVENT)

        assert calls == []
        assert not settings.current().is_local
