"""Everything of a pool as a stream of JSON lines, secrets open, for a file that is sealed as a whole.

The first line is {"pool": row, "clients": [ids], ...}; {"rows": [...]} with its parts and clients follow; then users:
{"user": sub, "rows": [...]} with memberships among the rows, and further {"rows": [...]} where they are many; last,
{"end": counts}. Rows are DynamoDB's own JSON. A restore makes guards and search entries anew. The pool may be in use
meanwhile: no two users of the file have one name, for who was found to have lost a name to another comes "again", and
that is what counts, or is {"gone": sub}. Leaves the users to `user_exports`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib import errors
from chalicelib.flows import sealed_values, user_exports
from chalicelib.rules import eras
from chalicelib.table import keys, walks
from chalicelib.table.documents import Domain
from chalicelib.table.items import Client, Pool
from chalicelib.table.walks import Row

Line = dict[str, Any]

DERIVED: Final = frozenset({"Guard", "SearchEntry"})
"""What a restore makes anew from the users."""

_ROUNDS = 5
_PARTS = 25


def lines(pool_id: str) -> Iterator[Line]:
    """All lines of a pool, in order. Raises ResourceNotFoundException, Unsealable, KeyUnavailable, Restless."""
    pool, parts = _pool(pool_id)
    clients = sorted(_clients(pool_id))
    yield {"pool": pool, "clients": clients, "exported_at": time.time()}
    counts = {"lines": 0, "users": 0, "rows": 0}
    for line in _all(pool_id, parts, clients):
        counts["lines"] += 1
        counts["rows"] += len(line.get("rows", ()))
        counts["users"] += ("user" in line and not line.get("again")) - ("gone" in line)
        yield line
    _refuse_other_names(pool)
    yield {"end": counts}


def _all(pool_id: str, parts: list[Row], clients: list[str]) -> Iterator[Line]:
    """What a pool is made of, and then its users: so a job that changes users is never further than they are."""
    for first in range(0, len(parts), _PARTS):
        yield {"rows": user_exports.exported(parts[first : first + _PARTS])}
    for partition in _elsewhere(pool_id, parts, clients):
        for rows in walks.partition(partition):
            yield {"rows": user_exports.exported(rows)}
    yield from user_exports.lines(pool_id, {row["id"]["S"] for row in parts if row["_t"]["S"] == "Group"})


def _elsewhere(pool_id: str, parts: list[Row], clients: list[str]) -> list[str]:
    """The partitions of what belongs to a pool, but for its own and those of its users."""
    jobs = [row["id"]["S"] for row in parts if row["_t"]["S"] == "ImportJob"]
    return [
        keys.key("BrandingAsset", pool=pool_id, client="", asset="", part="").pk,
        *(keys.key("ImportLines", pool=pool_id, job=job, line="").pk for job in jobs),
        *(Client.at(client=client).pk for client in clients),
    ]


def hosts(document: Mapping[str, Any]) -> list[str]:
    """The names of a pool's domains."""
    return [document[member] for member in ("Domain", "CustomDomain") if document.get(member)]


def _pool(pool_id: str) -> tuple[Row, list[Row]]:
    """A pool, and the other rows of its partition with its domains, which belong to it as it was before and after."""
    place = Pool.at(pool=pool_id)
    for _ in range(_ROUNDS):
        rows = [row for part in walks.partition(place.pk) for row in part]
        if not rows or rows[0]["sk"]["S"] != place.sk:
            raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")
        pool, *parts = rows
        domains = [Domain.at(host=host) for host in hosts(json.loads(pool["document"]["S"]))]
        after = walks.at_once([place, *domains])
        if after.pop(place, {}).get("_v") == pool["_v"] and len(after) == len(domains):
            return sealed_values.opened(pool), [*parts, *after.values()]
    raise user_exports.Restless("The pool is being changed all the time; export again.")


def _refuse_other_names(before: Row) -> None:
    """Users who were read under other rules for names than those of the pool in the file would not be found by it."""
    after = walks.at_once([walks.place(before)]).get(walks.place(before), {})
    if not after or _rules(after) != _rules(before):
        raise user_exports.Restless("The names of the pool were changed, or it was deleted, meanwhile; export again.")


def _rules(pool: Row) -> tuple[Any, Any]:
    document, ours = json.loads(pool["document"]["S"]), json.loads(pool.get("ours", {}).get("S", "null"))
    return eras.settings_of(document), (ours or {}).get("names")


def _clients(pool_id: str) -> Iterator[str]:
    for part in walks.listed_keys(keys.listing("Client", pool=pool_id)):
        yield from (key.pk.removeprefix("C#") for key in part)
