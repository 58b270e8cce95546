"""Users: look-ups by name and by sub, in the fewest trips, and the writes that keep a user and its guards together.

A sign-in name is found through its guard (one read), and what sign-in needs of the user comes by one bounded query.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from chalicelib import errors
from chalicelib.rules import names, usage
from chalicelib.table import keys, store
from chalicelib.table.items import Attempts, Code, Guard, Item, Password, Pool, User
from chalicelib.table.writes import Check, Remove, Save, Write

_BATCH = 200


@dataclass
class Account:
    """A user and the parts that sign-in needs."""

    user: User
    password: Password | None = None
    attempts: Attempts | None = None
    codes: dict[str, Code] = field(default_factory=dict)


def by_sub(pool_id: str, sub: str) -> Account | None:
    """The user of a sub: one query."""
    return _account(_parts(pool_id, sub))


def by_sub_text(pool_id: str, text: str) -> Account | None:
    """The user of a text that may be a sub; anything else is nobody, without a read."""
    return by_sub(pool_id, text) if names.is_sub(text) else None


def by_name(pool: Pool, name: str) -> Account | None:
    """The user of a sign-in name: one read of the guard, one query.

    A username that the pool generates is the sub itself and needs no guard.
    """
    if names.has_generated_usernames(pool.document) and names.is_sub(name):
        return by_sub(pool.id, name)
    sub = sub_of(pool, name)
    return by_sub(pool.id, sub) if sub else None


def by_name_or(pool: Pool, name: str, stand_in: User) -> Account:
    """The user of a sign-in name, or else the stand-in with the codes of its partition: as many trips for both."""
    generated = names.has_generated_usernames(pool.document) and names.is_sub(name)
    sub = name if generated else sub_of(pool, name)
    parts = _parts(pool.id, sub or stand_in.sub)
    found = _account(parts)
    if found is None and sub in (None, stand_in.sub):
        found = _account([stand_in, *parts])
    return found or Account(stand_in)


def sub_of(pool: Pool, name: str) -> str | None:
    """The sub behind a sign-in name: one read, also where several kinds of name are possible."""
    places = [guard_key(pool.id, guard) for guard in names.candidates(pool.document, name)]
    found = next((guard for guard in store.get_many(*places) if isinstance(guard, Guard)), None)
    return found.sub if found else None


def guard_key(pool_id: str, guard: names.Guard) -> keys.Key:
    """Where a guard lies."""
    kind, name = guard
    return keys.key("Guard", pool=pool_id, kind=kind, name=keys.guard_name(name))


def guard_item(pool_id: str, guard: names.Guard, sub: str) -> Guard:
    """A fresh guard for a user."""
    kind, name = guard
    return Guard.new({"pool": pool_id, "kind": kind, "name": keys.guard_name(name)}, sub=sub)


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


def reguarded(pool: Pool, user: User, taking: Collection[str] = ()) -> list[Write]:
    """The writes that make a user's guards those which its name and attributes now call for; updates `user.guards`.

    Every new guard is create-only and named by its kind, so a taken name fails the whole transaction; guards that are
    no longer due are given back. Guards of the kinds in `taking` are taken from whoever has them. Raises
    InvalidParameterException for a preferred_username that looks like somebody's address.
    """
    due = names.guards(pool.document, user.username, user.attributes)
    held = [(kind, name) for kind, name in user.guards]
    user.guards = [list(guard) for guard in due]
    writes: list[Write] = [Remove(guard_key(pool.id, guard), guard[0]) for guard in held if guard not in due]
    added = [guard for guard in due if guard not in held]
    for kind, name in added:
        if kind == "preferred_username" and (problem := names.preferred_name_problem(pool.document, name)):
            raise errors.InvalidParameterException(problem)
    writes += [Save(guard_item(pool.id, guard, user.sub), guard[0]) for guard in added if guard[0] not in taking]
    writes += _taken_over(user, [guard for guard in added if guard[0] in taking])
    return writes + [check for guard in added for check in _impersonation_checks(pool, user, guard, due)]


def removal(account: Account) -> list[Write]:
    """The writes that delete a user with its guards and all that a sign-in reads; `remove_rest` does the others."""
    user = account.user
    guards = [guard_key(user.pool_id, (kind, name)) for kind, name in user.guards]
    parts = [account.password, account.attempts, *account.codes.values()]
    keys_of_parts = [keys.Key(part.pk, part.sk) for part in parts if part is not None]
    return [Remove(user, "user"), *(Remove(key) for key in [*guards, *keys_of_parts])]


def remove_rest(pool_id: str, sub: str) -> None:
    """Delete what a deleted user leaves behind: sessions and the like, which nobody can use any more."""
    partition, cursor = keys.key("User", pool=pool_id, sub=sub).pk, None
    while True:
        page = store.list(partition, limit=_BATCH, cursor=cursor)
        store.remove_all(page.items)
        cursor = page.cursor
        if cursor is None:
            return


def _taken_over(user: User, wanted: list[names.Guard]) -> list[Write]:
    """The writes that move guards from their holders, whose addresses are unproven from then on."""
    holders: dict[str, User] = {}
    writes: list[Write] = []
    for guard in wanted:
        row = store.get_many(guard_key(user.pool_id, guard))[0]
        if not isinstance(row, Guard):
            row = guard_item(user.pool_id, guard, user.sub)
        elif holder := holders.get(row.sub) or _user(user.pool_id, row.sub):
            holders[row.sub] = _without(holder, guard)
        row.sub = user.sub
        writes.append(Save(row, guard[0]))
    return writes + [Save(holder, "user") for holder in holders.values()]


def _user(pool_id: str, sub: str) -> User | None:
    return store.get(User, pool=pool_id, sub=sub)


def _without(holder: User, guard: names.Guard) -> User:
    holder.attributes |= {f"{guard[0]}_verified": "false"}
    holder.guards = [pair for pair in holder.guards if tuple(pair) != guard]
    return holder


def _impersonation_checks(pool: Pool, user: User, guard: names.Guard, due: list[names.Guard]) -> list[Write]:
    """What must not exist when a name is taken that somebody chose.

    Attacks: a preferred name that is another's username; a username that is another's `sub`, which administrators may
    use as a name, so that their next change goes to the impostor.
    """
    kind, name = guard
    other = ("preferred_username" if kind == "username" else "username", name)
    is_confusable = kind == "preferred_username" or "preferred_username" in (pool.document.get("AliasAttributes") or [])
    checks: list[Write] = []
    if kind not in names.CONTACTS and is_confusable and other not in due:
        checks.append(Check(guard_key(pool.id, other), kind, absent=True))
    if kind not in names.CONTACTS and names.is_sub(name) and name != user.sub:
        checks.append(Check(User.at(pool=pool.id, sub=name), kind, absent=True))
    return checks


def _parts(pool_id: str, sub: str) -> list[Item]:
    return store.list(keys.key("User", pool=pool_id, sub=sub).pk, prefix=keys.SIGN_IN_PARTS).items


def _account(parts: Iterable[Item]) -> Account | None:
    by_type: dict[type[Item], Item] = {}
    codes: dict[str, Code] = {}
    for part in parts:
        if isinstance(part, Code):
            codes[part.sk.removeprefix(".CODE#")] = part
        else:
            by_type[type(part)] = part
    user = by_type.get(User)
    if not isinstance(user, User):
        return None
    password, attempts = by_type.get(Password), by_type.get(Attempts)
    return Account(
        user,
        password if isinstance(password, Password) else None,
        attempts if isinstance(attempts, Attempts) else None,
        codes,
    )
