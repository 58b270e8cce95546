"""Codes on their way to a user, and what a caller is told about where they went.

Owns the masked CodeDeliveryDetails, and the time that a delivery takes, which must not tell whether there was one.
Leaves words and transport to `messages`, and codes themselves to `codes`.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from chalicelib import journal
from chalicelib.call import Call
from chalicelib.errors import CodeDeliveryFailureException
from chalicelib.flows import profiles, triggers
from chalicelib.flows.codes import Issue
from chalicelib.flows.messages import Notice, deliver
from chalicelib.rules import names, texts
from chalicelib.rules.texts import Kind, Medium
from chalicelib.table.items import Pool, User

_MEDIA: Final[dict[str, Medium]] = {"email": "EMAIL", "phone_number": "SMS"}
_SENDERS: Final = {"EMAIL": "CustomEmailSender", "SMS": "CustomSMSSender"}

_durations: deque[float] = deque(maxlen=64)


def medium(attribute: str) -> Medium:
    """By what an attribute is reached."""
    return _MEDIA[attribute]


def details(attribute: str, address: str) -> dict[str, str]:
    """A CodeDeliveryDetailsType: where a code went, as a stranger may see it."""
    return {
        "Destination": names.masked(attribute, address),
        "DeliveryMedium": medium(attribute),
        "AttributeName": attribute,
    }


def require_possible(pool: Pool, kind: Kind, attribute: str) -> None:
    """To be asked before anything is written: whether the pool's settings let such a message out at all.

    Raises NotImplementedException for a trigger in its way and InvalidParameterException for a link without a domain.
    """
    triggers.require_unset(pool, "CustomMessage", _SENDERS[medium(attribute)])
    texts.template(pool.document, kind, medium(attribute))


def send(call: Call, user: User, kind: Kind, issue: Issue) -> dict[str, str]:
    """Send a code to the address that it proves; the CodeDeliveryDetails. Raises CodeDeliveryFailureException."""
    attribute = issue.item.attribute or ""
    notice = _notice(call, user, attribute, issue.text)
    began = time.monotonic()
    try:
        deliver(replace(notice, kind=kind, to=issue.to))
    finally:
        _durations.append(time.monotonic() - began)
    return details(attribute, issue.to)


def send_all(call: Call, user: User, kind: Kind, issues: Iterable[Issue]) -> list[dict[str, str]]:
    """Send several codes; the CodeDeliveryDetails of each.

    All are tried before a failure is told. Raises CodeDeliveryFailureException.
    """
    sent, failures = [], []
    for issue in issues:
        try:
            sent.append(send(call, user, kind, issue))
        except CodeDeliveryFailureException as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return sent


def attempt(call: Call, user: User, kind: Kind, issues: Iterable[Issue]) -> None:
    """Send codes after an administrator's change, which stands whether they arrive or not; a failure is noted.

    The operations that do so declare no error of delivery, and the user can ask for another code.
    """
    try:
        send_all(call, user, kind, issues)
    except CodeDeliveryFailureException:
        journal.note(reason="not delivered")


def invite(call: Call, user: User, attribute: str, password: str) -> None:
    """Send an invitation with a temporary password, or without one. Raises CodeDeliveryFailureException."""
    deliver(_notice(call, user, attribute, password))


def _notice(call: Call, user: User, attribute: str, text: str) -> Notice:
    return Notice(
        pool=call.pool.document | (call.pool.mfa or {}) | {"Id": call.pool.id},
        client_id=call.client.id if "AccessToken" in call else call.get("ClientId", ""),
        username=profiles.spoken_name(call.pool, user),
        kind="invitation",
        medium=medium(attribute),
        to=user.attributes.get(attribute, ""),
        code=text,
    )


def pretend() -> None:
    """Take as long as one of this process's recent deliveries did, for a user about whom nothing may be learnt.

    Attack: names are found out by the clock, since mail takes a hundred milliseconds and no mail takes none. A function
    of Lambda stands still once it has answered, so nothing can be sent afterwards; what is left is to wait as well. The
    first calls of a process, before its first real delivery, are still faster.
    """
    if _durations:
        time.sleep(secrets.choice(_durations))
