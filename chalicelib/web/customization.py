"""The logo of the classic pages, as a browser loads it."""

from __future__ import annotations

import re

from chalicelib.edge.request import Request, Response
from chalicelib.edge.router import FAULTS, SHAPES
from chalicelib.rules import images
from chalicelib.table import pools, store
from chalicelib.table.documents import UiCustomization

_MAX_AGE = 300  # seconds; the address changes with the logo, but who typed it in has no version
_CLIENT = re.compile(r"[A-Za-z0-9_+]{1,128}")


def logo(request: Request, pool: str, client: str) -> Response:
    """GET /{pool}/ui/{client}/logo: the image that was set for a client, or for `ALL`.

    Attack: an image that is opened as a page. It was accepted by its first bytes only, so browsers are told its type
    and not to guess (`nosniff`, which every answer carries), and that nothing in it may load or run.
    """
    found = None
    if _CLIENT.fullmatch(client) and pools.pool(pool) is not None:
        found = store.get(UiCustomization, pool=pool, client=client)
    kind = images.kind(found.image) if found and found.image else None
    if found is None or kind is None:
        return SHAPES["page"](FAULTS[404])
    headers = {
        "Cache-Control": f"public, max-age={_MAX_AGE}",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
    return Response(200, headers, found.image, images.MEDIA_TYPES[kind])
