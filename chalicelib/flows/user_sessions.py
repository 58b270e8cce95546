"""Tracking of sessions: what is kept of their use, how many a user may have, which there are, and ending one.

Only of pools that switched it on; the others pay no trip and no write for it, and no address of theirs is kept. Each
use is noted on the session's own item. Leaves settings, ids and who gives way to `rules.session_settings`.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.rules import session_settings, user_agents
from chalicelib.rules.session_settings import Tracked
from chalicelib.table import sessions, store
from chalicelib.table.items import Pool, Session, User
from chalicelib.table.writes import Write

GIVEN_WAY: Final = "session given way"
"""The name of the writes that end sessions for a new one."""

_MOST_AT_ONCE: Final = 80  # a transaction holds 100 writes, and the sign-in has its own


def require_tracking(pool: Pool) -> None:
    """Raise OperationNotEnabledException where a pool does not track sessions.

    An empty list would say that nobody is signed in.
    """
    if not session_settings.is_tracking(pool.sessions):
        raise errors.OperationNotEnabledException("Session tracking is not enabled for this user pool.")


def use(call: Call) -> dict[str, Any]:
    """What is kept of this use of a session: when, from where, with what; nothing where sessions are not tracked."""
    if not session_settings.is_tracking(call.pool.sessions):
        return {}
    device = user_agents.device(call.origin.user_agent)
    return {"active_at": call.now, "device_type": device, "source_ip": call.origin.source_ip or None}


def note_use(call: Call, session: Session) -> None:
    """Note the use of a session in a write of its own; one that cannot be noted now is no reason to refuse."""
    values = use(call)
    if values:
        with contextlib.suppress(store.Conflict, errors.AwsError):
            sessions.used(call.client.pool_id, session, values)


def making_room(call: Call, user: User, session_id: str) -> list[Write]:
    """The writes that end as many sessions as are over the limit with a new one, the least recently used ones.

    They go with the new session, and what has ended in between is a conflict of the name GIVEN_WAY: so of two sign-ins
    at the limit each ends another one. Of two just below it both find room, and the next sign-in ends one more.
    """
    settings = call.pool.sessions
    if not session_settings.is_tracking(settings):
        return []
    live = {session.id: session for session in sessions.of_user(user, call.now)}
    live.pop(session_id, None)  # a spent proof that comes again; the write of its session will tell
    leaving = session_settings.giving_way([_tracked(session) for session in live.values()], settings)
    return [sessions.ended(user.pool_id, live[one.id], call.now, GIVEN_WAY) for one in leaving[:_MOST_AT_ONCE]]


def records(pool: Pool, user: User, now: float, current: str = "") -> list[dict[str, Any]]:
    """SessionDescriptionType of each live session of a user, also of those from before the pool tracked any.

    `current` is the caller's own. Raises OperationNotEnabledException.
    """
    require_tracking(pool)
    found = [_tracked(session) for session in sessions.of_user(user, now)]
    return session_settings.records(found, current)


def revoke(pool: Pool, user: User, text: str, now: float) -> None:
    """End the session of an id, with all of its tokens. There are no sessions that it could be linked with.

    Raises OperationNotEnabledException, and ResourceNotFoundException for one that is not this user's, or is over.
    """
    require_tracking(pool)
    session_id = session_settings.session_of(text)
    _, session = sessions.with_user(pool.id, user.sub, session_id) if session_id else (None, None)
    if session is None or not sessions.is_live(user, session) or session.ends_at <= now:
        raise errors.ResourceNotFoundException("The session does not exist.")
    with contextlib.suppress(store.Conflict):  # somebody else has ended it in this moment, which is as good
        store.together(sessions.ended(pool.id, session, now, "session"))


def _tracked(session: Session) -> Tracked:
    used_at = max(session.active_at or 0, session.rotated_at or 0) or None  # untracked, only rotations are kept
    return Tracked(session.id, session.client_id, session.created_at, used_at, session.device_type, session.source_ip)
