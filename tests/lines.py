"""Reading what the application told of itself: the lines of its log, and those of the audit."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.edge.log import JsonLine
from chalicelib.flows import audit
from tests.application import Cognito
from tests.contract import calls

Line = dict[str, Any]
Told = dict[str, Any]
REQUESTS = "latchkey.requests"
TARGET = "Latchkey.ListAuditLines"
UNITS = {"Milliseconds", "Count"}


class Log:
    """Everything that was logged while a block lasted, as text and as lines."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """As it was written."""
        return self.stream.getvalue()

    def lines(self) -> list[Line]:
        """All lines; each is one JSON object."""
        return [json.loads(line) for line in self.text.splitlines()]

    def requests(self) -> list[Line]:
        """The lines of requests."""
        return [line for line in self.lines() if line["logger"] == REQUESTS]

    def last(self) -> Line:
        """The line of the newest request."""
        return self.requests()[-1]


@contextmanager
def logged(level: int = logging.INFO) -> Iterator[Log]:
    """What all loggers write at a level and above, in the form of the product."""
    log = Log()
    handler = logging.StreamHandler(log.stream)
    handler.setFormatter(JsonLine())
    root, ours = logging.getLogger(), logging.getLogger("latchkey")
    before = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(level)
    ours.setLevel(level)
    try:
        yield log
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])


def audited(cognito: Cognito, pool: str = "", **more: Any) -> list[Told]:
    """The audit lines of a pool of today, oldest first, by ListAuditLines; without a pool those that belong to none."""
    given = ({"UserPoolId": pool} if pool else {}) | more
    lines: list[Told] = []
    while True:
        answer = ask(cognito, **given)
        assert answer.status == 200, answer.body
        lines += answer.said()["AuditLines"]
        if "NextToken" not in answer.said():
            return lines
        given["NextToken"] = answer.said()["NextToken"]


def ask(cognito: Cognito, **given: Any) -> calls.Answer:
    """The answer to ListAuditLines as it comes."""
    headers = {"Host": "latchkey.test", "Content-Type": calls.JSON, "X-Amz-Target": TARGET}
    asked = ("POST", "/", headers, json.dumps(given).encode())
    return calls.ask(*calls.signed(cognito.credentials, "latchkey", asked))


def rows(pool: str = audit.NO_POOL) -> list[Any]:
    """The lines of today in the table."""
    return audit.page(pool, audit.day_of(time.time()), 1000, None).items


def required_of_emf(line: dict[str, Any]) -> None:
    """What CloudWatch's specification of the embedded metric format demands of a log line."""
    assert len(json.dumps(line).encode()) <= 256 * 1024
    metadata = line["_aws"]
    assert isinstance(metadata["Timestamp"], int)
    assert 10**12 < metadata["Timestamp"] < 10**13, "milliseconds"
    for directive in metadata["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Namespace"]) <= 255
        assert directive["Dimensions"]
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            assert all(isinstance(line[name], str) and 1 <= len(line[name]) <= 1024 for name in dimensions)
            assert all(line[name].isascii() and line[name].strip() for name in dimensions)
        assert 1 <= len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert set(metric) == {"Name", "Unit"}
            assert metric["Unit"] in UNITS
            assert isinstance(line[metric["Name"]], int | float)
            assert not isinstance(line[metric["Name"]], bool)
