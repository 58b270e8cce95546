"""The definition of the table, and making it where no template does: on local engines.

Owns the CreateTable form, which the CloudFormation template takes over. Leaves stream, encryption and point-in-time
recovery to that template, because local engines do not know them.
"""

from __future__ import annotations

import time
from typing import Any

from chalicelib import errors
from chalicelib.table.connection import Refused, is_table_missing, send
from chalicelib.table.items import Item

_EXPIRY = "expires"
_PATIENCE = 30.0  # seconds
_PAUSE = 0.05  # seconds


def definition() -> dict[str, Any]:
    """The table as CreateTable takes it: on demand, keys pk and sk, one list index. Expiry is switched on apart."""
    return {
        "TableName": Item.Meta.table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [_named(name, AttributeType="S") for name in ("pk", "sk", "gsi1pk", "gsi1sk")],
        "KeySchema": _keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "gsi1",
                "KeySchema": _keys("gsi1pk", "gsi1sk"),
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
    }


def expiry() -> dict[str, Any]:
    """How DynamoDB is told which attribute holds the time after which it may delete an item."""
    return {"AttributeName": _EXPIRY, "Enabled": True}


def ensure() -> bool:
    """Make the table if it is missing and wait until it can be used; whether it was this call that made it.

    Two processes may do so at once: one makes it, both wait. Raises ServiceUnavailableException after 30 seconds.
    """
    if _status() is not None:
        _await_active()
        return False
    made = _made()
    _await_active()
    if made:
        _enable_expiry()
    return made


def _named(name: str, **rest: str) -> dict[str, str]:
    return {"AttributeName": name, **rest}


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [_named(partition, KeyType="HASH"), _named(sort, KeyType="RANGE")]


def _status() -> str | None:
    try:
        described = send("DescribeTable", {"TableName": Item.Meta.table_name})
    except errors.ServiceUnavailableException as error:
        if is_table_missing(error):
            return None
        raise
    return str(described["Table"]["TableStatus"])


def _made() -> bool:
    try:
        send("CreateTable", definition())
    except Refused as refused:
        if refused.code == "ResourceInUseException":
            return False
        raise
    return True


def _await_active() -> None:
    deadline = time.monotonic() + _PATIENCE
    while _status() != "ACTIVE":
        if time.monotonic() > deadline:
            raise errors.ServiceUnavailableException("The table did not become usable in time.")
        time.sleep(_PAUSE)


def _enable_expiry() -> None:
    """Engines that do not know expiry refuse; every reader looks at the time itself, and a job sweeps."""
    try:
        send("UpdateTimeToLive", {"TableName": Item.Meta.table_name, "TimeToLiveSpecification": expiry()})
    except Refused as refused:
        if refused.code not in ("UnknownOperationException", "ValidationException"):
            raise
