"""Reading rows as they lie: all of them, of a partition, of a list, and several at one moment."""

from __future__ import annotations

import time

import pytest

from chalicelib import errors
from chalicelib.table import connection, keys, store, walks
from chalicelib.table.items import Item, User
from chalicelib.table.keys import Key
from tests import engines
from tests.faults import refusal
from tests.table import samples


def filled(pool: str, number: int) -> list[Key]:
    items = [samples.once(pool, f"{place:04}{'x' * 500}") for place in range(number)]
    for first in range(0, number, 25):
        store.together(*(store.Save(item) for item in items[first : first + 25]))
    return [Key(item.pk, item.sk) for item in items]


class TestScanned:
    @pytest.mark.parametrize("segments", [1, 2, 3])
    def test_gives_every_row_once(self, engine, pool, segments, monkeypatch):
        monkeypatch.setattr(walks, "_PAGE", 40)
        written = filled(pool, 130)

        found = [walks.place(row) for part in walks.scanned(segments) for row in part if pool in row["pk"]["S"]]

        assert sorted(found) == sorted(written)

    def test_gives_expired_rows_too(self, engine, pool):
        over = samples.session(pool, "over", expires=time.time() - 5)
        store.save(over)

        assert Key(over.pk, over.sk) in [walks.place(row) for part in walks.scanned() for row in part]


class TestPartition:
    def test_gives_its_rows_in_order_part_by_part(self, engine, pool, monkeypatch):
        monkeypatch.setattr(walks, "_PAGE", 2)
        ends = time.time() + 600
        store.together(store.Save(samples.user(pool)), store.Save(samples.password(pool)),
                       *(store.Save(samples.session(pool, name, ends)) for name in "abc"))  # fmt: skip

        parts = list(walks.partition(User.at(pool=pool, sub="sub").pk))

        assert [len(part) for part in parts] == [2, 2, 1]
        assert [row["sk"]["S"] for part in parts for row in part] == [
            ".", ".PASSWORD", "SESSION#a", "SESSION#b", "SESSION#c",
        ]  # fmt: skip

    def test_gives_those_behind_a_prefix(self, engine, pool):
        store.together(store.Save(samples.user(pool)), store.Save(samples.password(pool)))

        found = [row["sk"]["S"] for part in walks.partition(User.at(pool=pool, sub="sub").pk, ".P") for row in part]

        assert found == [".PASSWORD"]

    def test_gives_nothing_for_an_empty_one(self, engine, pool):
        assert list(walks.partition(f"U#{pool}#nobody")) == []


class TestListedKeys:
    def test_gives_the_keys_of_a_list_oldest_first(self, engine, pool, monkeypatch):
        monkeypatch.setattr(walks, "_PAGE", 1)
        store.together(*(store.Save(samples.user(pool, sub, created)) for sub, created in (("b", 1.0), ("a", 2.0))))

        found = [key for part in walks.listed_keys(keys.listing("User", pool=pool)) for key in part]

        assert found == [User.at(pool=pool, sub="b"), User.at(pool=pool, sub="a")]


class TestAtOnce:
    def test_gives_those_that_are_there(self, engine, pool):
        store.save(samples.user(pool))
        there, missing = User.at(pool=pool, sub="sub"), User.at(pool=pool, sub="nobody")

        found = walks.at_once([missing, there])

        assert list(found) == [there]
        assert found[there]["username"] == {"S": "name of sub"}

    def test_takes_no_more_than_a_transaction_does(self, engine):
        with pytest.raises(ValueError, match="At most 100"):
            walks.at_once([Key("x", str(number)) for number in range(101)])


class TestAsked:
    def test_waits_longer_than_a_request_would(self, proxy, pool, monkeypatch):
        monkeypatch.setattr(walks, "_PAUSE", 0.01)
        store.save(samples.user(pool))
        proxy.misbehave("Query", *[refusal("ThrottlingException")] * 7)

        assert len(list(walks.partition(User.at(pool=pool, sub="sub").pk))) == 1

    def test_gives_up_in_the_end(self, proxy, pool, monkeypatch):
        monkeypatch.setattr(walks, "_PATIENCE", 0.0)
        proxy.misbehave("Query", *[refusal("ThrottlingException")] * 6)

        with pytest.raises(errors.TooManyRequestsException):
            list(walks.partition(f"U#{pool}#x"))

    def test_does_not_wait_for_a_table_that_is_not_there(self):
        began = time.monotonic()

        with engines.running("dynoxide") as empty, engines.pointed_at(empty):
            with pytest.raises(errors.ServiceUnavailableException):
                walks.asked("Scan", {"TableName": Item.Meta.table_name})
            connection.reset()

        assert time.monotonic() - began < 20
