"""Search entries: which a user has, and the writes that keep them."""

import pytest

from chalicelib.rules.filters import Filter
from chalicelib.table import keys, search, store
from chalicelib.table.directory import SearchEntry
from chalicelib.table.search import STATE, Place
from chalicelib.table.store import Check, Remove, Save
from tests import crowd
from tests.application import Cognito


@pytest.fixture
def pool(cognito: Cognito):
    return crowd.present_pool(cognito.pool())


class TestEntries:
    def test_are_one_for_each_value_and_one_for_the_state(self, pool):
        user = crowd.make(pool.id, "Ada", email="Ada@Example.com", nickname="A", name="")

        assert search.entries(pool, user) == {
            ("username", f"ada\0{user.sub}"),
            ("sub", f"{user.sub}\0{user.sub}"),
            ("email", f"ada@example.com\0{user.sub}"),
            (STATE, f"Enabled#CONFIRMED\0{user.sub}"),
        }

    def test_fit_into_a_key_whatever_the_value_is(self, pool):
        values = ("x" * 2048, "\U0001f511" * 2048, "a" + "\u4e2d" * 2048, "\0" * 2048 + "x", "\u0130" * 2048)
        for number, value in enumerate(values):
            user = crowd.make(pool.id, f"one-{number}", name=value)
            (_, stands), *_ = [entry for entry in search.entries(pool, user) if entry[0] == "name"]

            assert len(stands.encode()) <= 1024
            assert stands.count("\0") == 1
            assert search.key(pool.id, ("name", stands)) in found(pool.id, "name")

    def test_of_a_value_and_its_beginnings_begin_alike(self, pool):
        user = crowd.make(pool.id, "ada", name="\u03a3\u0391\u03a3 \u0130 Stra\u00dfe " + "\U0001f511" * 300)
        name = user.attributes["name"]

        for length in range(1, 256):
            candidates = search.candidates(pool.id, Filter("name", name[:length], is_prefix=True), Place(), 1)
            assert [candidate.sub for candidate in candidates] == [user.sub]

    def test_cannot_pass_for_those_of_another_attribute_or_pool(self, pool):
        user = crowd.make(pool.id, "ada", name="x#email\0y")

        places = {search.key(pool.id, entry).pk for entry in search.entries(pool, user)}
        assert places == {f"S#{pool.id}#{name}" for name in ("name", "username", "sub", STATE)}


class TestWrites:
    def test_are_none_where_nothing_changes(self, pool):
        user = crowd.make(pool.id, "ada", name="Ada")
        before = search.entries(pool, user)
        user.attributes = user.attributes | {"nickname": "A"}

        assert search.changes(pool, user, before) == []
        assert search.beside(pool, user, before, [Save(user, "user")]) == []

    def test_replace_what_changed(self, pool):
        user = crowd.make(pool.id, "ada", name="Ada", email="a@b.c")
        before = search.entries(pool, user)
        user.attributes, user.enabled = {"name": "Eve"}, False

        store.together(Save(user), *search.changes(pool, user, before))

        assert crowd.entries(pool.id) == search.entries(pool, user) == crowd.due_entries(pool.id)

    def test_may_be_done_twice(self, pool):
        user = crowd.make(pool.id, "ada", name="Ada")

        store.together(Check(user), *search.fresh(pool, user))

        assert crowd.entries(pool.id) == search.entries(pool, user)

    def test_remove_all_with_the_user(self, pool):
        user = crowd.make(pool.id, "ada", name="Ada")

        store.together(Remove(user), *search.removals(pool, user))

        assert crowd.entries(pool.id) == set()

    @pytest.mark.parametrize("given", ["by key", "as it was read"])
    def test_beside_a_removal_are_those_that_it_lacks(self, pool, given):
        user = crowd.make(pool.id, "ada", name="Ada")
        gone = Remove(user if given == "as it was read" else keys.Key(user.pk, user.sk))
        own = search.removals(pool, user)

        more = search.beside(pool, user, search.entries(pool, user), [gone, *own[:2]])

        assert sorted(write.key for write in [*own[:2], *more]) == sorted(write.key for write in own)

    def test_beside_what_leaves_users_alone_are_none(self, pool):
        user = crowd.make(pool.id, "ada")

        assert search.beside(pool, user, search.entries(pool, user), [Check(user, "user")]) == []


class TestCandidates:
    def test_are_in_order_of_the_value_and_go_on_behind_a_place(self, pool):
        made = {name: crowd.make(pool.id, name, name=name).sub for name in ("b", "aa", "a", "ab", "a b")}
        condition = Filter("name", "", is_prefix=True)

        seen, place = [], Place()
        while page := search.candidates(pool.id, condition, place, 2):
            seen += [candidate.sub for candidate in page]
            place = page[-1].place

        assert seen == [made[name] for name in ("a", "a b", "aa", "ab", "b")]

    def test_go_on_through_all_kinds_of_state(self, pool):
        made = {}
        for status in ("UNCONFIRMED", "CONFIRMED", "COMPROMISED"):
            for enabled in (True, False):
                user = crowd.make(pool.id, f"{status}{enabled}".lower())
                before, user.status, user.enabled = search.entries(pool, user), status, enabled
                store.together(Save(user), *search.changes(pool, user, before))
                made[status, enabled] = user.sub
        order = [made[status, enabled] for status in ("COMPROMISED", "CONFIRMED") for enabled in (False, True)]

        for limit in (1, 3, 60):
            seen, place = [], Place()
            while page := search.candidates(pool.id, Filter("cognito:user_status", "Co", is_prefix=True), place, limit):
                seen += [candidate.sub for candidate in page]
                place = page[-1].place
            assert seen == order

    def test_behind_a_place_that_the_condition_does_not_reach_are_refused(self, pool):
        with pytest.raises(store.BadCursor):
            search.candidates(pool.id, Filter("name", "a"), Place(0, "b\0x"), 1)

    def test_of_an_empty_value_cost_nothing(self, pool):
        with store.counted() as trips:
            assert search.candidates(pool.id, Filter("name", ""), Place(), 60) == []

        assert trips.calls == []


def found(pool_id: str, attribute: str) -> list[keys.Key]:
    rows = store.list(search.partition(pool_id, attribute)).items
    return [keys.Key(row.pk, row.sk) for row in rows if isinstance(row, SearchEntry)]
