"""Policies of operator keys, in the form of IAM: may this action be done to this resource?

Understands Version, Id, Statement with Sid, Effect, Action or NotAction, Resource or NotResource. An explicit denial
wins, what is not allowed is denied. Everything uncertain denies: conditions are not evaluated, a malformed document
allows nothing. Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

VERSIONS = ("2012-10-17", "2008-10-17")
DOCUMENT_MEMBERS = frozenset({"Version", "Id", "Statement"})
STATEMENT_MEMBERS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
# Attack: a policy so large that every request of its key is slow.
MAX_STATEMENTS, MAX_PATTERNS, MAX_LENGTH = 100, 200, 2048


def is_allowed(policy: dict[str, Any], action: str, resource: str) -> bool:
    """Tell whether the policy lets an action (`cognito-idp:ListUsers`) be done to a resource (an ARN, or `*`).

    >>> reader = {"Statement": {"Effect": "Allow", "Action": "cognito-idp:List*", "Resource": "*"}}
    >>> is_allowed(reader, "cognito-idp:ListUsers", "*"), is_allowed(reader, "cognito-idp:DeleteUserPool", "*")
    (True, False)
    """
    # Attack: a denial lost to a typing error. Dropping the malformed statement would widen what the key may do.
    if problems(policy):
        return False
    effects = {_effect(statement, action, resource) for statement in _listed(policy["Statement"])}
    return "Allow" in effects and "Deny" not in effects


def _effect(statement: dict[str, Any], action: str, resource: str) -> str | None:
    """Return Allow or Deny, or None when the statement says nothing about the request."""
    if not (_covers_action(statement, action) and _covers_resource(statement, resource)):
        return None
    # Conditions are unknown here: taken as false where they would allow, as true where they would deny (fail closed).
    if statement["Effect"] == "Allow" and statement.get("Condition"):
        return None
    return str(statement["Effect"])


def _covers_action(statement: dict[str, Any], action: str) -> bool:
    name = action.lower()
    if "Action" in statement:
        return any(_matches(pattern.lower(), name) for pattern in _listed(statement["Action"]))
    return not any(_matches(pattern.lower(), name) for pattern in _listed(statement["NotAction"]))


def _covers_resource(statement: dict[str, Any], resource: str) -> bool:
    if "Resource" in statement:
        return any(_matches(pattern, resource) for pattern in _listed(statement["Resource"]))
    return not any(_matches(pattern, resource) for pattern in _listed(statement["NotResource"]))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern with `*` and `?` as a regular expression that never tries a place twice.

    Attack: `*a*a*a*a*b` takes exponential time where each star may give back what it took. A part between two stars may
    always settle on its first occurrence, so each is atomic.
    """
    first, *parts = ("".join("." if char == "?" else re.escape(char) for char in part) for part in pattern.split("*"))
    if not parts:
        return re.compile(first, re.DOTALL)
    *middle, last = parts
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + ".*" + last, re.DOTALL)


# --- form -----------------------------------------------------------------------------------------------------------


def problems(policy: Any) -> list[str]:
    """Return what is wrong with the form of a policy document, one sentence each; an empty list when nothing is."""
    if not isinstance(policy, dict):
        return ["The policy must be an object."]
    found = [f"{name} is not a member of a policy." for name in sorted(map(str, policy.keys() - DOCUMENT_MEMBERS))]
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        found.append(f"Version must be one of {', '.join(VERSIONS)}.")
    statements = _listed(policy.get("Statement", []))
    if not 1 <= len(statements) <= MAX_STATEMENTS:
        return [*found, f"Statement must hold 1 to {MAX_STATEMENTS} statements."]
    for number, statement in enumerate(statements, 1):
        found += [f"Statement {number}: {text}" for text in _statement_problems(statement)]
    return found


def _statement_problems(statement: Any) -> list[str]:
    if not isinstance(statement, dict):
        return ["it must be an object."]
    found = [f"{name} is not supported." for name in sorted(map(str, statement.keys() - STATEMENT_MEMBERS))]
    if statement.get("Effect") not in ("Allow", "Deny"):
        found.append("Effect must be Allow or Deny.")
    if not isinstance(statement.get("Condition", {}), dict):
        found.append("Condition must be an object.")
    return found + _pattern_problems(statement, "Action") + _pattern_problems(statement, "Resource")


def _pattern_problems(statement: dict[str, Any], name: str) -> list[str]:
    present = [member for member in (name, f"Not{name}") if member in statement]
    if len(present) != 1:
        return [f"exactly one of {name} and Not{name} is needed."]
    patterns = _listed(statement[present[0]])
    if not 1 <= len(patterns) <= MAX_PATTERNS:
        return [f"{present[0]} must hold 1 to {MAX_PATTERNS} patterns."]
    return [f"{present[0]} must hold texts of 1 to {MAX_LENGTH} characters, without variables."] * any(
        not _is_pattern(pattern) for pattern in patterns
    )


def _is_pattern(pattern: Any) -> bool:
    # Attack: a policy variable read as plain text would match nothing, and so a denial would not deny.
    return isinstance(pattern, str) and 1 <= len(pattern) <= MAX_LENGTH and "${" not in pattern
