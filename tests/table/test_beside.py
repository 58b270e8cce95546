"""Reading an item beside a look-up: at the same time, told before the look-up's outcome, counted as no trip more."""

import time
import uuid

import pytest

from chalicelib.table import beside, guards, store, users
from chalicelib.table.beside import Beside
from chalicelib.table.items import Pool, User
from chalicelib.table.upkeep import Counter

pytestmark = pytest.mark.usefixtures("application")


class Over(Exception):
    """The item says no."""


def counter(total=1):
    key = Counter.at(pool=f"us-east-1_{uuid.uuid4().hex[:9]}", name="beside")
    if total:
        store.change(key, Counter, set={"expires": int(time.time()) + 60}, add={"total": total}, upsert=True)
    return key


def a_pool(**document):
    return Pool.new({"pool": f"us-east-1_{uuid.uuid4().hex[:9]}", "created": "0"}, document=document, secret=b"")


def refused(_):
    raise Over


class TestRead:
    def test_the_item_is_told_and_the_look_up_answered(self):
        told = []

        assert beside.read(Beside(counter(7), told.append), lambda: "found") == "found"
        assert [item.total for item in told] == [7]

    def test_what_is_not_there_is_told_as_nothing(self):
        told = []

        beside.read(Beside(counter(0), told.append), lambda: "found")
        assert told == [None]

    def test_without_an_item_there_is_the_look_up_alone(self):
        with store.counted() as trips:
            assert beside.read(None, lambda: "found") == "found"

        assert (trips.calls, trips.beside) == ([], [])

    def test_the_item_may_refuse_what_was_found(self):
        with pytest.raises(Over):
            beside.read(Beside(counter(), refused), lambda: "found")

    def test_a_look_up_that_fails_is_heard_first(self):
        def fails():
            raise LookupError

        with pytest.raises(LookupError):
            beside.read(Beside(counter(), refused), fails)

    def test_an_item_that_cannot_be_read_ends_the_look_up(self, monkeypatch):
        def fails(*_):
            raise ConnectionError

        monkeypatch.setattr(store, "get_many", fails)

        with pytest.raises(ConnectionError):
            beside.read(Beside(counter(0), lambda _: None), lambda: "found")

    def test_both_go_at_the_same_time_and_only_one_is_waited_for(self):
        key = counter()

        with store.counted() as outer, store.counted() as trips:
            beside.read(Beside(key, lambda _: None), lambda: store.get(Pool, pool="us-east-1_Nobody"))

        assert (trips.calls, trips.beside) == (["GetItem"], ["BatchGetItem"])
        assert (outer.calls, outer.beside) == (["GetItem"], ["BatchGetItem"])
        assert trips.read_units == outer.read_units


class TestLookUpsByName:
    def test_the_item_comes_with_the_guard(self):
        key, told = counter(3), []

        with store.counted() as trips:
            assert users.by_name(a_pool(), "nobody", Beside(key, told.append)) is None

        assert [item.total for item in told] == [3]
        assert (trips.calls, trips.beside) == (["BatchGetItem"], [])

    def test_a_name_that_is_a_sub_needs_no_guard_and_no_trip_more(self):
        pool, key, told = a_pool(UsernameAttributes=["email"]), counter(3), []

        with store.counted() as trips:
            assert users.by_name(pool, str(uuid.uuid4()), Beside(key, told.append)) is None

        assert [item.total for item in told] == [3]
        assert (trips.calls, trips.beside) == (["Query"], ["BatchGetItem"])

    @pytest.mark.parametrize("document", [{}, {"UsernameAttributes": ["email"]}], ids=["chosen", "generated"])
    def test_a_refusal_ends_the_look_up_of_nobody_too(self, document):
        pool = a_pool(**document)
        stand_in = User.new({"pool": pool.id, "sub": "s", "created": "0"}, pool_id=pool.id, sub="s")

        for name in ("nobody", str(uuid.uuid4())):
            with pytest.raises(Over):
                users.by_name_or(pool, name, stand_in, Beside(counter(), refused))

    def test_the_user_is_found_as_without_it(self):
        pool = a_pool()
        user = users.new(pool, "tess", {}, 1.0)
        store.together(store.Save(user), *guards.reguarded(pool, user))

        told = []
        found = users.by_name(pool, "tess", Beside(counter(0), told.append))
        assert found is not None
        assert found.user.sub == user.sub
        assert told == [None]
