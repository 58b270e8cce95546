"""Trips are counted as they are sent, and cost nothing while nobody counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chalicelib.table import store
from chalicelib.table.items import Guard, User
from chalicelib.table.store import Save
from tests.faults import Proxy, refusal
from tests.table import samples


class TestCounted:
    def test_names_each_call_in_order_with_its_units(self, proxy: Proxy, pool: str) -> None:
        with store.counted() as trips:
            store.save(samples.guard(pool))
            store.get(Guard, pool=pool, kind="username", name="name")
            store.together(Save(samples.guard(pool, "a")), Save(samples.guard(pool, "b")))

        assert trips.calls == ["PutItem", "GetItem", "TransactWriteItems"]
        assert trips.read_units >= 1
        assert trips.write_units >= 3  # DynamoDB bills 5; not every engine knows that a transaction costs double

    def test_counts_further_tries(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("GetItem", refusal("ThrottlingException"))

        with store.counted() as trips:
            store.get(User, pool=pool, sub="sub")

        assert trips.calls == ["GetItem", "GetItem"]

    def test_a_count_within_a_count_belongs_to_both(self, proxy: Proxy, pool: str) -> None:
        store.save(samples.user(pool))

        with store.counted() as outer:
            store.get(User, pool=pool, sub="sub")
            with store.counted() as inner:
                store.list(f"U#{pool}#sub")

        assert (outer.calls, inner.calls) == (["GetItem", "Query"], ["Query"])
        assert outer.read_units > inner.read_units > 0

    def test_does_not_count_what_other_threads_do(self, proxy: Proxy, pool: str) -> None:
        with store.counted() as trips, ThreadPoolExecutor(1) as other:
            other.submit(store.get, User, pool=pool, sub="sub").result()

        assert trips.calls == []

    def test_asks_for_units_only_while_somebody_counts(self, proxy: Proxy, pool: str) -> None:
        store.get(User, pool=pool, sub="sub")
        with store.counted():
            store.get(User, pool=pool, sub="sub")

        assert ["ReturnConsumedCapacity" in body for body in proxy.bodies("GetItem")] == [False, True]
