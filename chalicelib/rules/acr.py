"""Levels of authentication: what was proved as a level from 0 to 4, and the names by which clients ask for levels.

Pure. Factors are the words of `amr` (RFC 8176): "pwd", "otp" (an authenticator app), "sms", "email_otp", "swk" and
"hwk" (passkeys). The levels are fixed and those of Cognito; their names are a setting of the pool. What takes part in
`proved` without being a factor of these ("mfa") raises no level.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import defaults

HIGHEST: Final = 4
LONGEST: Final = 2048
"""Characters of TARGET_ACR_VALUES that are read; four names of the longest kind take 259."""

_CODES: Final = frozenset({"sms", "email_otp"})
_PASSKEYS: Final = frozenset({"swk", "hwk"})
_SEVERAL: Final = "mfa"


def level(proved: Collection[str]) -> int:
    """The level that was reached: 4 password and app, 3 passkey or password and code, 2 a code, 1 a password, else 0.

    An authenticator app alone is no way to sign in, and reaches nothing.
    """
    factors = set(proved)
    has_password, has_code = "pwd" in factors, not factors.isdisjoint(_CODES)
    if has_password and "otp" in factors:
        return 4
    if not factors.isdisjoint(_PASSKEYS) or (has_password and has_code):
        return 3
    return 2 if has_code else int(has_password)


def amr(proved: Collection[str]) -> list[str]:
    """The claim `amr`: the factors in the order in which they were proved, and "mfa" where there were several."""
    factors = [factor for factor in dict.fromkeys(proved) if factor != _SEVERAL]
    is_several = len(factors) > 1 or _SEVERAL in proved
    return [*factors, _SEVERAL] if is_several else factors


def name(reached: int, configuration: Mapping[str, Any]) -> str:
    """What a pool calls a level, from its AcrConfiguration, in full or in part."""
    return str(defaults.acr(configuration)[f"Level{reached}"]["AcrValue"])


def target(text: str, configuration: Mapping[str, Any], reach: int = HIGHEST) -> tuple[int, str]:
    """Level and name that a list of names asks for, the best first; names of no level are passed over.

    It is the first that `reach`, the highest level within the user's means, allows, or else the least of all. That
    nothing is within reach is not told here: whoever asks has proved nothing yet, and would learn what a user has.
    Raises InvalidParameterException when no name is one of the pool's.
    """
    if len(text) > LONGEST:
        raise InvalidParameterException(f"TARGET_ACR_VALUES must have length less than or equal to {LONGEST}")
    levels = {name(number, configuration): number for number in range(1, HIGHEST + 1)}
    asked = [(levels[word], word) for word in text.split(" ") if word in levels]
    if not asked:
        raise InvalidParameterException("None of the TARGET_ACR_VALUES is an ACR value of the user pool.")
    return next((one for one in asked if one[0] <= reach), min(asked))
