"""What a story sends to DynamoDB, and what the SDK alone takes for the same.

A story is run once while its requests are noted. Sent again through a bare client, they cost what the SDK costs:
signing, HTTP and JSON, without anything of ours. Conditions are replaced by one that always holds, so that a write
succeeds again.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.session import get_session

from bench.callers import accepted
from chalicelib.table import connection, store
from chalicelib.table.items import Item

_EVENT = "before-parameter-build.dynamodb"
_TRUE = "attribute_not_exists(no_such_attribute)"
_CONDITION = "ConditionExpression"
_PARTS = ("ExpressionAttributeNames", "ExpressionAttributeValues")

Request = dict[str, Any]


@dataclass
class Footprint:
    """The requests of one story, in order, and the capacity units that the engine told for them."""

    requests: list[tuple[str, Request]] = field(default_factory=list)
    read_units: float = 0.0
    write_units: float = 0.0

    @property
    def names(self) -> str:
        """The operations, briefly: `BatchGetItem Query PutItem`."""
        return " ".join(name for name, _ in self.requests) or "-"


def footprint(call: Callable[[], tuple[int, str]]) -> Footprint:
    """What one call sends. It must succeed."""
    found = Footprint()

    def note(params: Request, model: Any, **_: Any) -> None:
        found.requests.append((model.name, copy.deepcopy(params)))

    events = connection.client().meta.events
    events.register(_EVENT, note)
    try:
        with store.counted() as trips:
            accepted(call())
    finally:
        events.unregister(_EVENT, note)
    found.read_units, found.write_units = trips.read_units, trips.write_units
    return found


def lean_client() -> Any:
    """The product's own client: a fixed user agent, no validation of parameters, replies read as plain JSON."""
    return connection.client()


def stock_client() -> Any:
    """Botocore's client as it comes."""
    meta: Any = Item.Meta
    return get_session().create_client("dynamodb", meta.region)


def replay(client: Any, requests: list[tuple[str, Request]]) -> Callable[[], None]:
    """The same requests on a bare client, as a call without arguments."""
    ready = [(name, _repeatable(name, request)) for name, request in requests]

    def send() -> None:
        for name, request in ready:
            if name == "TransactWriteItems":
                request["ClientRequestToken"] = str(uuid.uuid4())
            client._make_api_call(name, request)  # noqa: SLF001 - as the product and PynamoDB do

    return send


def _repeatable(name: str, request: Request) -> Request:
    request = copy.deepcopy(request)
    request.pop("ReturnConsumedCapacity", None)
    if name == "TransactWriteItems":
        writes = request["TransactItems"]
        return request | {"TransactItems": [{verb: _held(part) for verb, part in one.items()} for one in writes]}
    return _held(request)


def _held(request: Request) -> Request:
    """A write whose condition holds, without the names and values that only the old condition used."""
    if _CONDITION not in request:
        return request
    request = request | {_CONDITION: _TRUE}
    update = request.get("UpdateExpression", "")
    for part in _PARTS:
        kept = {name: value for name, value in request.pop(part, {}).items() if _uses(update, name)}
        request |= {part: kept} if kept else {}
    return request


def _uses(expression: str, placeholder: str) -> bool:
    words = expression.replace(",", " ").replace("(", " ").replace(")", " ").split()
    return placeholder in words
