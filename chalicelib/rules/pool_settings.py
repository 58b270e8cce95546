"""The settings of a user pool: how a new pool begins, what an update makes of it, and which settings exclude others.

Owns the pool's document in the wire's form, without what is computed (id, ARN, number of users). Leaves values left
out to `defaults`, attributes to `schema`, MFA to `mfa_settings`. Every feature is open in every tier: `UserPoolTier` is
kept and shown, and gates nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.errors import InvalidParameterException, UserPoolTaggingException
from chalicelib.rules import defaults, limits, mfa_settings, schema, tags

Settings = Mapping[str, Any]
Document = dict[str, Any]

_IMMUTABLE = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_KEPT = ("UserPoolTier", "DeletionProtection", "KeyConfiguration", "IssuerConfiguration", "DcrConfiguration",
         "SmsConfiguration")  # fmt: skip
_ECHOED = ("AutoVerifiedAttributes", "SmsAuthenticationMessage", "UserAttributeUpdateSettings", "DeviceConfiguration",
           "SmsConfiguration", "UserPoolAddOns", "AccountRecoverySetting", "KeyConfiguration", "IssuerConfiguration",
           "AcrConfiguration")  # fmt: skip
_DOMAINS = ("Domain", "CustomDomain")
_NOT_TRIGGERS = frozenset({"KMSKeyID", "PreTokenGenerationConfig"})


def created(given: Settings, now: float) -> tuple[Document, Document]:
    """Document and MFA settings of a new pool from CreateUserPool's input; `now` is in seconds.

    Raises InvalidParameterException and UserPoolTaggingException.
    """
    if given.get("AliasAttributes") and given.get("UsernameAttributes"):
        raise InvalidParameterException(
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."
        )
    attributes = schema.created(given.get("Schema", ()))
    _refuse_required_alias(attributes, given.get("AliasAttributes", ()))
    document = {
        "Name": given["PoolName"],
        "CreationDate": round(now, 3),
        "LastModifiedDate": round(now, 3),
        "SchemaAttributes": attributes,
        **{member: _distinct(given[member]) for member in _IMMUTABLE if given.get(member)},
        **_settings(given),
    }
    return document, _fitting(document, {})


def updated(document: Settings, mfa: Settings, given: Settings, now: float) -> tuple[Document, Document]:
    """Document and MFA settings after UpdateUserPool: what is left out returns to its default, but for what is kept.

    Raises what `created` raises.
    """
    kept = {member: document[member] for member in _KEPT if member in document}
    identity = ("CreationDate", "SchemaAttributes", *_IMMUTABLE, *_DOMAINS)
    changed = {
        **{member: document[member] for member in identity if member in document},
        "Name": given.get("PoolName", document["Name"]),
        "LastModifiedDate": round(now, 3),
        **_settings(kept | dict(given)),
    }
    return changed, _fitting(changed, mfa)


def with_attributes(document: Settings, given: list[Document], now: float) -> Document:
    """The document after AddCustomAttributes; raises InvalidParameterException."""
    attributes = schema.extended(document["SchemaAttributes"], given)
    return dict(document) | {"SchemaAttributes": attributes, "LastModifiedDate": round(now, 3)}


def shown(document: Settings) -> Document:
    """The document as DescribeUserPool shows it, but for what is computed."""
    older = defaults.older_spellings(document["VerificationMessageTemplate"])
    return dict(document) | older | {"AcrConfiguration": defaults.acr(document.get("AcrConfiguration", {}))}


def summary(document: Settings) -> Document:
    """The document as ListUserPools shows it, but for the id."""
    return {member: document[member] for member in ("Name", "LambdaConfig", "LastModifiedDate", "CreationDate")}


def triggers(document: Settings) -> set[str]:
    """The triggers that the pool has configured, by their names in LambdaConfig: `PreSignUp`, `PreTokenGeneration` …"""
    return {name for name, value in document["LambdaConfig"].items() if value and name not in _NOT_TRIGGERS}


def refuse_deletion(document: Settings) -> None:
    """Raise InvalidParameterException for a pool that is protected from deletion, or that a domain leads to."""
    if document["DeletionProtection"] == "ACTIVE":
        raise InvalidParameterException(
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )
    if any(member in document for member in _DOMAINS):
        raise InvalidParameterException(
            "User pool cannot be deleted. It has a domain configured that should be deleted first."
        )


def _settings(given: Settings) -> Document:
    """All replaceable settings, defaults filled in and each checked by itself."""
    _refuse_two_lifetimes(given)
    if "SmsConfiguration" in given:  # an empty one too: left out it stays, and it cannot be removed
        mfa_settings.refuse_sms(given["SmsConfiguration"])
    days = defaults.temporary_days(given)
    settings = {
        "Policies": defaults.policies(given.get("Policies", {}), days),
        "DeletionProtection": given.get("DeletionProtection", "INACTIVE"),
        "LambdaConfig": _lambdas(given.get("LambdaConfig", {})),
        "VerificationMessageTemplate": defaults.verification_template(given),
        "MfaConfiguration": given.get("MfaConfiguration", "OFF"),
        "EmailConfiguration": defaults.email(given.get("EmailConfiguration", {})),
        "AdminCreateUserConfig": defaults.admin_create_user(given.get("AdminCreateUserConfig", {}), days),
        "UserPoolTags": _tags(given.get("UserPoolTags", {})),
        "UserPoolTier": given.get("UserPoolTier", "ESSENTIALS"),
        **{member: given[member] for member in _ECHOED if given.get(member)},
    }
    if "DcrConfiguration" in given:
        settings["DcrConfiguration"] = defaults.registration(given["DcrConfiguration"])
    _refuse_values(settings)
    return settings


def _fitting(document: Document, mfa: Settings) -> Document:
    """The pool's MFA settings, once all of its settings are known to fit together and into one record."""
    new_mfa = mfa_settings.implied(document, mfa)
    mfa_settings.refuse_conflicts(document, new_mfa)
    if "phone_number" in document.get("AutoVerifiedAttributes", ()) and "SmsConfiguration" not in document:
        raise InvalidParameterException("An SmsConfiguration is required to verify phone_number automatically.")
    limits.refuse_too_large({**document, **new_mfa})
    return new_mfa


def _distinct(value: Any) -> Any:
    """A list with each entry once: one way to sign in, named twice, would reserve each name twice."""
    return list(dict.fromkeys(value)) if isinstance(value, list) else value


def _refuse_two_lifetimes(given: Settings) -> None:
    newer = given.get("Policies", {}).get("PasswordPolicy", {}).get("TemporaryPasswordValidityDays")
    older = given.get("AdminCreateUserConfig", {}).get("UnusedAccountValidityDays")
    if None not in (newer, older) and defaults.days_or_default(newer) != defaults.days_or_default(older):
        raise InvalidParameterException(
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        )


def _refuse_required_alias(attributes: list[Document], aliases: Collection[str]) -> None:
    """Required at sign-up, and refused there because an alias is set after confirmation: nobody could sign up."""
    is_required = any(one["Name"] == "preferred_username" and one["Required"] for one in attributes)
    _demand(not (is_required and "preferred_username" in aliases),
            "preferred_username cannot be both a required attribute and an alias.")  # fmt: skip


def _refuse_values(settings: Settings) -> None:
    _refuse_factors(settings["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"])
    _refuse_invitation(settings)
    _refuse_recovery(settings.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", []))
    _refuse_acr(settings.get("AcrConfiguration", {}))
    proved_first = settings.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate", [])
    _demand(
        set(proved_first) <= set(settings.get("AutoVerifiedAttributes", [])),
        "AttributesRequireVerificationBeforeUpdate must be among AutoVerifiedAttributes.",
    )
    if settings["EmailConfiguration"]["EmailSendingAccount"] == "DEVELOPER":
        _demand(settings["EmailConfiguration"].get("SourceArn"), "EmailSendingAccount DEVELOPER needs a SourceArn.")
    if settings.get("KeyConfiguration", {}).get("KeyType") == "CUSTOMER_MANAGED_KEY":
        raise InvalidParameterException(
            "KeyType must be AWS_OWNED_KEY: values are sealed under the installation's key."
        )


def _demand(held: object, sentence: str) -> None:
    if not held:
        raise InvalidParameterException(sentence)


def _refuse_factors(factors: list[str]) -> None:
    _demand("PASSWORD" in factors, "AllowedFirstAuthFactors must contain PASSWORD.")
    _demand("SOFTWARE_TOKEN" not in factors, "SOFTWARE_TOKEN cannot be a first authentication factor.")


def _refuse_invitation(settings: Settings) -> None:
    """An invitation tells name and password; where people can get in without one, the name is enough."""
    words = settings["AdminCreateUserConfig"].get("InviteMessageTemplate", {})
    factors = settings["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
    needed = ("{username}", "{####}") if factors == ["PASSWORD"] else ("{username}",)
    for member in ("EmailMessage", "SMSMessage"):
        if member in words:
            held = all(placeholder in words[member] for placeholder in needed)
            _demand(held, f"{member} of the InviteMessageTemplate must contain {' and '.join(needed)}.")


def _refuse_recovery(mechanisms: list[Document]) -> None:
    names = [mechanism["Name"] for mechanism in mechanisms]
    _demand("admin_only" not in names or len(names) == 1, "admin_only must be the only recovery mechanism.")
    distinct = {mechanism["Priority"] for mechanism in mechanisms}
    _demand(len(set(names)) == len(names) == len(distinct), "Recovery mechanisms must differ in name and in priority.")


def _refuse_acr(given: Settings) -> None:
    values = {level["AcrValue"] for level in defaults.acr(given).values()}
    _demand(len(values) == len(defaults.acr({})), "The ACR values of a user pool must differ from each other.")


def _lambdas(given: Settings) -> Document:
    """LambdaConfig with both members for the token trigger, which older and newer clients read."""
    config = dict(given)
    newer = config.get("PreTokenGenerationConfig")
    arn = config.get("PreTokenGeneration", newer and newer["LambdaArn"])
    if newer and newer["LambdaArn"] != arn:
        raise InvalidParameterException("PreTokenGeneration and PreTokenGenerationConfig must name the same function.")
    if arn:
        config["PreTokenGeneration"] = arn
        config["PreTokenGenerationConfig"] = newer or {"LambdaVersion": "V1_0", "LambdaArn": arn}
    if "CustomSMSSender" in config or "CustomEmailSender" in config:
        _demand(config.get("KMSKeyID"), "A custom sender needs a KMSKeyID.")
    return config


def _tags(given: Mapping[str, str]) -> dict[str, str]:
    if sentence := tags.problem(given):
        raise UserPoolTaggingException(sentence)
    return dict(given)
