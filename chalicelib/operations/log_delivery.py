"""Where a pool's logs go: set and get. Kept and shown; nothing is delivered by it yet."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import client_documents
from chalicelib.operations.registry import operation
from chalicelib.rules import log_delivery
from chalicelib.table import store
from chalicelib.table.documents import LogDelivery

Answer = dict[str, Any]


@operation
def set_log_delivery_configuration(call: Call) -> Answer:
    """Replace the log configurations of a pool. Raises ResourceNotFoundException and InvalidParameterException."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    log_delivery.refuse_bad(call["LogConfigurations"])
    document = _document(pool_id, call["LogConfigurations"])
    place = LogDelivery.at(pool=pool_id)
    change = store.Change(place, LogDelivery, set={"document": document}, upsert=True, name="logs")
    client_documents.write(pool_id, client_documents.ALL, change)
    return {"LogDeliveryConfiguration": document}


@operation
def get_log_delivery_configuration(call: Call) -> Answer:
    """The log configurations of a pool; none where they were never set. Raises ResourceNotFoundException."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    found = store.get(LogDelivery, pool=pool_id)
    return {"LogDeliveryConfiguration": found.document if found else _document(pool_id, [])}


def _document(pool_id: str, configurations: list[Answer]) -> Answer:
    return {"UserPoolId": pool_id, "LogConfigurations": configurations}
