"""How long things live and how often they may be tried: the service's quotas, as data.

Owns the numbers. Leaves counting to the flows that keep the counters. All times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

CODE_DIGITS: Final = 6

CODE_LIFETIME: Final[Mapping[str, int]] = {
    "sign_up": DAY,
    "reset": HOUR,
    "email": DAY,
    "phone_number": DAY,
}
"""How long a code may be used, by what it is for."""

COUNTING_TIME: Final = HOUR
"""How long a count of sends or guesses runs before it starts again."""

SENDS: Final[Mapping[str, int]] = {"sign_up": 5, "reset": 5, "email": 5, "phone_number": 5, "addresses": 10}
"""Codes that a user may ask for in one counting time, beside those that come unasked.

"addresses" are the codes that follow a user's own changes of e-mail address and phone number; the service names no
limit for them, and without one an account could have any number of strangers written to.
"""

GUESSES: Final[Mapping[str, int]] = {"sign_up": 15, "reset": 15, "email": 15, "phone_number": 15, "change": 5}
"""Wrong answers in one counting time, over new codes too. 15 of a million codes an hour: five years for an even chance.

"change" is the present password that ChangePassword asks for: whoever finds an open session may not go on guessing.
There right ones count too, as the service has it.
"""

FIRST_FACTOR_DIGITS: Final = 8
"""Of a code that stands in the place of a password: strangers may ask for one and guess at it."""

SIGN_IN_SENDS: Final = 20
"""Codes for signing in that a user is sent in one counting time, by each way of sending."""

SIGN_IN_SENDS_BY_SOURCE: Final = 5
"""The same on behalf of one client address: whoever asks for codes in another's name leaves the rest to the owner."""

SIGN_IN_GUESSES: Final = 15
"""Wrong answers to second-factor codes of six digits in one counting time. Whoever guesses knows the password."""

SIGN_IN_GUESSES_BY_SESSION: Final = 5
"""Wrong answers to one challenge session; of first-factor codes this alone counts, so no stranger uses up another's."""

TOKEN_GUESSES: Final = 10
"""Wrong codes of an authenticator app, and wrong recovery codes, in one counting time.

Whoever guesses knows the password. Of a million codes three are right at any moment: more than two years for an even
chance. A right code does not start the count again, or the owner's own sign-ins would give a guesser ever new tries.
"""

TEMPORARY_PASSWORD_DAYS: Final = 7


def temporary_password_lifetime(settings: Mapping[str, Any]) -> int:
    """How long a password that an administrator chose may be used; 0 days in the pool's policy mean the default."""
    policy = settings.get("Policies", {}).get("PasswordPolicy", {})
    days = policy.get("TemporaryPasswordValidityDays") or TEMPORARY_PASSWORD_DAYS
    return int(days) * DAY
