"""Managed login styles of app clients: create, describe, update, delete.

One per client: the client is in the key, and a new style is written only where there is none. What is described is what
was sent, image bytes included. The number per pool is counted before the write: as many as are made at the same moment
may pass it, at most one for each client. The style with its new images is one transaction: 99 writes at the most, since
40 assets of 4,000,000 bytes together are 51 parts.
"""

from __future__ import annotations

import uuid
from typing import Any

from chalicelib import errors
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import branding_assets, client_documents
from chalicelib.operations.registry import operation
from chalicelib.rules import branding
from chalicelib.table import keys, store
from chalicelib.table.documents import Branding

Answer = dict[str, Any]

_PREFIX = "BRANDING#"
_TRIES = 3


@operation
def create_managed_login_branding(call: Call) -> Answer:
    """A new style of a client. Raises ManagedLoginBrandingExistsException and LimitExceededException."""
    pool_id, client_id = fresh_pool_of(call["UserPoolId"]).id, call["ClientId"]
    client_documents.require_client(pool_id, client_id)
    branding.refuse_bad(call.given)
    _refuse_another(_all(pool_id), client_id)
    entries, contents = branding_assets.received(call.get("Assets", []))
    if any("Id" not in entry for entry in entries):
        raise errors.InvalidParameterException("An asset of a new style needs Bytes.")
    made = Branding.new({"pool": pool_id, "client": client_id}, id=str(uuid.uuid4()), client_id=client_id)
    made.document = branding.created(call.given, entries, call.now)
    images = branding_assets.writes(pool_id, client_id, contents)
    try:
        client_documents.write(pool_id, client_id, store.Save(made, "branding"), *images)
    except store.Conflict:
        raise errors.ManagedLoginBrandingExistsException from None
    return _described(call, made)


@operation
def describe_managed_login_branding(call: Call) -> Answer:
    """A style by id, with defaults under it if ReturnMergedResources. Raises ResourceNotFoundException."""
    return _described(call, _found(call))


@operation
def describe_managed_login_branding_by_client(call: Call) -> Answer:
    """The style of a client, as describe_managed_login_branding shows it. Raises ResourceNotFoundException."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    client_documents.require_client(pool_id, call["ClientId"])
    found = store.get(Branding, pool=pool_id, client=call["ClientId"])
    if found is None:
        raise errors.ResourceNotFoundException("The app client has no managed login branding style.")
    return _described(call, found)


@operation
def update_managed_login_branding(call: Call) -> Answer:
    """Merge settings and assets into a style. Raises ResourceNotFoundException and ConcurrentModificationException."""
    found = _found(call)
    branding.refuse_bad(call.given)
    before = found.document
    entries, contents = branding_assets.received(call.get("Assets", []))
    found.document = branding.updated(before, call.given, entries, call.now)
    pool_id, client_id = before["UserPoolId"], found.client_id
    images = branding_assets.writes(pool_id, client_id, contents)
    try:
        client_documents.write(pool_id, client_id, store.Save(found, "branding"), *images)
    except store.Conflict:
        raise errors.ConcurrentModificationException from None
    branding_assets.remove_replaced(pool_id, client_id, before.get("Assets", []), found.document.get("Assets", []))
    return _described(call, found)


@operation
def delete_managed_login_branding(call: Call) -> None:
    """Delete a style and its images. Raises ResourceNotFoundException and ConcurrentModificationException."""
    found = _found(call)
    try:
        store.together(store.Remove(found, "branding"))
    except store.Conflict:
        raise errors.ConcurrentModificationException from None
    branding_assets.remove_replaced(found.document["UserPoolId"], found.client_id, found.document.get("Assets", []), [])


def _refuse_another(present: list[Branding], client_id: str) -> None:
    if any(item.client_id == client_id for item in present):
        raise errors.ManagedLoginBrandingExistsException
    if len(present) >= branding.MOST_PER_POOL:
        raise errors.LimitExceededException(f"A user pool can have {branding.MOST_PER_POOL} styles at most.")


def _found(call: Call) -> Branding:
    """The style that an input names, of which the model makes neither part required."""
    for member in ("UserPoolId", "ManagedLoginBrandingId"):
        if member not in call:
            raise errors.InvalidParameterException(f"{member} is required.")
    pool_id, wanted = fresh_pool_of(call["UserPoolId"]).id, call["ManagedLoginBrandingId"].lower()
    found = next((item for item in _all(pool_id) if item.id == wanted), None)
    if found is None:
        raise errors.ResourceNotFoundException("The managed login branding style does not exist.")
    return found


def _all(pool_id: str) -> list[Branding]:
    page = store.list(keys.key("Pool", pool=pool_id).pk, _PREFIX)
    return [item for item in page.items if isinstance(item, Branding)]


def _described(call: Call, item: Branding) -> Answer:
    """A style with its images; it is read again when an update replaced some of them in between."""
    pool_id, client_id, branding_id = item.document["UserPoolId"], item.client_id, item.id
    for _ in range(_TRIES):
        assets = branding_assets.shown(pool_id, client_id, item.document.get("Assets", []))
        if assets is not None:
            return {"ManagedLoginBranding": _shown(call, item, assets)}
        newer = store.get(Branding, pool=pool_id, client=client_id)
        if newer is None or newer.id != branding_id:
            raise errors.ResourceNotFoundException("The managed login branding style does not exist.")
        item = newer
    raise errors.TooManyRequestsException


def _shown(call: Call, item: Branding, assets: list[Answer]) -> Answer:
    document = branding.complete(item.document) if call.get("ReturnMergedResources") else item.document
    return document | {"ManagedLoginBrandingId": item.id} | ({"Assets": assets} if assets else {})
