"""Name guards: what makes a sign-in name unique, written in the same transaction as the user that it belongs to.

Owns which guards a user takes and gives back, moving one from its holder, and what must not be impersonated. Leaves
which names a user has to `rules.names`, and what eras are to `rules.eras`. While a pool's names are being changed it
has two eras, and a user keeps the guards of both: `User.generation` is the newest era that the user has been brought
into. Until a job has done that for a user of before, the coming era refuses this user nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from chalicelib import errors
from chalicelib.rules import eras, names
from chalicelib.rules.eras import Era
from chalicelib.table import keys, store
from chalicelib.table.items import Guard, Pool, User
from chalicelib.table.writes import Check, Remove, Save, Write

Due = dict[names.Guard, Era]
"""Guards, their kinds as they stand in keys, each with the era that asks for it."""


def key(pool_id: str, guard: names.Guard) -> keys.Key:
    """Where a guard lies."""
    kind, name = guard
    return keys.key("Guard", pool=pool_id, kind=kind, name=keys.guard_name(name))


def item(pool_id: str, guard: names.Guard, sub: str) -> Guard:
    """A fresh guard for a user."""
    kind, name = guard
    return Guard.new({"pool": pool_id, "kind": kind, "name": keys.guard_name(name)}, sub=sub)


def places(pool: Pool, name: str) -> list[keys.Key]:
    """Where the guards lie under which a given sign-in name may be found, most likely first."""
    return [
        key(pool.id, (era.kind(kind), text))
        for era in eras.of(pool.document, pool.ours)
        if era.is_found
        for kind, text in names.candidates(era.settings, name, keeps_usernames=era.keeps_usernames)
    ]


def due(pool: Pool, user: User) -> list[names.Guard]:
    """The guards that a user must hold now."""
    return list(_due(_kept(pool, user), user))


def asked(pool: Pool, user: User) -> list[names.Guard]:
    """The guards that all eras of the pool ask for."""
    return list(_due(eras.of(pool.document, pool.ours), user))


def are_in_order(pool: Pool, user: User) -> bool:
    """Whether a user holds what it must, and nothing that no era of the pool asks for.

    A user who is in the way of a change holds some guards of the coming era, and need not.
    """
    held = _held(user)
    return set(_due(_kept(pool, user), user)) <= held <= set(asked(pool, user))


def reguarded(pool: Pool, user: User, taking: Collection[str] = ()) -> list[Write]:
    """The writes that make a user's guards those which its name and attributes now call for; updates the user.

    Every new guard is create-only and named by its kind, so a taken name fails the whole transaction; guards that are
    no longer due are given back. Guards of the kinds in `taking` are taken from whoever has them. Raises
    InvalidParameterException for a name that looks like somebody's address.
    """
    kept = _kept(pool, user)
    wanted = _due(kept, user)
    added = {guard: era for guard, era in wanted.items() if guard not in _held(user)}
    _refuse_look_alikes(user, kept, added)
    movable = [guard for guard, era in added.items() if _is_movable(guard, era, taking)]
    fresh = [guard for guard in added if guard not in movable]
    writes = _exchanged(user, wanted, fresh) + _taken_over(pool, user, movable)
    user.generation = max(era.generation for era in kept) or None
    return _each_once(writes + [check for guard in added for check in _impersonation_checks(pool, user, guard, wanted)])


def unclaimed(pool: Pool, user: User, coming: Mapping[str, str]) -> list[Write]:
    """The checks that nobody has the addresses that wait for their proof, in eras where these are names without it."""
    kept = [era for era in _kept(pool, user) if names.has_generated_usernames(era.settings)]
    wanted = [(era.kind(kind), name) for era in kept for kind, name in names.guards(era.settings, user.sub, coming)]
    held = _held(user)
    return [Check(key(pool.id, one), eras.plain(one[0]), absent=True) for one in wanted if one not in held]


def brought_along(pool: Pool, user: User, without: Collection[names.Guard] = ()) -> list[Write]:
    """The writes that bring a user into all eras of the pool, but for the guards that somebody else has.

    Updates the user. There are none when nothing has to be written, and the user need not be saved then.
    """
    before = user.guards, user.generation
    every = eras.of(pool.document, pool.ours)
    wanted = {guard: era for guard, era in _due(every, user).items() if guard not in without}
    added = [guard for guard in wanted if guard not in _held(user)]
    writes = _exchanged(user, wanted, added)
    user.generation = max(era.generation for era in (every[:1] if without else every)) or None
    if (user.guards, user.generation) == before:
        return []
    checks = [check for guard in added for check in _impersonation_checks(pool, user, guard, wanted)]
    return [Save(user, "user"), *_each_once(writes + checks)]


def rivals(pool: Pool, user: User) -> dict[names.Guard, str]:
    """Those of the guards of all eras that a user cannot have, each with the `sub` of who is in the way."""
    wanted = _due(eras.of(pool.document, pool.ours), user)
    asked: list[tuple[names.Guard, keys.Key]] = [(guard, key(pool.id, guard)) for guard in wanted]
    asked += [(guard, check.key) for guard in wanted for check in _impersonation_checks(pool, user, guard, wanted)]
    found = zip(asked, store.get_many(*(place for _, place in asked)), strict=True)
    return {
        guard: row.sub for (guard, _), row in found if isinstance(row, Guard | User) and row.sub != user.sub
    }  # fmt: skip


def _kept(pool: Pool, user: User) -> list[Era]:
    """The eras in which a user's guards are kept: the present one, and the other for who is new or has been brought."""
    present, *beside = eras.of(pool.document, pool.ours)
    is_new = user.version is None
    return [present, *(era for era in beside if is_new or (user.generation or 0) >= era.generation)]


def _due(kept: Iterable[Era], user: User) -> Due:
    return {(era.kind(kind), name): era for era in kept for kind, name in _names(era, user)}


def _names(era: Era, user: User) -> list[names.Guard]:
    return names.guards(era.settings, user.username, user.attributes, keeps_usernames=era.keeps_usernames)


def _held(user: User) -> set[names.Guard]:
    return {(kind, name) for kind, name in user.guards}


def _exchanged(user: User, wanted: Due, added: Iterable[names.Guard]) -> list[Write]:
    """The writes that take guards nobody has and give back those that are not wanted; updates `user.guards`."""
    pool_id, held = user.pool_id, [(kind, name) for kind, name in user.guards]
    user.guards = [list(guard) for guard in wanted]
    gone: list[Write] = [Remove(key(pool_id, guard), eras.plain(guard[0])) for guard in held if guard not in wanted]
    return gone + [Save(item(pool_id, guard, user.sub), eras.plain(guard[0])) for guard in added]


def _refuse_look_alikes(user: User, kept: list[Era], added: Due) -> None:
    """Operations ask for the form of usernames in the present era; a new user must fit into the coming one too."""
    coming = kept[1:] if user.version is None else []
    problems = [
        names.kept_username_problem(era.settings, user.sub, user.username, user.attributes) for era in coming
    ]  # fmt: skip
    problems += [
        names.preferred_name_problem(era.settings, name)
        for (kind, name), era in added.items()
        if eras.plain(kind) == "preferred_username"
    ]
    if problem := next(filter(None, problems), None):
        raise errors.InvalidParameterException(problem)


def _is_movable(guard: names.Guard, era: Era, taking: Collection[str]) -> bool:
    """An alias moves to who proves it last; where addresses are names, its holder would be left without one."""
    return eras.plain(guard[0]) in taking and not names.has_generated_usernames(era.settings)


def _taken_over(pool: Pool, user: User, wanted: list[names.Guard]) -> list[Write]:
    """The writes that move guards from their holders, whose addresses are unproven from then on."""
    holders: dict[str, User] = {}
    writes: list[Write] = []
    for guard in wanted:
        row = store.get_many(key(user.pool_id, guard))[0]
        if not isinstance(row, Guard):
            row = item(user.pool_id, guard, user.sub)
        elif holder := holders.get(row.sub) or _user(user.pool_id, row.sub):
            holders[row.sub] = holder
            holder.attributes |= {f"{eras.plain(guard[0])}_verified": "false"}
        row.sub = user.sub
        writes.append(Save(row, eras.plain(guard[0])))
    moved = {write.key for write in writes}
    for holder in holders.values():
        writes += [Save(holder, "user"), *(write for write in _given_back(pool, holder) if write.key not in moved)]
    return writes


def _given_back(pool: Pool, holder: User) -> list[Write]:
    """The writes that remove what a user may not hold any more; updates `guards`."""
    wanted = _due(_kept(pool, holder), holder)
    return _exchanged(holder, {guard: era for guard, era in wanted.items() if guard in _held(holder)}, ())


def _user(pool_id: str, sub: str) -> User | None:
    return store.get(User, pool=pool_id, sub=sub)


def _impersonation_checks(pool: Pool, user: User, guard: names.Guard, wanted: Due) -> list[Write]:
    """What must not exist when a name is taken that somebody chose.

    Attacks: a preferred name that is another's username; a username that is another's `sub`, which administrators may
    use as a name, so that their next change goes to the impostor; and in a pool that was changed, an address that
    somebody else has had as a username since the time when usernames were free.
    """
    era, kind, name = wanted[guard], eras.plain(guard[0]), guard[1]
    other = (era.kind("preferred_username" if kind == "username" else "username"), name)
    is_chosen = kind not in names.CONTACTS
    aliases = era.settings.get("AliasAttributes") or []
    is_confusable = is_chosen and (kind == "preferred_username" or "preferred_username" in aliases)
    checks: list[Write] = []
    if (is_confusable or era.keeps_usernames) and other not in wanted:
        checks.append(Check(key(pool.id, other), kind, absent=True))
    if is_chosen and names.is_sub(name) and name != user.sub:
        checks.append(Check(User.at(pool=pool.id, sub=name), kind, absent=True))
    return checks


def _each_once(writes: list[Write]) -> list[Write]:
    """DynamoDB takes no two writes of one item: of a change and checks the change stays, of two checks the first."""
    changed = {write.key for write in writes if not isinstance(write, Check)}
    checks = {write.key: write for write in writes if isinstance(write, Check) and write.key not in changed}
    return [*(write for write in writes if not isinstance(write, Check)), *checks.values()]
