"""Many users at once, made below the front door; and what a pool's search entries are and should be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.table import guards, keys, pools, search, store, users
from chalicelib.table.items import Pool, User
from chalicelib.table.store import Save
from tests.application import Cognito


def present_pool(pool_id: str) -> Pool:
    """The pool as it is stored."""
    pool = pools.fresh_pool(pool_id)
    assert pool is not None
    return pool


def make_searchable(pool_id: str, *names: str, member: str = "searchable") -> None:
    """Let attributes beyond Cognito's be searched, before there are users."""
    pool = present_pool(pool_id)
    pool.ours = {**(pool.ours or {}), member: list(names)}
    store.save(pool)
    pools.forget_pool(pool_id)


def make(pool_id: str, name: str, /, **attributes: str) -> User:
    """A CONFIRMED user without password."""
    pool = present_pool(pool_id)
    user = users.new(pool, name, attributes, time.time())
    user.status = "CONFIRMED"
    store.together(*guards.reguarded(pool, user), Save(user), *search.fresh(pool, user))
    return user


def everybody(pool_id: str) -> list[User]:
    """All users of a pool, as they are."""
    listed = store.listed(keys.listing("User", pool=pool_id)).items
    found = [store.get(User, pool=pool_id, sub=item.sub) for item in listed if isinstance(item, User)]
    return [user for user in found if user is not None]


def entries(pool_id: str) -> set[search.Entry]:
    """All search entries that are stored for a pool."""
    rows = [row for place in search.partitions(present_pool(pool_id)) for row in store.list(place).items]
    return {(row.pk.removeprefix(f"S#{pool_id}#"), row.sk) for row in rows}


def due_entries(pool_id: str) -> set[search.Entry]:
    """All search entries that its users call for."""
    pool = present_pool(pool_id)
    return {entry for user in everybody(pool_id) for entry in search.entries(pool, user)}


@dataclass
class Reading:
    """How many items of which kind were read."""

    entries: int = 0
    users: int = 0


@contextmanager
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    """Count the items that DynamoDB gives while the block lasts."""
    counted, sent = Reading(), store.send

    def counting(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = sent(operation, request)
        rows = list(reply.get("Items", []))
        rows += [row for batch in reply.get("Responses", {}).values() for row in batch]
        counted.entries += sum(row["_t"]["S"] == "SearchEntry" for row in rows)
        counted.users += sum(row["_t"]["S"] == "User" for row in rows)
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(store, "send", counting)
        yield counted


@dataclass(frozen=True)
class Search:
    """ListUsers with a filter in one pool."""

    cognito: Cognito
    pool: str

    def answer(self, text: str, **given: Any) -> dict[str, Any]:
        """One page."""
        return self.cognito.call("ListUsers", UserPoolId=self.pool, Filter=text, **given)

    def names(self, text: str, **given: Any) -> list[str]:
        """The usernames of one page."""
        return [user["Username"] for user in self.answer(text, **given)["Users"]]

    def pages(self, text: str, limit: int) -> Iterator[list[str]]:
        """All pages."""
        more: dict[str, Any] = {}
        while True:
            answer = self.answer(text, Limit=limit, **more)
            yield [user["Username"] for user in answer["Users"]]
            if "PaginationToken" not in answer:
                return
            more = {"PaginationToken": answer["PaginationToken"]}
