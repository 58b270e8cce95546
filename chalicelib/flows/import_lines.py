"""What became of the lines of a user import, page by page, in the order of the file."""

from __future__ import annotations

import re
from typing import Any

from chalicelib import errors
from chalicelib.flows.import_rows import SKIPPED
from chalicelib.rules import import_rows
from chalicelib.table import keys, store
from chalicelib.table.directory import ImportJob, ImportLines

LARGEST = 1000

_ITEMS = 10  # of a trip: a thousand lines at most
_TOKEN = re.compile(r"([0-9]{1,4})\.([A-Za-z0-9_-]*)", re.ASCII)


def page(job: ImportJob, limit: int, token: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Some lines as ImportLine, at most `limit`, and the token of the next page. Raises InvalidParameterException."""
    skipped, cursor = _place(token)
    partition = keys.key("ImportLines", pool=job.pool_id, job=job.id, line="").pk
    try:
        part = store.list(partition, limit=_ITEMS, cursor=cursor or None)
    except store.BadCursor:
        raise _bad() from None
    found = [line for item in part.items if isinstance(item, ImportLines) for line in item.lines]
    end = skipped + limit
    following = f"{end}.{cursor}" if end < len(found) else f"0.{part.cursor}" if part.cursor else None
    return [_shown(*line) for line in found[skipped:end]], following


def _shown(number: int, outcome: str, message: str | None) -> dict[str, Any]:
    usual = import_rows.EXISTS if outcome == SKIPPED else import_rows.SUCCEEDED
    return {
        "LineNumber": number,
        "Outcome": outcome,
        "Message": import_rows.log_line(outcome, number, message or usual),
    }


def _place(token: str | None) -> tuple[int, str]:
    if token is None:
        return 0, ""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise _bad()
    return int(found[1]), found[2]


def _bad() -> errors.InvalidParameterException:
    return errors.InvalidParameterException("Invalid pagination token")
