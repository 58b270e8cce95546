"""Malformed and hostile requests for every operation: an answer of the protocol, whatever comes, and no secret told.

A bounded, repeatable run. LATCHKEY_FUZZ_EXAMPLES=500 goes deeper, with other requests each time.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.operations import registry
from chalicelib.wire import body, validate
from chalicelib.wire.model import Operation
from tests.application import HOST, Cognito, Fault, Outbox, checked
from tests.contract.calls import EVERY_OPERATION, Answer, ask, label, question, signed
from tests.fuzz import doors, strategies
from tests.fuzz.words import MARK
from tests.fuzz.world import World

DEPTH = os.environ.get("LATCHKEY_FUZZ_EXAMPLES", "")
BUILT = [one for one in EVERY_OPERATION if registry.find(one.service, one.python_name)]
COSTLY = {"CreateUserPool": 8}
"""Examples where one is dear: a pool makes two RSA keys."""

UNDECLARED = {("RevokeToken", "NotAuthorizedException"), ("RevokeToken", "ResourceNotFoundException")}
"""Not in the model: a wrong client secret, as seen from the service; an unknown client, as with every other call."""

INSIDE = re.compile(
    r"Traceback|File \"|chalicelib|site-packages|pynamodb|botocore|hypothesis|DynamoDB|\bline \d+|object at 0x|"
    r"Error\(|KeyError|TypeError|ValueError|NoneType|_LHS|ConditionExpression|ConditionalCheck|gsi1"
)
MARKS = re.compile("|".join(re.escape(text) for text in (MARK, MARK.replace("-", "").replace("!", ""))))


def profile(examples: int) -> settings:
    """So many examples of a test, the same in every run; or as many as asked for by hand, others each time."""
    return settings(
        max_examples=int(DEPTH) if DEPTH else examples,
        derandomize=not DEPTH,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def world(application: tuple[str, str]) -> World:
    return World(Cognito(*application), Outbox(Path(os.environ["LATCHKEY_OUTBOX"])))


@pytest.fixture(autouse=True)
def silent_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test of this file may leave an unexpected error, or a secret, in the log."""
    caplog.set_level(logging.WARNING)
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert MARKS.search(caplog.text) is None


def require_sound(answer: Answer) -> None:
    """An answer of the protocol: never our own fault, its shape right, nothing of the inside in it."""
    assert answer.status < 500 or (answer.status, answer.code()) == (501, "NotImplementedException"), answer
    assert answer.headers["x-amzn-requestid"]
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) < 10_000
    assert all(value.isprintable() and value.isascii() for value in answer.headers.values()), answer.headers
    if answer.status < 400:
        return
    if answer.body:  # none for HEAD
        said = answer.said()
        assert sorted(said) == ["__type", "message"]
        assert all(isinstance(text, str) for text in said.values())
        is_page_of_verifiers = said["__type"] == "ResourceNotFoundException" and answer.status == 404
        named = answer.headers.get("x-amzn-errortype", said["__type"] if is_page_of_verifiers else "")
        assert named.rstrip(":") == said["__type"]
        assert re.fullmatch(r"application/(json|x-amz-json-1\.1)", answer.headers["content-type"])
    told = answer.body + answer.headers.get("x-amzn-errormessage", "")
    assert INSIDE.search(told) is None, told
    assert MARKS.search(told) is None, told


class TestEveryOperation:
    @pytest.mark.parametrize("operation", EVERY_OPERATION, ids=label)
    def test_answers_any_body_in_the_form_of_its_protocol(self, world: World, operation: Operation) -> None:
        @profile(8)
        @given(strategies.bodies(operation), st.sampled_from(doors.PLACES))
        def fuzz(sent: Any, place: str) -> None:
            asked = question(operation, world.body(sent), place)
            if not operation.is_unsigned:
                asked = signed(world.cognito.credentials, operation.service, asked)

            answer = ask(*asked)

            note(f"{asked} -> {answer}")
            require_sound(answer)
            assert operation in BUILT or answer.status != 200

        fuzz()

    @pytest.mark.parametrize("operation", EVERY_OPERATION, ids=label)
    def test_has_its_input_read_and_checked_without_an_accident(self, world: World, operation: Operation) -> None:
        @profile(12)
        @given(strategies.bodies(operation))
        def fuzz(sent: Any) -> None:
            content = world.body(sent)
            try:
                found = validate.validated(operation, body.decoded(content))
            except errors.AwsError as refusal:
                note(repr(refusal.message))
                assert refusal.status == 400
                assert refusal.code in ("SerializationException", "InvalidParameterException")
                assert len(refusal.message) < 2_000_000
            else:
                assert found.keys() <= json.loads(content or b"{}").keys()

        fuzz()


class TestBuiltOperations:
    @pytest.mark.parametrize("operation", BUILT, ids=label)
    def test_survive_hostile_values_in_inputs_that_the_model_accepts(self, world: World, operation: Operation) -> None:
        counted = itertools.count()

        @profile(COSTLY.get(operation.name, 30))
        @given(strategies.rich(operation))
        def fuzz(sent: Any) -> None:
            if next(counted) % 10 == 0:
                world.mend()
            perform(world, operation, sent)

        fuzz()

    def test_survive_each_other_in_any_order(self, world: World) -> None:
        steps = [strategies.rich(one).map(lambda sent, one=one: (one, sent)) for one in BUILT if one.name not in COSTLY]

        @profile(12)
        @given(st.lists(st.one_of(steps), min_size=5, max_size=25))
        def fuzz(sequence: list[tuple[Operation, Any]]) -> None:
            world.mend()
            for operation, sent in sequence:
                perform(world, operation, sent)

        fuzz()


def perform(world: World, operation: Operation, sent: Any) -> None:
    """Send one request, find its answer sound and declared by the model, and learn from it."""
    asked = question(operation, world.body(sent))
    if not operation.is_unsigned:
        asked = signed(world.cognito.credentials, operation.service, asked)
    answer = ask(*asked)
    note(f"{operation.name} {asked[3][:3000]!r} -> {answer.status} {answer.body[:500]}")
    require_sound(answer)
    if (operation.name, answer.code()) in UNDECLARED:
        return
    try:
        world.learn(checked(operation, {"statusCode": answer.status, "body": answer.body}))
    except Fault:
        return


class TestTheFrontDoor:
    @pytest.mark.usefixtures("application")
    def test_answers_any_verb_path_and_header(self) -> None:
        @profile(250)
        @given(doors.requests())
        def fuzz(asked: tuple[str, str, dict[str, str], bytes]) -> None:
            answer = ask(*asked)

            note(repr(answer))
            require_sound(answer)

        fuzz()

    @pytest.mark.usefixtures("application")
    def test_answers_any_event_that_a_gateway_could_hand_over(self) -> None:
        @profile(200)
        @given(doors.events())
        def fuzz(event: dict[str, Any]) -> None:
            import app

            answer = Answer.of(app.app(event, None))

            note(repr(answer))
            require_sound(Answer(answer.status, {"x-amzn-requestid": "the gateway's", **answer.headers}, answer.body))

        fuzz()

    def test_answers_any_mutilated_signature(self, world: World) -> None:
        operation = next(one for one in BUILT if one.name == "ListUserPools")

        @profile(150)
        @given(doors.wounds())
        def fuzz(wound: doors.Wound) -> None:
            asked = signed(world.cognito.credentials, "cognito-idp", question(operation, b'{"MaxResults": 1}'))
            method, path, headers, content = wound.inflicted(asked)

            answer = ask(method, path, headers, content)

            note(f"{headers} -> {answer}")
            require_sound(answer)
            is_same = headers == asked[2] or wound.header == "X-Forwarded-For"
            assert answer.status in ((200,) if is_same else (400, 403))

        fuzz()

    @pytest.mark.usefixtures("application")
    @pytest.mark.parametrize("length", [2_621_440, 2_621_441, 5_000_000])
    def test_takes_bodies_up_to_its_limit(self, length: int) -> None:
        operation = next(one for one in BUILT if one.name == "GetUser")
        asked = question(operation, b'{"AccessToken": "' + b"x" * (length - 19) + b'"}')

        answer = ask(*asked)

        require_sound(answer)
        assert len(asked[3]) == length
        assert answer.status == (400 if length <= 2_621_440 else 413)
        assert asked[2]["Host"] == HOST
