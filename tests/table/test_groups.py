"""Groups and members as the table keeps them, on each engine: what is written together, and what is refused."""

from __future__ import annotations

import pytest

from chalicelib.rules import groups as rules
from chalicelib.table import groups, store
from chalicelib.table.directory import DeletedGroup, Group, Member
from chalicelib.table.groups import Reference
from chalicelib.table.items import User
from chalicelib.table.store import BadCursor, Change, Check, Conflict, Remove
from tests.table import samples

pytestmark = pytest.mark.usefixtures("engine")


def group_of(pool: str, name: str = "admins") -> Group:
    group = groups.new(pool, {"GroupName": name, "UserPoolId": pool})
    store.save(group)
    found = store.get(Group, pool=pool, name=name)
    assert found is not None
    return found


def made_again(pool: str, group: Group) -> Group:
    store.together(*groups.deletion(group, groups.mark(pool, group, 1.0)))
    return group_of(pool)


@pytest.fixture
def user(pool: str) -> User:
    store.save(samples.user(pool))
    return stored(pool)


def stored(pool: str) -> User:
    found = store.get(User, pool=pool, sub="sub")
    assert found is not None
    return found


class TestJoining:
    def test_writes_both_sides(self, pool: str, user: User) -> None:
        group = group_of(pool)

        store.together(*groups.joining(user, group, 2.0))

        assert groups.held(stored(pool)) == [Reference("admins", group.id)]
        [member] = groups.some_members(pool, group.id, 10)
        assert (member.sub, member.added_at) == ("sub", 2.0)
        assert groups.users_of(pool, [member])[0].username == user.username

    def test_a_second_time_is_a_conflict_of_the_member(self, pool: str, user: User) -> None:
        group = group_of(pool)
        store.together(*groups.joining(user, group, 2.0))

        with pytest.raises(Conflict) as conflict:
            store.together(*groups.joining(user, group, 3.0))

        assert conflict.value.names == ("member",)

    def test_a_group_that_was_made_again_is_another(self, pool: str, user: User) -> None:
        """Both begin at the same version, so the version alone would let a member in where nobody looks for it."""
        old = group_of(pool)
        new = made_again(pool, old)

        with pytest.raises(Conflict) as conflict:
            store.together(*groups.joining(user, old, 2.0))

        assert new.version == old.version
        assert conflict.value.names == ("group",)
        assert groups.held(stored(pool)) == groups.some_members(pool, old.id, 1) == []

    def test_of_nobody_or_to_nothing_is_a_conflict(self, pool: str) -> None:
        group = groups.new(pool, {"GroupName": "nothing"})

        with pytest.raises(Conflict) as conflict:
            store.together(*groups.joining(samples.user(pool), group, 2.0))

        assert set(conflict.value.names) == {"user", "group"}

    def test_ends_at_the_limit(self, pool: str, user: User) -> None:
        group = group_of(pool)
        some = {f"id{number}#name" for number in range(rules.MOST)}
        place = User.at(pool=pool, sub="sub")
        store.change(place, User, add={"groups": some})

        with pytest.raises(Conflict) as conflict:
            store.together(*groups.joining(user, group, 2.0))
        store.change(place, User, take={"groups": {"id0#name"}})
        store.together(*groups.joining(user, group, 2.0))

        assert conflict.value.names == ("user",)
        assert len(groups.held(stored(pool))) == rules.MOST


class TestLeaving:
    def test_takes_both_sides_away_and_may_be_repeated(self, pool: str, user: User) -> None:
        group, other = group_of(pool), group_of(pool, "staff")
        for one in (group, other):
            store.together(*groups.joining(user, one, 2.0))

        for _ in range(2):
            store.together(*groups.leaving(pool, "sub", [groups.reference(group)]))

        assert groups.held(stored(pool)) == [groups.reference(other)]
        assert groups.some_members(pool, group.id, 10) == []

    def test_of_nobody_is_a_conflict_that_names_them(self, pool: str) -> None:
        with pytest.raises(Conflict) as conflict:
            store.together(*groups.leaving(pool, "nobody", [Reference("admins", "id")]))

        assert conflict.value.names == ("nobody",)


class TestDeletion:
    def test_leaves_a_mark(self, pool: str) -> None:
        group = group_of(pool)

        store.together(*groups.deletion(group, groups.mark(pool, group, 3.0)))

        mark = store.get(DeletedGroup, pool=pool, id=group.id)
        assert mark is not None
        assert (mark.name, mark.deleted_at) == ("admins", 3.0)
        assert store.get(Group, pool=pool, name="admins") is None

    def test_of_a_group_that_was_made_again_is_refused(self, pool: str) -> None:
        old = group_of(pool)
        made_again(pool, old)

        with pytest.raises(Conflict) as conflict:
            store.together(Remove(Group.at(pool=pool, name="admins"), "group", condition=groups.same(old)))

        assert conflict.value.names == ("group",)

    def test_of_a_group_that_was_changed_is_refused(self, pool: str) -> None:
        old = group_of(pool)
        store.change(Group.at(pool=pool, name="admins"), Group, set={"document": {"GroupName": "admins"}})

        with pytest.raises(Conflict):
            store.together(*groups.deletion(old, groups.mark(pool, old, 3.0)))


class TestConditions:
    def test_a_check_of_what_was_read_demands_both(self, pool: str) -> None:
        group = group_of(pool)

        store.together(Check(group, condition=Group.id == group.id), Change(*_user(pool), set={"status": "X"}))

        for check in (
            Check(group, condition=Group.id == "other"),
            Check(Group.at(pool=pool, name="nothing"), condition=Group.id == group.id),
        ):
            with pytest.raises(Conflict):
                store.together(check)

    def test_a_removal_of_what_was_read_demands_both(self, pool: str) -> None:
        group = group_of(pool)

        with pytest.raises(Conflict):
            store.together(Remove(group, condition=Group.id == "other"))
        store.together(Remove(group, condition=Group.id == group.id))

        assert store.get(Group, pool=pool, name="admins") is None


class TestPresent:
    def test_are_those_that_are_meant(self, pool: str) -> None:
        old = group_of(pool)
        new, staff = made_again(pool, old), group_of(pool, "staff")
        wanted = [groups.reference(one) for one in (old, staff)]

        assert [one.id for one in groups.present(pool, wanted)] == [staff.id]
        assert [one.id for one in groups.present(pool, [groups.reference(new)])] == [new.id]


class TestReferences:
    @pytest.mark.parametrize("name", ["a", "a#b", "#", "0123456789#a", "\U0001f511"])
    def test_are_read_as_they_were_written(self, pool: str, name: str) -> None:
        user = samples.user(pool)
        reference = Reference(name, "0123456789")
        user.groups = {reference.text}

        assert groups.held(user) == [reference]
        assert groups.place(user, groups.cursor(user, reference)) == reference

    def test_are_none_for_a_user_in_no_group(self, pool: str) -> None:
        assert groups.held(samples.user(pool)) == []

    def test_of_another_user_are_no_place(self, pool: str) -> None:
        one, other = samples.user(pool, "one"), samples.user(pool, "other")

        with pytest.raises(BadCursor):
            groups.place(other, groups.cursor(one, Reference("a", "b")))


def _user(pool: str) -> tuple[store.Key, type[User]]:
    store.save(samples.user(pool))
    return User.at(pool=pool, sub="sub"), User


def test_a_member_lies_under_the_id_of_its_group(pool: str) -> None:
    assert Member.at(pool=pool, group="id", sub="sub") == (f"Q#{pool}#id", "sub")
