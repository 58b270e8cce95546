"""What groups mean in tokens, and how many there may be."""

import pytest

from chalicelib.rules import groups
from chalicelib.rules.groups import Definition

R1, R2 = (f"arn:aws:iam::123456789012:role/{name}" for name in ("one", "two"))


def told(*definitions):
    return groups.id_claims(definitions)


class TestGroups:
    def test_are_not_mentioned_without_any(self):
        assert groups.access_claims([]) == {}
        assert told() == {}

    def test_come_in_order_of_importance_and_then_by_name(self):
        names = [Definition("d"), Definition("a"), Definition("z", 0), Definition("c", 5), Definition("b", 5)]

        assert groups.access_claims(names) == {"cognito:groups": ["z", "b", "c", "a", "d"]}
        assert told(*names)["cognito:groups"] == ["z", "b", "c", "a", "d"]

    def test_an_access_token_tells_no_roles(self):
        assert groups.access_claims([Definition("a", 1, R1)]) == {"cognito:groups": ["a"]}


class TestRoles:
    def test_are_not_mentioned_without_any(self):
        assert told(Definition("a", 1)).keys() == {"cognito:groups"}

    def test_are_all_told_and_each_once(self):
        assert told(Definition("a", 1, R1), Definition("b", 2, R2), Definition("c", 3, R1))["cognito:roles"] == [R1, R2]

    def test_the_lowest_precedence_is_preferred(self):
        found = told(Definition("b", 2, R2), Definition("a", 1, R1))

        assert (found["cognito:preferred_role"], found["cognito:roles"]) == (R1, [R1, R2])

    def test_zero_is_the_highest_and_none_the_lowest(self):
        assert told(Definition("a", 1, R1), Definition("b", 0, R2))["cognito:preferred_role"] == R2
        assert told(Definition("a", None, R1), Definition("b", 2147483647, R2))["cognito:preferred_role"] == R2

    def test_of_two_that_are_equally_important_none_is_preferred(self):
        found = told(Definition("a", 1, R1), Definition("b", 1, R2), Definition("c", 2, R2))

        assert "cognito:preferred_role" not in found
        assert found["cognito:roles"] == [R1, R2]

    def test_equally_important_groups_may_agree(self):
        assert told(Definition("a", 1, R1), Definition("b", 1, R1))["cognito:preferred_role"] == R1
        assert told(Definition("a", None, R1), Definition("b", None, R1))["cognito:preferred_role"] == R1

    def test_a_group_without_role_does_not_count(self):
        assert told(Definition("a", 0), Definition("b", 1, R1), Definition("c", 1))["cognito:preferred_role"] == R1


class TestTooMany:
    @pytest.mark.parametrize(("names", "is_too_many"), [([], False), (["g"] * 1000, False), (["g"] * 1001, True)])
    def test_a_thousand_are_the_most(self, names, is_too_many):
        assert groups.are_too_many(names) is is_too_many

    def test_all_that_cognito_allows_are_not_too_many(self):
        assert not groups.are_too_many(["g" * 128] * 100)

    def test_long_names_are_counted_as_a_token_spells_them(self):
        assert groups.are_too_many(["g" * 128] * 300)
        assert groups.are_too_many(["\U0001f511" * 128] * 30)
