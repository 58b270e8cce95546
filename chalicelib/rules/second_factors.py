"""Which second factor a sign-in has to prove next: a decision over the pool's mode, its methods and the user's.

Pure. Owns Cognito's order (nothing, the preferred one, the only one, a choice, the setting up of one). Whether a method
was proved is told by the words of `amr`; nothing that was proved is asked for again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from chalicelib.rules import acr

SMS: Final = "SMS_MFA"
TOTP: Final = "SOFTWARE_TOKEN_MFA"
EMAIL: Final = "EMAIL_OTP"
CHOICE: Final = "SELECT_MFA_TYPE"
SETUP: Final = "MFA_SETUP"

WORDS: Final = {SMS: "sms", TOTP: "otp", EMAIL: "email_otp"}
"""Methods in the order in which they are offered, and their words in `amr`."""

RECOVERY: Final = "recovery"
"""The word of a recovery code: it stands in for any method, and lifts a sign-in to no level."""

_PASSKEYS: Final = frozenset({"swk", "hwk"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a user has: the methods that it switched on, the preferred one, and what methods can work with."""

    enabled: Collection[str] = ()
    preferred: str = ""
    has_token: bool = False
    has_email: bool = False
    has_phone: bool = False


class Due(NamedTuple):
    """The challenge that comes next, "" for none, and what it may be answered with."""

    challenge: str
    choices: tuple[str, ...] = ()


NOTHING: Final = Due("")


def usable(offered: Collection[str], standing: Standing) -> list[str]:
    """The methods of the pool that the user has the means for, switched on or not."""
    means = {SMS: standing.has_phone, TOTP: standing.has_token, EMAIL: standing.has_email}
    return [method for method in WORDS if method in offered and means[method]]


def active(offered: Collection[str], standing: Standing) -> list[str]:
    """The methods that count as the user's second factors."""
    return [method for method in usable(offered, standing) if method in standing.enabled]


def possible(offered: Collection[str], standing: Standing) -> list[str]:
    """The methods that may be answered: the user's own, or whatever it has the means for while it has none."""
    return active(offered, standing) or usable(offered, standing)


def is_needed(mode: str, offered: Collection[str], standing: Standing) -> bool:
    """Whether a sign-in of this user takes a second factor; `mode` is the pool's MfaConfiguration."""
    return mode == "ON" or (mode == "OPTIONAL" and bool(active(offered, standing)))


def is_proved(proved: Collection[str]) -> bool:
    """Whether two factors were proved: a password and another one, or a passkey that its user unlocked ("mfa").

    A code that stands in the place of a password is the first factor, whatever it was sent by.
    """
    seconds = set(proved) & {*WORDS.values(), RECOVERY}
    if "pwd" in proved:
        return bool(seconds)
    return "mfa" in proved or (bool(_PASSKEYS & set(proved)) and bool(seconds)) or len(seconds) > 1


def due(mode: str, offered: Collection[str], standing: Standing, proved: Collection[str]) -> Due:
    """What the pool's mode and the user's settings ask for now."""
    if not is_needed(mode, offered, standing) or is_proved(proved):
        return NOTHING
    candidates = [method for method in possible(offered, standing) if WORDS[method] not in proved]
    return _asked(candidates, standing) or Due(SETUP, tuple(method for method in WORDS if method in offered))


def due_for_level(level: int, offered: Collection[str], standing: Standing, proved: Collection[str]) -> Due:
    """What is missing to a level that was asked for (`rules.acr`); NOTHING too when no method leads there."""
    if acr.level(proved) >= level:
        return NOTHING
    methods = [one for one in usable(offered, standing) if acr.level((*proved, WORDS[one])) >= level]
    return _asked(methods, standing) or NOTHING


def _asked(candidates: list[str], standing: Standing) -> Due | None:
    if standing.preferred in candidates:
        return Due(standing.preferred)
    if len(candidates) > 1:
        return Due(CHOICE, tuple(candidates))
    return Due(candidates[0]) if candidates else None
