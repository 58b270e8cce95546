"""The risk configuration of a pool or a client: what it may hold, and what it is where something is left out.

Owns the document in the wire's form. Leaves judging a sign-in by it to whoever does that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException, UserPoolAddOnNotEnabledException
from chalicelib.rules import limits, names

Document = dict[str, Any]
Given = Mapping[str, Any]

_PARTS: Final = (
    "CompromisedCredentialsRiskConfiguration", "AccountTakeoverRiskConfiguration", "RiskExceptionConfiguration",
)  # fmt: skip
_EVENTS: Final = ("SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP")
_LISTS: Final = ("BlockedIPRangeList", "SkippedIPRangeList")
_IDENTITY = re.compile(r"arn:aws[\w-]*:ses:[\w-]+:[0-9]{12}:identity/\S+", re.ASCII)
_NAMED = re.compile(r"[^<>\x00-\x1f\x7f]{0,256}<([^<>]+)>")


def refuse_off(pool: Given) -> None:
    """Raise UserPoolAddOnNotEnabledException for a pool document whose threat protection is not switched on."""
    if pool.get("UserPoolAddOns", {}).get("AdvancedSecurityMode", "OFF") == "OFF":
        raise UserPoolAddOnNotEnabledException("User pool add-ons are not enabled.")


def configured(given: Given, now: float) -> Document | None:
    """The document of a risk configuration, without pool and client; None when no part is given, which removes it.

    `now` is in seconds. Raises InvalidParameterException.
    """
    parts = {name: given[name] for name in _PARTS if name in given}
    if not parts:
        return None
    if "CompromisedCredentialsRiskConfiguration" in parts:
        # Without a filter it holds for every event.
        everywhere = {"EventFilter": list(_EVENTS)}
        parts["CompromisedCredentialsRiskConfiguration"] = everywhere | parts["CompromisedCredentialsRiskConfiguration"]
    _refuse_takeover(parts.get("AccountTakeoverRiskConfiguration", {}))
    exceptions = parts.get("RiskExceptionConfiguration", {})
    for member in _LISTS:
        _refuse_ranges(exceptions.get(member, []))
    document = parts | {"LastModifiedDate": round(now, 3)}
    limits.refuse_too_large(document)
    return document


def _refuse_takeover(given: Given) -> None:
    notify = given.get("NotifyConfiguration")
    if notify is None and any(action["Notify"] for action in given.get("Actions", {}).values()):
        raise InvalidParameterException("An action that notifies needs a NotifyConfiguration.")
    if notify is None:
        return
    if not _IDENTITY.fullmatch(notify["SourceArn"]):
        raise InvalidParameterException("SourceArn must be the ARN of an SES identity.")
    for member in ("From", "ReplyTo"):
        if member in notify and not _is_mailbox(notify[member]):
            raise InvalidParameterException(f"{member} must be an e-mail address.")


def _is_mailbox(text: str) -> bool:
    """An address, or a name with an address in angle brackets.

    Attack: a line break, behind which the text would go on as headers of the mail.
    """
    named = _NAMED.fullmatch(text)
    return names.is_email(named.group(1) if named else text)


def _refuse_ranges(ranges: Iterable[str]) -> None:
    for one in ranges:
        if not _is_range(one):
            raise InvalidParameterException(f"{one[:64]} is not an IP range in CIDR notation.")


def _is_range(text: str) -> bool:
    address, slash, bits = text.partition("/")
    if not (slash and address.isascii() and bits.isdecimal() and bits.isascii()) or "%" in address:
        return False
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
