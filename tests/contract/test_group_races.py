"""Many at once: both sides of every membership agree afterwards, whoever was faster; on the engine of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.table import groups, store
from chalicelib.table.items import User
from tests.application import Cognito
from tests.entrance import at_once, faults
from tests.societies import Society, disagreements, finish_deleted_groups

RUNNERS = 8
BUSY = "TooManyRequestsException"


@pytest.fixture(scope="module")
def society(application: tuple[str, str]) -> Society:
    return Society(Cognito(*application))


def codes(outcomes: list[Any]) -> set[str]:
    return {fault.code for fault in faults(outcomes)}


def insisted(attempt: Callable[[], Any]) -> None:
    """Repeat what was refused because the table was busy."""
    for _ in range(50):
        [outcome] = at_once(attempt)
        if outcome not in faults([outcome]):
            return
        assert outcome.code == BUSY
    raise AssertionError("It never went through.")


class TestDeletion:
    @pytest.mark.parametrize("turn", range(3))
    def test_of_a_group_while_members_are_added(self, society: Society, turn: int) -> None:
        name = society.group()
        users = [society.user() for _ in range(RUNNERS)]
        members = [society.user(name) for _ in range(25)]

        def again() -> None:
            society.call("DeleteGroup", name)
            society.group(name)

        outcomes = at_once(again, *(lambda user=user: society.add(user, name) for user in users))

        assert codes(outcomes) <= {"ResourceNotFoundException", BUSY}
        assert disagreements(society.pool, is_settled=False) == []
        finish_deleted_groups()
        assert disagreements(society.pool) == []
        assert set(society.members(name)) <= set(users)
        assert not {user for user in members if society.of(user)}
        assert sorted(user for user in users if society.of(user)) == society.members(name)

    def test_of_a_group_twice_at_once_and_made_twice_at_once(self, society: Society) -> None:
        name = society.group()
        society.user(name)

        outcomes = at_once(
            *(lambda: society.call("DeleteGroup", name) for _ in range(3)),
            *(lambda: society.call("CreateGroup", name) for _ in range(3)),
        )

        assert codes(outcomes) <= {"ResourceNotFoundException", "GroupExistsException", BUSY}
        finish_deleted_groups()
        assert disagreements(society.pool) == []

    def test_of_a_group_and_its_change_leave_one_of_both(self, society: Society) -> None:
        name = society.group(Precedence=1)
        user = society.user(name)

        def again() -> None:
            society.call("DeleteGroup", name)
            society.group(name, Precedence=2)

        outcomes = at_once(again, *(lambda: society.call("UpdateGroup", name, Description="x") for _ in range(4)))

        assert codes(outcomes) <= {"ResourceNotFoundException", BUSY}
        finish_deleted_groups()
        assert disagreements(society.pool) == []
        assert society.of(user) == []
        assert society.call("GetGroup", name)["Group"]["Precedence"] == 2

    @pytest.mark.parametrize("turn", range(3))
    def test_of_a_user_who_is_being_added_to_groups(self, society: Society, turn: int) -> None:
        names = [society.group() for _ in range(4)]
        user = society.user(names[0])

        outcomes = at_once(
            lambda: society.call("AdminDeleteUser", user=user),
            *(lambda name=name: society.add(user, name) for name in names),
        )

        assert codes(outcomes) <= {"UserNotFoundException", BUSY}
        insisted(lambda: _gone(society, user))
        assert disagreements(society.pool) == []
        assert [society.members(name) for name in names] == [[]] * 4

    def test_of_a_user_and_of_the_group_at_once(self, society: Society) -> None:
        name = society.group()
        users = [society.user(name) for _ in range(6)]

        outcomes = at_once(
            lambda: society.call("DeleteGroup", name),
            *(lambda user=user: society.call("AdminDeleteUser", user=user) for user in users[:3]),
        )

        assert codes(outcomes) <= {BUSY}
        finish_deleted_groups()
        assert disagreements(society.pool) == []
        assert [society.of(user) for user in users[3:]] == [[]] * 3


class TestOneUser:
    def test_is_added_and_removed_in_many_groups_at_once(self, society: Society) -> None:
        names = [society.group() for _ in range(RUNNERS)]
        user = society.user()

        def turns(place: int) -> None:
            for _ in range(2):
                insisted(lambda: society.add(user, names[place]))
                insisted(lambda: society.remove(user, names[place]))
            if place % 2:
                insisted(lambda: society.add(user, names[place]))

        outcomes = at_once(*(lambda place=place: turns(place) for place in range(RUNNERS)))

        assert faults(outcomes) == []
        assert society.of(user) == sorted(names[1::2])
        assert disagreements(society.pool) == []

    def test_is_added_to_one_group_by_many(self, society: Society) -> None:
        name, user = society.group(), society.user()

        outcomes = at_once(*(lambda: society.add(user, name) for _ in range(RUNNERS)))

        assert codes(outcomes) <= {BUSY}
        assert society.members(name) == [user]
        assert disagreements(society.pool) == []

    def test_keeps_the_groups_that_come_while_something_else_of_the_user_changes(self, society: Society) -> None:
        names = [society.group() for _ in range(4)]
        user = society.user()
        named = [{"Name": "nickname", "Value": "x"}]

        outcomes = at_once(
            *(lambda name=name: insisted(lambda: society.add(user, name)) for name in names),
            *(lambda: society.call("AdminUpdateUserAttributes", user=user, UserAttributes=named) for _ in range(3)),
        )

        assert codes(outcomes) <= {BUSY}
        assert society.of(user) == sorted(names)
        assert disagreements(society.pool) == []

    def test_gets_no_further_than_the_limit(self, society: Society) -> None:
        user = society.user()
        found = society.stored(user)
        held = {f"{number:010}#seed" for number in range(998)}
        store.change(User.at(pool=society.pool, sub=found.sub), User, add={"groups": held})
        joined = [society.stored_group(society.group()) for _ in range(4)]

        def join(place: int) -> bool:
            try:
                store.together(*groups.joining(found, joined[place], 1.0))
            except store.Conflict:
                return False
            return True

        outcomes = at_once(*(lambda place=place: join(place) for place in range(4)))

        assert outcomes.count(True) <= 2
        assert len(society.stored(user).groups) == 998 + outcomes.count(True)
        store.change(User.at(pool=society.pool, sub=found.sub), User, take={"groups": held})
        assert disagreements(society.pool) == []


def _gone(society: Society, user: str) -> None:
    """The user is gone, also where the first attempt found the table busy."""
    outcomes = at_once(lambda: society.call("AdminDeleteUser", user=user))
    assert codes(outcomes) <= {"UserNotFoundException"}
