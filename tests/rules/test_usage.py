"""Days and months, and that a user is counted in every month in which it was active."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.rules import usage


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class TestDays:
    def test_begin_and_end_in_utc(self) -> None:
        assert usage.day(at("2026-11-21 00:00:00")) == "2026-11-21"
        assert usage.day(at("2026-11-21 23:59:59")) == "2026-11-21"
        assert usage.month(at("2026-11-30 23:59:59")) == "2026-11"

    @pytest.mark.parametrize(("day", "before"), [("2026-03-01", "2026-02-28"), ("2026-01-01", "2025-12-31")])
    def test_have_one_before_them(self, day: str, before: str) -> None:
        assert usage.day_before(day) == before

    def test_have_others_further_back(self) -> None:
        assert usage.day_before("2026-03-02", 3) == "2026-02-27"


class TestMarks:
    NOW = at("2026-12-01 00:05:00")

    def test_a_user_who_was_never_active_gets_the_month(self) -> None:
        assert usage.marks(None, self.NOW) == {"active_month": "2026-12", "active_before": None}

    def test_a_user_of_last_month_counts_in_both(self) -> None:
        assert usage.marks("2026-11", self.NOW) == {"active_month": "2026-12", "active_before": "2026-11"}

    @pytest.mark.parametrize("month", ["2026-12", "2027-01"])
    def test_a_user_who_has_the_mark_needs_none(self, month: str) -> None:
        assert usage.marks(month, self.NOW) == {}
