"""The key page: every entity has its model, no value can make one key look like another, and tenants stay apart."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.table import directory, documents, keys, records, upkeep  # noqa: F401 - the models of all modules
from chalicelib.table.items import Item

POINTERS = {
    "Client", "ClientSecret", "Domain", "OperatorKey", "OperatorSession", "OperatorMapping", "ProvisionedLimit",
    "DataKey", "Lease",
}  # fmt: skip
"""Entities that are found without knowing the pool: the id in the key leads to it, or they belong to no pool."""

HOSTILE = st.one_of(
    st.sampled_from(
        [
            "#",
            ".",
            "..",
            "#.",
            ".#",
            "P#x",
            "x#CLIENTS",
            "USERS",
            "KEY#",
            ".PASSWORD",
            "SESSION#1",
            "{pool}",
            "\x00",
            "LIST#pools",
        ]
    ),
    st.text("#.|/_-aZ0\u0000\u00e9\u2028\U0001f511", min_size=1, max_size=8),
    st.text(min_size=1, max_size=20),
)
LETTERS = string.ascii_letters + string.digits
POOL = st.tuples(st.text("ab-_1", min_size=1, max_size=5), st.text("aB9", min_size=1, max_size=4)).map("_".join)
SUB = st.uuids(version=4).map(str)
WORD = st.text(LETTERS + "-_.", min_size=1, max_size=12)
ALPHABETS = {
    "pool": POOL,
    "sub": SUB,
    "kind": st.sampled_from(["username", "email", "phone_number", "preferred_username"]),
}


def models() -> list[type[Item]]:
    """Every class that stands for an entity."""
    return [one for one in Item.__subclasses__() if one.__module__.startswith("chalicelib.")]


def parts_of(entity: str) -> list[str]:
    """The names of all parts that the templates of an entity take."""
    template = keys.ENTITIES[entity]
    named = [name for text in template[:4] for _, name, _, _ in string.Formatter().parse(text) if name]
    return sorted(set(named))


@st.composite
def genuine(draw: st.DrawFn, entity: str) -> dict[str, str]:
    """Parts as the product makes them: each of its own alphabet, names of people of any."""
    return {name: draw(HOSTILE if name == "name" else ALPHABETS.get(name, WORD)) for name in parts_of(entity)}


@st.composite
def things(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    entity = draw(st.sampled_from(sorted(keys.ENTITIES)))
    return entity, draw(genuine(entity))


class TestEntities:
    def test_every_model_has_its_entity_and_every_entity_its_model(self) -> None:
        named = [model.entity for model in models()]

        assert sorted(named) == sorted(keys.ENTITIES)

    @pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
    def test_a_model_is_named_as_its_entity_in_the_table_too(self, model: type[Item]) -> None:
        names = {model.__name__, model.entity, model._get_discriminator_attribute().get_discriminator(model)}

        assert names == {model.__name__}

    @pytest.mark.parametrize("name", sorted(keys.ENTITIES))
    def test_the_pool_is_in_every_key_but_the_pointers(self, name: str) -> None:
        assert ("{pool}" in keys.ENTITIES[name].pk) == (name not in POINTERS)

    @pytest.mark.parametrize("name", sorted(set(keys.ENTITIES) - POINTERS))
    def test_the_pool_stands_first_so_that_a_policy_can_fence_a_tenant(self, name: str) -> None:
        assert re.match(r"[A-Z]#\{pool\}(#|$)", keys.ENTITIES[name].pk)

    @pytest.mark.parametrize("name", sorted(keys.ENTITIES))
    def test_a_letter_of_a_partition_stands_for_one_thing(self, name: str) -> None:
        letter = keys.ENTITIES[name].pk[0]

        shapes = {entity.pk for entity in keys.ENTITIES.values() if entity.pk[0] == letter}

        assert shapes == {keys.ENTITIES[name].pk}

    @pytest.mark.parametrize("name", sorted(keys.ENTITIES))
    def test_it_is_said_how_long_an_entity_lives(self, name: str) -> None:
        assert keys.ENTITIES[name].lives in ("ever", "ttl")


class TestKeys:
    @given(st.data())
    def test_different_entities_never_have_one_key_whatever_their_parts_hold(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(sorted(keys.ENTITIES)))[:2]
        texts = [{name: data.draw(HOSTILE) for name in parts_of(entity)} for entity in (one, other)]

        assert keys.key(one, **texts[0]) != keys.key(other, **texts[1])

    @given(things(), things())
    def test_two_things_have_one_key_only_if_they_are_the_same_thing(
        self, one: tuple[str, dict[str, str]], other: tuple[str, dict[str, str]]
    ) -> None:
        pair = [{name: value for name, value in parts.items() if name != "created"} for _, parts in (one, other)]

        is_same = keys.key(one[0], **one[1]) == keys.key(other[0], **other[1])

        assert is_same == (one[0] == other[0] and identifying(one[0], pair[0]) == identifying(other[0], pair[1]))

    @given(st.lists(st.tuples(POOL, ALPHABETS["kind"]), min_size=2, max_size=2, unique=True), HOSTILE)
    def test_a_name_cannot_reach_into_the_guards_of_another_pool_or_kind(
        self, places: list[tuple[str, str]], name: str
    ) -> None:
        (pool, kind), (other_pool, other_kind) = places

        attack = keys.key("Guard", pool=pool, kind=kind, name=name)

        assert not attack.pk.startswith(f"N#{other_pool}#{other_kind}#")

    @given(POOL, POOL, st.permutations([name for name, one in keys.ENTITIES.items() if one.listed]))
    def test_a_list_belongs_to_one_kind_and_one_pool(self, pool: str, other_pool: str, names: list[str]) -> None:
        one, other = names[:2]

        assert keys.listing(one, pool=pool, day="d") != keys.listing(other, pool=other_pool, day="d")
        assert (
            pool == other_pool
            or one not in ("User", "Client", "Session")
            or (keys.listing(one, pool=pool, day="d") != keys.listing(one, pool=other_pool, day="d"))
        )


class TestGuardNames:
    def test_no_name_can_pass_for_the_digest_of_a_long_one(self) -> None:
        long = "x" * 600

        imitation = keys.guard_name(long)

        assert keys.guard_name(imitation) != keys.guard_name(long)

    @given(HOSTILE, HOSTILE)
    def test_two_names_stay_two(self, one: str, other: str) -> None:
        assert (keys.guard_name(one) == keys.guard_name(other)) == (one == other)


def identifying(entity: str, parts: dict[str, str]) -> dict[str, str]:
    """Those parts that the keys of the base table are made of."""
    template = keys.ENTITIES[entity]
    return {name: value for name, value in parts.items() if f"{{{name}}}" in template.pk + template.sk}
