"""The schedules of a laptop: what an application declares is run when it is due, and nothing stops the loop."""

from __future__ import annotations

import time

import pytest
from chalice.app import Chalice, Cron, Rate

from chalicelib.laptop import schedules
from chalicelib.laptop.schedules import Loop

NOW = 1_800_000_000.0


@pytest.fixture
def rung():
    """What was run, in order: the name and the time that the event told."""
    return []


@pytest.fixture
def app(rung):
    made = Chalice("test", configure_logs=False)

    @made.schedule("rate(1 minute)")
    def often(event):
        rung.append(("often", event.time))

    @made.schedule(Rate(2, unit=Rate.HOURS))
    def seldom(event):
        rung.append(("seldom", event.time))

    @made.schedule(Cron(0, 0, "*", "*", "?", "*"))
    def nightly(event):
        rung.append(("nightly", event.time))

    @made.lambda_function(name="other")
    def other(event, context):
        rung.append(("other", ""))

    return made


class TestLoop:
    def test_knows_the_schedules_of_the_application_and_nothing_else(self, app):
        assert set(Loop(app, NOW).due) == {"often", "seldom", "nightly"}

    def test_rates_begin_soon_after_the_start_and_go_on_by_their_period(self, app, rung):
        loop = Loop(app, NOW)

        at_start = loop.run_due(NOW)
        soon = loop.run_due(NOW + 15)
        too_early = loop.run_due(NOW + 74)
        later = loop.run_due(NOW + 75)

        assert at_start == too_early == []
        assert soon == ["often", "seldom"]
        assert later == ["often"]
        assert [name for name, _ in rung] == ["often", "seldom", "often"]
        assert rung[0][1] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + 15))

    def test_crons_wait_for_their_time(self, app, rung):
        loop = Loop(app, NOW)
        midnight = (int(NOW) // 86400 + 1) * 86400

        loop.run_due(midnight - 1)
        before = [name for name, _ in rung]
        loop.run_due(midnight)

        assert "nightly" not in before
        assert [name for name, _ in rung].count("nightly") == 1

    def test_what_was_slept_through_is_run_once(self, app, rung):
        loop = Loop(app, NOW)

        loop.run_due(NOW + 10 * 3600)
        loop.run_due(NOW + 10 * 3600 + 1)

        assert [name for name, _ in rung].count("often") == 1

    def test_trouble_of_one_is_logged_and_keeps_no_other(self, rung, caplog):
        made = Chalice("test", configure_logs=False)

        @made.schedule("rate(1 minute)")
        def broken(event):
            raise ZeroDivisionError

        @made.schedule("rate(1 minute)")
        def well(event):
            rung.append(("well", ""))

        loop = Loop(made, NOW)

        assert loop.run_due(NOW + 60) == ["broken", "well"]
        assert loop.run_due(NOW + 121) == ["broken", "well"]
        assert len(rung) == 2
        assert "schedule broken failed" in caplog.text

    def test_the_clock_is_looked_at_when_something_is_due_and_at_least_each_minute(self, app):
        loop = Loop(app, NOW)

        assert loop.pause(NOW) == 15
        assert loop.pause(NOW + 20) == 0
        assert Loop(Chalice("empty", configure_logs=False), NOW).pause(NOW) == 60

    def test_a_schedule_that_is_not_understood_is_told_at_the_start(self):
        made = Chalice("test", configure_logs=False)
        made.schedule("rate(1 fortnight)", name="odd")(lambda event: None)

        with pytest.raises(ValueError, match="fortnight"):
            Loop(made, NOW)


class TestStart:
    def test_runs_in_a_thread_that_keeps_no_process_alive(self, app, rung, monkeypatch):
        monkeypatch.setattr(schedules, "_FIRST_SECONDS", 0.05)

        thread = schedules.start(app, {})

        assert thread is not None
        assert thread.daemon
        deadline = time.monotonic() + 10
        while len(rung) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [name for name, _ in rung] == ["often", "seldom"]

    def test_does_nothing_where_it_is_switched_off(self, app):
        assert schedules.start(app, {"LATCHKEY_SCHEDULES": "0"}) is None


class TestOfTheApplication:
    def test_are_understood_and_named_as_the_jobs(self):
        import app as house
        from chalicelib.jobs import JOBS

        assert set(Loop(house.app, NOW).due) == set(JOBS)

    def test_each_stands_in_its_module_under_its_own_name_as_lambda_looks_for_it(self):
        import app as house

        sources = [source for source in house.app.event_sources if hasattr(source, "schedule_expression")]

        assert sources
        for source in sources:
            module, _, name = source.handler_string.partition(".")
            assert module == "app"
            assert callable(getattr(house, name))
