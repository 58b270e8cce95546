"""What must hold between the items of the whole table, checked by reading all of it once.

Every tie that `bonds` tells of goes into an index on disk, so memory does not grow with the table; what looks broken
there is read again, both ends at one moment, before it is reported: a table at work is never whole in one scan. What
is left of deleted pools and what only waits for the end of its time is counted, not reported.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.table import bonds, rows, store, walks
from chalicelib.table.bonds import Bonds, Standing
from chalicelib.table.directory import OpenChange
from chalicelib.table.items import Item, Pool
from chalicelib.table.keys import Key
from chalicelib.table.upkeep import DeletedPool
from chalicelib.table.walks import Row

Look = Callable[[Item], str | None]
"""One more look at each item: what is wrong with it, in words."""

_MOST_POOLS = 1000  # whose settings are remembered during a check
_TRIES = 3  # a suspicion must be found again so often: a pool or a mark may be written between two readings
_PAUSE = 0.1  # seconds
_MOST_BESIDE = 50  # items of a partition that are read at one moment

_TABLES = """
    PRAGMA cache_size = -65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE gifts (token BLOB, place TEXT, owed INT);
    CREATE TABLE needs (token BLOB, place TEXT, weight INT);
    CREATE TABLE suspects (token BLOB, place TEXT);
"""
_QUESTIONS = """
    CREATE INDEX given ON gifts (token);
    CREATE INDEX needed ON needs (token);
    CREATE VIEW unmet AS SELECT * FROM needs WHERE NOT EXISTS (SELECT 1 FROM gifts WHERE gifts.token = needs.token);
    CREATE VIEW unclaimed AS SELECT * FROM gifts
        WHERE owed AND NOT EXISTS (SELECT 1 FROM needs WHERE needs.token = gifts.token);
    CREATE VIEW suspicions AS SELECT token, place FROM suspects
        UNION ALL SELECT token, place FROM unmet WHERE weight = 2 UNION ALL SELECT token, place FROM unclaimed;
"""


@dataclass
class Findings:
    """What a check found. `broken` is one line for each, up to the most that were asked for."""

    items: int = 0
    expired: int = 0
    leftovers: int = 0
    broken: list[str] = field(default_factory=list)
    more: int = 0
    """Further suspicions, not looked at again."""


class Suspicion(NamedTuple):
    """What looked broken: `token` is missing or unclaimed, or "" for a fault of the item alone."""

    place: Key
    token: bytes


def broken(pool_id: str | None = None, most: int = 100) -> list[str]:
    """What is broken in the table now, or in one pool of it: a line for each, none when all invariants hold."""
    return checked(pool_id, most).broken


def checked(
    pool_id: str | None = None, most: int = 100, look: Look | None = None, told: Callable[[int], None] = lambda _: None
) -> Findings:
    """Read the whole table and check it; `told` hears now and then how many items were read."""
    check = _Check(pool_id, look)
    try:
        for part in walks.scanned():
            check.take(part)
            told(check.found.items)
        check.judge(most)
    finally:
        check.index.close()
    return check.found


class _Check:
    """One reading of the table, with its index on disk."""

    def __init__(self, pool_id: str | None, look: Look | None) -> None:
        self.found = Findings()
        self._pool_id, self._look = pool_id, look
        self._now = time.time()
        self._pools: dict[str, tuple[Standing, bool]] = {}
        self.index = sqlite3.connect("")  # a file of its own that nobody else sees and that goes with the connection
        self.index.executescript(_TABLES)

    def take(self, part: list[Row]) -> None:
        """Put the ties of some rows into the index."""
        gifts, needs, suspects = [], [], []
        self.found.items += len(part)
        for row in part:
            if self._pool_id is not None and not _is_of(row, self._pool_id):
                continue
            place, item = _text(walks.place(row)), _item(row)
            if item is None:
                suspects.append((b"", place))
                continue
            if item.is_expired(self._now):
                self.found.expired += 1
                continue
            standing, is_mourned = self._standing(bonds.pool_of(item))
            if is_mourned:
                self.found.leftovers += 1
                continue
            tied = bonds.of(item, standing)
            gifts += [(_digest(gift.token), place, gift.owner is not None) for gift in tied.gifts]
            needs += [(_digest(need.token), place, _weight(need)) for need in tied.needs]
            if tied.faults or (self._look and self._look(item)):
                suspects.append((b"", place))
        self.index.executemany("INSERT INTO gifts VALUES (?, ?, ?)", gifts)
        self.index.executemany("INSERT INTO needs VALUES (?, ?, ?)", needs)
        self.index.executemany("INSERT INTO suspects VALUES (?, ?)", suspects)

    def judge(self, most: int) -> None:
        """Look again at whatever looks broken, and report what is."""
        suspicions = self._suspicions()
        for suspicion in suspicions:
            if len(self.found.broken) >= most:
                self.found.more = 1 + sum(1 for _ in suspicions)
                return
            self._judge(suspicion)

    def _standing(self, pool_id: str | None) -> tuple[Standing, bool]:
        """How a pool stands, and whether only its mark is left."""
        if pool_id is None:
            return bonds.NOWHERE, False
        if pool_id not in self._pools:
            if len(self._pools) >= _MOST_POOLS:
                self._pools.clear()
            self._pools[pool_id] = _standing(filter(None, store.get_many(*_heads(pool_id))))
        return self._pools[pool_id]

    def _suspicions(self) -> Iterator[Suspicion]:
        self.index.executescript(_QUESTIONS)
        self.found.leftovers += int(self.index.execute("SELECT count(*) FROM unmet WHERE weight = 1").fetchone()[0])
        for token, place in self.index.execute("SELECT token, place FROM suspicions"):
            yield Suspicion(_place(place), token)

    def _judge(self, suspicion: Suspicion) -> None:
        verdict = _confirmed(suspicion, self._look)
        if verdict is None:
            return
        if verdict.is_leftover:
            self.found.leftovers += 1
            return
        line = f"{suspicion.place.pk} {suspicion.place.sk}: {verdict.fault}"
        if line not in self.found.broken:
            self.found.broken.append(line)


class _Verdict(NamedTuple):
    fault: str
    is_leftover: bool


def _confirmed(suspicion: Suspicion, look: Look | None) -> _Verdict | None:
    """What is wrong however often one looks; None when it passes."""
    verdict = None
    for tried in range(_TRIES):
        time.sleep(_PAUSE if tried else 0.0)
        verdict = _verdict(suspicion, look)
        if verdict is None:
            break
    return verdict


def _verdict(suspicion: Suspicion, look: Look | None) -> _Verdict | None:
    """What is wrong when the item and all that it is tied to are read at one moment; None when nothing is."""
    row = walks.at_once([suspicion.place]).get(suspicion.place)
    if row is None:
        return None
    item = _item(row)
    if item is None:
        return _Verdict(f"it cannot be read as an item of the kind {row.get('_t', {}).get('S')!r}", is_leftover=False)
    pool_id = bonds.pool_of(item)
    heads = _heads(pool_id) if pool_id else []
    standing, _ = _standing(filter(None, store.get_many(*heads) if heads else []))
    tied = bonds.of(item, standing)
    lacked = [need for need in tied.needs if _digest(need.token) == suspicion.token]
    others = [key for need in lacked for key in need.where or _beside(item)]
    others += [gift.owner for gift in tied.gifts if gift.owner and _digest(gift.token) == suspicion.token]
    there = walks.at_once(list(dict.fromkeys([suspicion.place, *heads, *others])))
    return _judged(suspicion, there, look) if suspicion.place in there else None


def _judged(suspicion: Suspicion, there: dict[Key, Row], look: Look | None) -> _Verdict | None:
    items = {key: item for key, row in there.items() if (item := _item(row))}
    item = items.get(suspicion.place)
    if item is None or item.is_expired(time.time()):
        return None
    standing, is_mourned = _standing(items.values())
    tied = bonds.of(item, standing)
    if not suspicion.token:
        faults = [*tied.faults, *filter(None, [look(item) if look else None])]
        return _Verdict("; ".join(faults), is_leftover=is_mourned) if faults else None
    others = {key: bonds.of(one, standing) for key, one in items.items() if key != suspicion.place}
    return _torn(suspicion.token, tied, others, is_mourned=is_mourned)


def _torn(token: bytes, tied: Bonds, others: dict[Key, Bonds], *, is_mourned: bool) -> _Verdict | None:
    """The tie of a token, if it holds at one end only."""
    for need in tied.needs:
        if _digest(need.token) == token and not _is_given(need.token, others.values()):
            return _Verdict(need.lack, is_leftover=is_mourned)
    for gift in tied.gifts:
        needed = [need.token for need in others[gift.owner].needs] if gift.owner in others else []
        if gift.owner is not None and _digest(gift.token) == token and gift.token not in needed:
            return _Verdict(gift.lack, is_leftover=is_mourned)
    return None


def _is_given(token: str, others: Iterable[Bonds]) -> bool:
    return any(gift.token == token for other in others for gift in other.gifts)


def _beside(item: Item) -> list[Key]:
    """Some others of an item's partition, which are few wherever one of them is needed."""
    return [walks.place(row) for row in next(walks.partition(item.pk), [])][:_MOST_BESIDE]


def _weight(need: bonds.Need) -> int:
    """0: may be missing, 1: what lacks it is a leftover, 2: what lacks it is broken."""
    return 0 if need.is_optional else 1 if need.is_passing else 2


def _heads(pool_id: str) -> list[Key]:
    return [Pool.at(pool=pool_id), DeletedPool.at(pool=pool_id), OpenChange.at(pool=pool_id)]


def _standing(heads: Iterable[Item]) -> tuple[Standing, bool]:
    """How a pool stands by these items, and whether only its mark is left."""
    by_kind = {type(item): item for item in heads}
    pool = by_kind.get(Pool)
    standing = Standing(pool if isinstance(pool, Pool) else None, OpenChange in by_kind)
    return standing, pool is None and DeletedPool in by_kind


def _item(row: Row) -> Item | None:
    try:
        return rows.built(row)
    except (ValueError, KeyError, TypeError):
        return None


def _is_of(row: Row, pool_id: str) -> bool:
    """Whether a row belongs to a pool, as far as it can be told without understanding it."""
    parts = walks.place(row).pk.split("#")
    return pool_id in (*parts[1:2], row.get("pool_id", {}).get("S"))


def _digest(token: str) -> bytes:
    return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _text(key: Key) -> str:
    return json.dumps(key)


def _place(text: str) -> Key:
    return Key(*json.loads(text))
