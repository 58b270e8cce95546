"""Tracking of sessions: its settings, the ids of sessions, which of them give way to a new one, and their records.

Pure. A session id is the session's own UUID in another spelling, so nothing has to be stored to find one by the other.
Shapes and limits are those of Cognito (UserPoolTokenSessionConfigType, ClientSSOSessionConfigType,
SessionDescriptionType).
"""

from __future__ import annotations

import re
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.rules.user_agents import UNKNOWN

Settings = Mapping[str, Any]
Document = dict[str, Any]

MOST_LISTED: Final = 125

_DEFAULTS: Final = {"UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20}}
_CLIENT_DEFAULTS: Final = {"SSOSession": {"MaxValidityMinutes": 60}}
_KIND: Final = "tkn"
_LENGTH: Final = 25  # 36 ** 25 is more than 2 ** 128
_DIGITS: Final = string.digits + string.ascii_lowercase
_ID: Final = re.compile(f"{_KIND}[0-9a-z]{{{_LENGTH}}}")
_UUIDS: Final = 1 << 128


@dataclass(frozen=True, slots=True)
class Tracked:
    """One live session as it is shown. Times are seconds since the epoch."""

    id: str
    client_id: str
    created_at: float
    active_at: float | None = None
    device_type: str | None = None
    source_ip: str | None = None

    @property
    def last_active(self) -> float:
        """The last use; what was begun while nothing was tracked was used then at the latest as far as is known."""
        return self.created_at if self.active_at is None else self.active_at


def shown(settings: Settings | None) -> Document:
    """The settings of a pool, with the defaults while none were set."""
    return dict(_DEFAULTS) if settings is None else dict(settings)


def shown_of_client(settings: Settings | None) -> Document:
    """The settings of a client, with the defaults while none were set."""
    return dict(_CLIENT_DEFAULTS) if settings is None else dict(settings)


def is_tracking(settings: Settings | None) -> bool:
    """Whether a pool with these settings keeps track of sessions."""
    return bool(shown(settings)["UserSessionTracking"] == "ENABLED")


def most(settings: Settings | None) -> int:
    """How many sessions a user may have at once."""
    return int(shown(settings)["TokenSession"]["MaxPerUser"])


def id_of(session: str) -> str:
    """The id that the API shows for a session: `tkn` and 25 digits of base 36."""
    number, digits = uuid.UUID(session).int, ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return _KIND + digits


def session_of(text: str) -> str | None:
    """The session of an id; None for what is no id of one, that of an SSO session among them."""
    if not _ID.fullmatch(text):
        return None
    number = int(text.removeprefix(_KIND), len(_DIGITS))
    return str(uuid.UUID(int=number)) if number < _UUIDS else None


def giving_way(sessions: list[Tracked], settings: Settings | None) -> list[Tracked]:
    """The live sessions that end so that one more is within the limit: the least recently used ones."""
    by_use = sorted(sessions, key=lambda session: (session.last_active, session.id))
    return by_use[: max(0, len(by_use) - most(settings) + 1)]


def records(sessions: list[Tracked], current: str) -> list[Document]:
    """SessionDescriptionType of each, the last used first; `current` is the caller's own session, "" for none.

    Of more than a page holds, those used last: with the highest limit that is all of them.
    """
    by_use = sorted(sessions, key=lambda session: (-session.last_active, session.id))
    return [_record(session, current) for session in by_use[:MOST_LISTED]]


def _record(session: Tracked, current: str) -> Document:
    record: Document = {
        "SessionId": id_of(session.id),
        "SessionType": "TOKEN",
        "ClientId": session.client_id,
        "CreateDate": session.created_at,
        "LastActiveDate": session.last_active,
        "DeviceType": session.device_type or UNKNOWN,
        "IsCurrentSession": session.id == current,
    }
    return record | ({"LastIPAddress": session.source_ip} if session.source_ip else {})
