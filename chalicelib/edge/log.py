"""The log: one JSON object a line, wherever Lambda or Chalice send it; one line for each request.

Owns the form of a line, the line of a request, and the levels of loggers. Nobody logs a secret, a token, a query string
or a body, and what libraries would tell is not let out. With LATCHKEY_METRICS the line of a request is a CloudWatch
metric too.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from types import TracebackType
from typing import Any

from chalicelib.edge.request import Request, Response
from chalicelib.rules import outcomes
from chalicelib.settings import current

Line = dict[str, Any]
Trouble = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

EXTRAS = ("request_id",)
LIBRARIES = ("boto3", "botocore", "chalice", "pynamodb", "s3transfer", "urllib3")
"""At DEBUG they tell the bodies of what they send: users' addresses, and codes on their way."""

_LONGEST_METHOD = 16
_LONGEST_PATH = 200
_LONGEST_MESSAGE = 500
_SEGMENT = re.compile(r"[^/]+")
_WORD = re.compile(r"[a-z._-]{1,24}")
_VALUES = re.compile(r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|\S*@\S*|\S*[0-9]{4}\S*|\S{40,}""")

requests = logging.getLogger("latchkey.requests")


class JsonLine(logging.Formatter):
    """A record as one line: what a caller sent cannot forge a second one (log injection)."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's sentence, the request it belongs to, and the traceback if there is one."""
        line: Line = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= {name: str(getattr(record, name)) for name in EXTRAS if hasattr(record, name)}
        line |= getattr(record, "facts", {})
        return json.dumps(line | ({"trace": _trace(record.exc_info)} if record.exc_info else {}))


def _trace(trouble: Trouble) -> str:
    """Where it broke, cause first; of the sentences of exceptions what is not a value.

    Attack: an exception quotes what it could not use, and that may be a password.
    """
    parts: list[str] = []
    error, seen = trouble[1], set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        sentence = _VALUES.sub("...", str(error)[:_LONGEST_MESSAGE])
        parts.insert(0, "".join(traceback.format_tb(error.__traceback__)) + f"{type(error).__qualname__}: {sentence}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)


def write_request(request: Request, response: Response, facts: Line) -> None:
    """Write the line of a request: what the door saw, and what was noted on the way (`journal`); `ms` must be there."""
    known = {name: value for name, value in facts.items() if value is not None}
    ended = outcomes.outcome(known.pop("code", None) or _code(response), known.pop("reason", None), response.status)
    line = {
        "request_id": request.request_id,
        "method": request.method[:_LONGEST_METHOD],
        "source_ip": request.source_ip,
        "status": response.status,
        **known,
        **ended,
    }
    if "route" not in known:
        line["path"] = _masked(request.path)
    if current().metrics:
        line |= outcomes.metric_line(line, int(time.time() * 1000))
    requests.info("request", extra={"facts": line})


def _code(response: Response) -> str | None:
    """The name of a refusal that the door or a page made."""
    return str(response.headers.get("X-Amzn-ErrorType", "")).rstrip(":") or None


def _masked(path: str) -> str:
    """A path that leads nowhere, without what may be a name, a code or a token: of its segments the plain words."""
    return _SEGMENT.sub(lambda found: found[0] if _WORD.fullmatch(found[0]) else "*", path[:_LONGEST_PATH])


def write_lines(level: int = logging.INFO) -> None:
    """Write lines through the handlers that Lambda or Chalice have set up, or to standard error if there are none."""
    logging.getLogger("latchkey").setLevel(level)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(JsonLine())
