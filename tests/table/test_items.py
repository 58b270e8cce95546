"""The models: they agree with the page of keys and with PynamoDB's traps."""

from __future__ import annotations

import pytest

from chalicelib.table import items, keys, records, upkeep  # noqa: F401 - the models of all of them
from chalicelib.table.items import Item, User
from tests.table import samples

MODELS = [kind for kind in Item.__subclasses__() if kind.__module__.startswith("chalicelib.")]


class TestModels:
    def test_there_is_one_for_each_entity_under_its_own_name(self) -> None:
        assert {kind.entity for kind in MODELS} == set(keys.ENTITIES)
        assert all(kind.entity == kind.__name__ for kind in MODELS)

    def test_each_writes_its_name_as_its_kind(self) -> None:
        label = Item.get_attributes()["kind"]

        assert {kind: label.serialize(kind) for kind in MODELS} == {kind: kind.__name__ for kind in MODELS}

    def test_they_stay_below_the_number_of_kinds_that_one_filter_may_name(self) -> None:
        assert len(MODELS) < 100

    def test_none_has_an_index_of_its_own(self) -> None:
        assert all(set(kind._indexes) == {"gsi1"} for kind in MODELS)

    def test_no_attribute_takes_a_name_that_the_store_uses(self) -> None:
        stored = {attribute.attr_name for kind in MODELS for attribute in kind.get_attributes().values()}

        assert "_w" not in stored


class TestNew:
    def test_makes_keys_and_list_place_from_the_parts(self) -> None:
        user = samples.user("pool", "sub", created=2.0)

        assert (user.pk, user.sk) == User.at(pool="pool", sub="sub") == ("U#pool#sub", ".")
        assert (user.gsi1pk, user.gsi1sk) == ("P#pool#USERS", "000000000002000#sub")
        assert user.version is None

    def test_leaves_what_is_not_listed_out_of_the_index(self) -> None:
        stored = samples.guard("pool").serialize()

        assert "gsi1pk" not in stored
        assert "gsi1sk" not in stored

    def test_refuses_an_attribute_that_the_model_does_not_have(self) -> None:
        with pytest.raises(ValueError, match="colour"):
            items.Guard.new({"pool": "p", "kind": "k", "name": "n"}, sub="s", colour="red")


class TestIsExpired:
    @pytest.mark.parametrize(("now", "over"), [(99.9, False), (100.0, True), (100.1, True)])
    def test_time_is_over_from_the_very_moment(self, now: float, over: bool) -> None:
        assert samples.session("pool", "one", expires=100.0).is_expired(now) is over

    def test_what_has_no_end_lives_for_ever(self) -> None:
        assert not samples.guard("pool").is_expired(9e12)


class TestWholeSeconds:
    @pytest.mark.parametrize(("time", "stored"), [(100.0, "100"), (100.2, "101"), (100, "100")])
    def test_an_end_is_stored_without_a_fraction_and_never_early(self, time: float, stored: str) -> None:
        assert samples.session("pool", "one", expires=time).serialize()["expires"] == {"N": stored}
