"""Bringing an exported pool into a table that does not have it, with every id, hash and key that it had.

Owns the order, and that no half of a pool is ever served: the pool itself comes last, in one transaction with its
signing keys and domains, and instead of the mark that stands in its place until then (`restore_claims`). Rows are
written where nothing is; users in transactions of many, each user first and in one with what follows from it. Leaves
the lines to `pool_exports`, and which rows may come to `restored_rows`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from chalicelib.flows import sealed_values
from chalicelib.flows.pool_exports import Line
from chalicelib.flows.restore_claims import Claim, Interrupted, Refused
from chalicelib.flows.restored_rows import Foreign, Origin
from chalicelib.table import groups, store, transfers, walks
from chalicelib.table.documents import Domain
from chalicelib.table.items import Client, Pool, User
from chalicelib.table.walks import Row

__all__ = ["Foreign", "Interrupted", "Refused", "restore"]

LAST: Final = frozenset({"SigningKey", "Domain"})
"""Kinds that come with the pool: without keys no token of the pool is taken, without a domain nobody finds it."""

_READS = 100

Told = Callable[[str], None]
Counted = Callable[[int], None]


def restore(lines: Iterator[Line], told: Told = lambda _: None, counted: Counted = lambda _: None) -> dict[str, Any]:
    """Write the pool of these lines; its id and the counts of users and rows.

    `told` hears what takes time, `counted` how many users were read. Raises Refused when nothing was written, Foreign
    and Interrupted otherwise; whatever it raises, nothing of the pool is served.
    """
    first = next(lines, {})
    if "pool" not in first:
        raise Foreign("The file does not begin with a pool.")
    origin = Origin(first["pool"], frozenset(first["clients"]))
    pool_id = origin.pool.id
    _refuse_taken(origin)
    claim = Claim(pool_id)
    try:
        claim.clear(told)
        counts = _Restore(origin, claim, counted).carried_out(lines)
    except BaseException:  # Ctrl-C too: however it ended, another restore may begin at once
        claim.abandon()
        raise
    return counts | {"pool": pool_id}


def _refuse_taken(origin: Origin) -> None:
    """A pool is restored once: its id, those of its clients and its domains must be free."""
    pool_id = origin.pool.id
    if store.get(Pool, pool=pool_id) is not None:
        raise Refused(f"the table has a pool {pool_id} already")
    wanted = [*(Client.at(client=one) for one in origin.clients), *(Domain.at(host=one) for one in origin.hosts)]
    for first in range(0, len(wanted), _READS):
        for found in store.get_many(*wanted[first : first + _READS]):
            if isinstance(found, Client | Domain) and found.pool_id != pool_id:
                raise Refused(f"{found.pk[2:]} of the pool belongs to another pool of the table")


class _Restore:
    """One restore: rows that wait to be written together, and those that come last."""

    def __init__(self, origin: Origin, claim: Claim, counted: Counted) -> None:
        self._origin, self._claim, self._counted = origin, claim, counted
        self._last: list[Row] = []
        self._counts = {"lines": 0, "users": 0, "rows": 0}

    def carried_out(self, lines: Iterator[Line]) -> dict[str, int]:
        """Write everything; the counts. The end of the file is read too: only that tells that it is whole."""
        try:
            with transfers.Writers() as writers:
                for line in lines:
                    if "end" in line:
                        writers.drain()
                        return self._end(line["end"], next(lines, None))
                    self._claim.beat()
                    self._take(line, writers)
        except (transfers.Occupied, store.Conflict) as problem:
            raise Interrupted(str(problem)) from problem
        raise Interrupted("the file ends before it is complete")

    def _take(self, line: Line, writers: transfers.Writers) -> None:
        now, rows = time.time(), line.get("rows", [])
        self._counts["lines"] += 1
        self._counts["rows"] += len(rows)
        if "gone" in line or line.get("again"):
            writers.drain()
            self._remove(line.get("gone") or line["user"])
        if "user" in line:
            writers.add(self._origin.completed(line["user"], rows, now))
        else:
            accepted = [self._origin.accepted(row, now) for row in rows]
            self._last += [row for row in accepted if row["_t"]["S"] in LAST]
            writers.add_in_order(row for row in accepted if row["_t"]["S"] not in LAST)
        self._counts["users"] += ("user" in line and not line.get("again")) - ("gone" in line)
        self._counted(self._counts["users"])

    def _remove(self, sub: str) -> None:
        """Take back a user who was exported before and has changed since: what leads to the rest goes last."""
        found = store.list(User.at(pool=self._origin.pool.id, sub=sub).pk).items
        for user in found:
            if isinstance(user, User):
                store.remove_all(walks.place(row) for row in self._origin.derived(user))
                store.remove_all(groups.member_keys(user.pool_id, user.sub, groups.held(user)))
        store.remove_all(reversed(found))

    def _end(self, told: dict[str, int], behind: Line | None) -> dict[str, int]:
        if told != self._counts or behind is not None:
            raise Interrupted("the file does not hold what it says")
        self._claim.beat()
        transfers.create([*self._last, sealed_values.sealed(self._origin.row)], self._claim.given_back())
        return self._counts
