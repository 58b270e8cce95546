"""What an exported row becomes in the table of a restore: checked, sealed under the keys of this stage, completed.

Owns which rows a file may bring, and what is made anew beside them: a user's guards and search entries, and the state
of imports whose file stayed behind. The attack: a file made by somebody else, with its passphrase handed over, that
brings an operator key, another pool's user, or an entry in a list of the stage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from chalicelib.flows import sealed_values, user_exports
from chalicelib.flows.pool_exports import DERIVED, hosts
from chalicelib.table import bonds, guards, rows, search, walks
from chalicelib.table.items import Item, Pool, User
from chalicelib.table.keys import Key
from chalicelib.table.walks import Row

STOPPED: Final = "The import had not ended when the pool was exported."

_GOES_ON = ("Pending", "InProgress", "Stopping")
_POOL_ID = re.compile(r"[\w-]{1,55}", re.ASCII)


class Foreign(Exception):
    """A row does not belong into the pool, or this version of the code does not know it."""


@dataclass(frozen=True)
class Origin:
    """Which pool rows are restored into: the pool's own row, and the clients that may come with it."""

    row: Row
    clients: Collection[str]

    @cached_property
    def pool(self) -> Pool:
        """The pool itself. Raises Foreign. The attack: an id with the mark that divides keys, or one no API takes."""
        item = _built(self.row)
        if not isinstance(item, Pool) or bonds.of(item).faults or not _POOL_ID.fullmatch(item.id):
            raise Foreign("The file does not begin with a pool.")
        return item

    @cached_property
    def hosts(self) -> list[str]:
        """The names of the pool's domains. Raises Foreign."""
        return hosts(self.pool.document)

    def accepted(self, row: Row, now: float) -> Row:
        """A row as it is written here. Raises Foreign and KeyUnavailable."""
        item = _built(row)
        if item.entity in user_exports.LEFT_OUT or item.entity in DERIVED or not self._has(item):
            raise Foreign(f"The file holds something that is not of its pool: {item.pk} {item.sk}")
        return sealed_values.sealed(_ended(row, now) if item.entity == "ImportJob" else row)

    def completed(self, sub: str, found: list[Row], now: float) -> list[Row]:
        """A user's rows, the user first, with guards and search entries. Raises Foreign."""
        place = User.at(pool=self.pool.id, sub=sub)
        user = _built(found[0]) if found else None
        if not isinstance(user, User) or Key(user.pk, user.sk) != place:
            raise Foreign("The file holds the parts of a user without the user.")
        return [*(self.accepted(row, now) for row in found), *self.derived(user)]

    def derived(self, user: User) -> list[Row]:
        """The rows that follow from a user: name guards and search entries."""
        names = [guards.key(self.pool.id, (kind, name)) for kind, name in user.guards]
        found = [search.key(self.pool.id, entry) for entry in sorted(search.entries(self.pool, user))]
        return [_claim(place, "Guard", user.sub) for place in names] + [
            _claim(place, "SearchEntry", user.sub) for place in found
        ]

    def _has(self, item: Item) -> bool:
        tied, parts = bonds.of(item), bonds.parts_of(item) or {}
        if tied.faults or item.entity == "Pool":
            return False
        if "client" in parts and item.pk == f"C#{parts['client']}":
            return parts["client"] in self.clients and getattr(item, "pool_id", self.pool.id) == self.pool.id
        if "host" in parts:
            return parts["host"] in self.hosts and getattr(item, "pool_id", None) == self.pool.id
        return bonds.pool_of(item) == self.pool.id


def _built(row: Row) -> Any:
    try:
        return rows.built(row)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise Foreign(f"The file holds a row that is not understood here: {problem}") from None


def _claim(place: Key, kind: str, sub: str) -> Row:
    """A guard or an entry as a row; to make models of them all would take as long as everything else."""
    return {**walks.raw(place), "_t": {"S": kind}, "_v": {"N": "1"}, "sub": {"S": sub}}


def _ended(row: Row, now: float) -> Row:
    """An import as it stands where its file is not."""
    document = json.loads(row["document"]["S"])
    if document.get("Status") not in _GOES_ON:
        return row
    document |= {"Status": "Stopped", "CompletionMessage": STOPPED, "CompletionDate": now}
    return {name: cell for name, cell in row.items() if name != "progress"} | {"document": {"S": json.dumps(document)}}
