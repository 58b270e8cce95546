"""The log: one JSON object a line, wherever Lambda or Chalice send it.

Owns the form of a line and the level of our loggers, `latchkey` and below. Leaves what is logged to those who log;
nobody logs a secret, a token, a query string or a body.
"""

from __future__ import annotations

import json
import logging

EXTRAS = ("request_id", "path")


class JsonLine(logging.Formatter):
    """A record as one line: what a caller sent cannot forge a second one (log injection)."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's sentence, the request it belongs to, and the traceback if there is one."""
        line = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= {name: str(getattr(record, name)) for name in EXTRAS if hasattr(record, name)}
        return json.dumps(line | ({"trace": self.formatException(record.exc_info)} if record.exc_info else {}))


def write_lines(level: int = logging.INFO) -> None:
    """Write lines through the handlers that Lambda or Chalice have set up, or to standard error if there are none."""
    logging.getLogger("latchkey").setLevel(level)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(JsonLine())
