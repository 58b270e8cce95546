"""Rows from outside are written where nothing is, a transaction at a time, each after what it depends on."""

from __future__ import annotations

from base64 import b64encode

import pytest

from chalicelib.table import store, transfers, walks
from chalicelib.table.items import Password, User
from chalicelib.table.keys import Key
from tests.table import samples


def user_row(pool: str, sub: str = "sub", **more: str) -> dict:
    """A user's row as a file has it."""
    return {"pk": {"S": f"U#{pool}#{sub}"}, "sk": {"S": "."}, "_t": {"S": "User"}, "_v": {"N": "7"},
            "sub": {"S": sub}, **{name: {"S": text} for name, text in more.items()}}  # fmt: skip


def part_row(pool: str, name: str, size: int = 10, sub: str = "sub") -> dict:
    return {"pk": {"S": f"U#{pool}#{sub}"}, "sk": {"S": f"SESSION#{name}"}, "_t": {"S": "Session"}, "_v": {"N": "1"},
            "scope": {"S": "x" * size}}  # fmt: skip


def rows_of(pool: str, sub: str = "sub") -> list[dict]:
    return [row for part in walks.partition(f"U#{pool}#{sub}") for row in part]


class TestCreate:
    def test_writes_rows_as_they_are(self, engine, pool):
        binary = b64encode(bytes(range(256))).decode()
        row = user_row(pool) | {"verifier": {"B": binary}, "groups": {"SS": ["a", "b"]}, "enabled": {"BOOL": True}}

        transfers.create([row])

        assert rows_of(pool) == [row]
        assert rows_of(pool)[0]["_v"] == {"N": "7"}

    def test_what_is_binary_is_read_back_by_the_models(self, engine, pool):
        value = bytes(range(256))
        row = {"pk": {"S": f"U#{pool}#sub"}, "sk": {"S": ".PASSWORD"}, "_t": {"S": "Password"}, "_v": {"N": "1"},
               "hash": {"S": "x"}, "set_at": {"N": "1"}, "verifier": {"B": b64encode(value).decode()}}  # fmt: skip

        transfers.create([row])

        assert store.get(Password, pool=pool, sub="sub").verifier == value

    def test_writes_nothing_where_something_is(self, engine, pool):
        store.save(samples.user(pool))

        with pytest.raises(transfers.Occupied) as refusal:
            transfers.create([user_row(pool, "other"), user_row(pool)])

        assert refusal.value.keys == [User.at(pool=pool, sub="sub")]
        assert rows_of(pool, "other") == []

    def test_does_other_writes_together_with_the_rows(self, engine, pool):
        mark = samples.once(pool)
        store.save(mark)

        transfers.create([user_row(pool)], store.Remove(mark))

        assert len(rows_of(pool)) == 1
        with pytest.raises(transfers.Occupied) as refusal:
            transfers.create([user_row(pool, "late")], store.Remove(mark))
        assert refusal.value.keys == [Key(mark.pk, mark.sk)]
        assert rows_of(pool, "late") == []

    def test_names_what_is_given_twice(self, engine, pool):
        with pytest.raises(transfers.Occupied, match=f"already at U#{pool}#sub"):
            transfers.create([user_row(pool), user_row(pool)])


class TestWriters:
    def test_puts_many_bundles_into_one_transaction(self, proxy, pool):
        with transfers.Writers() as writers:
            for number in range(60):
                writers.add([user_row(pool, f"sub-{number}"), part_row(pool, "a", sub=f"sub-{number}")])
            writers.drain()

        sizes = [len(body["TransactItems"]) for body in proxy.bodies("TransactWriteItems")]
        assert sorted(sizes) == [20, 100]

    def test_never_divides_a_bundle_that_fits(self, proxy, pool):
        with transfers.Writers() as writers:
            for number in range(5):
                parts = [part_row(pool, f"{place}", sub=f"sub-{number}") for place in range(39)]
                writers.add([user_row(pool, f"sub-{number}"), *parts])
            writers.drain()

        for body in proxy.bodies("TransactWriteItems"):
            places = [action["Put"]["Item"]["pk"]["S"] for action in body["TransactItems"]]
            assert all(places.count(place) == 40 for place in places)

    def test_writes_a_bundle_that_does_not_fit_in_its_order(self, proxy, pool):
        with transfers.Writers() as writers:
            writers.add([user_row(pool), *(part_row(pool, f"{place:03}") for place in range(250))])

        bodies = proxy.bodies("TransactWriteItems")
        assert [len(body["TransactItems"]) for body in bodies] == [100, 100, 51]
        assert bodies[0]["TransactItems"][0]["Put"]["Item"]["sk"] == {"S": "."}
        assert len(rows_of(pool)) == 251

    def test_keeps_within_the_bytes_of_a_transaction(self, proxy, pool):
        with transfers.Writers() as writers:
            writers.add([user_row(pool), *(part_row(pool, f"{place}", 300_000) for place in range(14))])
            for number in range(12):
                writers.add([user_row(pool, f"large-{number}", username="x" * 390_000)])
            writers.drain()

        assert len(rows_of(pool)) == 15
        assert all(rows_of(pool, f"large-{number}") for number in range(12))
        assert len(proxy.bodies("TransactWriteItems")) >= 4

    def test_writes_in_order_after_all_that_came_before(self, proxy, pool):
        with transfers.Writers() as writers:
            writers.add([user_row(pool)])
            writers.add_in_order([part_row(pool, "late")])

        bodies = proxy.bodies("TransactWriteItems")
        assert [body["TransactItems"][0]["Put"]["Item"]["sk"]["S"] for body in bodies] == [".", "SESSION#late"]

    def test_tells_what_could_not_be_written(self, engine, pool):
        store.save(samples.user(pool))

        with transfers.Writers() as writers, pytest.raises(transfers.Occupied):
            writers.add([user_row(pool)])
            writers.drain()
