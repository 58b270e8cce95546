"""Operator keys: look-ups by access key id, remembered for a short while."""

from __future__ import annotations

from chalicelib.table import store
from chalicelib.table.access_keys import OperatorKey
from chalicelib.table.memory import Memory

_keys: Memory[OperatorKey] = Memory()


def operator_key(key_id: str) -> OperatorKey | None:
    """An operator key as it was within the last minute."""
    return _keys.recall(key_id, lambda: store.get(OperatorKey, id=key_id))


def forget(key_id: str) -> None:
    """Read the key again at next use."""
    _keys.forget(key_id)


def forget_all() -> None:
    """Read every key again at next use."""
    _keys.clear()
