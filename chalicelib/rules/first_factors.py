"""What a user may begin to sign in with where the client lets the person choose: USER_AUTH.

Pure. Owns the order of the choices and what a second factor forbids: a code alone, or a passkey that nobody had to
unlock, would leave it out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chalicelib.rules import acr

SRP: Final = "PASSWORD_SRP"
PASSWORD: Final = "PASSWORD"  # noqa: S105 - the name of a challenge
EMAIL: Final = "EMAIL_OTP"
SMS: Final = "SMS_OTP"
PASSKEY: Final = "WEB_AUTHN"

SENT_TO: Final = {EMAIL: "email", SMS: "phone_number"}
"""Choices by code, and the attribute that the code is sent to."""

WORDS: Final = {SRP: "pwd", PASSWORD: "pwd", EMAIL: "email_otp", SMS: "sms", PASSKEY: "hwk"}
"""All choices in the order in which they are offered, and their words in `amr`."""

_CHANGING: Final = frozenset({"FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a user has to begin with, and whether a second factor comes after it.

    `passkey_is_enough`: passkeys of the pool are unlocked by their user and so count as both factors, and the user
    switched that on.
    """

    status: str
    has_password: bool = False
    has_email: bool = False
    has_phone: bool = False
    has_passkey: bool = False
    needs_second: bool = False
    passkey_is_enough: bool = False


def offered(allowed: Collection[str], standing: Standing) -> list[str]:
    """The choices of a user; `allowed` is the pool's AllowedFirstAuthFactors."""
    is_changing = standing.status in _CHANGING
    codes = not standing.needs_second and not is_changing
    passkeys = (standing.passkey_is_enough or not standing.needs_second) and not is_changing
    has_password = PASSWORD in allowed and standing.has_password
    possible = {
        SRP: has_password,
        PASSWORD: has_password,
        EMAIL: EMAIL in allowed and standing.has_email and codes,
        SMS: SMS in allowed and standing.has_phone and codes,
        PASSKEY: PASSKEY in allowed and standing.has_passkey and passkeys and standing.status == "CONFIRMED",
    }
    return [choice for choice in WORDS if possible[choice]]


def leading_to(level: int, choices: Collection[str], seconds: Collection[str], proved: Collection[str]) -> list[str]:
    """The choices from which a level can be reached, by itself or with one of the second factors (words of `amr`)."""
    ways = [(), *((word,) for word in seconds)]
    return [one for one in choices if any(acr.level((*proved, WORDS[one], *way)) >= level for way in ways)]
