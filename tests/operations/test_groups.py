"""Groups: facts 113 and 116, and what the model and the reference say of settings and lists."""

from __future__ import annotations

import pytest

from chalicelib.flows import memberships
from chalicelib.table import groups, store
from chalicelib.table.directory import DeletedGroup, Group
from tests.application import Cognito
from tests.callers import refused
from tests.societies import ROLE, Society, disagreements

NOT_FOUND = ("ResourceNotFoundException", "Group not found.")
NOWHERE = "us-east-1_nowhere99"


@pytest.fixture(scope="module")
def society(application):
    return Society(Cognito(*application))


@pytest.fixture
def empty(cognito):
    return Society(cognito)


class TestCreateGroup:
    def test_shows_what_was_given_and_when(self, society):
        given = {"Description": "Who may do all", "RoleArn": f"{ROLE}/admins", "Precedence": 0}

        made = society.call("CreateGroup", "admins", **given)["Group"]

        assert made == given | {
            "GroupName": "admins",
            "UserPoolId": society.pool,
            "CreationDate": made["CreationDate"],
            "LastModifiedDate": made["CreationDate"],
        }

    def test_shows_nothing_that_was_not_given(self, society):
        made = society.call("CreateGroup", "plain")["Group"]

        assert made.keys() == {"GroupName", "UserPoolId", "CreationDate", "LastModifiedDate"}

    def test_a_name_is_given_once(self, society):
        name = society.group()

        with refused("GroupExistsException", "A group with the name already exists"):
            society.call("CreateGroup", name)

    def test_names_differ_by_case_and_may_be_any_signs(self, society):
        names = ["Staff", "staff", "a,b", '["x"]', "x#.", "\U0001f511" * 128, "GROUP#x"]

        for name in names:
            society.group(name)

        assert [society.call("GetGroup", name)["Group"]["GroupName"] for name in names] == names

    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("two words", {}), ("", {}), ("x" * 129, {}), ("x", {"Precedence": -1}), ("x", {"Description": "x" * 2049}),
            ("x", {"RoleArn": "a role that is no ARN at all"}),
        ],
    )  # fmt: skip
    def test_what_has_the_wrong_form_is_refused(self, society, name, given):
        with refused("InvalidParameterException"):
            society.call("CreateGroup", name, **given)

    def test_the_greatest_precedence_is_that_of_an_integer(self, society):
        society.group("last", Precedence=2147483647)

        with refused("SerializationException"):
            society.call("CreateGroup", "beyond", Precedence=2147483648)

    def test_in_an_unknown_pool_there_is_none(self, cognito):
        with refused("ResourceNotFoundException", f"User pool {NOWHERE} does not exist."):
            cognito.call("CreateGroup", UserPoolId=NOWHERE, GroupName="admins")


class TestGetGroup:
    def test_shows_what_creating_showed(self, society):
        made = society.call("CreateGroup", "to-get", Precedence=3)

        assert society.call("GetGroup", "to-get") == made

    def test_nobody_knows_an_unknown_one(self, society, cognito):
        with refused(*NOT_FOUND):
            society.call("GetGroup", "nothing")
        with refused("ResourceNotFoundException", f"User pool {NOWHERE} does not exist."):
            cognito.call("GetGroup", UserPoolId=NOWHERE, GroupName="nothing")


class TestListGroups:
    def walked(self, society, limit):
        names, cursor = [], None
        while True:
            page = society.call("ListGroups", Limit=limit, **({"NextToken": cursor} if cursor else {}))
            assert len(page["Groups"]) <= (limit or 60)
            names += [group["GroupName"] for group in page["Groups"]]
            cursor = page.get("NextToken")
            if cursor is None:
                return names

    @pytest.mark.parametrize("limit", [1, 2, 0])
    def test_has_each_once_by_name(self, empty, limit):
        for name in ("c", "a", "b", "d"):
            empty.group(name)

        assert self.walked(empty, limit) == ["a", "b", "c", "d"]

    def test_more_than_sixty_take_two_pages(self, empty):
        for number in range(62):
            store.save(groups.new(empty.pool, {"GroupName": f"{number:02}", "UserPoolId": empty.pool}))

        assert len(empty.call("ListGroups")["Groups"]) == 60
        assert self.walked(empty, 60) == [f"{number:02}" for number in range(62)]

    def test_what_stays_is_seen_once_while_others_come_and_go(self, empty):
        for name in ("a", "b", "c", "d"):
            empty.group(name)
        first = empty.call("ListGroups", Limit=2)

        for gone in ("a", "b"):
            empty.call("DeleteGroup", gone)
        empty.group("late")
        rest = empty.call("ListGroups", NextToken=first["NextToken"])

        assert [group["GroupName"] for group in rest["Groups"]] == ["c", "d", "late"]

    def test_of_an_empty_pool_is_empty(self, empty):
        assert empty.call("ListGroups") == {"Groups": []}

    def test_a_cursor_of_another_list_is_refused(self, empty, society):
        for name in ("p", "q"):
            society.group(name)
        cursor = society.call("ListGroups", Limit=1)["NextToken"]

        for bad in (cursor, "junk", "e30"):
            with refused("InvalidParameterException", "Invalid pagination token"):
                empty.call("ListGroups", NextToken=bad)

    def test_of_an_unknown_pool_there_is_none(self, cognito):
        with refused("ResourceNotFoundException", f"User pool {NOWHERE} does not exist."):
            cognito.call("ListGroups", UserPoolId=NOWHERE)


class TestUpdateGroup:
    def test_replaces_what_is_given_and_leaves_the_rest(self, society):
        given = {"Description": "before", "RoleArn": f"{ROLE}/x", "Precedence": 5}
        made = society.call("CreateGroup", "to-update", **given)["Group"]

        changed = society.call("UpdateGroup", "to-update", Description="after", Precedence=0)["Group"]

        assert changed == made | {
            "Description": "after",
            "Precedence": 0,
            "LastModifiedDate": changed["LastModifiedDate"],
        }
        assert changed["LastModifiedDate"] > made["LastModifiedDate"]
        assert society.call("GetGroup", "to-update")["Group"] == changed

    def test_keeps_the_members(self, society):
        name = society.group()
        user = society.user(name)

        society.call("UpdateGroup", name, Precedence=1)

        assert society.members(name) == [user]

    def test_nobody_knows_an_unknown_one(self, society):
        with refused(*NOT_FOUND):
            society.call("UpdateGroup", "nothing", Precedence=1)

    def test_a_change_decided_on_a_deleted_group_does_not_reach_the_next_of_that_name(self, society):
        name = society.group()
        read = society.stored_group(name)
        society.call("DeleteGroup", name)
        society.group(name)

        change = store.Change(
            Group.at(pool=society.pool, name=name), Group, set={"document": {}}, condition=groups.same(read)
        )

        with pytest.raises(store.Conflict):
            store.together(change)


class TestDeleteGroup:
    def test_takes_the_members_out(self, society):
        name, other = society.group(), society.group()
        users = [society.user(name, other) for _ in range(3)]

        society.call("DeleteGroup", name)

        assert [society.of(user) for user in users] == [[other]] * 3
        assert society.members(other) == sorted(users)
        assert disagreements(society.pool) == []
        with refused(*NOT_FOUND):
            society.call("GetGroup", name)

    def test_a_second_time_it_is_gone(self, society):
        name = society.group()
        society.call("DeleteGroup", name)

        with refused(*NOT_FOUND):
            society.call("DeleteGroup", name)

    def test_leaves_no_mark_when_all_are_out(self, society):
        name = society.group()
        group = society.stored_group(name)
        society.user(name)

        society.call("DeleteGroup", name)

        assert store.get(DeletedGroup, pool=society.pool, id=group.id) is None

    def test_the_name_is_free_at_once_and_the_next_group_has_nobody(self, society):
        name = society.group()
        user = society.user(name)

        society.call("DeleteGroup", name)
        society.group(name)

        assert society.members(name) == []
        assert society.of(user) == []

    def test_what_a_request_has_no_time_for_is_left_with_a_mark(self, society, monkeypatch):
        monkeypatch.setattr(memberships.clear, "__defaults__", (0.0,))
        name = society.group()
        group = society.stored_group(name)
        for number in range(memberships._BATCH + 1):
            user = society.user() if number == 0 else _user(society, f"{name}-{number}")
            society.add(user, name)

        society.call("DeleteGroup", name)
        society.group(name)

        [left] = groups.some_members(society.pool, group.id, 100)
        assert society.members(name) == []
        assert society.of(left.sub) == []
        assert disagreements(society.pool, is_settled=False) == []
        mark = store.get(DeletedGroup, pool=society.pool, id=group.id)
        while not memberships.clear(mark):
            assert disagreements(society.pool, is_settled=False) == []
        assert disagreements(society.pool) == []

    def test_a_deletion_decided_on_a_deleted_group_does_not_reach_the_next_of_that_name(self, society):
        name = society.group()
        read = society.stored_group(name)
        society.call("DeleteGroup", name)
        society.group(name)

        with pytest.raises(store.Conflict) as conflict:
            memberships.delete(read, society.pool, 1.0)

        assert conflict.value.names == ("group",)


def _user(society, name):
    return society.cognito.call("AdminCreateUser", UserPoolId=society.pool, Username=name)["User"]["Username"]
