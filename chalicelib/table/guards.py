"""Name guards: what makes a sign-in name unique, written in the same transaction as the user that it belongs to.

Owns which guards a user takes and gives back, moving one from its holder, and what must not be impersonated. Leaves
which names a user has to `rules.names`.
"""

from __future__ import annotations

from collections.abc import Collection

from chalicelib import errors
from chalicelib.rules import names
from chalicelib.table import keys, store
from chalicelib.table.items import Guard, Pool, User
from chalicelib.table.writes import Check, Remove, Save, Write


def key(pool_id: str, guard: names.Guard) -> keys.Key:
    """Where a guard lies."""
    kind, name = guard
    return keys.key("Guard", pool=pool_id, kind=kind, name=keys.guard_name(name))


def item(pool_id: str, guard: names.Guard, sub: str) -> Guard:
    """A fresh guard for a user."""
    kind, name = guard
    return Guard.new({"pool": pool_id, "kind": kind, "name": keys.guard_name(name)}, sub=sub)


def reguarded(pool: Pool, user: User, taking: Collection[str] = ()) -> list[Write]:
    """The writes that make a user's guards those which its name and attributes now call for; updates `user.guards`.

    Every new guard is create-only and named by its kind, so a taken name fails the whole transaction; guards that are
    no longer due are given back. Guards of the kinds in `taking` are taken from whoever has them. Raises
    InvalidParameterException for a preferred_username that looks like somebody's address.
    """
    due = names.guards(pool.document, user.username, user.attributes)
    held = [(kind, name) for kind, name in user.guards]
    user.guards = [list(guard) for guard in due]
    writes: list[Write] = [Remove(key(pool.id, guard), guard[0]) for guard in held if guard not in due]
    added = [guard for guard in due if guard not in held]
    for kind, name in added:
        if kind == "preferred_username" and (problem := names.preferred_name_problem(pool.document, name)):
            raise errors.InvalidParameterException(problem)
    writes += [Save(item(pool.id, guard, user.sub), guard[0]) for guard in added if guard[0] not in taking]
    writes += _taken_over(user, [guard for guard in added if guard[0] in taking])
    return writes + [check for guard in added for check in _impersonation_checks(pool, user, guard, due)]


def _taken_over(user: User, wanted: list[names.Guard]) -> list[Write]:
    """The writes that move guards from their holders, whose addresses are unproven from then on."""
    holders: dict[str, User] = {}
    writes: list[Write] = []
    for guard in wanted:
        row = store.get_many(key(user.pool_id, guard))[0]
        if not isinstance(row, Guard):
            row = item(user.pool_id, guard, user.sub)
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
        checks.append(Check(key(pool.id, other), kind, absent=True))
    if kind not in names.CONTACTS and names.is_sub(name) and name != user.sub:
        checks.append(Check(User.at(pool=pool.id, sub=name), kind, absent=True))
    return checks
