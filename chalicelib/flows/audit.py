"""The audit: one line in the table for every call that changed something, or that an operator was refused.

Owns what a line tells: who, which operation on which pool and user, when, from where, and how it ended. Users stand in
it by their `sub`, which means nothing once they are gone; members by name, never by value. Lines lie by pool and day.
"""

from __future__ import annotations

import secrets
import time

from chalicelib import errors, journal
from chalicelib.call import Call, pool_in
from chalicelib.flows import operator_sessions
from chalicelib.rules import outcomes
from chalicelib.settings import current
from chalicelib.table import keys, store
from chalicelib.table import operator_sessions as sessions
from chalicelib.table.records import AuditLine

NO_POOL = "-"
"""Stands for the pool of what belongs to none, such as the making of pools; no pool's id is without an underscore."""

_DAY = 86400


def line(call: Call, operation: str, outcome: str = outcomes.DONE) -> AuditLine:
    """A line about a call, from what is known of it by now; not yet written."""
    days = current().audit_days
    operator = call.caller.operator
    reason = None if outcome == outcomes.DONE else journal.noted("reason") or outcomes.REASONS.get(outcome)
    return AuditLine.new(
        {"pool": _place(call), "day": day_of(call.now), "time": keys.sortable(call.now), "id": secrets.token_hex(6)},
        happened_at=call.now,
        operation=operation,
        operator=operator or None,
        principal=_principal(operator),
        pool_id=journal.noted("pool") or (_named(call) if call.caller.operator else None),
        client_id=journal.noted("client") or _asserted(call, "ClientId"),
        sub=journal.noted("sub"),
        members=sorted(call.given),
        source_ip=call.origin.source_ip or None,
        request_id=call.origin.request_id,
        outcome=outcome,
        reason=reason,
        expires=int(call.now) + days * _DAY if days else None,
    )


def page(pool_id: str, day: str, limit: int, cursor: str | None) -> store.Page:
    """The lines of one day (UTC, `2026-11-21`) of a pool, oldest first. Raises InvalidParameterException."""
    partition = keys.key("AuditLine", pool=pool_id, day=day, time="", id="").pk
    try:
        return store.list(partition, limit=limit, cursor=cursor)
    except store.BadCursor:
        raise errors.InvalidParameterException("Invalid pagination token") from None


def day_of(now: float) -> str:
    """The day of a moment, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(now))


def _place(call: Call) -> str:
    """The pool under which a line lies: for operators the one that their policy was asked about."""
    return str(_named(call) or (not call.caller.operator and journal.noted("pool")) or NO_POOL)


def _named(call: Call) -> str | None:
    """The pool that the input names, by id or by ARN."""
    return call.get("UserPoolId") or pool_in(call.get("ResourceArn", ""))


def _asserted(call: Call, member: str) -> str | None:
    """What an operator named. Strangers' words are not taken over: what they name may be anything."""
    return call.get(member) if call.caller.operator else None


def _principal(operator: str) -> str | None:
    """Whom a temporary key was given to: the key means nothing any more when the line is read."""
    session = sessions.session(operator) if operator_sessions.is_temporary(operator) else None
    return session.arn if session else None
