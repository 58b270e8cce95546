"""A line of the log is one JSON object, whatever a caller sent, and tells no value that a caller sent."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.edge import log
from chalicelib.edge.log import LIBRARIES, JsonLine, write_lines, write_request
from chalicelib.edge.request import Request, Response
from chalicelib.edge.router import Router
from chalicelib.settings import Settings
from tests.lines import logged, required_of_emf


@contextmanager
def root_with(*handlers: logging.Handler) -> Iterator[logging.Logger]:
    """The root logger with these handlers alone, as a process starts with them; pytest's own come back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("latchkey")
    before, level = root.handlers, ours.level
    libraries = {name: logging.getLogger(name).level for name in LIBRARIES}
    root.handlers = list(handlers)
    try:
        yield root
    finally:
        root.handlers = before
        ours.setLevel(level)
        for name, its_level in libraries.items():
            logging.getLogger(name).setLevel(its_level)


def trace_of(attempt: Callable[[], Any]) -> str:
    """What a line tells of what goes wrong."""
    try:
        attempt()
    except Exception as error:
        trouble = (type(error), error, error.__traceback__)
    record = logging.LogRecord("latchkey.edge", logging.ERROR, "", 0, "unexpected error", None, trouble)
    return str(json.loads(JsonLine().format(record))["trace"])


def chained() -> None:
    try:
        int("Hunter-2")
    except ValueError as cause:
        raise RuntimeError("could not read it") from cause


def in_a_circle() -> None:
    first, second = RuntimeError("one"), RuntimeError("two")
    first.__cause__, second.__cause__ = second, first
    raise first


class TestJsonLine:
    def test_a_line_is_one_object_with_the_request_it_belongs_to(self) -> None:
        try:
            raise ValueError("broken")
        except ValueError as error:
            trace = (ValueError, error, error.__traceback__)
        record = logging.LogRecord("latchkey.edge", logging.ERROR, "", 0, "a\nforged line", None, trace)
        record.request_id = "id-1"

        line = JsonLine().format(record)

        assert "\n" not in line
        assert json.loads(line)["request_id"] == "id-1"
        assert "ValueError: broken" in json.loads(line)["trace"]

    @pytest.mark.parametrize("given", ["\n", "\r", "\u2028", "\x85", "\x00", '"}\n{"level": "INFO"', "\ud800"])
    def test_a_sentence_stays_one_ascii_line(self, given: str) -> None:
        line = JsonLine().format(logging.LogRecord("latchkey", logging.INFO, "", 0, "%s", (given,), None))

        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["message"] == given


class TestTrace:
    def test_it_tells_where(self) -> None:
        assert "in chained" in trace_of(chained)
        assert "test_log.py" in trace_of(chained)

    def test_the_cause_comes_first_and_is_told_too(self) -> None:
        trace = trace_of(chained)

        assert trace.index("ValueError") < trace.index("RuntimeError: could not read it")

    @pytest.mark.parametrize("attempt", [
        lambda: int("Hunter-2"),
        lambda: {}["Hunter-2"],
        lambda: getattr("", "Hunter-2"),
        lambda: json.loads('{"a": Hunter-2}'),
        lambda: exec("raise ValueError('the code is 123456 and Hunter-2x@mailbox.example')"),
        lambda: exec("raise ValueError('it\\\\'s \"Hunter-2\" again')"),
        lambda: exec("raise ValueError('a token ' + 'Hunter-2' * 30)"),
        chained,
    ])  # fmt: skip
    def test_values_in_the_sentences_of_exceptions_are_left_out(self, attempt: Callable[[], Any]) -> None:
        trace = trace_of(attempt)

        assert "Error" in trace
        # Our own source lines stand in it; the value of the exception does not.
        sentences = [line for line in trace.splitlines() if not line.startswith(" ")]
        assert not [line for line in sentences if "Hunter-2" in line or "123456" in line]

    def test_causes_in_a_circle_end(self) -> None:
        assert trace_of(in_a_circle).count("RuntimeError") == 2

    def test_a_sentence_of_megabytes_is_cut_and_costs_nothing(self) -> None:
        began = time.perf_counter()
        for sentence in ("'" * 10**6, '"\\' * 10**6, "x" * 10**6, "@" * 10**6):
            assert len(trace_of(lambda sentence=sentence: exec("raise ValueError(s)", {"s": sentence}))) < 2000
        assert time.perf_counter() - began < 1


class TestWriteLines:
    def test_twice_writes_each_line_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        with root_with():
            write_lines()
            write_lines()
            logging.getLogger("latchkey.edge").info("hello")

        assert json.loads(capsys.readouterr().err)["message"] == "hello"

    def test_handlers_that_are_there_are_used(self) -> None:
        given = logging.NullHandler()

        with root_with(given) as root:
            write_lines(logging.WARNING)

            assert (root.handlers, type(given.formatter)) == ([given], JsonLine)
            assert logging.getLogger("latchkey").level == logging.WARNING

    @pytest.mark.parametrize("library", LIBRARIES)
    def test_what_libraries_would_tell_at_debug_is_not_let_out(self, library: str) -> None:
        with root_with(logging.NullHandler()) as root:
            root.setLevel(logging.DEBUG)
            try:
                write_lines(logging.DEBUG)

                assert not logging.getLogger(f"{library}.endpoint").isEnabledFor(logging.INFO)
            finally:
                root.setLevel(logging.WARNING)


REQUEST = Request("POST", "/", source_ip="192.0.2.1", request_id="id-1")


def written(response: Response = Response(), request: Request = REQUEST, **facts: Any) -> dict[str, Any]:  # noqa: B008
    with logged() as told:
        write_request(request, response, {"ms": 1.5, **facts})
    return told.last()


class TestWriteRequest:
    def test_what_the_door_saw_and_what_was_noted_stand_in_one_line(self) -> None:
        line = written(route="POST /", operation="SignUp", pool="p_1", sub=None)

        assert line == {
            "level": "INFO", "logger": "latchkey.requests", "message": "request", "request_id": "id-1",
            "method": "POST", "source_ip": "192.0.2.1", "status": 200, "ms": 1.5, "route": "POST /",
            "operation": "SignUp", "pool": "p_1", "outcome": "Done",
        }  # fmt: skip

    def test_a_noted_code_is_the_outcome(self) -> None:
        line = written(Response(400), code="NotAuthorizedException", reason="locked")

        assert (line["outcome"], line["reason"]) == ("NotAuthorizedException", "locked")
        assert "code" not in line

    def test_the_code_of_the_door_or_of_a_page_is_the_outcome_too(self) -> None:
        assert written(Response(403, {"X-Amzn-ErrorType": "AccessDeniedException:"}))["reason"] == "policy"
        assert written(Response(404))["outcome"] == "Refused"

    @pytest.mark.parametrize(("path", "told"), [
        ("/", "/"),
        ("/wp-login.php", "/wp-login.php"),
        ("/oauth2/token", "/*/token"),
        ("/us-east-1_abc/jwks", "/*/jwks"),
        ("/alice@example.com", "/*"),
        ("/Bearer eyJhbGciOi", "/*"),
        ("/+4915155512345//x", "/*//x"),
        ('/\n{"level": "INFO"}', "/*"),
        ("/" + "abc/" * 1000, "/" + "abc/" * 49 + "abc"),
    ])  # fmt: skip
    def test_a_path_that_leads_nowhere_is_told_without_what_may_be_a_value(self, path: str, told: str) -> None:
        assert written(request=Request("GET", path))["path"] == told

    def test_a_path_that_leads_somewhere_is_told_as_its_route(self) -> None:
        line = written(request=Request("GET", "/secret/keys.json"), route="GET /{pool}/keys.json")

        assert "path" not in line
        assert "secret" not in json.dumps(line)

    def test_a_verb_of_a_kilobyte_is_cut(self) -> None:
        assert written(request=Request("X" * 1000, "/"))["method"] == "X" * 16

    def test_without_the_setting_a_line_is_no_metric(self) -> None:
        assert "_aws" not in written()

    @pytest.mark.parametrize("facts", [
        {},
        {"route": "GET /x"},
        {"operation": "SignUp", "trips": 2, "pool": "p_1", "client": "c", "SignUpSuccesses": 1},
    ])  # fmt: skip
    def test_with_it_a_line_is_one_that_cloudwatch_takes(
        self, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log, "current", lambda: Settings(metrics=True))
        line = written(**facts)

        required_of_emf(line)
        assert line["Latency"] == 1.5
        assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60

    @pytest.mark.parametrize(
        ("refusal", "outcome"), [(400, "SerializationException"), (411, "LengthRequiredException")]
    )
    def test_a_request_that_was_refused_before_it_was_read_has_its_line_too(self, refusal: int, outcome: str) -> None:
        with logged() as told:
            Router([]).dispatch(Request("POST", "/refused_before", refusal=refusal))

        assert [(line["status"], line["outcome"]) for line in told.requests()] == [(refusal, outcome)]
