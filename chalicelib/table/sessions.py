"""Sessions: one sign-in of one user, found directly by what its tokens carry."""

from __future__ import annotations

from typing import Any, Final

from pynamodb.expressions.condition import Condition

from chalicelib.table import keys, store
from chalicelib.table.items import Session, User
from chalicelib.table.writes import Change

KEPT: Final = 2 * 86400
"""Seconds that a session is kept after its end: the sign-ins of a day are counted on the next, and none comes twice."""

_MOST_READ: Final = 2000  # of one user; while sessions are tracked that is a thousand sign-ins a day


def with_user(pool_id: str, sub: str, session_id: str) -> tuple[User | None, Session | None]:
    """A user and one of its sessions, in one trip; None for what is not there."""
    user, session = store.get_many(
        keys.key("User", pool=pool_id, sub=sub), keys.key("Session", pool=pool_id, sub=sub, id=session_id)
    )
    return user if isinstance(user, User) else None, session if isinstance(session, Session) else None


def revoked(pool_id: str, session: Session, now: float) -> Change:
    """The write that ends a session and every token of its family, and lets its record go soon; it may be repeated."""
    key = keys.key("Session", pool=pool_id, sub=session.sub, id=session.id)
    return Change(key, Session, set=_over(now), name="session")


def of_user(user: User, now: float) -> list[Session]:
    """The sessions of a user that stand and can be refreshed, of the first 2,000 that are kept; one query."""
    place = keys.key("Session", pool=user.pool_id, sub=user.sub, id="")
    found = store.list(place.pk, prefix=place.sk, limit=_MOST_READ).items
    return [one for one in found if isinstance(one, Session) and is_live(user, one) and one.ends_at > now]


def ended(pool_id: str, session: Session, now: float, name: str) -> Change:
    """The write that ends a session which still stands, and lets its record go soon; what was ended is a conflict."""
    key = keys.key("Session", pool=pool_id, sub=session.sub, id=session.id)
    stands: Condition = Session.revoked_at.does_not_exist()
    return Change(key, Session, set=_over(now), condition=stands, name=name)


def used(pool_id: str, session: Session, values: dict[str, Any]) -> None:
    """Note the use of a session that stands: one write. Raises store.Conflict for one that is over."""
    key = keys.key("Session", pool=pool_id, sub=session.sub, id=session.id)
    store.change(key, Session, set=values, condition=Session.revoked_at.does_not_exist())


def signed_out(pool_id: str, sub: str, now: float) -> Change:
    """The write that ends all sessions that a user has by now: a mark, so one write however many they are."""
    return Change(keys.key("User", pool=pool_id, sub=sub), User, set={"signed_out_at": now}, name="user")


def is_live(user: User, session: Session) -> bool:
    """Whether a session still stands: not revoked, not signed out since, its user not disabled.

    Its end is not asked for: that is the refresh token's, and an access token may outlive it by its own lifetime. Times
    have fractions: a sign-in in the same second as a sign-out of everything, but after it, stays.
    """
    is_over = session.revoked_at is not None or session.created_at <= (user.signed_out_at or 0)
    return user.enabled and not is_over


def _over(now: float) -> dict[str, float]:
    """What a session is that ended. The attack: thousands of them, kept for weeks, fill what is read of a user."""
    return {"revoked_at": now, "expires": int(now) + KEPT}
