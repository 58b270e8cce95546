"""What groups cost in trips to DynamoDB: nothing at a sign-in while their definitions are remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.table import groups, store
from tests.application import Cognito
from tests.societies import Society

PLAIN = ["BatchGetItem", "Query", "PutItem"]


@pytest.fixture(scope="module")
def society(application: tuple[str, str]) -> Society:
    return Society(Cognito(*application))


@pytest.fixture
def forgetful() -> None:
    groups._definitions.clear()


def trips(story: Callable[[], Any]) -> list[str]:
    with store.counted() as counted:
        story()
    return counted.calls


class TestSignIn:
    def test_costs_nothing_more_while_the_groups_are_remembered(self, society: Society) -> None:
        user = society.user(*(society.group() for _ in range(3)))
        society.tokens(user)

        assert trips(lambda: society.tokens(user)) == PLAIN

    @pytest.mark.usefixtures("forgetful")
    def test_costs_one_trip_more_for_all_groups_that_are_not(self, society: Society) -> None:
        user = society.user(*(society.group() for _ in range(3)))

        assert trips(lambda: society.tokens(user)) == ["BatchGetItem", "Query", "BatchGetItem", "PutItem"]

    def test_reads_the_unknown_alone(self, society: Society) -> None:
        known = society.group()
        society.tokens(society.user(known))
        user = society.user(known, society.group())

        assert trips(lambda: society.tokens(user)) == ["BatchGetItem", "Query", "BatchGetItem", "PutItem"]
        assert trips(lambda: society.tokens(user)) == PLAIN

    @pytest.mark.parametrize(("number", "batches"), [(100, 1), (101, 2)])
    @pytest.mark.usefixtures("forgetful")
    def test_costs_one_trip_for_a_hundred(self, society: Society, number: int, batches: int) -> None:
        names = [f"budget-{number}-{place:03}" for place in range(number)]
        user = society.user()
        found = society.stored(user)
        for name in names:
            group = groups.new(society.pool, {"GroupName": name, "UserPoolId": society.pool})
            store.together(store.Save(group))
            store.together(*groups.joining(found, group, 1.0))

        assert trips(lambda: society.tokens(user)).count("BatchGetItem") == 1 + batches
        assert trips(lambda: society.tokens(user)) == PLAIN


class TestRefresh:
    def test_costs_one_trip_and_one_more_for_groups_that_are_not_remembered(self, society: Society) -> None:
        user = society.user(society.group())
        given = {"REFRESH_TOKEN": society.tokens(user)["RefreshToken"]}

        def refresh() -> Any:
            return society.cognito.call(
                "InitiateAuth", ClientId=society.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=given
            )

        assert trips(refresh) == ["BatchGetItem"]
        groups._definitions.clear()
        assert trips(refresh) == ["BatchGetItem"] * 2


class TestOperations:
    def test_cost_the_same_however_many_groups_and_members_there_are(self, society: Society) -> None:
        name, user = society.group(), society.user()
        few = self.costs(society, name, user)
        for _ in range(5):
            society.user(name)
            society.add(user, society.group())

        assert self.costs(society, name, user) == few == [
            ["BatchGetItem", "Query", "BatchGetItem", "TransactWriteItems"],
            ["BatchGetItem", "Query", "BatchGetItem"],
            ["BatchGetItem", "Query", "BatchGetItem"],
            ["BatchGetItem", "Query", "BatchGetItem"],
            ["BatchGetItem", "Query", "BatchGetItem", "TransactWriteItems"],
        ]  # fmt: skip

    def costs(self, society: Society, name: str, user: str) -> list[list[str]]:
        return [
            trips(lambda: society.add(user, name)),
            [call for call in trips(lambda: society.add(user, name)) if call != "PutItem"],  # the audit line
            trips(lambda: society.of(user)),
            trips(lambda: society.members(name)),
            trips(lambda: society.remove(user, name)),
        ]
