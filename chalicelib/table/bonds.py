"""What each item of the table owes to others: the ties between items, read off one item at a time.

An item *gives* what others may rely on (that it exists, that a name belongs to a user) and *needs* what others must
give; some of what is given must be needed by somebody, or it is a leftover that blocks a name. Pure but for the pool's
settings, which decide which names a user holds. `invariants` gathers these over the whole table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from chalicelib.rules import usage
from chalicelib.table import groups, guards, keys, search
from chalicelib.table.directory import ActiveImport, DeletedGroup, Group, ImportJob, ImportLines, Member, SearchEntry
from chalicelib.table.documents import Branding, BrandingAsset, Domain
from chalicelib.table.items import Client, ClientSecret, Guard, Item, Pool, User
from chalicelib.table.keys import Key
from chalicelib.table.records import AuditLine


class Need(NamedTuple):
    """What an item relies on: a token that one of the items `where`, or without these of its partition, must give."""

    token: str
    lack: str
    """What is wrong when nobody gives it, in words."""

    where: tuple[Key, ...]
    is_passing: bool = False
    """Whether an item without it is a leftover that goes away by itself."""

    is_optional: bool = False
    """Whether nothing is wrong without it: it only accounts for what is given."""


class Gift(NamedTuple):
    """What an item gives; one with an `owner` must be needed by that item."""

    token: str
    owner: Key | None = None
    lack: str = ""


class Bonds(NamedTuple):
    """The ties of one item, and what is wrong with it without looking at any other but its pool."""

    needs: list[Need]
    gifts: list[Gift]
    faults: list[str]


Parts = dict[str, str]

_SAID = {"pool": "pool_id", "sub": "sub", "id": "id", "kid": "kid", "day": "day"}
"""Parts of keys that some items repeat, and as what."""

HEADS = {"P#{pool}": "pool", "C#{client}": "client", "U#{pool}#{sub}": "user"}
"""Partitions whose items rely on the one with the sort key "."."""

HEADLESS = {
    "A#{pool}", "D#{host}", "F#{pool}#{job}", "G#{pool}", "J#{job}", "K#{id}", "M#operators",
    "N#{pool}#{kind}#{name}", "Q#{pool}#{group}", "R#{pool}#{name}", "S#{pool}#{attribute}", "T#{pool}#{id}",
    "W#limits", "X#{pool}#{day}", "Z#{id}",
}  # fmt: skip
"""Partitions without a head; the ties of their items, where they have any, are told kind by kind below."""


class Standing(NamedTuple):
    """How the pool of an item stands: the pool itself, and whether a change of its names or searches is open.

    Until such a change is over, its users may hold guards that no name asks for any more, and entries that nobody
    searches; the job that carries it out removes them.
    """

    pool: Pool | None = None
    is_changing: bool = False


NOWHERE = Standing()


def of(item: Item, standing: Standing = NOWHERE) -> Bonds:
    """The ties of an item; `standing` is that of the pool that `pool_of` names."""
    parts = parts_of(item)
    if parts is None:
        return Bonds([], [], [f"its key is not that of a {item.entity}"])
    found = Bonds(_head(item), [], [*_contradictions(item, parts), *_misplaced(item, parts)])
    if (keys.ENTITIES[item.entity].pk in HEADS and item.sk == ".") or isinstance(item, ImportJob | Branding):
        found.gifts.append(Gift(_existence(Key(item.pk, item.sk))))
    try:
        if type(item) in _TIES:
            _TIES[type(item)](item, parts, standing, found)
    except (TypeError, ValueError, AttributeError, KeyError) as problem:
        found.faults.append(f"it has not the form of a {item.entity}: {problem}")
    return found


def pool_of(item: Item) -> str | None:
    """The id of the pool that an item belongs to, as far as the item tells."""
    return (parts_of(item) or {}).get("pool") or getattr(item, "pool_id", None)


def parts_of(item: Item) -> Parts | None:
    """The named parts of an item's key; None when it has not the form of its entity."""
    entity = keys.ENTITIES[item.entity]
    partition, order = _form(entity.pk).fullmatch(item.pk), _form(entity.sk).fullmatch(item.sk)
    return partition.groupdict() | order.groupdict() if partition and order else None


@cache
def _form(template: str) -> re.Pattern[str]:
    """A template as a pattern: only the last part may hold the mark that divides parts."""
    pieces = re.split(r"\{(\w+)\}", template)
    last = len(pieces) - 2
    texts = [
        re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>{'.*' if place == last else '[^#]*'})"
        for place, piece in enumerate(pieces)
    ]
    return re.compile("".join(texts), re.DOTALL)


def _existence(key: Key) -> str:
    return f"{len(key.pk)}\n{key.pk}\n{key.sk}"  # with its length, for a name may hold any character


def _present(key: Key, lack: str, *, is_passing: bool = False) -> Need:
    return Need(_existence(key), lack, (key,), is_passing=is_passing)


def _head(item: Item) -> list[Need]:
    entity = keys.ENTITIES[item.entity]
    if entity.pk not in HEADS or entity.sk == ".":
        return []
    lack = f"it belongs to a {HEADS[entity.pk]} that is not there"
    return [_present(Key(item.pk, "."), lack, is_passing=entity.lives == "ttl")]


def _contradictions(item: Any, parts: Parts) -> list[str]:
    """What an item says of itself against its key. Audit lines tell of a pool, and lie where that may be none."""
    if isinstance(item, AuditLine):
        return []
    told = {part: getattr(item, name, None) for part, name in _SAID.items() if part in parts}
    return [f"its {part} is not that of its key" for part, said in told.items() if said not in (None, parts[part])]


def _misplaced(item: Any, parts: Parts) -> list[str]:
    """Whether an item stands in the list index where `keys` places it."""
    entity = keys.ENTITIES[item.entity]
    listed, order = _form(entity.listed).fullmatch(item.gsi1pk or ""), _form(entity.order).fullmatch(item.gsi1sk or "")
    if not entity.listed:
        return [] if item.gsi1pk is None and item.gsi1sk is None else ["it stands in the list index"]
    if listed is None or order is None:
        return ["its place in the list index is wrong"]
    created: float | None = getattr(item, "created_at", None)
    times = {} if created is None else {"created": keys.sortable(created), "day": usage.day(created)}
    due = times | {part: value for part, name in _SAID.items() if (value := getattr(item, name, None))} | parts
    place = listed.groupdict() | order.groupdict()
    is_right = all(due.get(part, value) == value for part, value in place.items())
    return [] if is_right else ["its place in the list index is wrong"]


# --- kind by kind -----------------------------------------------------------------------------------------------------


def _pool(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    for member in ("Domain", "CustomDomain"):
        if host := item.document.get(member):
            place = Domain.at(host=host)
            lack = f"its domain {host} is not there or is another's"
            found.needs.append(Need(_claim(place, parts["pool"]), lack, (place,)))


def _domain(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    owner, lack = Pool.at(pool=item.pool_id), "its pool is not there or has another domain"
    found.gifts.append(Gift(_claim(Key(item.pk, item.sk), item.pool_id), owner, lack))


def _client(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    found.needs.append(_of_pool(item.pool_id))
    if item.has_secret:
        found.needs.append(Need(f"secret\n{item.pk}", "it was made with a secret and has none", ()))


def _client_secret(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    found.gifts.append(Gift(f"secret\n{item.pk}"))


def _user(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    user: User = item
    found.needs.append(_of_pool(user.pool_id))
    for kind, name in user.guards:
        place = guards.key(user.pool_id, (kind, name))
        found.needs.append(Need(_claim(place, user.sub), f"its {kind} guard is not there or is another's", (place,)))
    for group in groups.held(user):
        found.needs.extend(_membership(user, group))
    if standing.pool is not None:
        found.needs.extend(_searches(user, standing.pool))
        if not _has_its_guards(user, standing):
            found.faults.append("its guards are not those of its names")


def _has_its_guards(user: User, standing: Standing) -> bool:
    if standing.pool is None or guards.are_in_order(standing.pool, user):
        return True
    held = {(kind, name) for kind, name in user.guards}
    return standing.is_changing and held >= set(guards.due(standing.pool, user))


def _searches(user: User, pool: Pool) -> list[Need]:
    """While an attribute is becoming searchable, only those have entries whom the job has come to."""
    coming = set((pool.ours or {}).get("becoming_searchable") or ()) - set((pool.ours or {}).get("searchable") or ())
    return [
        Need(_claim(place, user.sub), f"it is not found by {entry[0]}", (place,), is_optional=entry[0] in coming)
        for entry in search.entries(pool, user)
        for place in [search.key(pool.id, entry)]
    ]


def _search_entry(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    owner, lack = User.at(pool=parts["pool"], sub=item.sub), "no user has this value"
    found.gifts.append(Gift(_claim(Key(item.pk, item.sk), item.sub), None if standing.is_changing else owner, lack))


def _guard(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    owner = User.at(pool=parts["pool"], sub=item.sub)
    found.gifts.append(Gift(_claim(Key(item.pk, item.sk), item.sub), owner, "no user holds this name"))


def _claim(place: Key, owner: str) -> str:
    """That an item is there and belongs to somebody."""
    return f"{_existence(place)}\n{owner}"


def _membership(user: User, group: groups.Reference) -> list[Need]:
    member = Member.at(pool=user.pool_id, group=group.id, sub=user.sub)
    places = Group.at(pool=user.pool_id, name=group.name), DeletedGroup.at(pool=user.pool_id, id=group.id)
    return [
        Need(_existence(member), f"it is in the group {group.name}, but not among its members", (member,)),
        Need(_group_token(user.pool_id, group.id), f"it is in a group {group.name} that is not there", places),
    ]


def _member(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    owner = User.at(pool=parts["pool"], sub=parts["sub"])
    lack = "its user is not there or does not say that it is in the group"
    found.gifts.append(Gift(_existence(Key(item.pk, item.sk)), owner, lack))


def _group(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    found.gifts.append(Gift(_group_token(parts["pool"], item.id)))


def _group_token(pool_id: str, group_id: str) -> str:
    return f"group\n{pool_id}\n{group_id}"


def _of_pool(pool_id: str) -> Need:
    return _present(Pool.at(pool=pool_id), "it belongs to a pool that is not there")


def _branding(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    for asset in item.document.get("Assets") or []:
        if asset.get("Size"):
            first = BrandingAsset.at(pool=parts["pool"], client=parts["client"], asset=asset["Id"], part="00")
            found.needs.append(_present(first, f"the bytes of its asset {asset['Id']} are not there"))


def _asset(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    """An asset without its branding is what a crash may leave: nobody reaches it, and it goes with the client."""
    found.gifts.append(Gift(_existence(Key(item.pk, item.sk))))
    place = keys.key("Branding", pool=parts["pool"], client=parts["client"])
    found.needs.append(_present(place, "it belongs to a branding that is not there", is_passing=True))


def _of_import(item: Any, parts: Parts, standing: Standing, found: Bonds) -> None:
    job = ImportJob.at(pool=parts["pool"], id=parts.get("job") or item.job)
    lack, is_passing = "it belongs to an import job that is not there", isinstance(item, ImportLines)
    found.needs.append(_present(job, lack, is_passing=is_passing))


_TIES: dict[type[Item], Callable[[Any, Parts, Standing, Bonds], None]] = {
    Pool: _pool,
    Domain: _domain,
    Client: _client,
    ClientSecret: _client_secret,
    User: _user,
    Guard: _guard,
    SearchEntry: _search_entry,
    Member: _member,
    Group: _group,
    DeletedGroup: _group,
    Branding: _branding,
    BrandingAsset: _asset,
    ActiveImport: _of_import,
    ImportLines: _of_import,
}
