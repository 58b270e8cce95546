"""What is worth knowing about the request being served, gathered on its way and written by the door as one line.

Owns the gathering alone. Who finds something out notes it: the wire the operation and its outcome, `call` the pool and
client, a flow the true reason of a refusal that tells the caller less. Never noted: passwords, codes, tokens, names and
addresses of users. Outside of a request, notes go nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_facts: ContextVar[dict[str, Any] | None] = ContextVar("facts", default=None)


@contextmanager
def opened() -> Iterator[dict[str, Any]]:
    """The facts of one request, gathered while the block lasts."""
    facts: dict[str, Any] = {}
    token = _facts.set(facts)
    try:
        yield facts
    finally:
        _facts.reset(token)


def note(**found: Any) -> None:
    """Add to what is known of the request being served; the last word on a fact counts."""
    facts = _facts.get()
    if facts is not None:
        facts.update(found)


def noted(name: str) -> Any:
    """What was noted under a name; None when nothing was."""
    facts = _facts.get()
    return None if facts is None else facts.get(name)
