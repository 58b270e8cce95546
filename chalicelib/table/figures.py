"""The daily figures of pools: kept by the job that counts, shown to who asks how many users a pool has."""

from __future__ import annotations

from chalicelib.rules import usage
from chalicelib.table import keys, store
from chalicelib.table.upkeep import Usage

_RECENT = 3  # days
_KEPT = 800 * 86400  # seconds: two years and a little


def keep(pool_id: str, day: str, figures: dict[str, int], now: float) -> None:
    """Keep the figures of a day; those of an earlier count of the same day give way.

    `figures` are users, active, sign_ins and failures.
    """
    said = {**figures, "pool_id": pool_id, "day": day, "counted_at": now, "expires": int(now) + _KEPT}
    store.change(Usage.at(pool=pool_id, day=day), Usage, set=said, upsert=True)


def of_month(pool_id: str, month: str) -> list[Usage]:
    """The figures of the days of a month (2026-11), or of all whose day begins so, oldest first."""
    page = store.list(keys.key("Pool", pool=pool_id).pk, prefix=f"USAGE#{month}")
    return [item for item in page.items if isinstance(item, Usage)]


def latest(pool_id: str, now: float) -> Usage | None:
    """The figures of the last day that was counted, if that was in these days: one trip."""
    today = usage.day(now)
    days = [usage.day_before(today, back) for back in range(1, _RECENT + 1)]
    found = store.get_many(*(Usage.at(pool=pool_id, day=day) for day in days))
    return next((item for item in found if isinstance(item, Usage)), None)
