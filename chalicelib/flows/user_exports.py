"""The users of a pool for an export: read several at a time, each with all that is its own.

Owns that the file contradicts itself nowhere although the pool is in use: a user's memberships are told by both sides
or not at all, and who holds a name that somebody had who is in the file already, brings that one into it again as it
is now. Names are remembered on disk, so memory does not grow with the pool.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.flows import sealed_values
from chalicelib.table import keys, walks
from chalicelib.table.directory import Member
from chalicelib.table.items import User
from chalicelib.table.walks import Row

Line = dict[str, Any]

LEFT_OUT: Final = {
    "ActiveImport": "the file of a running import stays behind, so such an import is stopped",
    "Code": "codes are kept as digests under a key of the stage; users ask for new ones",
    "Once": "marks of what was spent; it cannot be spent in another stage",
    "AuditLine": "the record of what was done stays where it was done",
    "Counter": "counts of the last minutes",
    "DeletedPool": "a mark of the stage",
    "DeletedGroup": "in the file nobody is in a deleted group any more",
    "OperatorKey": "of the stage, not of a pool",
    "OperatorSession": "of the stage, not of a pool",
    "OperatorMapping": "of the stage, not of a pool",
    "ProvisionedLimit": "of the stage, not of a pool",
    "DataKey": "of the stage: every stage seals under its own",
    "Lease": "of the stage, not of a pool",
}
"""What is not exported, and why."""

_READERS = 4
_AHEAD = 64  # users that are read before they are asked for
_TOGETHER = 100  # memberships read in one trip
_ROUNDS = 5
_NAMES = "CREATE TABLE names (name BLOB PRIMARY KEY, sub TEXT) WITHOUT ROWID"


class Restless(Exception):
    """The pool is being changed so fast that it could not be read."""


def exported(rows: Iterable[Row]) -> list[Row]:
    """The rows that an export takes along, with their sealed values open; raises Unsealable and KeyUnavailable."""
    now = time.time()
    return [sealed_values.opened(row) for row in rows if _is_taken(row, now)]


def _is_taken(row: Row, now: float) -> bool:
    return row["_t"]["S"] not in LEFT_OUT and float(row.get("expires", {}).get("N", "inf")) > now


@dataclass
class Bundle:
    """A user as it was read: the first part of its partition with the memberships, and what follows."""

    sub: str
    rows: list[Row] = field(default_factory=list)
    rest: Iterator[list[Row]] = field(default_factory=lambda: iter(()))

    @property
    def names(self) -> list[bytes]:
        """Digests of the name guards that the user holds; none when the user has gone."""
        return [_digest(pair) for row in self.rows[:1] for pair in json.loads(row["guards"]["S"])]

    def lines(self, *, again: bool) -> Iterator[Line]:
        """As it stands in the file."""
        if self.rows:
            yield {"user": self.sub, "rows": self.rows, **({"again": True} if again else {})}
            yield from ({"rows": exported(rows)} for rows in self.rest)
        elif again:
            yield {"gone": self.sub}


def lines(pool_id: str, group_ids: Collection[str]) -> Iterator[Line]:
    """All users of a pool, with those of their memberships that are of the given groups. Raises Restless."""
    with closing(sqlite3.connect("")) as index, ThreadPoolExecutor(_READERS) as readers:
        index.execute(_NAMES)
        reader = _Reader(pool_id, group_ids, index)
        reading: deque[Future[Bundle]] = deque()
        for sub in _subs(pool_id):
            reading.append(readers.submit(reader.read, sub))
            if len(reading) >= _AHEAD:
                yield from reader.settled(reading.popleft().result())
        while reading:
            yield from reader.settled(reading.popleft().result())


def _subs(pool_id: str) -> Iterator[str]:
    for part in walks.listed_keys(keys.listing("User", pool=pool_id)):
        yield from (key.pk.rpartition("#")[2] for key in part)


@dataclass
class _Reader:
    pool_id: str
    group_ids: Collection[str]
    index: sqlite3.Connection

    def read(self, sub: str) -> Bundle:
        """A user as it is now; without rows when it has gone."""
        for tried in range(1, _ROUNDS + 1):
            parts = walks.partition(User.at(pool=self.pool_id, sub=sub).pk)
            rows = exported(next(parts, []))
            if not rows or rows[0]["sk"]["S"] != ".":
                return Bundle(sub)
            user, members, is_torn = self._membership(rows[0])
            if not is_torn or tried == _ROUNDS:
                break
        return Bundle(sub, [user, *rows[1:], *members], parts)

    def _membership(self, row: Row) -> tuple[Row, list[Row], bool]:
        """A user with the groups that are meant, the memberships, and whether one of these was not there."""
        texts = [text for text in row.get("groups", {}).get("SS", ()) if text.partition("#")[0] in self.group_ids]
        places = {self._member(row, text): text for text in texts}
        members = {key: member for part in _batches(list(places)) for key, member in walks.at_once(part).items()}
        kept = [places[key] for key in members]
        user = {name: cell for name, cell in row.items() if name != "groups"}
        return user | ({"groups": {"SS": kept}} if kept else {}), list(members.values()), len(kept) < len(texts)

    def _member(self, row: Row, text: str) -> keys.Key:
        return Member.at(pool=self.pool_id, group=text.partition("#")[0], sub=row["sub"]["S"])

    def settled(self, bundle: Bundle, *, again: bool = False, depth: int = 0) -> Iterator[Line]:
        """A user after all whom it has taken a name from since they were read."""
        rivals = self._rivals(bundle)
        if not rivals:
            self.index.executemany(
                "INSERT OR REPLACE INTO names VALUES (?, ?)", ((n, bundle.sub) for n in bundle.names)
            )
            yield from bundle.lines(again=again)
            return
        if depth == _ROUNDS:
            raise Restless("Two users exchange a name faster than they can be read; export again.")
        for rival in rivals:
            self.index.execute("DELETE FROM names WHERE sub = ?", (rival,))
            yield from self.settled(self.read(rival), again=True, depth=depth + 1)
        yield from self.settled(self.read(bundle.sub), again=again, depth=depth + 1)

    def _rivals(self, bundle: Bundle) -> list[str]:
        """The other users of the file under a name of this one."""
        asked = [self.index.execute("SELECT sub FROM names WHERE name = ?", (name,)) for name in bundle.names]
        found = [row[0] for answer in asked for row in answer]
        return [sub for sub in dict.fromkeys(found) if sub != bundle.sub]


def _batches(places: list[keys.Key]) -> Iterator[list[keys.Key]]:
    return (places[first : first + _TOGETHER] for first in range(0, len(places), _TOGETHER))


def _digest(pair: list[str]) -> bytes:
    text = json.dumps(pair)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
