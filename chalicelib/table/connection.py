"""The way to DynamoDB: one client for the process, tries, and the one mapping of its errors.

Owns the client behind the PynamoDB models, how often and how long a call is tried, and what the rest of the house sees
when DynamoDB refuses. Leaves to `store` what a failed condition means, and to `trips` the counting of what is sent.
Standard: exponential back-off with full jitter.
"""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError
from botocore.parsers import ResponseParserFactory
from botocore.session import get_session

from chalicelib import errors
from chalicelib.table import trips
from chalicelib.table.items import Item

_MOST_TRIES = 5
_TIME_FOR_ALL = 4.0  # seconds; callers wait behind a gateway, so a late answer helps nobody
_FIRST_PAUSE = 0.05  # seconds, doubled by each further try
_THROTTLED = {
    "ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded", "ThrottlingException", "ThrottlingError",
    "RequestLimitExceeded", "TransactionConflictException", "TransactionConflict", "TransactionInProgressException",
}  # fmt: skip
_NO_TABLE = "ResourceNotFoundException"
_CONDITION = "ConditionalCheckFailed"

_lock = threading.Lock()
_shared: Any = None


class Refused(Exception):
    """DynamoDB refuses the request, and a repeat would not help; `code` is DynamoDB's own."""

    def __init__(self, error: ClientError) -> None:
        self.code = _code(error)
        super().__init__(f"{error.operation_name}: {self.code}: {error.response.get('Error', {}).get('Message', '')}")


class ConditionFailed(Refused):
    """A condition of a write did not hold.

    `found` has the place of each such write in the call with the row that it met (empty if there was none or the write
    did not ask for it). `in_doubt`: an earlier try got no answer, so it may have been done all the same.
    """

    def __init__(self, error: ClientError, *, in_doubt: bool) -> None:
        super().__init__(error)
        self.in_doubt = in_doubt
        told: Any = error.response
        reasons = _reasons(error) or [{"Code": _CONDITION, "Item": told.get("Item", {})}]
        self.found: dict[int, dict[str, Any]] = {
            place: reason.get("Item", {}) for place, reason in enumerate(reasons) if reason.get("Code") == _CONDITION
        }


def client() -> Any:
    """The one botocore client of this process, made at first use and shared by all threads and models."""
    global _shared
    if _shared is None:
        with _lock:
            _shared = _shared or _made()
    return _shared


def reset() -> None:
    """Forget the client, so that the next call reads the environment again."""
    global _shared
    with _lock:
        if _shared is not None:
            _shared.close()
        _shared = None


def send(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's reply to one request, tried up to five times within four seconds.

    Raises `Refused` for a failed condition and for a request that is wrong, and for the caller to read
    TooManyRequestsException, ServiceUnavailableException and LimitExceededException (the item is too large).
    """
    start, in_doubt, tried = time.monotonic(), False, 0
    trips.prepare(operation, request)
    while True:
        try:
            reply: dict[str, Any] = client()._make_api_call(operation, request)  # noqa: SLF001 - as PynamoDB does
        except (ClientError, ConnectionError, HTTPClientError) as error:
            tried += 1
            if not _may_pass(error):
                raise _refusal(error, in_doubt=in_doubt) from error
            in_doubt = in_doubt or _is_silent(error)
            pause(tried, start, error)
        else:
            trips.note_units(operation, reply)
            return reply


def is_table_missing(error: Exception) -> bool:
    """Whether an error of `send` came from there being no table."""
    return isinstance(error.__cause__, ClientError) and _code(error.__cause__) == _NO_TABLE


def pause(tried: int, start: float, cause: Exception | None = None) -> None:
    """Wait a random part of the back-off, or give up with what the caller may read.

    Jitter over the whole span, because callers that failed together would otherwise come back together.
    """
    wait = random.uniform(0, _FIRST_PAUSE * 2 ** (tried - 1))  # noqa: S311 - nobody gains by guessing it
    is_late = time.monotonic() - start + wait + float(Item.Meta.read_timeout_seconds) > _TIME_FOR_ALL
    if tried >= _MOST_TRIES or is_late:
        raise _exhaustion(cause) from cause
    time.sleep(wait)


def _made() -> Any:
    """A client with PynamoDB's settings of the models, made here for what PynamoDB does not let one set."""
    meta: Any = Item.Meta
    session = get_session()
    session.register_component("response_parser_factory", _Parsers())
    config = Config(
        user_agent="latchkey",  # fixed: botocore otherwise puts it together for each call
        parameter_validation=False,
        connect_timeout=meta.connect_timeout_seconds,
        read_timeout=meta.read_timeout_seconds,
        max_pool_connections=meta.max_pool_connections,
        retries={"mode": "standard", "total_max_attempts": 1},  # tries are made here, where it is known what is safe
        tcp_keepalive=True,
    )
    made = session.create_client("dynamodb", meta.region, endpoint_url=meta.host, config=config)
    made.meta.events.register("before-send.dynamodb", trips.note_call)
    return made


class _Parsers(ResponseParserFactory):
    """Botocore's parsers for refusals; a good reply of DynamoDB is JSON in the very form that `rows` reads."""

    def create_parser(self, protocol_name: str) -> Any:
        return _Parser(super().create_parser(protocol_name))


class _Parser:
    """Walking the shapes of a reply costs botocore more than all else for a page of users."""

    def __init__(self, careful: Any) -> None:
        self._careful = careful

    def parse(self, response: dict[str, Any], shape: Any) -> Any:
        if response["status_code"] >= 300:
            return self._careful.parse(response, shape)
        return json.loads(response["body"] or b"{}")


def _may_pass(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may succeed a moment later."""
    if not isinstance(error, ClientError) or _is_silent(error):
        return True
    if _code(error) != "TransactionCanceledException":
        return _code(error) in _THROTTLED
    reasons = {reason.get("Code", "None") for reason in _reasons(error)} - {"None"}
    return bool(reasons) and reasons <= _THROTTLED


def _is_silent(error: ClientError | BotoCoreError) -> bool:
    """Whether the request may have been carried out although no good answer came."""
    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(error, HTTPClientError)


def _refusal(error: Any, *, in_doubt: bool) -> Exception:
    code, reasons = _code(error), _reasons(error)
    if code == "ConditionalCheckFailedException" or any(reason.get("Code") == _CONDITION for reason in reasons):
        return ConditionFailed(error, in_doubt=in_doubt)
    if code == _NO_TABLE:
        return errors.ServiceUnavailableException("The table does not exist; set the service up first.")
    if any("Item size" in str(part.get("Message")) for part in (error.response.get("Error", {}), *reasons)):
        return errors.LimitExceededException("The item is too large: one item of the table holds at most 400 KB.")
    return Refused(error)


def _exhaustion(cause: Exception | None) -> Exception:
    if cause is None or (isinstance(cause, ClientError) and not _is_silent(cause)):
        return errors.TooManyRequestsException("The table is too busy; repeat the request later.")
    return errors.ServiceUnavailableException("The table does not answer; repeat the request later.")


def _reasons(error: ClientError) -> list[dict[str, Any]]:
    """Why each write of a cancelled transaction failed, in the order of the call; "None" where it did not."""
    told: Any = error.response
    reasons: list[dict[str, Any]] = told.get("CancellationReasons", [])
    return reasons


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
