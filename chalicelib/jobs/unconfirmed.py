"""The job that removes accounts which nobody confirmed for so many days; off unless the settings give a number.

Once a day it goes through the users of every pool who signed up before then. Each is read again before it goes, and
goes only as it was read: who confirms at that moment stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib import errors
from chalicelib.flows import user_changes, user_removal
from chalicelib.jobs import pool_walk
from chalicelib.jobs.turn import Turn
from chalicelib.rules import usage
from chalicelib.settings import current
from chalicelib.table import surveys, users
from chalicelib.table.store import Write
from chalicelib.table.users import Account

_DAY = 86400.0


class _Stays(Exception):
    """The user is none of those who go."""


def work(turn: Turn) -> None:
    """Go through all pools once a day, or as far as the time allows."""
    days = current().unconfirmed_days
    if days <= 0:
        turn.lines.append("off; LATCHKEY_UNCONFIRMED_DAYS gives the days after which accounts go")
        return
    before = turn.now - days * _DAY
    pool_walk.daily(turn, usage.day(turn.now), lambda pool_id: _part(turn, pool_id, before))


def _part(turn: Turn, pool_id: str, before: float) -> bool:
    """Look through a part of a pool's users; whether that was the last."""
    found = surveys.unconfirmed(pool_id, before, turn.state.get("inner"))
    for place in found.keys:
        with turn.apart(place.pk):
            turn.figures["accounts removed"] += _remove(pool_id, place.pk.rpartition("#")[2], before)
    turn.state["inner"] = found.cursor
    return found.cursor is None


def _remove(pool_id: str, sub: str, before: float) -> bool:
    """Remove one account as an administrator would, unless it was confirmed meanwhile; whether it went."""

    def decided(account: Account) -> Sequence[Write]:
        if account.user.status != "UNCONFIRMED" or account.user.created_at >= before:
            raise _Stays
        return user_removal.writes(account)

    account = users.by_sub(pool_id, sub)
    if account is None:
        return False
    try:
        user_changes.carry_out(account, decided)
    except (_Stays, errors.UserNotFoundException):
        return False
    user_removal.remove_rest(pool_id, sub)
    return True
