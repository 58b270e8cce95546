"""What a setting is when it was left out: of a pool and of an app client.

Owns the values that the service fills in at creation, and again at an update, which replaces all settings. Leaves
whether settings fit together to `pool_settings`, `mfa_settings` and `client_settings`. All in the wire's form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

TEMPORARY_PASSWORD_DAYS = 7
FIRST_FACTORS = ("PASSWORD",)

_CLASSES = ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols")
_OLDER_SPELLINGS = {
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
    "SmsVerificationMessage": "SmsMessage",
}
_ACR_LEVELS = {f"Level{level}": {"AcrValue": f"urn:cognito:loa:{level}"} for level in range(1, 5)}
_REGISTRATION = {
    "EnableStatus": "Enabled",
    "OpenDcrEnabled": False,
    "AuthenticatedGrantTypes": ["code", "client_credentials"],
    "OpenDcrGrantTypes": ["code"],
}
_PASSKEY = {"UserVerification": "preferred", "FactorConfiguration": "SINGLE_FACTOR"}


def policies(given: Settings, temporary_days: int) -> dict[str, Any]:
    """`Policies` in full. A class of characters is required when no policy was given at all, else only if asked for."""
    return {
        "PasswordPolicy": _password_policy(given.get("PasswordPolicy"), temporary_days),
        "SignInPolicy": {"AllowedFirstAuthFactors": list(FIRST_FACTORS)} | given.get("SignInPolicy", {}),
    }


def _password_policy(given: Settings | None, temporary_days: int) -> dict[str, Any]:
    asked = {} if given is None else given
    policy = {"MinimumLength": asked.get("MinimumLength", 8), "TemporaryPasswordValidityDays": temporary_days}
    policy |= {member: asked.get(member, given is None) for member in _CLASSES}
    if asked.get("PasswordHistorySize"):
        policy["PasswordHistorySize"] = asked["PasswordHistorySize"]
    return policy


def temporary_days(given: Settings) -> int:
    """Days that a temporary password lives, by either of the two members for it; 0 stands for the default."""
    newer = given.get("Policies", {}).get("PasswordPolicy", {}).get("TemporaryPasswordValidityDays")
    older = given.get("AdminCreateUserConfig", {}).get("UnusedAccountValidityDays")
    return newer or days_or_default(older)


def days_or_default(given: int | None) -> int:
    """Days that a temporary password lives, from one member for it; 0 stands for the default."""
    return given or TEMPORARY_PASSWORD_DAYS


def admin_create_user(given: Settings, days: int) -> dict[str, Any]:
    """`AdminCreateUserConfig` in full; its days repeat those of the password policy, as older clients expect."""
    return {"AllowAdminCreateUserOnly": False} | dict(given) | {"UnusedAccountValidityDays": days}


def verification_template(given: Settings) -> dict[str, Any]:
    """`VerificationMessageTemplate` in full, from itself and from the older members that said the same."""
    older = {newer: given[name] for name, newer in _OLDER_SPELLINGS.items() if name in given}
    return {"DefaultEmailOption": "CONFIRM_WITH_CODE", **older, **given.get("VerificationMessageTemplate", {})}


def older_spellings(template: Settings) -> dict[str, Any]:
    """The older members that repeat a verification template."""
    return {name: template[newer] for name, newer in _OLDER_SPELLINGS.items() if newer in template}


def email(given: Settings) -> dict[str, Any]:
    """`EmailConfiguration` in full."""
    return {"EmailSendingAccount": "COGNITO_DEFAULT"} | dict(given)


def acr(given: Settings) -> dict[str, Any]:
    """`AcrConfiguration` in full: the name of every level."""
    return _ACR_LEVELS | dict(given)


def registration(given: Settings) -> dict[str, Any]:
    """`DcrConfiguration` in full; its mere presence switches dynamic registration on."""
    return _REGISTRATION | dict(given)


def passkey(given: Settings) -> dict[str, Any]:
    """`WebAuthnConfiguration` in full."""
    return _PASSKEY | dict(given)


def client(given: Settings) -> dict[str, Any]:
    """The settings of an app client that are shown whether they were given or not, and all that were given."""
    return {
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
    } | dict(given)
