"""Style sheet and logo of the classic pages: set and get, for one client or for all of a pool.

What is set replaces what was there, style sheet and logo together. A client without a customization of its own has that
of `ALL`. The logo is served by `web.customization`, under the address that is told here.
"""

from __future__ import annotations

import time
from typing import Any

from chalicelib import errors
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import client_documents, rounds
from chalicelib.flows.client_documents import ALL
from chalicelib.operations.registry import operation
from chalicelib.rules import images, stylesheets
from chalicelib.table import store
from chalicelib.table.documents import UiCustomization
from chalicelib.table.items import Pool

Answer = dict[str, Any]


@operation
def set_ui_customization(call: Call) -> Answer:
    """Set style sheet and logo; without either, the customization is removed.

    Raises ResourceNotFoundException and InvalidParameterException (no domain, CSS or image not valid).
    """
    pool, client_id = _place(call)
    if not (pool.document.get("Domain") or pool.document.get("CustomDomain")):
        raise errors.InvalidParameterException("There has to be an existing domain associated with this user pool")
    css, image = call.get("CSS"), call.get("ImageFile")
    if css:
        stylesheets.refuse_bad(css)
    if image:
        images.refuse_unlike(image, ["PNG", "JPEG"])
    if not (css or image):
        client_documents.write(pool.id, client_id, store.Remove(UiCustomization.at(pool=pool.id, client=client_id)))
        return {"UICustomization": {"UserPoolId": pool.id, "ClientId": client_id}}
    return {"UICustomization": _shown(call, rounds.retried(lambda: _set(call, pool.id, client_id)))}


@operation
def get_ui_customization(call: Call) -> Answer:
    """The customization of a client, else that of all; empty where there is none. Raises ResourceNotFoundException."""
    pool, client_id = _place(call)
    places = [UiCustomization.at(pool=pool.id, client=one) for one in (client_id, ALL)]
    found = next((item for item in store.get_many(*places) if isinstance(item, UiCustomization)), None)
    return {"UICustomization": _shown(call, found) if found else {}}


def _place(call: Call) -> tuple[Pool, str]:
    pool, client_id = fresh_pool_of(call["UserPoolId"]), call.get("ClientId", ALL)
    if client_id != ALL:
        client_documents.require_client(pool.id, client_id)
    return pool, client_id


def _set(call: Call, pool_id: str, client_id: str) -> UiCustomization:
    places = {"pool": pool_id, "client": client_id}
    item = store.get(UiCustomization, **places)
    created_at = item.document["CreationDate"] if item else round(call.now, 3)
    item = item or UiCustomization.new(places)
    item.document = {
        "UserPoolId": pool_id,
        "ClientId": client_id,
        "CSSVersion": time.strftime("%Y%m%d%H%M%S", time.gmtime(call.now)),
        "LastModifiedDate": round(call.now, 3),
        "CreationDate": created_at,
    } | ({"CSS": call["CSS"]} if call.get("CSS") else {})
    item.image = call.get("ImageFile") or None
    client_documents.write(pool_id, client_id, store.Save(item, "customization"))
    return item


def _shown(call: Call, item: UiCustomization) -> Answer:
    """The version in the logo's address lets a browser that kept the last one ask again."""
    document = item.document
    if not item.image:
        return document
    address = f"{call.issuer(document['UserPoolId'])}/ui/{document['ClientId']}/logo?v={document['CSSVersion']}"
    return document | {"ImageUrl": address}
