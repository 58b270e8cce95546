"""Operator keys and what is like them, as their owner administers them: made, listed, limited, rotated, switched off.

One name space for the owner: an id is that of a key, of a temporary key, or the name of a mapping. Verifying keys is
`flows.operators`' and `flows.operator_sessions`'. A change is seen by other processes within a minute.
"""

from __future__ import annotations

from typing import Any

from chalicelib.flows import operator_mappings, operator_sessions, operators
from chalicelib.flows.operator_mappings import Unknown
from chalicelib.rules import policies
from chalicelib.table import keys, store
from chalicelib.table import operator_sessions as sessions
from chalicelib.table import operators as known
from chalicelib.table.access_keys import OperatorKey, OperatorSession

__all__ = ["Unknown", "create", "limit", "listed", "rotate", "set_enabled"]

Entry = dict[str, Any]


def create(policy: dict[str, Any], name: str | None = None) -> tuple[str, str]:
    """Make a key with a name for people; its id and secret, which is shown this once. Raises ValueError."""
    key_id, secret = operators.create(policy)
    if name:
        _change(key_id, name=name)
    return key_id, secret


def rotate(key_id: str, *, keep: bool) -> tuple[str, str]:
    """Make a key with another one's name and policy, and disable that unless it is to be kept.

    The new key has an id of its own, so that both can work while the new one is being brought to where it is used.
    Raises Unknown.
    """
    old = store.get(OperatorKey, id=key_id)
    if old is None:
        raise Unknown(f"There is no operator key {key_id}.")
    made = create(old.policy, old.name)
    if not keep:
        set_enabled(key_id, enabled=False)
    return made


def limit(name: str, policy: dict[str, Any]) -> None:
    """Put a key, or a mapping with its sessions, under another policy. Raises ValueError, Unknown."""
    if found := policies.problems(policy):
        raise ValueError(" ".join(found))
    if store.get(OperatorKey, id=name) is None:
        operator_mappings.limit(name, policy)
    else:
        _change(name, policy=policy)


def set_enabled(name: str, *, enabled: bool) -> None:
    """Take or refuse a key, a temporary key, or a mapping with its sessions. Raises Unknown."""
    if operator_sessions.is_temporary(name):
        _switch_session(name, enabled=enabled)
    elif store.get(OperatorKey, id=name) is None:
        operator_mappings.set_enabled(name, enabled=enabled)
    else:
        _change(name, enabled=enabled)


def _switch_session(key_id: str, *, enabled: bool) -> None:
    try:
        store.change(keys.key("OperatorSession", id=key_id), OperatorSession, set={"enabled": enabled})
    except store.Conflict:
        raise Unknown(f"There is no running session {key_id}.") from None
    sessions.forget(key_id)


def _change(key_id: str, **values: Any) -> None:
    store.change(keys.key("OperatorKey", id=key_id), OperatorKey, set=values)
    known.forget(key_id)


def listed() -> dict[str, list[Entry]]:
    """All keys, mappings and running sessions, without their secrets: id, about, created_at, enabled, policy or end."""
    return {
        "keys": [_entry(key, key.id, key.name or "", policy=key.policy) for key in _all("OperatorKey")],
        "mappings": [_entry(one, one.name, one.pattern, policy=one.policy) for one in operator_mappings.listed()],
        "sessions": [
            _entry(one, one.id, f"{one.arn} by {one.mapping}", ends_at=one.ends_at) for one in _all("OperatorSession")
        ],
    }


def _entry(item: Any, name: str, about: str, **more: Any) -> Entry:
    return {"id": name, "about": about, "created_at": item.created_at, "enabled": bool(item.enabled), **more}


def _all(entity: str) -> list[Any]:
    """Everything under a list's name, page by page."""
    found: list[Any] = []
    cursor = None
    while True:
        page = store.listed(keys.listing(entity), 100, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
