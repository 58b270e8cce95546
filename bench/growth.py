"""Whether a pool's size costs anything: the same calls with ever more users in one pool.

The users are copies of one who came through the front door: its rows, with another name and another sub. So they are
what the product writes, and a hundred thousand of them take minutes. All share one password hash. Nothing in the rows
may be sealed, for that opens in one place only: the pool's clients do not allow SRP, so there are no verifiers.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bench import place, trips
from bench.callers import Ask, accepted
from bench.clocks import Readings, read
from bench.floors import floors
from bench.stories import PAGE, World, by_password, list_users
from chalicelib.table import connection, guards, keys, search, store, users
from chalicelib.table.items import Item, Pool

_BATCH = 25
_TABLE: str = Item.Meta.table_name

Make = Callable[[World, list[str]], list[Ask]]


def _sign_in(world: World, names: list[str]) -> list[Ask]:
    return [by_password(world, name) for name in names]


def _admin_get_user(world: World, names: list[str]) -> list[Ask]:
    return [world.caller.ask("AdminGetUser", UserPoolId=world.pool, Username=name) for name in names]


def _first_page(world: World, names: list[str]) -> list[Ask]:
    return list_users(world, len(names))


def _by_email(world: World, names: list[str]) -> list[Ask]:
    given = {"UserPoolId": world.pool, "Limit": PAGE}
    return [world.caller.ask("ListUsers", **given, Filter=f'email = "{name}@example.com"') for name in names]


def _by_name(world: World, names: list[str]) -> list[Ask]:
    """A page of a name that everybody has."""
    return [world.caller.ask("ListUsers", UserPoolId=world.pool, Limit=PAGE, Filter='name ^= "Ada"') for _ in names]


def _get_user(world: World, names: list[str]) -> list[Ask]:
    results = [world.caller.answer(by_password(world, name))["AuthenticationResult"] for name in names[:4]]
    asks = [world.caller.ask("GetUser", AccessToken=result["AccessToken"]) for result in results]
    return (asks * len(names))[: len(names)]


CALLS: dict[str, Make] = {
    "sign-in, password": _sign_in,
    "GetUser": _get_user,
    "AdminGetUser": _admin_get_user,
    "ListUsers, 60": _first_page,
    "ListUsers, e-mail =": _by_email,
    "ListUsers, name ^=": _by_name,
}

MOST_GROWTH = 1.2
"""How much more a call may take with the most users than with the fewest."""


@dataclass
class Point:
    """One call with so many users: our CPU, the engine's, trips and read units."""

    name: str
    users: int
    taken: Readings = field(default_factory=Readings)
    engine_ms: float | None = None
    sent: trips.Footprint = field(default_factory=trips.Footprint)


def measured(world: World, sizes: list[int], engine_pid: int, number: int) -> Iterator[Point | str]:
    """The points, and a line of progress before the points of each size."""
    crowd = Crowd(world)
    verify = floors()["argon2 verify"]
    for size in sorted(sizes):
        seconds = crowd.grow(size)
        floor = Readings()
        read([verify] * number, floor)
        yield f"{size} users: {crowd.written} rows written in {seconds:.1f} s; argon2 {floor.cpu_ms:.2f} ms"
        for name, make in CALLS.items():
            yield _point(world, Point(name, size), make(world, crowd.some(number + 2)), engine_pid)


def _point(world: World, point: Point, asks: list[Ask], engine_pid: int) -> Point:
    calls = [world.caller.door.ready(ask) for ask in asks]
    accepted(calls[0]())
    point.sent = trips.footprint(calls[1])
    before = place.process_cpu(engine_pid)
    for answer in read(calls[2:], point.taken):
        accepted(answer)  # type: ignore[arg-type]
    after = place.process_cpu(engine_pid)
    if before is not None and after is not None:
        point.engine_ms = (after - before) * 1000 / len(calls[2:])
    return point


class Crowd:
    """The users of a pool: the original and its copies."""

    def __init__(self, world: World) -> None:
        self._names = [world.user()]
        self._pool = world.pool
        # The first sign-in of a month notes that the user is active: the copies have that behind them.
        world.caller.answer(by_password(world, self._names[0]))
        self._sub, rows = _rows_of(world, self._names[0])
        self._rows = json.dumps(rows)
        self.written = 0

    def grow(self, size: int) -> float:
        """Copy until there are so many; the seconds that it took."""
        started, self.written = time.perf_counter(), 0
        rows = self._copies(size - len(self._names))
        while batch := list(islice(rows, _BATCH)):
            _write(batch)
            self.written += len(batch)
        return time.perf_counter() - started

    def some(self, number: int) -> list[str]:
        """Names of users anywhere in the crowd."""
        return random.choices(self._names, k=number)  # noqa: S311 - which ones is no secret

    def _copies(self, number: int) -> Iterator[dict[str, Any]]:
        for _ in range(number):
            name = f"user-{uuid.uuid4().hex[:12]}"
            text = self._rows.replace(self._names[0], name).replace(self._sub, str(uuid.uuid4()))
            self._names.append(name)
            yield from json.loads(text)


def _rows_of(world: World, name: str) -> tuple[str, list[dict[str, Any]]]:
    """The sub of a user and its rows as the table has them: names, search entries, and what a sign-in reads."""
    pool = store.get(Pool, pool=world.pool)
    account = users.by_name(pool, name) if pool else None
    if pool is None or account is None:
        raise LookupError(name)
    user = account.user
    apart = [guards.key(pool.id, (kind, held)) for kind, held in user.guards]
    apart += [search.key(pool.id, entry) for entry in sorted(search.entries(pool, user))]
    request = {
        "TableName": _TABLE,
        "KeyConditionExpression": "pk = :p AND begins_with(sk, :s)",
        "ExpressionAttributeValues": {":p": {"S": user.pk}, ":s": {"S": keys.SIGN_IN_PARTS}},
    }
    return user.sub, [*map(_row, apart), *connection.send("Query", request)["Items"]]


def _row(key: keys.Key) -> dict[str, Any]:
    request = {"TableName": _TABLE, "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}, "ConsistentRead": True}
    found: dict[str, Any] = connection.send("GetItem", request)["Item"]
    return found


def _write(batch: list[dict[str, Any]]) -> None:
    """Write all rows of a batch; an engine may leave some for a second try."""
    left = [{"PutRequest": {"Item": row}} for row in batch]
    while left:
        reply = connection.send("BatchWriteItem", {"RequestItems": {_TABLE: left}})
        left = reply.get("UnprocessedItems", {}).get(_TABLE, [])
