"""Operator sessions and mappings: look-ups, remembered for a short while."""

from __future__ import annotations

from chalicelib.table import keys, store
from chalicelib.table.access_keys import OperatorMapping, OperatorSession
from chalicelib.table.memory import Memory

_sessions: Memory[OperatorSession] = Memory()
_mappings: Memory[list[OperatorMapping]] = Memory()

_ALL = "all"


def session(key_id: str) -> OperatorSession | None:
    """The session of a temporary access key id as it was within the last minute."""
    return _sessions.recall(key_id, lambda: store.get(OperatorSession, id=key_id))


def mappings() -> list[OperatorMapping]:
    """All mappings by name, as they were within the last minute. Not to be changed: they are shared.

    Read from their own partition, not from the list index: they decide who may come in.
    """
    return _mappings.recall(_ALL, lambda: fresh_mappings() or None) or []


def fresh_mappings() -> list[OperatorMapping]:
    """All mappings by name, read now."""
    page = store.list(keys.key("OperatorMapping", name="").pk, prefix="MAPPING#")
    return [item for item in page.items if isinstance(item, OperatorMapping)]


def forget(key_id: str) -> None:
    """Read the session again at next use."""
    _sessions.forget(key_id)


def forget_mappings() -> None:
    """Read the mappings again at next use."""
    _mappings.clear()


def forget_all() -> None:
    """Read everything again at next use."""
    _sessions.clear()
    forget_mappings()
