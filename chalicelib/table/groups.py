"""Groups and who is in them: look-ups, and the writes that keep both sides of a membership together.

A membership stands twice, as the user's reference (`User.groups`) and as a `Member` under the group's id, and both are
written by one transaction. So a token needs no read for it, and a group lists its members consistently. A reference is
the group's id and its name: the id is never used again, so who was in a deleted group is not in the next of that name.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from pynamodb.expressions.condition import Condition, size

from chalicelib.rules import groups as rules
from chalicelib.rules.groups import Definition
from chalicelib.table import keys, pages, store
from chalicelib.table.directory import DeletedGroup, Group, Member
from chalicelib.table.items import Pool, User
from chalicelib.table.keys import Key
from chalicelib.table.memory import Memory
from chalicelib.table.writes import Change, Check, Remove, Save, Write

_ID_LENGTH: Final = 10
_ALPHABET: Final = string.ascii_letters + string.digits
_MOST_READS: Final = 100
_PREFIX: Final = "GROUP#"

_definitions: Memory[Definition] = Memory()


class Reference(NamedTuple):
    """A group as its members refer to it; they sort by name."""

    name: str
    id: str

    @property
    def text(self) -> str:
        """As it stands in `User.groups`: the id comes first and holds no "#", so no name can imitate another's id."""
        return f"{self.id}#{self.name}"


def held(user: User) -> list[Reference]:
    """The groups that a user refers to, by name; some may have been deleted meanwhile."""
    return sorted(_reference(text) for text in user.groups or ())


def reference(group: Group) -> Reference:
    """How members refer to a group."""
    return Reference(group.document["GroupName"], group.id)


def new(pool_id: str, document: dict[str, Any]) -> Group:
    """A fresh group with an id of its own; not yet written."""
    parts = {"pool": pool_id, "name": document["GroupName"]}
    return Group.new(parts, id="".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)), document=document)


def with_pool(pool_id: str, name: str) -> tuple[Pool | None, Group | None]:
    """A pool and one of its groups, read now, in one trip."""
    pool, group = store.get_many(Pool.at(pool=pool_id), Group.at(pool=pool_id, name=name))
    return pool if isinstance(pool, Pool) else None, group if isinstance(group, Group) else None


def with_user(user: User, name: str) -> tuple[Group | None, User | None]:
    """A group of a user's pool and the user, read now, in one trip."""
    group, found = store.get_many(Group.at(pool=user.pool_id, name=name), Key(user.pk, user.sk))
    return group if isinstance(group, Group) else None, found if isinstance(found, User) else None


def part(pool_id: str) -> tuple[str, str]:
    """Where the groups of a pool lie, by name: a partition, and the prefix of their sort keys."""
    return keys.key("Pool", pool=pool_id).pk, _PREFIX


def present(pool_id: str, references: Sequence[Reference]) -> list[Group]:
    """The groups that are meant, read now, without those that are gone; one trip for a hundred."""
    found: list[Group] = []
    for first in range(0, len(references), _MOST_READS):
        part = references[first : first + _MOST_READS]
        places = [Group.at(pool=pool_id, name=wanted.name) for wanted in part]
        pairs = zip(part, store.get_many(*places), strict=True)
        found += [group for wanted, group in pairs if isinstance(group, Group) and group.id == wanted.id]
    return found


def definitions(user: User) -> list[Definition]:
    """What tokens tell of a user's groups, as it was within the last minute; no trip while all are remembered.

    They are remembered by id. The attack: `admins` is deleted and made again, and whoever was in the old one passes as
    a member of the new one.
    """
    wanted = {f"{user.pool_id}#{one.id}": one for one in held(user)}

    def load(unknown: list[str]) -> dict[str, Definition]:
        groups = present(user.pool_id, [wanted[name] for name in unknown])
        return {f"{user.pool_id}#{group.id}": _definition(group) for group in groups}

    return list(_definitions.recall_many(wanted, load).values())


def forget(pool_id: str, group_id: str) -> None:
    """Read a group's definition again at next use."""
    _definitions.forget(f"{pool_id}#{group_id}")


def members_part(pool_id: str, group_id: str) -> tuple[str, str]:
    """Where the members of a group lie: a partition, and the empty prefix of all sort keys."""
    return Member.at(pool=pool_id, group=group_id, sub="").pk, ""


def some_members(pool_id: str, group_id: str, limit: int) -> list[Member]:
    """Members of a group, as they are now; none when nobody is in it."""
    page = store.list(*members_part(pool_id, group_id), limit)
    return [item for item in page.items if isinstance(item, Member)]


def users_of(pool_id: str, found: Iterable[Member]) -> list[User]:
    """The users that at most a hundred members stand for, without those that are gone: one trip."""
    places = [User.at(pool=pool_id, sub=member.sub) for member in found]
    return [user for user in store.get_many(*places) if isinstance(user, User)]


def same(group: Group) -> Condition:
    """That a group is still the one that was read.

    The version alone does not tell: a group that was deleted and made again begins at the same one.
    """
    is_same: Condition = (Group.id == group.id) & (Group.version == group.version)
    return is_same


def joining(user: User, group: Group, now: float) -> list[Write]:
    """The writes that put a user in a group.

    Their names: "member" conflicts when the user is in it already, "user" when the user is gone or in as many groups as
    one may be, "group" when the group is gone.
    """
    member = Member.new({"pool": user.pool_id, "group": group.id, "sub": user.sub}, sub=user.sub, added_at=now)
    number: Any = size(User.groups)  # type: ignore[no-untyped-call]
    room: Condition = User.groups.does_not_exist() | (number < rules.MOST)
    ref = {reference(group).text}
    return [
        Save(member, "member"),
        Change(User.at(pool=user.pool_id, sub=user.sub), User, add={"groups": ref}, condition=room, name="user"),
        Check(Key(group.pk, group.sk), "group", condition=Group.id == group.id),
    ]


def leaving(pool_id: str, sub: str, references: Sequence[Reference]) -> list[Write]:
    """The writes that take a user out of groups, also of such that are gone; "sub" names what fails without the user.

    Whoever is in none of them stays as they are, so they may be repeated.
    """
    taken = Change(User.at(pool=pool_id, sub=sub), User, take={"groups": {one.text for one in references}}, name=sub)
    return [taken, *(Remove(key) for key in member_keys(pool_id, sub, references))]


def member_keys(pool_id: str, sub: str, references: Iterable[Reference]) -> list[Key]:
    """Where the other sides of a user's references lie."""
    return [Member.at(pool=pool_id, group=one.id, sub=sub) for one in references]


def deletion(group: Group, mark: DeletedGroup) -> list[Write]:
    """The writes that delete a group and leave a mark, until its members are out; "group" conflicts when it is gone."""
    return [Remove(Key(group.pk, group.sk), "group", condition=same(group)), Save(mark, "mark")]


def mark(pool_id: str, group: Group, now: float) -> DeletedGroup:
    """A fresh mark of a deleted group."""
    parts = {"pool": pool_id, "id": group.id, "created": keys.sortable(now)}
    return DeletedGroup.new(parts, pool_id=pool_id, id=group.id, name=reference(group).name, deleted_at=now)


def cursor(user: User, place: Reference) -> str:
    """The cursor behind one of a user's references, good for the list of that user's groups alone."""
    return pages.cursor({"pk": {"S": user.pk}, "sk": {"S": _PREFIX + place.text}}, index=False)


def place(user: User, text: str) -> Reference:
    """The reference at which a page of a user's groups ended. Raises BadCursor."""
    return _reference(pages.start(text, user.pk, _PREFIX, index=False)["sk"]["S"].removeprefix(_PREFIX))


def _reference(text: str) -> Reference:
    group_id, _, name = text.partition("#")
    return Reference(name, group_id)


def _definition(group: Group) -> Definition:
    document = group.document
    return Definition(document["GroupName"], document.get("Precedence"), document.get("RoleArn"))
