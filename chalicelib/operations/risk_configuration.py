"""Risk configurations of a pool, or of one of its clients: set and describe. Kept and shown; nothing acts on it yet."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import client_documents
from chalicelib.flows.client_documents import ALL
from chalicelib.operations.registry import operation
from chalicelib.rules import risk
from chalicelib.table import store
from chalicelib.table.documents import Risk

Answer = dict[str, Any]


@operation
def set_risk_configuration(call: Call) -> Answer:
    """Replace the risk configuration of a pool or a client; without any part it is removed.

    Raises ResourceNotFoundException, InvalidParameterException and UserPoolAddOnNotEnabledException.
    """
    pool_id, client_id = _place(call)
    document = risk.configured(call.given, call.now)
    key = Risk.at(pool=pool_id, client=client_id)
    if document is None:
        client_documents.write(pool_id, client_id, store.Remove(key, "risk"))
        return _shown(pool_id, client_id, {})
    change = store.Change(key, Risk, set={"document": document}, upsert=True, name="risk")
    client_documents.write(pool_id, client_id, change)
    return _shown(pool_id, client_id, document)


@operation
def describe_risk_configuration(call: Call) -> Answer:
    """The risk configuration of a pool, or that of a client alone; names without settings where there is none.

    Raises ResourceNotFoundException and UserPoolAddOnNotEnabledException.
    """
    pool_id, client_id = _place(call)
    found = store.get(Risk, pool=pool_id, client=client_id)
    return _shown(pool_id, client_id, found.document if found else {})


def _place(call: Call) -> tuple[str, str]:
    pool, client_id = fresh_pool_of(call["UserPoolId"]), call.get("ClientId", ALL)
    if client_id != ALL:
        client_documents.require_client(pool.id, client_id)
    risk.refuse_off(pool.document)
    return pool.id, client_id


def _shown(pool_id: str, client_id: str, document: Answer) -> Answer:
    names = {"UserPoolId": pool_id} | ({"ClientId": client_id} if client_id != ALL else {})
    return {"RiskConfiguration": names | document}
