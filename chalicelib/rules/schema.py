"""The attributes that a pool knows: the standard ones, what a pool changes of them, and its own.

Owns the definition of attributes in the wire's form (`SchemaAttributeType`). Leaves values of attributes to
`attributes`. Order, limits and sentences are those of the Cognito API; constraint numbers are text there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.errors import InvalidParameterException

Attribute = dict[str, Any]

CUSTOM = "custom:"
DEVELOPER_ONLY = "dev:"
MOST_CUSTOM = 50
LONGEST_VALUE = 2048

_CONSTRAINTS = {"String": "StringAttributeConstraints", "Number": "NumberAttributeConstraints"}
_LENGTH = re.compile(r"[0-9]{1,10}", re.ASCII)
_VALUE = re.compile(r"-?[0-9]{1,30}", re.ASCII)


def _text(name: str, shortest: int = 0, longest: int = LONGEST_VALUE) -> Attribute:
    limits = {"MinLength": str(shortest), "MaxLength": str(longest)}
    return _standard(name, "String") | {"StringAttributeConstraints": limits}


def _standard(name: str, kind: str) -> Attribute:
    return {
        "Name": name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
    }


STANDARD: tuple[Attribute, ...] = (
    _text("sub", 1) | {"Mutable": False, "Required": True},
    _text("name"),
    _text("given_name"),
    _text("family_name"),
    _text("middle_name"),
    _text("nickname"),
    _text("preferred_username"),
    _text("profile"),
    _text("picture"),
    _text("website"),
    _text("email"),
    _standard("email_verified", "Boolean"),
    _text("gender"),
    _text("birthdate", 10, 10),
    _text("zoneinfo"),
    _text("locale"),
    _text("phone_number"),
    _standard("phone_number_verified", "Boolean"),
    _text("address"),
    _standard("updated_at", "Number") | {"NumberAttributeConstraints": {"MinValue": "0"}},
)
"""What every pool begins with, in this order. Shared: copy before changing."""

_STANDARD_NAMES = frozenset(attribute["Name"] for attribute in STANDARD)


def created(given: Iterable[Attribute]) -> list[Attribute]:
    """The attributes of a new pool whose `Schema` is `given`; raises InvalidParameterException."""
    entries = _named(given)
    overrides = _by_name(entry for entry in entries if entry["Name"] in _STANDARD_NAMES)
    standard = [_overridden(default, overrides.get(default["Name"])) for default in STANDARD]
    return extended(standard, [entry for entry in entries if entry["Name"] not in _STANDARD_NAMES])


def extended(attributes: list[Attribute], given: Iterable[Attribute]) -> list[Attribute]:
    """A pool's attributes with new custom ones behind them; raises InvalidParameterException.

    A name is taken whether its attribute is for developers only or not.
    """
    result = list(attributes)
    taken = {_unprefixed(attribute["Name"]): attribute["Name"] for attribute in result if is_custom(attribute["Name"])}
    for entry in _named(given):
        added = _custom(entry)
        name = _unprefixed(added["Name"])
        if name in taken:
            raise InvalidParameterException(f"{name}: Existing attribute already has name {taken[name]}.")
        taken[name] = added["Name"]
        result.append(added)
    if len(taken) > MOST_CUSTOM:
        raise InvalidParameterException(f"A user pool cannot have more than {MOST_CUSTOM} custom attributes.")
    return result


def is_custom(name: str) -> bool:
    """Whether a full name is that of an attribute which the pool itself defined."""
    return name.startswith((CUSTOM, DEVELOPER_ONLY))


def _named(given: Iterable[Attribute]) -> list[Attribute]:
    """The entries of a request; the model lets them come without the one member that they cannot do without."""
    entries = list(given)
    if any("Name" not in entry for entry in entries):
        raise InvalidParameterException("Every schema attribute needs a Name.")
    return entries


def _unprefixed(name: str) -> str:
    return name.removeprefix(DEVELOPER_ONLY)


def _by_name(entries: Iterable[Attribute]) -> dict[str, Attribute]:
    named: dict[str, Attribute] = {}
    for entry in entries:
        name = entry["Name"]
        if name in named:
            raise InvalidParameterException(f"{name}: Existing attribute already has name {name}.")
        named[name] = entry
    return named


def _overridden(default: Attribute, given: Attribute | None) -> Attribute:
    """A standard attribute as a pool wants it. `sub` stays as it is: it names the user for ever."""
    if given is None or given["Name"] == "sub":
        return _copied(default)
    name, kind = default["Name"], default["AttributeDataType"]
    if given.get("AttributeDataType", kind) != kind or given.get("DeveloperOnlyAttribute"):
        raise InvalidParameterException(
            f"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {name}"
        )
    result = _copied(default)
    result |= {member: given[member] for member in ("Mutable", "Required") if member in given}
    limits = _CONSTRAINTS.get(kind, "")
    if limits in given and "AttributeDataType" in given:  # the service reads limits only beside the type
        result[limits] = _checked(name, kind, given[limits]) or result[limits]
    return result


def _copied(default: Attribute) -> Attribute:
    return {member: dict(value) if isinstance(value, dict) else value for member, value in default.items()}


def _custom(given: Attribute) -> Attribute:
    kind = given.get("AttributeDataType")
    if kind is None:
        raise InvalidParameterException(
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
        )
    if given.get("Required"):
        raise InvalidParameterException("Required custom attributes are not supported currently.")
    developer_only = given.get("DeveloperOnlyAttribute", False)
    name = (DEVELOPER_ONLY if developer_only else "") + CUSTOM + _bare(given["Name"], developer_only=developer_only)
    result = {
        "Name": name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": developer_only,
        "Mutable": given.get("Mutable", True),
        "Required": False,
    }
    if kind in _CONSTRAINTS:
        result[_CONSTRAINTS[kind]] = _checked(name, kind, given.get(_CONSTRAINTS[kind]) or {})
    return result


def _bare(name: str, *, developer_only: bool) -> str:
    """A name without the prefixes of its kind, with which an attribute is described and may be given again."""
    own = name.removeprefix(DEVELOPER_ONLY) if developer_only else name
    return own.removeprefix(CUSTOM) or name


def _checked(name: str, kind: str, limits: Mapping[str, str]) -> dict[str, str]:
    return _checked_lengths(name, limits) if kind == "String" else _checked_values(name, limits)


def _checked_lengths(name: str, limits: Mapping[str, str]) -> dict[str, str]:
    low, high = (_number(name, "String", limits.get(member)) for member in ("MinLength", "MaxLength"))
    if max(low or 0, high or 0) > LONGEST_VALUE:
        raise InvalidParameterException(
            f"user.{name}: String attributes cannot have a length of more than {LONGEST_VALUE}"
        )
    if low is not None and high is not None and high < low:
        raise InvalidParameterException(f"user.{name}: Max length cannot be less than min length.")
    return {member: limit for member, limit in limits.items() if limit}


def _checked_values(name: str, limits: Mapping[str, str]) -> dict[str, str]:
    low, high = (_number(name, "Number", limits.get(member)) for member in ("MinValue", "MaxValue"))
    if low is not None and high is not None and high < low:
        raise InvalidParameterException(f"user.{name}: Max value cannot be less than min value.")
    return {member: limit for member, limit in limits.items() if limit}


def _number(name: str, kind: str, text: str | None) -> int | None:
    """A limit as a number; digits are bounded because converting text to a number takes time that grows with them."""
    if not text:
        return None
    if not (_LENGTH if kind == "String" else _VALUE).fullmatch(text):
        raise InvalidParameterException(f"Invalid {_CONSTRAINTS[kind]} for schema attribute {name}")
    return int(text)
