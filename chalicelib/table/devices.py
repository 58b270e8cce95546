"""Confirmed devices of a user: look-ups, and the writes that depend on a device being there still."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from pynamodb.expressions.condition import Condition

from chalicelib.table import keys, sessions, store
from chalicelib.table.factors import Device
from chalicelib.table.items import Session, User
from chalicelib.table.writes import Change, Check, Remove, Write

NAME: Final = "device"
"""Of the writes of a device: a Conflict of this name means that it is gone, or there already."""

_PAGE: Final = 200
_TOGETHER: Final = 50


def of(pool_id: str, sub: str, device_key: str) -> Device | None:
    """A device of this very user: another user's lies in another partition."""
    return store.get(Device, pool=pool_id, sub=sub, key=device_key)


def part(pool_id: str, sub: str) -> tuple[str, str]:
    """Where the devices of a user lie: partition, and beginning of the sort key."""
    return keys.key("Device", pool=pool_id, sub=sub, key="")


def has_as_many(pool_id: str, sub: str, most: int) -> bool:
    """Whether a user has that many devices already."""
    return len(store.list(*part(pool_id, sub), limit=most).items) >= most


def added(device: Device, user: User, session: Session) -> list[Write]:
    """The writes that confirm a device and bind the session to it, while user and session stand.

    The user is looked at because a deletion under way may have passed the place of its devices already.
    """
    place = Session.at(pool=user.pool_id, sub=user.sub, id=session.id)
    is_given = (Session.device_key == device.key) & Session.revoked_at.does_not_exist()
    bound = Change(place, Session, set={"is_device_bound": True}, condition=is_given, name="session")
    return [store.Save(device, NAME), bound, Check(User.at(pool=user.pool_id, sub=user.sub), "user")]


def changed(device: Device, values: Mapping[str, Any]) -> Change:
    """The write that changes a device which is there still."""
    return Change(keys.Key(device.pk, device.sk), Device, set=values, name=NAME)


def touched(device: Device, values: Mapping[str, Any]) -> Change:
    """As `changed`, for a device that is remembered still."""
    return Change(keys.Key(device.pk, device.sk), Device, set=values, condition=_is_remembered(), name=NAME)


def keep(device: Device, awaited: Mapping[str, Any]) -> None:
    """Let a remembered device await the end of a sign-in; the record replaces that of an earlier one. Raises Conflict.

    It is no change that anybody asked for, so it is a plain one, without an audit line.
    """
    place, values = keys.Key(device.pk, device.sk), {"awaited": dict(awaited)}
    store.change(place, Device, set=values, condition=_is_remembered(), name=NAME)


def removed(device: Device) -> Remove:
    """The write that forgets a device, whatever was changed of it."""
    return Remove(keys.Key(device.pk, device.sk), NAME)


def end_sessions(device: Device, user: User, now: float) -> None:
    """Revoke every session of the user that was begun with a device."""
    living = [one for one in _sessions(user) if one.device_key == device.key and one.revoked_at is None]
    for first in range(0, len(living), _TOGETHER):
        _end([sessions.revoked(user.pool_id, one, now) for one in living[first : first + _TOGETHER]])


def _end(writes: list[Change]) -> None:
    try:
        store.together(*writes)
    except store.Conflict:  # some of them are over by now and were removed
        for write in writes:
            with suppress(store.Conflict):
                store.together(write)


def _sessions(user: User) -> Iterator[Session]:
    partition, prefix = keys.key("Session", pool=user.pool_id, sub=user.sub, id="")
    cursor = None
    while True:
        page = store.list(partition, prefix, limit=_PAGE, cursor=cursor)
        yield from (item for item in page.items if isinstance(item, Session))
        cursor = page.cursor
        if cursor is None:
            return


def _is_remembered() -> Condition:
    remembered: Condition = Device.is_remembered.is_in(True)
    return remembered
