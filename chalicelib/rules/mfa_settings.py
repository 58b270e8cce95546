"""The MFA and passkey settings of a pool, and what they demand of its other settings.

Owns SetUserPoolMfaConfig's rules and which methods a pool offers. A pool keeps `MfaConfiguration`, the SMS sender and
the SMS text in its document, and in `mfa` the methods, each by the name of its block, and the passkey settings. While
MFA is off the methods rest: they are neither shown nor offered, and are back when it is switched on again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import defaults, limits

Settings = Mapping[str, Any]
Document = dict[str, Any]

SMS, TOTP, EMAIL = "SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration"
PASSKEY = "WebAuthnConfiguration"

METHODS = {SMS: "SMS_MFA", TOTP: "SOFTWARE_TOKEN_MFA", EMAIL: "EMAIL_OTP"}
"""Block of the configuration -> name of the method on users and challenges."""

_HOST = re.compile(r"localhost|(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_MISSING_SMS = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"


def changed(document: Settings, mfa: Settings, given: Settings) -> tuple[Document, Document]:
    """Document and MFA settings after SetUserPoolMfaConfig; raises InvalidParameterException.

    The given methods replace those before. Passkey settings stay unless given; given alone, they are all that changes.
    """
    new_document, new_mfa = dict(document), dict(mfa)
    if PASSKEY in given:
        new_mfa[PASSKEY] = _passkey(given[PASSKEY])
    if not _is_passkey_only(given):
        _refuse_mode(given)
        new_document |= {"MfaConfiguration": given["MfaConfiguration"]} | _sms(given)
        new_mfa = {name: block for name, block in new_mfa.items() if name not in METHODS} | _methods(given)
        if SMS in given and "SmsAuthenticationMessage" not in given[SMS]:
            new_document.pop("SmsAuthenticationMessage", None)
    refuse_conflicts(new_document, new_mfa)
    limits.refuse_too_large({**new_document, **new_mfa})
    return new_document, new_mfa


def shown(document: Settings, mfa: Settings) -> Document:
    """The configuration as GetUserPoolMfaConfig answers it."""
    result: Document = {"MfaConfiguration": document["MfaConfiguration"]}
    if PASSKEY in mfa:
        result[PASSKEY] = mfa[PASSKEY]
    if document["MfaConfiguration"] == "OFF":
        return result
    result |= {name: mfa[name] for name in METHODS if name in mfa}
    if SMS in mfa:
        members = ("SmsAuthenticationMessage", "SmsConfiguration")
        result[SMS] = {member: document[member] for member in members if member in document}
    return result


def methods(document: Settings, mfa: Settings) -> set[str]:
    """The MFA methods that the pool offers now: SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP."""
    if document["MfaConfiguration"] == "OFF":
        return set()
    return {method for name, method in METHODS.items() if name in mfa}


def implied(document: Settings, mfa: Settings) -> Document:
    """The MFA settings that follow when a pool is created or updated: with no method chosen, MFA means SMS."""
    if document["MfaConfiguration"] == "OFF" or methods(document, mfa) or "SmsConfiguration" not in document:
        return dict(mfa)
    return dict(mfa) | {SMS: {}}


def refuse_conflicts(document: Settings, mfa: Settings) -> None:
    """Raise InvalidParameterException when MFA settings and other settings of a pool do not fit together."""
    mode = document["MfaConfiguration"]
    if mode != "OFF" and not methods(document, mfa):
        raise InvalidParameterException(_MISSING_SMS)
    factors = document["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
    if mode == "ON" and not {"EMAIL_OTP", "SMS_OTP"}.isdisjoint(factors):
        raise InvalidParameterException("Required MFA cannot be combined with EMAIL_OTP or SMS_OTP as a first factor.")
    if METHODS[EMAIL] in methods(document, mfa):
        _refuse_email_mfa(document)


def _refuse_email_mfa(document: Settings) -> None:
    """E-mail MFA where e-mail alone recovers the account would be one factor: who reads the mail has both."""
    if document["EmailConfiguration"]["EmailSendingAccount"] != "DEVELOPER":
        raise InvalidParameterException("E-mail MFA needs an EmailConfiguration with EmailSendingAccount DEVELOPER.")
    recovery = document.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", [])
    if [mechanism["Name"] for mechanism in recovery] == ["verified_email"]:
        raise InvalidParameterException("E-mail MFA cannot be combined with account recovery by e-mail alone.")


def _is_passkey_only(given: Settings) -> bool:
    return PASSKEY in given and "MfaConfiguration" not in given and not any(name in given for name in METHODS)


def _refuse_mode(given: Settings) -> None:
    mode, chosen = given.get("MfaConfiguration"), _methods(given)
    if mode is None:
        raise InvalidParameterException("[MfaConfiguration] must be one of 'ON', 'OFF', or 'OPTIONAL'.")
    if mode == "OFF" and chosen:
        raise InvalidParameterException(
            "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
        )
    if mode != "OFF" and not chosen:
        raise InvalidParameterException(
            "At least one of [SmsMfaConfiguration] or [SoftwareTokenMfaConfiguration] must be provided."
        )
    if SMS in given and "SmsConfiguration" not in given[SMS]:  # the service names the wrong block, and clients match it
        raise InvalidParameterException("[SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration].")


def _methods(given: Settings) -> Document:
    chosen: Document = {name: {} for name in (SMS,) if name in given}
    if given.get(TOTP, {}).get("Enabled"):
        chosen[TOTP] = {"Enabled": True}
    if EMAIL in given:
        chosen[EMAIL] = dict(given[EMAIL])
    return chosen


def _sms(given: Settings) -> Document:
    if SMS not in given:
        return {}
    refuse_sms(given[SMS]["SmsConfiguration"])
    return dict(given[SMS])


def refuse_sms(configuration: Settings) -> None:
    """Raise InvalidParameterException unless an SmsConfiguration names exactly one sender."""
    if bool(configuration.get("SnsCallerArn")) == ("EumsSms" in configuration):
        raise InvalidParameterException("SmsConfiguration needs either SnsCallerArn or EumsSms.")


def _passkey(given: Settings) -> Document:
    """A relying party is a host below a registrable domain; `com` as one would let every site use the passkeys.

    Suffixes of two labels (`co.uk`) are not told apart here: browsers, which know the list, refuse them.
    """
    if not _HOST.fullmatch(given.get("RelyingPartyId", "localhost")):
        raise InvalidParameterException("RelyingPartyId must be a domain name in lower case.")
    return defaults.passkey(given)
