"""The tags of a user pool."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import tags

FIFTY = {str(number): "" for number in range(50)}


class TestProblem:
    @pytest.mark.parametrize("held", [{}, {"k": "v"}, FIFTY, {"laws:": "v"}], ids=["none", "one", "fifty", "like"])
    def test_is_none_within_the_rules(self, held):
        assert tags.problem(held) is None

    @pytest.mark.parametrize("held", [FIFTY | {"k": ""}, {"aws:k": ""}, {"AWS:k": ""}], ids=["51", "aws", "AWS"])
    def test_is_told_beyond_them(self, held):
        assert tags.problem(held)


class TestAdded:
    def test_replaces_a_tag_of_the_same_name(self):
        assert tags.added({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == {"a": "1", "b": "3", "c": "4"}

    def test_counts_what_is_there_already(self):
        assert len(tags.added(FIFTY, {"0": "new"})) == 50
        with pytest.raises(InvalidParameterException, match="more than 50"):
            tags.added(FIFTY, {"new": ""})


class TestRemoved:
    def test_passes_over_names_that_are_none(self):
        assert tags.removed({"a": "1", "b": "2"}, ["a", "a", "x"]) == {"b": "2"}
