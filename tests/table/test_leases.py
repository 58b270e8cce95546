"""Leases: one holder at a time, no holder for ever, and no word from who was overtaken; the same on every engine."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.table import leases

pytestmark = pytest.mark.usefixtures("engine")

NOW = 1_800_000_000.0


class TestTaking:
    def test_one_takes_it_and_nobody_else_while_it_lasts(self, pool: str) -> None:
        taken = leases.take(pool, NOW, 60.0)

        assert taken is not None
        assert taken.job == pool
        assert leases.take(pool, NOW + 59.0, 60.0) is None

    def test_a_holder_that_died_blocks_nobody_for_longer_than_the_lease(self, pool: str) -> None:
        leases.take(pool, NOW, 60.0)

        assert leases.take(pool, NOW + 60.0, 60.0) is not None

    def test_of_many_at_once_one_gets_it(self, pool: str) -> None:
        with ThreadPoolExecutor(8) as takers:
            taken = list(takers.map(lambda _: leases.take(pool, NOW, 60.0), range(8)))

        assert sum(lease is not None for lease in taken) == 1

    def test_of_many_at_once_one_gets_it_from_a_dead_holder(self, pool: str) -> None:
        leases.take(pool, NOW, 60.0)

        with ThreadPoolExecutor(8) as takers:
            taken = list(takers.map(lambda _: leases.take(pool, NOW + 61.0, 60.0), range(8)))

        assert sum(lease is not None for lease in taken) == 1

    def test_a_holder_whose_clock_ran_ahead_blocks_nobody_once_it_is_put_right(self, pool: str) -> None:
        leases.take(pool, NOW + 86400.0, 60.0)

        assert leases.take(pool, NOW, 60.0) is not None

    def test_a_holder_whose_clock_is_a_little_ahead_is_left_alone(self, pool: str) -> None:
        leases.take(pool, NOW + 60.0, 60.0)

        assert leases.take(pool, NOW, 60.0) is None

    def test_those_of_other_jobs_are_free(self, pool: str) -> None:
        leases.take(pool, NOW, 60.0)

        assert leases.take(f"{pool}-other", NOW, 60.0) is not None

    def test_no_two_ever_hold_it_at_once(self, pool: str) -> None:
        inside: list[int] = []
        worked: list[int] = []

        def work(number: int) -> None:
            for _ in range(40):
                lease = leases.take(pool, time.time(), 60.0)
                if lease is None:
                    time.sleep(random.uniform(0, 0.01))
                    continue
                inside.append(number)
                assert inside == [number]
                worked.append(number)
                inside.clear()
                leases.give_back(lease, {}, time.time())

        with ThreadPoolExecutor(6) as workers:
            list(workers.map(work, range(6)))

        assert len(worked) > 6


class TestGivingBack:
    def test_frees_it_at_once_and_keeps_where_to_go_on(self, pool: str) -> None:
        first = leases.take(pool, NOW, 60.0)
        assert first is not None
        assert first.state is None

        assert leases.give_back(first, {"cursor": "x"}, NOW + 1.0)

        second = leases.take(pool, NOW + 1.0, 60.0)
        assert second is not None
        assert second.state == {"cursor": "x"}

    def test_what_a_dead_holder_did_not_keep_is_as_before(self, pool: str) -> None:
        first = leases.take(pool, NOW, 60.0)
        assert first is not None
        leases.give_back(first, {"cursor": "x"}, NOW + 1.0)
        leases.take(pool, NOW + 2.0, 60.0)

        third = leases.take(pool, NOW + 100.0, 60.0)

        assert third is not None
        assert third.state == {"cursor": "x"}

    def test_who_was_overtaken_keeps_nothing_and_frees_nothing(self, pool: str) -> None:
        slow = leases.take(pool, NOW, 60.0)
        quick = leases.take(pool, NOW + 61.0, 60.0)
        assert slow is not None
        assert quick is not None

        assert not leases.give_back(slow, {"cursor": "slow"}, NOW + 62.0)

        assert leases.take(pool, NOW + 63.0, 60.0) is None
        assert leases.give_back(quick, {"cursor": "quick"}, NOW + 64.0)
