"""Which second factors a user has switched on, and which one it likes best: the value `User.mfa` and its changes.

Owns SetUserMFAPreference's rules. Leaves to the operations who may change it. The value is a new one after each change,
so what was read can be compared with it; a user without factors has None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.errors import InvalidParameterException
from chalicelib.flows import software_tokens
from chalicelib.rules import mfa_settings
from chalicelib.rules.second_factors import EMAIL, SMS, TOTP
from chalicelib.table.items import Pool
from chalicelib.table.users import Account
from chalicelib.table.writes import Check, Write

Preferences = dict[str, Any] | None

LACKS: Final = {
    SMS: "User does not have a phone_number set to turn on SMS MFA",
    TOTP: "User has not set up software token mfa",
    EMAIL: "User does not have an email set to turn on Email MFA",
}
"""What is said to a user who cannot switch a method on."""

LACKS_TOLD: Final = {method: f"User does not have delivery config set to turn on {method}" for method in LACKS}
"""The same to an administrator."""

_UNVERIFIED: Final = "User has not verified software token mfa"
_BLOCKS: Final = {"SMSMfaSettings": SMS, "SoftwareTokenMfaSettings": TOTP, "EmailMfaSettings": EMAIL}
_PASSKEY_BLOCK: Final = "WebAuthnMfaSettings"
_BOTH_FACTORS: Final = "MULTI_FACTOR_WITH_USER_VERIFICATION"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a request asks for: methods to switch on or off, the one to prefer, those to prefer no longer.

    `passkey` is whether passkeys shall count as both factors; None leaves it as it is.
    """

    switches: Mapping[str, bool]
    preferred: str | None
    passed_over: frozenset[str]
    passkey: bool | None

    @property
    def needs_parts(self) -> bool:
        """Whether more than the user itself must be read to decide."""
        return bool(self.switches.get(TOTP) or self.passkey)


def wishes(given: Mapping[str, Any]) -> Wishes:
    """What the blocks of a request ask for; raises InvalidParameterException for what contradicts itself."""
    blocks = {method: given[block] for block, method in _BLOCKS.items() if block in given}
    preferred = [method for method, block in blocks.items() if block.get("PreferredMfa")]
    if len(preferred) > 1:
        raise InvalidParameterException("Only one MFA method can be preferred.")
    if preferred and not blocks[preferred[0]].get("Enabled"):
        raise InvalidParameterException("An MFA method that is not enabled cannot be preferred.")
    passkey = given.get(_PASSKEY_BLOCK)
    return Wishes(
        switches={method: bool(block.get("Enabled")) for method, block in blocks.items()},
        preferred=preferred[0] if preferred else None,
        passed_over=frozenset(method for method, block in blocks.items() if block.get("PreferredMfa") is False),
        passkey=None if passkey is None else bool(passkey.get("Enabled")),
    )


def with_method(found: Preferences, method: str) -> Preferences:
    """The preferences with a method switched on."""
    known = found or {}
    return _tidy({**known, "enabled": list(dict.fromkeys([*known.get("enabled", []), method]))})


def without_method(found: Preferences, method: str) -> Preferences:
    """The preferences without a method: it is preferred no longer, and the old form of it goes too."""
    known = found or {}
    kept = {**known, "enabled": [one for one in known.get("enabled", []) if one != method]}
    return _tidy(kept | ({"options": []} if method == SMS else {}))


def preferring(found: Preferences, method: str | None) -> Preferences:
    """The preferences with this method as the preferred one, or with none."""
    return _tidy({**(found or {}), "preferred": method})


def _tidy(found: dict[str, Any]) -> Preferences:
    """Nothing is preferred that is off, and a passkey is no second factor of its own: with the last other it goes."""
    enabled = found.get("enabled") or []
    kept = {
        "enabled": enabled,
        "preferred": found.get("preferred") if found.get("preferred") in enabled else None,
        "options": found.get("options"),
        "passkey": found.get("passkey") if enabled else None,
    }
    return {name: value for name, value in kept.items() if value} or None


def protection(found: Preferences) -> tuple[frozenset[str], bool]:
    """What of the preferences protects the account; which method is the preferred one does not."""
    known = found or {}
    return frozenset(known.get("enabled", ())), bool(known.get("passkey"))


def changed(found: Preferences, asked: Wishes) -> Preferences:
    """The preferences after a request; whether they are possible is asked of `require_possible`."""
    for method, is_on in asked.switches.items():
        found = with_method(found, method) if is_on else without_method(found, method)
    if (found or {}).get("preferred") in asked.passed_over:
        found = preferring(found, None)
    if asked.preferred:
        found = preferring(found, asked.preferred)
    return found if asked.passkey is None else _tidy({**(found or {}), "passkey": asked.passkey})


def require_possible(pool: Pool, account: Account, asked: Wishes, lacks: Mapping[str, str]) -> list[Write]:
    """The checks to be written along, that what is switched on still has what it needs.

    `lacks` is what is said of a method for which the user has not what it needs. Raises InvalidParameterException.
    """
    offered = mfa_settings.methods(pool.document, pool.mfa or {})
    for method, is_on in asked.switches.items():
        if is_on and method not in offered:
            raise InvalidParameterException(f"The user pool does not offer {method} as an MFA method.")
        if is_on:
            _require_means(account, method, lacks)
    checks: list[Write] = []
    if asked.switches.get(TOTP) and account.totp is not None:
        checks.append(Check(account.totp, software_tokens.NAME))
    if asked.passkey:
        _require_passkey(pool, account, changed(account.user.mfa, asked))
        checks.append(Check(account.passkeys[0], "passkey"))
    return checks


def _require_means(account: Account, method: str, lacks: Mapping[str, str]) -> None:
    attributes = account.user.attributes
    if method == TOTP and account.totp is not None and not software_tokens.is_ready(account):
        raise InvalidParameterException(_UNVERIFIED)
    has = {
        SMS: bool(attributes.get("phone_number")),
        TOTP: software_tokens.is_ready(account),
        EMAIL: bool(attributes.get("email")),
    }
    if not has[method]:
        raise InvalidParameterException(lacks[method])


def _require_passkey(pool: Pool, account: Account, after: Preferences) -> None:
    settings = (pool.mfa or {}).get(mfa_settings.PASSKEY, {})
    if settings.get("FactorConfiguration") != _BOTH_FACTORS:
        raise InvalidParameterException(f"Passkeys count as MFA only where FactorConfiguration is {_BOTH_FACTORS}.")
    if not account.passkeys:
        raise InvalidParameterException("User has not registered a passkey")
    if mfa_settings.methods(pool.document, pool.mfa or {}).isdisjoint((after or {}).get("enabled", ())):
        raise InvalidParameterException("Passkeys count as MFA only beside another MFA method that is enabled.")
