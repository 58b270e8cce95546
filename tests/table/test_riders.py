"""An audit line is written with what it tells of, both or neither, on each table engine."""

from __future__ import annotations

import threading
import uuid

import pytest

from chalicelib.table import keys, riders, store
from chalicelib.table.items import Attempts, Item, Once
from chalicelib.table.records import AuditLine
from chalicelib.table.store import Change, Check, Conflict, Remove, Save
from tests.faults import Proxy, lost_after, lost_before, refusal
from tests.table.samples import failure, once

pytestmark = pytest.mark.usefixtures("engine")


def line(pool: str, operation: str = "Something") -> AuditLine:
    return AuditLine.new(
        {"pool": pool, "day": "2026-11-21", "time": keys.sortable(1.0), "id": uuid.uuid4().hex},
        happened_at=1.0,
        operation=operation,
        members=["A"],
        request_id="r",
        outcome="Done",
    )


def written(pool: str) -> list[AuditLine]:
    partition = keys.key("AuditLine", pool=pool, day="2026-11-21", time="", id="").pk
    return [item for item in store.list(partition).items if isinstance(item, AuditLine)]


class TestRiding:
    def test_the_line_comes_with_the_change_in_one_trip(self, pool: str) -> None:
        with riders.riding(lambda: Save(line(pool))) as rider, store.counted() as trips:
            store.together(Save(once(pool)))

        assert rider.has_ridden
        assert trips.calls == ["TransactWriteItems"]
        assert len(written(pool)) == 1

    def test_only_the_first_of_several_changes_takes_it(self, pool: str) -> None:
        with riders.riding(lambda: Save(line(pool))):
            store.together(Save(once(pool, "a")))
            store.together(Save(once(pool, "b")))

        assert len(written(pool)) == 1

    def test_a_first_part_of_the_work_leaves_it_behind(self, pool: str) -> None:
        with riders.riding(lambda: Save(line(pool))) as rider:
            with riders.left_behind():
                store.together(Save(once(pool, "a")))
            assert not rider.has_ridden
            store.together(Save(once(pool, "b")))

        assert rider.has_ridden
        assert len(written(pool)) == 1

    def test_the_line_is_made_when_the_ride_begins(self, pool: str) -> None:
        known: list[str] = []

        with riders.riding(lambda: Save(line(pool, known[-1]))):
            known.append("found out later")
            store.together(Save(once(pool)))

        assert [one.operation for one in written(pool)] == ["found out later"]

    def test_a_refused_change_leaves_no_line_and_the_rider_waits_on(self, pool: str) -> None:
        store.save(once(pool))

        with riders.riding(lambda: Save(line(pool), "audit line")) as rider:
            with pytest.raises(Conflict) as conflict:
                store.together(Save(once(pool), "mine"))

            assert conflict.value.names == ("mine",)
            assert not rider.has_ridden
            assert riders.waiting() is rider
        assert written(pool) == []

    def test_a_change_that_is_tried_again_leaves_one_line(self, pool: str) -> None:
        store.save(once(pool))

        with riders.riding(lambda: Save(line(pool))):
            for name in ("token", "token", "another"):
                try:
                    store.together(Save(once(pool, name)))
                except Conflict:
                    continue
        assert len(written(pool)) == 1

    def test_lone_writes_and_no_writes_take_nobody_along(self, pool: str) -> None:
        with riders.riding(lambda: Save(line(pool))) as rider:
            store.together()
            store.save(once(pool))
            store.change(Attempts.at(pool=pool, sub="sub"), Attempts, **failure())

            assert not rider.has_ridden
        assert written(pool) == []

    def test_after_the_block_nobody_waits(self, pool: str) -> None:
        with riders.riding(lambda: Save(line(pool))):
            pass
        store.together(Save(once(pool)))

        assert riders.waiting() is None
        assert written(pool) == []

    def test_a_block_inside_a_block_has_its_own_rider(self, pool: str) -> None:
        with riders.riding(lambda: Save(line(pool, "outer"))) as outer:
            with riders.riding(lambda: Save(line(pool, "inner"))):
                store.together(Save(once(pool, "a")))

            assert not outer.has_ridden
            store.together(Save(once(pool, "b")))

        assert sorted(one.operation for one in written(pool)) == ["inner", "outer"]

    def test_a_line_rides_on_every_kind_of_write(self, pool: str) -> None:
        store.save(once(pool, "gone"))
        store.save(once(pool, "there"))
        there = Once.at(pool=pool, id="there")
        kinds = [
            Save(once(pool, "new")),
            Remove(Once.at(pool=pool, id="gone")),
            Check(there),
            Change(there, Once, set={"expires": 2**33}),
        ]

        for write in kinds:
            with riders.riding(lambda: Save(line(pool))) as rider:
                store.together(write)
            assert rider.has_ridden

        assert len(written(pool)) == len(kinds)

    def test_99_writes_have_room_and_100_do_not(self, pool: str) -> None:
        with riders.riding(lambda: Save(line(pool))) as rider:
            store.together(*(Save(once(pool, f"a{place}")) for place in range(100)))

            assert not rider.has_ridden
            store.together(*(Save(once(pool, f"b{place}")) for place in range(99)))

            assert rider.has_ridden
        assert len(written(pool)) == 1

    def test_threads_do_not_take_each_others_riders(self, pool: str) -> None:
        gate = threading.Barrier(8)

        def act(place: int) -> None:
            with riders.riding(lambda: Save(line(pool, f"of {place}"))):
                gate.wait()
                store.together(Save(once(pool, f"{place}")))

        threads = [threading.Thread(target=act, args=(place,)) for place in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(one.operation for one in written(pool)) == sorted(f"of {place}" for place in range(8))


class TestTrouble:
    @pytest.mark.parametrize("fault", [lost_before, lost_after, refusal("ThrottlingException")])
    def test_a_lost_or_throttled_transaction_still_leaves_one_line(
        self, proxy: Proxy, pool: str, fault: object
    ) -> None:
        proxy.misbehave("TransactWriteItems", fault)  # type: ignore[arg-type]

        with riders.riding(lambda: Save(line(pool))):
            store.together(Save(once(pool)))

        assert len(written(pool)) == 1
        assert store.get(Once, pool=pool, id="token") is not None


class TestAuditLine:
    def test_no_attribute_of_any_model_hides_what_all_models_have(self) -> None:
        for model in Item.__subclasses__():
            assert callable(model.at)
            assert not {"at", "new", "entity", "is_expired"} & set(model.get_attributes()), model

    def test_a_line_comes_back_as_it_was_written(self, pool: str) -> None:
        given = line(pool)
        given.sub, given.principal, given.pool_id = "sub", "arn:aws:iam::111122223333:role/x", pool
        store.together(Save(given))

        (read,) = written(pool)
        names = [name for name in AuditLine.get_attributes() if name != "version"]
        assert {name: getattr(read, name) for name in names} == {name: getattr(given, name) for name in names}
