"""Users in groups, from both sides."""

from __future__ import annotations

import time
from itertools import chain

import pytest

from chalicelib.flows import memberships
from chalicelib.rules import groups as rules
from chalicelib.table import groups, keys, store
from chalicelib.table.directory import Group, Member
from chalicelib.table.items import User
from chalicelib.table.records import AuditLine
from tests.application import Cognito
from tests.callers import refused
from tests.societies import Society, disagreements, finish_deleted_groups

NOT_FOUND = ("ResourceNotFoundException", "Group not found.")
TOO_MANY = "A user can be in at most 1000 groups, and their names can take at most 36000 bytes in a token."
NOBODY = ("UserNotFoundException", "User does not exist.")


@pytest.fixture(scope="module")
def society(application):
    return Society(Cognito(*application))


def filled(society, user, names):
    """Groups of these names, and a user in all of them, written in as few transactions as possible."""
    made = [groups.new(society.pool, {"GroupName": name, "UserPoolId": society.pool}) for name in names]
    found = society.stored(user)
    for first in range(0, len(made), 49):
        part = made[first : first + 49]
        joined = [groups.joining(found, group, 1.0)[0] for group in part]
        refs = {groups.reference(group).text for group in part}
        change = store.Change(User.at(pool=society.pool, sub=found.sub), User, add={"groups": refs})
        store.together(*(store.Save(group) for group in part), *joined, change)
    return names


class TestAdminAddUserToGroup:
    def test_shows_on_both_sides(self, society):
        one, two = society.group(), society.group()
        user = society.user(one, two)

        assert society.of(user) == sorted([one, two])
        assert society.members(one) == society.members(two) == [user]

    def test_answers_nothing_and_a_second_time_changes_nothing(self, society):
        name, user = society.group(), society.user()

        assert society.add(user, name) == {}
        assert society.add(user, name) == {}

        assert society.members(name) == [user]

    def test_takes_a_sub_for_a_name(self, society):
        name, user = society.group(), society.user()

        society.add(society.stored(user).sub, name)

        assert society.of(user) == [name]

    def test_needs_group_and_user(self, society):
        name, user = society.group(), society.user()

        with refused(*NOT_FOUND):
            society.add(user, "nothing")
        with refused(*NOBODY):
            society.add("nobody", name)

    def test_an_add_decided_on_a_deleted_group_does_not_reach_the_next_of_that_name(self, society):
        name, user = society.group(), society.user()
        read = society.stored_group(name)
        society.call("DeleteGroup", name)
        society.group(name)

        with pytest.raises(store.Conflict) as conflict:
            store.together(*groups.joining(society.stored(user), read, 1.0))

        assert conflict.value.names == ("group",)

    def test_more_groups_than_cognito_allows_do_and_a_thousand_are_the_most(self, society):
        user, last = society.user(), society.group("z-last")
        filled(society, user, [f"many-{number:03}" for number in range(rules.MOST - 1)])

        society.add(user, last)

        assert len(society.stored(user).groups) == rules.MOST
        with refused("InvalidParameterException", TOO_MANY):
            society.add(user, society.group())

    def test_no_race_gets_past_the_limit(self, society):
        user = society.user()
        filled(society, user, [f"full-{number:03}" for number in range(rules.MOST)])

        with pytest.raises(store.Conflict) as conflict:
            store.together(*groups.joining(society.stored(user), society.stored_group(society.group()), 1.0))

        assert conflict.value.names == ("user",)

    def test_long_names_end_before_tokens_grow_too_long_for_ourselves(self, society):
        user = society.user()
        filled(society, user, [f"{number:03}" + "g" * 125 for number in range(rules.MOST_BYTES // 131)])

        tokens = society.tokens(user)

        assert society.cognito.call("GetUser", AccessToken=tokens["AccessToken"])["Username"] == user
        with refused("InvalidParameterException", TOO_MANY):
            society.add(user, society.group("h" * 128))


class TestAdminRemoveUserFromGroup:
    def test_shows_on_both_sides(self, society):
        one, two = society.group(), society.group()
        user = society.user(one, two)

        assert society.remove(user, one) == {}

        assert society.of(user) == [two]
        assert society.members(one) == []

    def test_of_a_user_who_is_not_in_it_changes_nothing(self, society):
        name, other = society.group(), society.group()
        member, user = society.user(name), society.user(other)

        assert society.remove(user, name) == {}

        assert society.members(name) == [member]
        assert society.of(user) == [other]

    def test_needs_group_and_user(self, society):
        name, user = society.group(), society.user()

        with refused(*NOT_FOUND):
            society.remove(user, "nothing")
        with refused(*NOBODY):
            society.remove("nobody", name)

    def test_of_the_last_group_leaves_a_user_as_before_the_first(self, society):
        name, user = society.group(), society.user()

        society.add(user, name)
        society.remove(user, name)
        society.add(user, name)

        assert society.of(user) == [name]
        assert disagreements(society.pool) == []


class TestAdminListGroupsForUser:
    def walked(self, society, user, limit):
        pages, cursor = [], None
        while True:
            more = {"NextToken": cursor} if cursor else {}
            page = society.call("AdminListGroupsForUser", user=user, Limit=limit, **more)
            pages.append([group["GroupName"] for group in page["Groups"]])
            cursor = page.get("NextToken")
            if cursor is None:
                return pages

    def test_shows_the_groups_as_they_are(self, society):
        name = society.group(Precedence=4, Description="Staff")
        user = society.user(name)

        [shown] = society.call("AdminListGroupsForUser", user=user)["Groups"]

        assert shown == society.call("GetGroup", name)["Group"]

    @pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (0, [5])])
    def test_has_each_once_by_name(self, society, limit, sizes):
        names = sorted(society.group() for _ in range(5))
        user = society.user(*reversed(names))

        pages = self.walked(society, user, limit)

        assert [len(page) for page in pages] == sizes
        assert list(chain(*pages)) == names

    def test_more_than_sixty_take_two_pages(self, society):
        user = society.user()
        names = filled(society, user, [f"sixty-{number:02}" for number in range(61)])

        pages = self.walked(society, user, 60)

        assert [len(page) for page in pages] == [60, 1]
        assert list(chain(*pages)) == names

    def test_what_stays_is_seen_once_while_others_come_and_go(self, society):
        prefix = society.group()
        for letter in "abcd":
            society.group(f"{prefix}-{letter}")
        user = society.user(*(f"{prefix}-{letter}" for letter in "abcd"))
        first = society.call("AdminListGroupsForUser", user=user, Limit=2)

        society.remove(user, f"{prefix}-a")
        society.call("DeleteGroup", f"{prefix}-b")
        society.add(user, society.group(f"{prefix}-bb"))
        rest = society.call("AdminListGroupsForUser", user=user, NextToken=first["NextToken"])

        assert [group["GroupName"] for group in rest["Groups"]] == [f"{prefix}-{letter}" for letter in ("bb", "c", "d")]

    def test_leaves_out_a_group_whose_members_are_not_all_out_yet(self, society):
        gone, stays = society.group("gone"), society.group("stays")
        user = society.user(gone, stays)
        group = society.stored_group(gone)
        store.together(*groups.deletion(group, groups.mark(society.pool, group, time.time())))

        assert society.of(user) == [stays]
        society.group(gone)
        assert society.of(user) == [stays]
        finish_deleted_groups()
        assert society.of(user) == [stays]

    def test_of_a_user_in_none_is_empty(self, society):
        assert society.call("AdminListGroupsForUser", user=society.user()) == {"Groups": []}

    def test_a_cursor_of_another_user_is_refused(self, society):
        one, two = society.group(), society.group()
        user, other = society.user(one, two), society.user(one, two)
        cursor = society.call("AdminListGroupsForUser", user=user, Limit=1)["NextToken"]

        for bad in (cursor, "junk", "e30", "\u00fc", "a" * 9000):
            with refused("InvalidParameterException", "Invalid pagination token"):
                society.call("AdminListGroupsForUser", user=other, NextToken=bad)

    def test_nobody_has_no_groups(self, society):
        with refused(*NOBODY):
            society.call("AdminListGroupsForUser", user="nobody")


class TestListUsersInGroup:
    def test_shows_users_as_lists_show_them(self, society):
        name = society.group()
        user = society.user(name)

        [shown] = society.call("ListUsersInGroup", name)["Users"]

        told = society.call("AdminGetUser", user=user)
        assert shown == {**{key: value for key, value in told.items() if key != "UserAttributes"},
                         "Attributes": told["UserAttributes"]}  # fmt: skip

    @pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (0, [5])])
    def test_has_each_once(self, society, limit, sizes):
        name = society.group()
        users = [society.user(name) for _ in range(5)]
        pages, cursor = [], None
        while cursor or not pages:
            more = {"NextToken": cursor} if cursor else {}
            page = society.call("ListUsersInGroup", name, Limit=limit, **more)
            pages.append([user["Username"] for user in page["Users"]])
            cursor = page.get("NextToken")

        assert [len(page) for page in pages] == sizes
        assert sorted(chain(*pages)) == sorted(users)

    def test_a_deleted_user_is_in_no_group(self, society):
        name = society.group()
        user, other = society.user(name), society.user(name)

        society.call("AdminDeleteUser", user=user)

        assert society.members(name) == [other]
        assert disagreements(society.pool) == []

    def test_a_cursor_of_another_group_is_refused(self, society):
        one, two = society.group(), society.group()
        for _ in range(2):
            society.user(one, two)
        cursor = society.call("ListUsersInGroup", one, Limit=1)["NextToken"]

        with refused("InvalidParameterException", "Invalid pagination token"):
            society.call("ListUsersInGroup", two, NextToken=cursor)

    def test_an_unknown_group_has_nobody(self, society):
        with refused(*NOT_FOUND):
            society.call("ListUsersInGroup", "nothing")


class TestDeletedUsers:
    def test_leave_all_groups_however_many(self, society):
        user = society.user()
        sub = society.stored(user).sub
        filled(society, user, [f"left-{number:03}" for number in range(250)])

        society.call("AdminDeleteUser", user=user)

        assert disagreements(society.pool) == []
        lines = store.list(keys.key("AuditLine", pool=society.pool, day=_today(), time="", id="").pk).items
        told = [line for line in lines if isinstance(line, AuditLine) and line.sub == sub]
        assert [line.operation for line in told if line.operation == "AdminDeleteUser"] == ["AdminDeleteUser"]

    def test_that_are_cut_short_are_users_in_fewer_groups(self, society):
        user = society.user()
        filled(society, user, [f"cut-{number:03}" for number in range(150)])

        memberships.leave_most(society.stored(user))

        assert len(society.stored(user).groups) == memberships.TOGETHER
        assert disagreements(society.pool) == []

    def test_a_member_that_has_no_user_does_not_keep_a_deleted_group(self, society):
        name = society.group()
        user = society.user(name)
        group: Group = society.stored_group(name)
        store.save(Member.new({"pool": society.pool, "group": group.id, "sub": "gone"}, sub="gone", added_at=1.0))

        society.call("DeleteGroup", name)

        assert groups.some_members(society.pool, group.id, 10) == []
        assert society.of(user) == []


def _today():
    return time.strftime("%Y-%m-%d", time.gmtime())
