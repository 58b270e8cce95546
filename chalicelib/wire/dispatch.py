"""From a request to an operation and back: decode, identify, check, authorize, call, encode.

The one place where a refusal becomes an answer of the AWS protocols. Leaves routes and the unexpected to `edge.router`,
so that what is our own fault is logged and answered in one place too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call, Origin
from chalicelib.edge.request import Request, Response
from chalicelib.operations import registry
from chalicelib.table import connection, store
from chalicelib.wire import body, caller, ledger, model, validate
from chalicelib.wire.model import Operation

JSON = "application/x-amz-json-1.1"


def warm() -> None:
    """Load what the first request would: Lambda gives a whole CPU before it, whatever the function's memory."""
    registry.load()
    connection.client()


def run(request: Request) -> Response:
    """Answer a request of the AWS JSON protocols, whose X-Amz-Target header names the operation."""
    target = request.headers.get("x-amz-target", "")
    operation = model.by_target(target)
    if operation is None:
        return _refused(errors.UnknownOperationException(), JSON)
    return _answered(operation, request, lambda: body.decoded(request.body))


def sync_routes() -> list[tuple[str, str, Callable[..., Response]]]:
    """Method, path template and handler of every REST operation."""
    return [(operation.method, operation.path, _rest(operation)) for operation in model.rest_operations()]


def _rest(operation: Operation) -> Callable[..., Response]:
    def handler(request: Request, **_parts: str) -> Response:
        return _answered(operation, request, lambda: body.decoded(request.body))

    return handler


def _answered(operation: Operation, request: Request, decode: Callable[[], dict[str, Any]]) -> Response:
    content_type = "application/json" if operation.is_rest else JSON
    journal.note(operation=operation.name)
    with store.counted() as trips:
        try:
            return Response(operation.status, {}, _performed(operation, request, decode), content_type)
        except errors.AwsError as refusal:
            return _refused(refusal, content_type)
        except store.Conflict:
            # The operation did not expect this: somebody changed the same thing at once, and nothing was written.
            busy = errors.TooManyRequestsException("The resource was changed by another request.")
            return _refused(busy, content_type)
        except Exception as accident:  # it gets the name that the operation declares, and goes on to the door
            raise getattr(errors, operation.internal_error) from accident
        finally:
            journal.note(trips=len(trips.calls))


def _performed(operation: Operation, request: Request, decode: Callable[[], dict[str, Any]]) -> bytes:
    now = time.time()
    who = caller.identified(operation, request, now)
    journal.note(caller="operator" if who.operator else "public", operator=who.operator or None)
    function = registry.find(operation.service, operation.python_name)
    if function is None:
        raise errors.NotImplementedException(f"{operation.name} is not built yet.")
    given = validate.validated(operation, decode())
    user_agent = request.headers.get("user-agent", "")
    agent = request.headers.get("x-amz-user-agent") or user_agent
    origin = Origin(request.base_url, request.source_ip, request.request_id, agent, user_agent)
    return body.encoded(operation, ledger.recorded(operation, Call(given, who, origin, now), function))


def _refused(refusal: errors.AwsError, content_type: str) -> Response:
    """The protocol's form of an error; its message is the caller's to read and holds nothing of ours."""
    journal.note(code=refusal.code)
    text = json.dumps({"__type": refusal.code, "message": refusal.message})
    headers = {"X-Amzn-ErrorType": f"{refusal.code}:", "X-Amzn-ErrorMessage": refusal.message}
    return Response(refusal.status, headers, text, content_type)
