"""When a schedule is due: EventBridge's expressions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.rules import schedules


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOW = at("2026-11-21 10:15:30")  # a Saturday


class TestRates:
    @pytest.mark.parametrize(
        ("expression", "seconds"),
        [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600), ("rate(2 days)", 172800)],
    )
    def test_count_from_the_last_time(self, expression: str, seconds: float) -> None:
        assert schedules.parsed(expression).after(NOW) == NOW + seconds


class TestCrons:
    @pytest.mark.parametrize(
        ("fields", "due"),
        [
            ("* * * * ? *", "2026-11-21 10:16"),
            ("15 10 * * ? *", "2026-11-22 10:15"),
            ("16 10 * * ? *", "2026-11-21 10:16"),
            ("0 0 1 * ? *", "2026-12-01 00:00"),
            ("0/15 * * * ? *", "2026-11-21 10:30"),
            ("*/20 8-11 * * ? *", "2026-11-21 10:20"),
            ("0 9,18 * * ? *", "2026-11-21 18:00"),
            ("0 6 ? * MON-FRI *", "2026-11-23 06:00"),
            ("0 6 ? * 1 *", "2026-11-22 06:00"),
            ("0 6 ? * sat *", "2026-11-28 06:00"),
            ("30 1 29 FEB ? *", "2028-02-29 01:30"),
            ("0 0 1 1 ? 2030", "2030-01-01 00:00"),
            ("59 23 31 12 ? *", "2026-12-31 23:59"),
        ],
    )
    def test_are_due_at_the_next_minute_that_fits(self, fields: str, due: str) -> None:
        assert schedules.parsed(f"cron({fields})").after(NOW) == at(due)

    def test_are_due_no_more_when_their_years_are_over(self) -> None:
        assert schedules.parsed("cron(0 0 1 1 ? 2020)").after(NOW) is None

    def test_are_due_once_at_their_minute(self) -> None:
        schedule = schedules.parsed("cron(15 10 * * ? *)")

        assert schedule.after(at("2026-11-21 10:15:00")) == at("2026-11-22 10:15")


class TestParsing:
    @pytest.mark.parametrize(
        "expression",
        [
            "", "rate(0 minutes)", "rate(x minutes)", "rate(1 week)", "rate(1 hour) ", "cron(* * * * ?)",
            "cron(60 * * * ? *)", "cron(* 24 * * ? *)", "cron(* * 0 * ? *)", "cron(* * L * ? *)", "cron(* * ? * 2#1 *)",
            "cron(* * ? * 8 *)", "cron(* * * XXX ? *)", "cron(1,,2 * * * ? *)", "cron(1- * * * ? *)", "at(2026-11-21)",
        ],
    )  # fmt: skip
    def test_refuses_what_is_not_understood(self, expression: str) -> None:
        with pytest.raises(ValueError):
            schedules.parsed(expression)
