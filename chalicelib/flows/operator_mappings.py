"""Operator mappings: which IAM callers may have operator sessions, and under which policy.

Owns making, limiting, ending and listing them. Sessions are `flows.operator_sessions`'. A change counts at once for
sessions that run, within a minute in other processes.
"""

from __future__ import annotations

import re
import time
from typing import Any

from chalicelib.flows.operators import TEMPORARY
from chalicelib.rules import identities, policies
from chalicelib.table import keys, operator_sessions, store
from chalicelib.table.access_keys import OperatorKey, OperatorMapping

_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST = 100  # all of them are read together and held against each caller


class Unknown(ValueError):
    """No operator key, session or mapping has this name."""


def create(name: str, pattern: str, policy: dict[str, Any]) -> OperatorMapping:
    """Let the principals that a pattern means have sessions under a policy.

    Raises ValueError for a name, pattern or policy that is none, store.Conflict for a name that is taken.
    """
    found = [*policies.problems(policy), *filter(None, [identities.pattern_problem(pattern)])]
    found += _name_problems(name)
    if len(operator_sessions.fresh_mappings()) >= _MOST:
        found.append(f"There are {_MOST} mappings already.")
    if found:
        raise ValueError(" ".join(found))
    item = OperatorMapping.new({"name": name}, name=name, pattern=pattern, policy=policy, created_at=time.time())
    store.save(item, "operator mapping")
    operator_sessions.forget_mappings()
    return item


def _name_problems(name: str) -> list[str]:
    """What is wrong with the name of a new mapping.

    Keys and mappings are switched off by one command. Under a name of both it would shut one and leave the other open.
    """
    if not _NAME.fullmatch(name):
        return ["A name has 1 to 64 letters, digits, '_', '.' and '-', and begins with a letter or digit."]
    if name.startswith(TEMPORARY):
        return [f"The name of a mapping cannot begin with {TEMPORARY}."]
    return [] if store.get(OperatorKey, id=name) is None else ["There is an operator key of that name."]


def listed() -> list[OperatorMapping]:
    """All mappings by name."""
    return operator_sessions.fresh_mappings()


def limit(name: str, policy: dict[str, Any]) -> None:
    """Put a mapping, and the sessions that it has given, under another policy. Raises ValueError, Unknown."""
    if found := policies.problems(policy):
        raise ValueError(" ".join(found))
    _change(name, policy=policy)


def set_enabled(name: str, *, enabled: bool) -> None:
    """Open or shut a mapping; its running sessions are refused while it is shut. Raises Unknown."""
    _change(name, enabled=enabled)


def remove(name: str) -> None:
    """Delete a mapping, which ends its sessions; a missing one is as good as deleted."""
    store.together(store.Remove(keys.key("OperatorMapping", name=name), "operator mapping"))
    operator_sessions.forget_mappings()


def _change(name: str, **values: Any) -> None:
    try:
        store.change(keys.key("OperatorMapping", name=name), OperatorMapping, set=values)
    except store.Conflict:
        raise Unknown(f"There is no operator mapping {name}.") from None
    operator_sessions.forget_mappings()
