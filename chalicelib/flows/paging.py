"""One page of a list, as the API gives it: a limit, a cursor, and the service's words for a cursor that is none."""

from __future__ import annotations

from chalicelib import errors
from chalicelib.table import store

LARGEST = 60


def page(listing: str, limit: int | None, cursor: str | None) -> store.Page:
    """At most `limit` items under a name of the list index, oldest first; no limit or 0 means the largest page, 60.

    Raises InvalidParameterException for a cursor that is malformed or leads elsewhere.
    """
    try:
        return store.listed(listing, limit=limit or LARGEST, cursor=cursor)
    except store.BadCursor:
        raise errors.InvalidParameterException("Invalid pagination token") from None
