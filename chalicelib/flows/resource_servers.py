"""The resource servers of a pool, as clients and tokens ask for them: those that some scopes name.

One trip whatever the number of scopes, and none when all are standard. Leaves the meaning of scopes to `rules.scopes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.rules import scopes
from chalicelib.table import store
from chalicelib.table.documents import ResourceServer


def named_in(pool_id: str, wanted: Iterable[str]) -> list[dict[str, Any]]:
    """The documents of the resource servers that custom scopes name, read now; of at most 100 scopes."""
    places = [ResourceServer.at(pool=pool_id, name=identifier) for identifier in scopes.identifiers(wanted)]
    found = store.get_many(*places) if places else []
    return [item.document for item in found if isinstance(item, ResourceServer)]
