"""A line of the log is one JSON object, whatever a caller sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib.edge.log import JsonLine, write_lines


@contextmanager
def root_with(*handlers: logging.Handler) -> Iterator[logging.Logger]:
    """The root logger with these handlers alone, as a process starts with them; pytest's own come back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("latchkey")
    before, level = root.handlers, ours.level
    root.handlers = list(handlers)
    try:
        yield root
    finally:
        root.handlers = before
        ours.setLevel(level)


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
