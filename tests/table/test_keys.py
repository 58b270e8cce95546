"""The page of keys: no key can be made to look like another."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.table import keys

ANY_TEXT = st.text(min_size=1, max_size=12)
WITHOUT_MARK = st.text(st.characters(exclude_characters="#"), min_size=1, max_size=12)


def names_of(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


@st.composite
def places(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """An entity with parts; only the last part of each key may hold the mark that divides parts."""
    name = draw(st.sampled_from(sorted(keys.ENTITIES)))
    entity = keys.ENTITIES[name]
    parts: dict[str, str] = {}
    for template in (entity.pk, entity.sk):
        named = names_of(template)
        for part in named[:-1]:
            parts[part] = draw(WITHOUT_MARK)
        for part in named[-1:]:
            parts[part] = draw(ANY_TEXT)
    return name, parts


class TestKey:
    @given(places(), places())
    def test_two_things_have_one_key_only_if_they_are_the_same_thing(
        self, one: tuple[str, dict[str, str]], other: tuple[str, dict[str, str]]
    ) -> None:
        same_key = keys.key(one[0], **one[1]) == keys.key(other[0], **other[1])

        assert same_key == (one == other)

    @given(places(), ANY_TEXT)
    def test_a_part_with_the_dividing_mark_cannot_reach_into_another_kind_of_partition(
        self, place: tuple[str, dict[str, str]], text: str
    ) -> None:
        letter = keys.ENTITIES[place[0]].pk.partition("#")[0]

        key = keys.key(place[0], **{name: f"{value}#{text}" for name, value in place[1].items()})

        assert key.pk.partition("#")[0] == letter

    def test_a_missing_part_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            keys.key("User", pool="p")

    def test_what_sign_in_needs_sorts_before_all_else_of_a_user(self) -> None:
        of_a_user = [entity.sk for entity in keys.ENTITIES.values() if entity.pk == "U#{pool}#{sub}"]

        needed = [sk for sk in of_a_user if sk.startswith(keys.SIGN_IN_PARTS)]
        rest = [sk for sk in of_a_user if not sk.startswith(keys.SIGN_IN_PARTS)]

        assert len(needed) >= 4
        assert rest
        assert max(needed) < min(rest)

    def test_partitions_that_hold_several_entities_are_those_of_pools_clients_users_and_operators_alone(self) -> None:
        partitions = [entity.pk for entity in keys.ENTITIES.values()]

        shared = {pk for pk in partitions if partitions.count(pk) > 1}

        assert shared == {"P#{pool}", "C#{client}", "U#{pool}#{sub}", "G#{pool}", "K#{id}"}


class TestPlace:
    @pytest.mark.parametrize("name", sorted(keys.ENTITIES))
    def test_an_entity_has_both_keys_of_the_index_or_none(self, name: str) -> None:
        entity = keys.ENTITIES[name]
        parts = {part: "x" for template in entity[:4] for part in names_of(template)}

        listed, order = keys.place(name, **parts)

        assert (listed is None) == (order is None) == (not entity.listed)
        assert listed is None or listed == keys.listing(name, **parts)

    def test_lists_stand_in_order_of_creation_and_then_of_id(self) -> None:
        early = keys.place("User", pool="p", sub="z", created=keys.sortable(9.5))
        late = keys.place("User", pool="p", sub="a", created=keys.sortable(10.0))
        same = keys.place("User", pool="p", sub="b", created=keys.sortable(10.0))

        assert sorted([same, late, early], key=str) == [early, late, same]


class TestGuardName:
    def test_a_name_of_usual_length_stands_as_it_is(self) -> None:
        assert keys.guard_name("ada@example.com") == "ada@example.com"

    @given(st.text(min_size=1, max_size=3000))
    def test_any_name_fits_into_a_key(self, name: str) -> None:
        key = keys.key("Guard", pool="us-east-1_" + "x" * 45, kind="preferred_username", name=keys.guard_name(name))

        assert len(key.pk.encode()) <= 2048

    def test_long_names_stay_apart(self) -> None:
        assert keys.guard_name("x" * 600) != keys.guard_name("x" * 601)
        assert keys.guard_name("ü" * 300) == keys.guard_name("ü" * 300)


class TestSortable:
    @given(st.floats(0, 9e10), st.floats(0, 9e10))
    def test_times_sort_as_text_as_they_do_as_numbers(self, one: float, other: float) -> None:
        in_order = keys.sortable(one) <= keys.sortable(other)

        assert in_order or one > other

    @given(st.floats(0, 9e10))
    def test_all_have_the_same_length(self, seconds: float) -> None:
        assert len(keys.sortable(seconds)) == 15


class TestBehind:
    @pytest.mark.parametrize(
        ("prefix", "end"),
        [
            (".", "/"),
            ("KEY#", "KEY$"),
            ("a\0", "a\1"),
            ("a\ud7ff", "a\ue000"),
            ("a\U0010ffff", "b"),
            ("\U0010ffff", ""),
        ],
        ids=["parts", "kind", "value", "surrogates", "last", "none"],
    )
    def test_is_the_least_text_behind_all_with_the_prefix(self, prefix: str, end: str) -> None:
        assert keys.behind(prefix) == end

    @given(st.text(min_size=1, max_size=6), st.text(max_size=6))
    def test_lies_behind_them_in_the_order_of_the_table(self, prefix: str, rest: str) -> None:
        end = keys.behind(prefix)

        assert not end or (prefix + rest).encode() < end.encode()
