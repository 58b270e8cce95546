"""Days and months of usage, and when a user has to be marked as active.

A user counts once in each calendar month (UTC) in which it did something. Two months are kept, because the figures of a
month are counted after its end, when the user may be active in the next one already.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def day(now: float) -> str:
    """The day of a moment, as 2026-11-21, in UTC."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")


def day_before(of_day: str, days: int = 1) -> str:
    """The day that lies some days before another."""
    return (datetime.fromisoformat(of_day) - timedelta(days=days)).strftime("%Y-%m-%d")


def month(now: float) -> str:
    """The month of a moment, as 2026-11, in UTC."""
    return day(now)[:7]


def marks(active_month: str | None, now: float) -> dict[str, str | None]:
    """The attributes that mark a user as active at a time; none when there is a mark of that month or a later one."""
    present = month(now)
    if present <= (active_month or ""):
        return {}
    return {"active_month": present, "active_before": active_month}
