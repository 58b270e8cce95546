"""Operators: who may make signed calls, with which key and under which policy.

An operator key is an access key id, a sealed secret and an IAM-style policy. The root operator may do everything; it is
made at the first start, with a given key or a fresh one.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from chalicelib.flows import vault
from chalicelib.rules import policies
from chalicelib.table import keys, operators, store
from chalicelib.table.access_keys import OperatorKey

EVERYTHING: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

TEMPORARY = "LKSA"
"""Access key ids of operator sessions begin so, and no other does; see `flows.operator_sessions`."""

_LETTERS = string.ascii_uppercase + string.digits


def secret_of(key_id: str) -> str | None:
    """The secret of an enabled key; None for an unknown or disabled one."""
    item = operators.operator_key(key_id)
    if item is None or not item.enabled:
        return None
    return vault.open_for(item, item.secret).decode()


def is_allowed(key_id: str, action: str, resource: str) -> bool:
    """Whether a key's policy allows an action ("cognito-idp:ListUsers") on a resource (an ARN or "*")."""
    item = operators.operator_key(key_id)
    return item is not None and item.enabled and policies.is_allowed(item.policy, action, resource)


def create(policy: Mapping[str, Any], key_id: str | None = None, secret: str | None = None) -> tuple[str, str]:
    """Make an operator key and return its id and secret, which is shown this once.

    Raises store.Conflict for an id that is taken and ValueError for a policy that is none or an id of a session.
    """
    found = policies.problems(policy)
    key_id = key_id or fresh_id("LKIA")
    if key_id.startswith(TEMPORARY):
        found.append(f"The id of an operator key cannot begin with {TEMPORARY}.")
    if found:
        raise ValueError("; ".join(found))
    secret = secret or secrets.token_urlsafe(30)
    now = time.time()
    item = OperatorKey.new({"id": key_id, "created": keys.sortable(now)}, policy=dict(policy), created_at=now)
    item.secret = vault.seal_for(item, secret.encode())
    store.save(item, "operator key")
    operators.forget(key_id)
    return key_id, secret


def fresh_id(prefix: str) -> str:
    """An access key id that nobody has: 82 random bits after its prefix."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(16))


def ensure_root(key_id: str | None = None, secret: str | None = None) -> tuple[str, str]:
    """The root operator's id and secret: the given key, made unless it exists; without one, a fresh key.

    Raises ValueError when the given id exists with another secret, or is disabled.
    """
    if key_id is None:
        return create(EVERYTHING)
    operators.forget(key_id)
    if operators.operator_key(key_id) is None:
        with suppress(store.Conflict):  # another process that starts as well was first; its key is looked at like any
            create(EVERYTHING, key_id, secret)
    kept = secret_of(key_id)
    if kept is None:
        raise ValueError(f"The operator key {key_id} is disabled.")
    if secret is not None and not secrets.compare_digest(kept.encode(), secret.encode()):
        raise ValueError(f"The operator key {key_id} exists with another secret.")
    return key_id, kept
