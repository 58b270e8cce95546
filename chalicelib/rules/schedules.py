"""When a schedule is due: EventBridge's rate(...) and cron(...) expressions, in UTC.

Six fields of cron: minutes, hours, day of the month, month, day of the week (1 is Sunday), year; of the two days one is
`?`. Values, names, lists, ranges and steps are understood; L, W and # are not. Leaves running to others.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_SECONDS: Final = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMES = {name: place + 1 for names in (_MONTHS, _DAYS) for place, name in enumerate(names)}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_MOST_DAYS = 366 * 8  # from one 29 February to the next there may be eight years


class Schedule(NamedTuple):
    """A parsed expression: a period in seconds, or the values that each of the six fields allows."""

    period: float = 0.0
    fields: tuple[frozenset[int], ...] = ()

    def after(self, moment: float) -> float | None:
        """The next time after a moment; None when there is none. A rate counts from the moment itself."""
        return moment + self.period if self.period else _next(self.fields, moment)


def parsed(expression: str) -> Schedule:
    """The schedule of an expression. Raises ValueError for what is not understood."""
    if rate := _RATE.fullmatch(expression):
        period = int(rate[1]) * _SECONDS[rate[2]]
        if period:
            return Schedule(period)
    if cron := _CRON.fullmatch(expression):
        return Schedule(fields=tuple(map(_values, cron.groups(), _BOUNDS)))
    raise ValueError(f"{expression!r} is not a schedule")


def _values(field: str, bounds: tuple[int, int]) -> frozenset[int]:
    parts = ["*"] if field == "?" else field.split(",")
    found = frozenset(value for part in parts for value in _range(part, bounds))
    if not all(bounds[0] <= value <= bounds[1] for value in found):
        raise ValueError(f"{field!r} is out of bounds")
    return found


def _range(part: str, bounds: tuple[int, int]) -> range:
    told = _PART.fullmatch(part)
    if told is None:
        raise ValueError(f"{part!r} is not understood")
    first, last, step = told.groups()
    begin = bounds[0] if first is None else _number(first)
    end = _number(last) if last else begin if first and not step else bounds[1]
    return range(begin, end + 1, int(step or 1))


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if text.upper() not in _NAMES:
        raise ValueError(f"{text!r} is not understood")
    return _NAMES[text.upper()]


def _next(fields: tuple[frozenset[int], ...], moment: float) -> float | None:
    begin = datetime.fromtimestamp(moment, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    for day in range(_MOST_DAYS):
        date = begin if day == 0 else (begin + timedelta(days=day)).replace(hour=0, minute=0)
        if _is_day(fields, date) and (found := _time(fields, date)):
            return found.timestamp()
    return None


def _is_day(fields: tuple[frozenset[int], ...], date: datetime) -> bool:
    _, _, days, months, weekdays, years = fields
    is_weekday = date.isoweekday() % 7 + 1 in weekdays
    return date.day in days and is_weekday and date.month in months and date.year in years


def _time(fields: tuple[frozenset[int], ...], date: datetime) -> datetime | None:
    """The first time of a day that is not before the one given."""
    minutes, hours = sorted(fields[0]), sorted(fields[1])
    times = (date.replace(hour=hour, minute=minute) for hour in hours for minute in minutes)
    return next((time for time in times if time >= date), None)
