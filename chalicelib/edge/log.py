"""The log: one JSON object a line, wherever Lambda or Chalice send it; one line for each request.

Owns the form of a line, the line of a request, and the level of our loggers, `latchkey` and below. Nobody logs a
secret, a token, a query string or a body. With LATCHKEY_METRICS the line of a request is a CloudWatch metric too.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from chalicelib.edge.request import Request, Response
from chalicelib.rules import outcomes
from chalicelib.settings import current

EXTRAS = ("request_id", "path")
LONGEST_PATH = 200

requests = logging.getLogger("latchkey.requests")


class JsonLine(logging.Formatter):
    """A record as one line: what a caller sent cannot forge a second one (log injection)."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's sentence, the request it belongs to, and the traceback if there is one."""
        line = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= {name: str(getattr(record, name)) for name in EXTRAS if hasattr(record, name)}
        line |= getattr(record, "facts", {})
        return json.dumps(line | ({"trace": self.formatException(record.exc_info)} if record.exc_info else {}))


def write_request(request: Request, response: Response, facts: dict[str, Any]) -> None:
    """Write the line of a request: what the door saw, and what was noted on the way (`journal`)."""
    line: dict[str, Any] = {
        "request_id": request.request_id,
        "method": request.method,
        "path": request.path[:LONGEST_PATH],
        "source_ip": request.source_ip,
        "status": response.status,
        **{name: value for name, value in facts.items() if value is not None},
    }
    if current().metrics:
        line |= outcomes.metric_line(line, int(time.time() * 1000))
    requests.info("request", extra={"facts": line})


def write_lines(level: int = logging.INFO) -> None:
    """Write lines through the handlers that Lambda or Chalice have set up, or to standard error if there are none."""
    logging.getLogger("latchkey").setLevel(level)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(JsonLine())
