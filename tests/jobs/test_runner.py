"""One run of a job: its lease, its end, what it leaves to the next, and what becomes of trouble."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.jobs import JOBS, runner
from chalicelib.jobs.turn import Turn
from chalicelib.table import leases, store


class TestRun:
    @pytest.mark.parametrize("name", sorted(JOBS))
    def test_of_every_job_ends_and_may_be_repeated(self, run, cognito, name):
        cognito.pool()

        first, second = run(name, later=3 * 86400.0), run(name, later=3 * 86400.0)

        assert first.is_done
        assert second.is_done
        assert all(line.startswith(f"{name}: ") for line in first.lines)

    def test_of_an_unknown_job_is_an_error(self, application):
        with pytest.raises(KeyError):
            runner.run("nothing", time.time())

    def test_does_nothing_while_another_one_is_at_it(self, run):
        lease = leases.take("sweep", time.time(), 60.0)

        outcome = runner.run("sweep", time.time())
        leases.give_back(lease, {}, time.time())
        after = runner.run("sweep", time.time())

        assert outcome.lines == ["sweep: another run is at it"]
        assert not outcome.is_done
        assert after.is_done

    def test_of_many_at_once_each_work_is_done_by_one(self, run, cognito):
        pools = [cognito.pool() for _ in range(3)]

        with ThreadPoolExecutor(8) as runners:
            outcomes = list(runners.map(lambda _: runner.run("usage", time.time() + 86400.0), range(8)))

        lines = [line for outcome in outcomes for line in outcome.lines]
        assert all(sum(pool in line for line in lines) == 1 for pool in pools)

    def test_is_told_in_the_log(self, run, caplog):
        with caplog.at_level(logging.INFO, logger="latchkey.jobs"):
            run("sweep")

        assert any(record.getMessage().startswith("sweep: ") for record in caplog.records)


class TestTurn:
    def test_trouble_with_one_subject_is_logged_and_counted(self, caplog):
        turn = Turn("keys", 0.0, time.monotonic() + 60.0)

        with turn.apart("us-east-1_pool"):
            raise ZeroDivisionError

        assert turn.troubles == 1
        assert "trouble with us-east-1_pool" in caplog.text

    def test_a_lost_race_is_no_trouble(self):
        turn = Turn("keys", 0.0, time.monotonic() + 60.0)

        with turn.apart("us-east-1_pool"):
            raise store.Conflict("key")

        assert turn.troubles == 0
        assert turn.figures["left for later"] == 1

    def test_it_is_over_when_its_time_is_and_then_it_was_cut(self):
        running, over = Turn("keys", 0.0, time.monotonic() + 60.0), Turn("keys", 0.0, time.monotonic() - 1.0)

        assert (running.is_over(), running.is_cut) == (False, False)
        assert (over.is_over(), over.is_cut) == (True, True)
