"""Terms of use and privacy policies of app clients: create, describe, list, update, delete.

One of each name per client: the name is in the key, and a new one is written only where there is none. The number per
pool is counted before the write: as many as are made at the same moment may pass it, which costs nobody anything, since
a client has two at most. An id is looked up among a pool's terms, which are few.
"""

from __future__ import annotations

import uuid
from typing import Any

from chalicelib import errors
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import client_documents, paging
from chalicelib.operations.registry import operation
from chalicelib.rules import terms
from chalicelib.table import keys, store
from chalicelib.table.documents import Terms

Answer = dict[str, Any]

_PREFIX = "TERMS#"
_SUMMARY = ("TermsName", "Enforcement", "CreationDate", "LastModifiedDate")


@operation
def create_terms(call: Call) -> Answer:
    """New terms of a client. Raises TermsExistsException and LimitExceededException."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    client_documents.require_client(pool_id, call["ClientId"])
    document = terms.created(call.given, call.now)
    _refuse_another(_all(pool_id), document)
    made = _placed(document, str(uuid.uuid4()))
    try:
        client_documents.write(pool_id, call["ClientId"], store.Save(made, "terms"))
    except store.Conflict:
        raise errors.TermsExistsException from None
    return {"Terms": _shown(made)}


@operation
def describe_terms(call: Call) -> Answer:
    """Terms by id. Raises ResourceNotFoundException."""
    return {"Terms": _shown(_found(call))}


@operation
def describe_terms_by_client(call: Call) -> Answer:
    """Terms by client and name. Raises ResourceNotFoundException."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    client_documents.require_client(pool_id, call["ClientId"])
    found = store.get(Terms, pool=pool_id, client=call["ClientId"], name=call["TermsName"])
    if found is None:
        raise errors.ResourceNotFoundException("The app client has no terms of that name.")
    return {"Terms": _shown(found)}


@operation
def list_terms(call: Call) -> Answer:
    """A page of a pool's terms, without links. Raises InvalidParameterException for a bad NextToken."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    part = paging.Part(_partition(pool_id), _PREFIX)
    page = paging.page_of(part, call.get("MaxResults"), call.get("NextToken"))
    found = [item for item in page.items if isinstance(item, Terms)]
    answer: Answer = {"Terms": [_summary(item) for item in found]}
    return answer | ({"NextToken": page.cursor} if page.cursor else {})


@operation
def update_terms(call: Call) -> Answer:
    """Change terms; what is left out stays. Raises TermsExistsException and ConcurrentModificationException."""
    found = _found(call)
    before = found.document
    found.document = terms.updated(before, call.given, call.now)
    writes: list[store.Write] = [store.Save(found, "terms")]
    if found.document["TermsName"] != before["TermsName"]:
        renamed = _placed(found.document, found.id)
        writes = [store.Remove(found, "terms"), store.Save(renamed, "name")]
        found = renamed
    _write(found, writes)
    return {"Terms": _shown(found)}


@operation
def delete_terms(call: Call) -> None:
    """Delete terms. Raises ResourceNotFoundException and ConcurrentModificationException."""
    found = _found(call)
    _write(found, [store.Remove(found, "terms")])


def _placed(document: Answer, terms_id: str) -> Terms:
    places = {"pool": document["UserPoolId"], "client": document["ClientId"], "name": document["TermsName"]}
    return Terms.new(places, id=terms_id, document=document)


def _write(item: Terms, writes: list[store.Write]) -> None:
    try:
        client_documents.write(item.document["UserPoolId"], item.document["ClientId"], *writes)
    except store.Conflict as conflict:
        if conflict.names == ("name",):
            raise errors.TermsExistsException from None
        raise errors.ConcurrentModificationException from None


def _refuse_another(present: list[Terms], document: Answer) -> None:
    """That there is one already is worth more to know than that there are too many."""
    if any(_identity(item.document) == _identity(document) for item in present):
        raise errors.TermsExistsException
    if len(present) >= terms.MOST_PER_POOL:
        raise errors.LimitExceededException(f"A user pool can have {terms.MOST_PER_POOL} terms at most.")


def _identity(document: Answer) -> tuple[str, str]:
    return document["ClientId"], document["TermsName"]


def _found(call: Call) -> Terms:
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    wanted = call["TermsId"].lower()
    found = next((item for item in _all(pool_id) if item.id == wanted), None)
    if found is None:
        raise errors.ResourceNotFoundException("The terms do not exist.")
    return found


def _all(pool_id: str) -> list[Terms]:
    return [item for item in store.list(_partition(pool_id), _PREFIX).items if isinstance(item, Terms)]


def _partition(pool_id: str) -> str:
    return keys.key("Pool", pool=pool_id).pk


def _shown(item: Terms) -> Answer:
    return item.document | {"TermsId": item.id}


def _summary(item: Terms) -> Answer:
    return {member: item.document[member] for member in _SUMMARY} | {"TermsId": item.id}
