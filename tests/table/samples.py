"""Items as the tests of the table need them: complete, and told apart by a word."""

from __future__ import annotations

import time
from typing import Any

from chalicelib.table import keys
from chalicelib.table.items import Guard, Once, Password, Session, User


def user(pool: str, sub: str = "sub", created: float = 1.0) -> User:
    """A user of a pool."""
    return User.new(
        {"pool": pool, "sub": sub, "created": keys.sortable(created)},
        pool_id=pool,
        sub=sub,
        username=f"name of {sub}",
        attributes={"email": f"{sub}@example.com"},
        status="CONFIRMED",
        guards=[["username", sub]],
        created_at=created,
        modified_at=created,
    )


def password(pool: str, sub: str = "sub") -> Password:
    """A user's password; the hash is no hash."""
    return Password.new({"pool": pool, "sub": sub}, hash="$none$", verifier=bytes(range(256)), set_at=1.5)


def session(pool: str, name: str, expires: float, sub: str = "sub") -> Session:
    """A session that ends at a time."""
    return Session.new(
        {"pool": pool, "sub": sub, "id": name, "day": "1970-01-01"},
        id=name,
        sub=sub,
        client_id="client",
        created_at=1.0,
        ends_at=expires,
        scope="openid",
        refresh_digest=b"digest",
        expires=expires,
    )


def failure(number: int = 1, **more: Any) -> dict[str, Any]:
    """The edits that count wrong passwords, whether or not some were counted before."""
    return {"add": {"failures": number}, "set": {"failed_at": 1.0, **more}, "upsert": True}


def guard(pool: str, name: str = "name", sub: str = "sub") -> Guard:
    """A name that is taken."""
    return Guard.new({"pool": pool, "kind": "username", "name": name}, sub=sub)


def once(pool: str, name: str = "token", lives: float = 600.0) -> Once:
    """A thing that was spent."""
    return Once.new({"pool": pool, "id": name}, expires=time.time() + lives)
