"""The job of pool changes: it waits as long as processes remember, and goes on where it stopped."""

from __future__ import annotations

import time

import pytest

from chalicelib.flows import pool_change_steps as steps
from chalicelib.flows import pool_change_walks as walks
from chalicelib.jobs import runner
from chalicelib.table import keys, store
from tests.pool_changes import WAIT, assert_whole, begun, described, opens, step_of

NAMES = {"CaseSensitive": False}


@pytest.fixture
def pool(cognito):
    """A pool of three; no change of another test is open."""
    store.remove_all(store.listed(keys.listing("OpenChange")).items)
    made = cognito.pool()
    for name in ("Ada", "Bob", "Cleo"):
        cognito.user(made, name)
    return made


def through(run, cognito, change, start=0):
    """Run the job every two minutes until the change is over; its lines."""
    lines = []
    for number in range(start, start + 12):
        lines += run("changes", later=number * WAIT).lines
        if described(cognito, change)["Status"] in steps.FINAL:
            return lines
    raise AssertionError("the job does not finish")


class TestChanges:
    def test_nothing_to_do_is_done_at_once(self, run, application):
        assert run("changes").lines == ["changes: 0 open changes"]

    def test_it_takes_a_change_to_its_end_and_tells_how_far_it_is(self, run, cognito, pool):
        client = cognito.client(pool)
        change = begun(cognito, pool, **NAMES)

        lines = through(run, cognito, change)

        assert any(
            f"{pool} {change['ChangeId']}: CHECKING; 3 checked, 0 rewritten, 0 clashes" in line for line in lines
        )
        assert any("APPLIED; 3 checked, 3 rewritten, 0 clashes" in line for line in lines)
        assert opens(cognito, client, "bob")
        assert_whole(pool)

    def test_it_waits_as_long_as_a_process_may_remember_the_pool(self, run, given_settings, cognito, pool):
        given_settings(LATCHKEY_CACHE_SECONDS="500")
        change = begun(cognito, pool, **NAMES)
        given_settings(LATCHKEY_CACHE_SECONDS="1")

        run("changes", later=480)
        before = step_of(change)
        run("changes", later=510)

        assert (before, step_of(change)) == ("announced", "offered")

    def test_a_stage_waits_for_requests_too(self, run, given_settings, cognito, pool):
        change = begun(cognito, pool, **NAMES)
        given_settings(LATCHKEY_LOCAL="0", LATCHKEY_CACHE_SECONDS="1")

        run("changes", later=100)
        before = step_of(change)
        run("changes", later=110)

        assert (before, step_of(change)) == ("announced", "offered")

    def test_runs_without_time_still_come_to_an_end(self, cognito, pool, monkeypatch):
        monkeypatch.setattr(walks, "_PAGE", 1)
        change = begun(cognito, pool, **NAMES)

        for number in range(200):
            runner.run("changes", time.time() + number * WAIT, seconds=0.0001)
            if step_of(change) is None:
                break

        assert described(cognito, change)["Status"] == "APPLIED"
        assert_whole(pool)

    def test_who_had_no_turn_in_one_run_has_the_first_in_the_next(self, run, cognito, pool, monkeypatch):
        changes = [begun(cognito, one, **NAMES) for one in (pool, cognito.pool(), cognito.pool())]
        seen = []
        monkeypatch.setattr(steps, "advance", lambda pool_id, *_: seen.append(pool_id) or True)

        for _ in range(6):
            runner.run("changes", time.time(), seconds=0.0001)

        assert seen == [change["UserPoolId"] for change in changes] * 2
        monkeypatch.undo()
        for change in changes:
            through(run, cognito, change)

    def test_trouble_with_one_pool_keeps_no_other_waiting(self, run, cognito, pool, monkeypatch):
        other = cognito.pool()
        broken, change = begun(cognito, pool, **NAMES), begun(cognito, other, **NAMES)
        real = steps.advance

        def advance(pool_id, change_id, now):
            if pool_id == pool:
                raise RuntimeError("broken")
            return real(pool_id, change_id, now)

        monkeypatch.setattr(steps, "advance", advance)
        for number in range(12):
            with pytest.raises(runner.JobFailed):
                runner.run("changes", time.time() + number * WAIT)
        monkeypatch.undo()

        assert described(cognito, change)["Status"] == "APPLIED"
        assert described(cognito, broken)["Status"] == "CHECKING"
        through(run, cognito, broken)

    def test_changes_take_turns(self, cognito, pool, monkeypatch):
        """The attack: one huge pool, and nobody else's change ever moves."""
        monkeypatch.setattr(walks, "_PAGE", 1)
        other = cognito.pool()
        cognito.user(other, "Dora")
        large, small = begun(cognito, pool, **NAMES), begun(cognito, other, **NAMES)
        seen = []
        real = steps.advance

        def advance(pool_id, change_id, now):
            seen.append(pool_id)
            return real(pool_id, change_id, now)

        monkeypatch.setattr(steps, "advance", advance)
        runner.run("changes", time.time() + WAIT)

        turns = [one for one in seen if one in (pool, other)]
        assert set(turns[:2]) == set(turns[2:4]) == {pool, other}
        for change in (large, small):
            cognito.send("latchkey", "StopUserPoolChange", _place(change))


def _place(change):
    return f'{{"UserPoolId": "{change["UserPoolId"]}", "ChangeId": "{change["ChangeId"]}"}}'.encode()
