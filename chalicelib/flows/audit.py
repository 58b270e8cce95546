"""The audit: one line in the table for every call that changed something, or that an operator was refused.

Owns what a line tells: who, which operation on which pool and user, when, from where, and how it ended. Users stand in
it by their `sub`, which means nothing once they are gone; members by name, never by value. Lines lie by pool and day.
"""

from __future__ import annotations

import secrets
import time

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.settings import current
from chalicelib.table import keys, store
from chalicelib.table.records import AuditLine

DONE = "Done"
NO_POOL = "-"
"""Stands for the pool of what belongs to none, such as the making of pools."""


def line(call: Call, operation: str, outcome: str = DONE) -> AuditLine:
    """A line about a call, from what is known of it by now; not yet written."""
    days = current().audit_days
    return AuditLine.new(
        {"pool": pool_of(call), "day": day_of(call.now), "time": keys.sortable(call.now), "id": secrets.token_hex(6)},
        at=call.now,
        operation=operation,
        operator=call.caller.operator or None,
        client_id=journal.noted("client"),
        sub=journal.noted("sub"),
        members=sorted(call.given),
        source_ip=call.origin.source_ip or None,
        request_id=call.origin.request_id,
        outcome=outcome,
        reason=None if outcome == DONE else journal.noted("reason"),
        expires=int(call.now) + days * 86400 if days else None,
    )


def page(pool_id: str, day: str, limit: int, cursor: str | None) -> store.Page:
    """The lines of one day (UTC, `2026-11-21`) of a pool, oldest first. Raises InvalidParameterException."""
    partition = keys.key("AuditLine", pool=pool_id, day=day, time="", id="").pk
    try:
        return store.list(partition, limit=limit, cursor=cursor)
    except store.BadCursor:
        raise errors.InvalidParameterException("Invalid pagination token") from None


def pool_of(call: Call) -> str:
    """The pool that a call was about, as far as it is known."""
    return str(call.get("UserPoolId") or journal.noted("pool") or NO_POOL)


def day_of(now: float) -> str:
    """The day of a moment, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(now))
