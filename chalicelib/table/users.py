"""Users: look-ups by name and by sub, in the fewest trips, and the writes that keep a user and its guards together.

A sign-in name is found through its guard (one read), and what sign-in needs of the user comes by one bounded query.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pynamodb.expressions.condition import Condition

from chalicelib.rules import names, usage
from chalicelib.table import guards, keys, search, store
from chalicelib.table.beside import Beside
from chalicelib.table.beside import read as read_beside
from chalicelib.table.factors import Passkey, Totp
from chalicelib.table.items import Attempts, Code, Guard, Item, Password, Pool, User
from chalicelib.table.writes import Change, Write


@dataclass
class Account:
    """A user and the parts that sign-in needs."""

    user: User
    password: Password | None = None
    attempts: Attempts | None = None
    codes: dict[str, Code] = field(default_factory=dict)
    totp: Totp | None = None
    passkeys: list[Passkey] = field(default_factory=list)


def by_sub(pool_id: str, sub: str) -> Account | None:
    """The user of a sub: one query."""
    return _account(_parts(pool_id, sub))


def by_sub_or(pool_id: str, sub: str, stand_in: User) -> Account:
    """The user of a sub, or else the stand-in with what lies in its partition: one query for both."""
    parts = _parts(pool_id, sub)
    found = _account(parts)
    return found or _account([stand_in, *parts]) or Account(stand_in)


def by_sub_text(pool_id: str, text: str) -> Account | None:
    """The user of a text that may be a sub; anything else is nobody, without a read."""
    return by_sub(pool_id, text) if names.is_sub(text) else None


def by_name(pool: Pool, name: str, beside: Beside | None = None) -> Account | None:
    """The user of a sign-in name: one read of the guard and of what is wanted beside, one query.

    A username that the pool generates is the sub itself and needs no guard.
    """
    if names.has_generated_usernames(pool.document) and names.is_sub(name):
        return read_beside(beside, lambda: by_sub(pool.id, name))
    sub = sub_of(pool, name, beside)
    return by_sub(pool.id, sub) if sub else None


def by_name_or(pool: Pool, name: str, stand_in: User, beside: Beside | None = None) -> Account:
    """The user of a sign-in name, or else the stand-in with the codes of its partition: as many trips for both."""
    if names.has_generated_usernames(pool.document) and names.is_sub(name):
        sub: str | None = name
        parts = read_beside(beside, lambda: _parts(pool.id, name))
    else:
        sub = sub_of(pool, name, beside)
        parts = _parts(pool.id, sub or stand_in.sub)
    found = _account(parts)
    if found is None and sub in (None, stand_in.sub):
        found = _account([stand_in, *parts])
    return found or Account(stand_in)


def sub_of(pool: Pool, name: str, beside: Beside | None = None) -> str | None:
    """The sub behind a sign-in name: one read, also where several kinds of name are possible."""
    found = store.get_many(*guards.places(pool, name), *([beside.key] if beside else []))
    if beside:
        beside.seen(found.pop())
    return next((guard.sub for guard in found if isinstance(guard, Guard)), None)


def new(pool: Pool, username: str, attributes: Mapping[str, str], now: float) -> User:
    """A fresh user with a `sub` of its own (UUID, version 4), which is also the name where the pool generates names."""
    sub = str(uuid.uuid4())
    is_generated = names.has_generated_usernames(pool.document)
    return User.new(
        {"pool": pool.id, "sub": sub, "created": keys.sortable(now)},
        pool_id=pool.id,
        sub=sub,
        username=sub if is_generated else names.folded(pool.document, username),
        attributes=dict(attributes),
        status="UNCONFIRMED",
        guards=[],
        created_at=now,
        modified_at=now,
        active_month=usage.month(now),
    )


def switched(user: User, now: float, *, enabled: bool) -> list[Write]:
    """The writes that enable a user, or disable it and end its sessions, while its status is as it was read."""
    is_same: Condition = User.status == user.status
    values = {"enabled": enabled, "modified_at": now} | ({} if enabled else {"signed_out_at": now})
    place = User.at(pool=user.pool_id, sub=user.sub)
    return [Change(place, User, set=values, condition=is_same, name="user"), *search.switched(user, enabled=enabled)]


def _parts(pool_id: str, sub: str) -> list[Item]:
    return store.list(keys.key("User", pool=pool_id, sub=sub).pk, prefix=keys.SIGN_IN_PARTS).items


def _account(parts: Iterable[Item]) -> Account | None:
    parts = list(parts)
    user = next((part for part in parts if isinstance(part, User)), None)
    if user is None:
        return None
    account = Account(user)
    for part in parts:
        _put(account, part)
    return account


def _put(account: Account, part: Item) -> None:
    if isinstance(part, Password):
        account.password = part
    elif isinstance(part, Attempts):
        account.attempts = part
    elif isinstance(part, Code):
        account.codes[part.sk.removeprefix(".CODE#")] = part
    elif isinstance(part, Totp):
        account.totp = part
    elif isinstance(part, Passkey):
        account.passkeys.append(part)
