"""The writes as values: what `store.together` carries out, all or none.

Owns how a write becomes a DynamoDB request with its condition. Leaves sending, tries and conflicts to `store`. Each
write has a name, by which a conflict tells which condition failed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action, Update

from chalicelib.table import keys
from chalicelib.table.items import Item
from chalicelib.table.keys import Key

MARK = "_w"
"""Attribute with a random mark of the write that made this state of the item; see `store` on repeated writes."""

Request = dict[str, Any]

_TELL_WHAT_STOOD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def new_mark() -> str:
    """72 random bits: enough never to meet again on one item."""
    return secrets.token_urlsafe(9)


@dataclass(frozen=True, slots=True)
class Save:
    """Write a whole item: a fresh one must not exist yet, one that was read must be unchanged since."""

    item: Item
    name: str = "item"
    mark: str = field(default_factory=new_mark)

    verb = "Put"

    @property
    def key(self) -> Key:
        """Where it is written."""
        return Key(self.item.pk, self.item.sk)

    def request(self) -> Request:
        """PutItem's parameters.

        An expired item counts as absent here as it does for every reader; DynamoDB may remove it days later.
        """
        attributes = self.item.serialize()
        version = self.item.version
        attributes["_v"] = {"N": str((version or 0) + 1)}
        attributes[MARK] = {"S": self.mark}
        request = _request(self.key, _is_unwritten(self.item) if version is None else Item.version == version)
        del request["Key"]
        return request | {"Item": attributes} | _TELL_WHAT_STOOD


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete an item: one that was read only if unchanged since, a key or a fresh item in any case.

    With a `condition` only if that holds too, as it never does for what is not there.
    """

    target: Item | Key
    name: str = "item"
    condition: Condition | None = field(default=None, kw_only=True)

    verb = "Delete"

    @property
    def key(self) -> Key:
        """What is deleted."""
        return key_of(self.target)

    @property
    def is_conditional(self) -> bool:
        """Whether it may be refused."""
        return self.condition is not None or _is_read(self.target)

    def request(self) -> Request:
        """DeleteItem's parameters."""
        unchanged = _unchanged(self.target) if _is_read(self.target) else None
        return _request(self.key, _both(unchanged, self.condition))


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but insist: an item that was read is unchanged, that of a key exists, or (`absent`) does not.

    A `condition` must hold too for what exists.
    """

    target: Item | Key
    name: str = "item"
    absent: bool = field(default=False, kw_only=True)
    condition: Condition | None = field(default=None, kw_only=True)

    verb = "ConditionCheck"

    @property
    def key(self) -> Key:
        """What is looked at."""
        return key_of(self.target)

    def request(self) -> Request:
        """The parameters of a condition check; an expired item counts as absent."""
        if self.absent:
            return _request(self.key, Item.pk.does_not_exist() | (Item.expires <= time.time()))
        stands = _unchanged(self.target) if _is_read(self.target) else _is_alive()
        return _request(self.key, _both(stands, self.condition))


@dataclass(frozen=True, slots=True)
class Change:
    """Change some attributes of an item without reading it, in one atomic step.

    `set` and `unset` name attributes as the model does (a None in `set` unsets), `add` adds to numbers and sets, `take`
    takes from sets. `condition` is an expression over the model (`Session.revoked_at.does_not_exist()`). The item must
    exist and not be expired unless `upsert`, which makes it: then `set` must give what the model needs, and its list
    place if it has one.
    """

    key: Key
    kind: type[Item]
    set: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    add: Mapping[str, float | AbstractSet[str]] = field(default_factory=dict, kw_only=True)
    take: Mapping[str, AbstractSet[str]] = field(default_factory=dict, kw_only=True)
    unset: tuple[str, ...] = field(default=(), kw_only=True)
    condition: Condition | None = field(default=None, kw_only=True)
    upsert: bool = field(default=False, kw_only=True)
    name: str = field(default="item", kw_only=True)
    mark: str = field(default_factory=new_mark, kw_only=True)

    verb = "Update"

    def __post_init__(self) -> None:
        if self.upsert:
            _refuse_partial(self)

    def request(self) -> Request:
        """UpdateItem's parameters.

        The mark stops a repeat after a lost answer from counting twice. The version rises, so that a save of what was
        read before is refused.
        """
        condition = Path(MARK).does_not_exist() | (Path(MARK) != self.mark)
        condition &= _is_unexpired() if self.upsert else _is_alive()
        if self.condition is not None:
            condition &= self.condition
        return _request(self.key, condition, self._actions()) | _TELL_WHAT_STOOD

    def _actions(self) -> list[Action]:
        model: dict[str, Any] = self.kind.get_attributes()
        actions = [model[name].set(value) for name, value in self.set.items() if value is not None]
        actions += [model[name].add(value) for name, value in self.add.items()]
        actions += [model[name].delete(value) for name, value in self.take.items()]
        actions += [model[name].remove() for name in (*self.unset, *(n for n, v in self.set.items() if v is None))]
        actions += [Path(MARK).set(self.mark), Item.version.add(1)]
        if self.upsert:
            actions.append(model["kind"].set(self.kind))
        return actions


Write = Save | Remove | Check | Change


def key_of(target: Item | Key) -> Key:
    """The key of an item, or the key itself."""
    return Key(target.pk, target.sk) if isinstance(target, Item) else target


def expired_removal(key: Key) -> Request:
    """DeleteItem's parameters for what is there but whose time is over."""
    return _request(key, Item.expires <= time.time())


def _request(key: Key, condition: Condition | None, actions: list[Action] | None = None) -> Request:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request: Request = {"TableName": Item.Meta.table_name, "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}}
    if condition is not None:
        request["ConditionExpression"] = condition.serialize(names, values)
    if actions is not None:
        request["UpdateExpression"] = Update(*actions).serialize(names, values)
    if names:
        request["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        request["ExpressionAttributeValues"] = values
    return request


def _is_read(target: Item | Key) -> bool:
    return isinstance(target, Item) and target.version is not None


def _both(one: Condition | None, other: Condition | None) -> Condition | None:
    if one is None or other is None:
        return other if one is None else one
    both: Condition = one & other
    return both


def _unchanged(target: Any) -> Condition:
    same: Condition = Item.version == target.version
    return same


def _is_unwritten(item: Item) -> Condition:
    absent: Condition = Item.version.does_not_exist()
    return absent | (Item.expires <= time.time()) if keys.ENTITIES[item.entity].lives == "ttl" else absent


def _is_unexpired() -> Condition:
    unexpired: Condition = Item.expires.does_not_exist() | (Item.expires > time.time())
    return unexpired


def _is_alive() -> Condition:
    alive: Condition = Item.pk.exists() & _is_unexpired()
    return alive


def _refuse_partial(change: Change) -> None:
    """An upsert may make the item, so it has to give all that a reader of the item relies on."""
    given = {name for name, value in change.set.items() if value is not None} | change.add.keys()
    needed = {
        name
        for name, attribute in change.kind.get_attributes().items()
        if not attribute.null and attribute.default is None and name not in ("pk", "sk", "kind", "version")
    }
    if keys.ENTITIES[change.kind.entity].listed:
        needed |= {"gsi1pk", "gsi1sk"}
    if missing := sorted(needed - given):
        raise ValueError(f"An upsert of {change.kind.entity} must set {', '.join(missing)}.")
