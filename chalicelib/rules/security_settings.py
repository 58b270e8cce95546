"""A pool's own settings of safety, for which Cognito has none: their names, their bounds and their defaults.

They lie in `Pool.ours` under "security", in the spelling of our own operations, which check types and bounds by their
model. A pool that never set them has the defaults: these numbers hold everywhere, and are the service's own where it
has any. No bound lets a stranger shut a user out for good, and none lets codes be guessed. See `MEMBERS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from chalicelib.rules import lockout, quotas

NAME: Final = "security"

Document = dict[str, Any]

OFF: Final = "OFF"
AUDIT: Final = "AUDIT"
ENFORCED: Final = "ENFORCED"


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """What holds in a pool. Counts of codes and guesses are for one user and kind within `quotas.COUNTING_TIME`."""

    reproves_factors: bool = False
    """Whether a factor is dropped only from a session that has just proved itself."""

    free_failures: int = lockout.FREE_FAILURES
    """Wrong passwords in a row, the last of which locks for a second."""

    longest_lock: int = lockout.LONGEST_LOCK
    """Seconds that a lock grows to."""

    source_failures: int = 100
    """Wrong first factors from one client address within a window, after which none is heard until its end."""

    source_window: int = 600
    """Seconds of that window."""

    code_sends: int = quotas.SENDS["sign_up"]
    """Codes for sign-up, a password reset or an address that may be asked for, of each kind."""

    code_guesses: int = quotas.GUESSES["sign_up"]
    """Wrong answers to each kind of them."""

    address_codes: int = quotas.SENDS["addresses"]
    """Codes that follow a user's own changes of address."""

    password_changes: int = quotas.GUESSES["change"]
    """Changes of a password by its owner, right or wrong."""

    sign_in_sends: int = quotas.SIGN_IN_SENDS
    """Codes for signing in, by each way of sending."""

    sign_in_sends_by_source: int = quotas.SIGN_IN_SENDS_BY_SOURCE
    """The same on behalf of one client address."""

    sign_in_guesses: int = quotas.SIGN_IN_GUESSES
    """Wrong answers to codes that are a second factor."""

    sign_in_guesses_by_session: int = quotas.SIGN_IN_GUESSES_BY_SESSION
    """Wrong answers within one challenge session."""

    authenticator_guesses: int = quotas.TOKEN_GUESSES
    """Wrong codes of an authenticator app."""

    breach_check: str = ENFORCED
    """What a password meets that is known to have leaked, where a source of these is configured."""

    def sends(self, purpose: str) -> int:
        """How many codes of a purpose may be asked for."""
        return self.address_codes if purpose == "addresses" else self.code_sends

    def guesses(self, purpose: str) -> int:
        """How many wrong answers of a purpose are heard."""
        return self.password_changes if purpose == "change" else self.code_guesses


MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "reproves_factors": ("ReproveFactors",),
    "free_failures": ("LockoutSettings", "FreeFailures"),
    "longest_lock": ("LockoutSettings", "LongestLockSeconds"),
    "source_failures": ("SourceLimitSettings", "FailuresPerSource"),
    "source_window": ("SourceLimitSettings", "WindowSeconds"),
    "code_sends": ("CodeLimitSettings", "Sends"),
    "code_guesses": ("CodeLimitSettings", "Guesses"),
    "address_codes": ("CodeLimitSettings", "AddressChangeSends"),
    "password_changes": ("CodeLimitSettings", "PasswordChanges"),
    "sign_in_sends": ("CodeLimitSettings", "SignInSends"),
    "sign_in_sends_by_source": ("CodeLimitSettings", "SignInSendsPerSource"),
    "sign_in_guesses": ("CodeLimitSettings", "SignInGuesses"),
    "sign_in_guesses_by_session": ("CodeLimitSettings", "SignInGuessesPerSession"),
    "authenticator_guesses": ("CodeLimitSettings", "AuthenticatorGuesses"),
    "breach_check": ("BreachCheckMode",),
}
"""Where each setting stands in SecuritySettingsType."""


def of(ours: Mapping[str, Any] | None) -> SecuritySettings:
    """The settings of a pool from `Pool.ours`; a pool that is not there (None) has the defaults."""
    return _read((ours or {}).get(NAME, {}))


def accepted(given: Mapping[str, Any]) -> Document:
    """The SecuritySettingsType that is kept: what was given, and the default of all that was left out."""
    return shown(_read(given))


def shown(settings: SecuritySettings) -> Document:
    """SecuritySettingsType in full."""
    document: Document = {}
    for name, value in asdict(settings).items():
        *groups, member = MEMBERS[name]
        place = document
        for group in groups:
            place = place.setdefault(group, {})
        place[member] = value
    return document


def _read(given: Mapping[str, Any]) -> SecuritySettings:
    found = {name: _at(given, path) for name, path in MEMBERS.items()}
    return SecuritySettings(**{name: value for name, value in found.items() if value is not None})


def _at(given: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        given = given.get(name) if isinstance(given, Mapping) else None
    return given
