"""Attributes of users against the pool's schema, and what an app client may read and write of them.

Owns the checks of values (known, required, type, bounds, form, mutability) with the service's own sentences, and the
client's lists. Leaves names and their guards to `names`, and the check of a schema itself to the pool's rules. Values
are always texts; an empty one means none. Reads `SchemaAttributes` in the wire's spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chalicelib.errors import InvalidParameterException, NotAuthorizedException
from chalicelib.rules import limits, names

Definition = Mapping[str, Any]
Schema = Sequence[Definition]
Values = Mapping[str, str]

VERIFIED: Final = frozenset({"email_verified", "phone_number_verified"})
NEVER_BY_CLIENTS: Final = VERIFIED | {"sub"}

_MOST_LISTED = 100
"""Faults that a refusal names. Attack: amplification, a message many times as long as the request that it refuses."""

_UNKNOWN = "Attribute does not exist in the schema."
_IMMUTABLE = "Attribute cannot be updated. (changing an immutable attribute)"
_DEVELOPER_ONLY = "dev:"
_PROFILE: Final = frozenset({
    "birthdate", "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname", "picture",
    "preferred_username", "profile", "updated_at", "website", "zoneinfo",
})  # fmt: skip
_SHORTHANDS: Final = {"oidc:profile": _PROFILE}

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def given(members: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """A list of AttributeType as a mapping; a value that is left out is an empty one, and the last of a name counts."""
    return {member["Name"]: member.get("Value", "") for member in members}


def wire_form(values: Values) -> list[dict[str, str]]:
    """A mapping as a list of AttributeType."""
    return [{"Name": name, "Value": value} for name, value in values.items()]


def accepted(schema: Schema, values: Values) -> dict[str, str]:
    """The attributes that a new user gets: those with a value, in the form in which they are kept.

    Does not ask for required ones: a user whom an administrator makes gives them later. Raises
    InvalidParameterException with every fault.
    """
    present = {name: value for name, value in values.items() if value}
    _refuse_new([_new_fault(schema, name, value) for name, value in present.items()])
    return _normal(schema, present)


def accepted_in_full(schema: Schema, values: Values) -> dict[str, str]:
    """`accepted`, and every required attribute must be there."""
    present = {name: value for name, value in values.items() if value}
    faults = [_new_fault(schema, name, value) for name, value in present.items()]
    _refuse_new(faults + [f"{name}: The attribute is required" for name in missing(schema, present)])
    return _normal(schema, present)


def accepted_changes(schema: Schema, values: Values) -> dict[str, str]:
    """The changes that may be made to a user, in the form in which they are kept; an empty value deletes.

    Raises InvalidParameterException with every fault, a line each.
    """
    faults = [fault for name, value in values.items() if (fault := _change_fault(schema, name, value))]
    if faults:
        raise InvalidParameterException("Invalid user attributes: " + _lines(faults[:_MOST_LISTED]))
    return _normal(schema, values)


def missing(schema: Schema, values: Values) -> list[str]:
    """The required attributes without a value; `sub` is ours to give."""
    required = (entry["Name"] for entry in schema if entry.get("Required"))
    return [name for name in required if name != "sub" and not values.get(name)]


def require_writable(given_names: Iterable[str], write_list: Iterable[str] | None) -> None:
    """Raises NotAuthorizedException when an app client writes what it may not; without a list it may write most.

    Never what we vouch for: a client that may set `email_verified` owns any address that it names.
    """
    allowed = None if write_list is None else _expanded(write_list)
    for name in given_names:
        is_ours = name in NEVER_BY_CLIENTS or name.startswith(_DEVELOPER_ONLY)
        if is_ours or (allowed is not None and name not in allowed):
            raise NotAuthorizedException("A client attempted to write unauthorized attribute")


def readable(values: Values, read_list: Iterable[str] | None) -> dict[str, str]:
    """What an app client may see: `sub` always; without a list, everything."""
    if read_list is None:
        return dict(values)
    allowed = _expanded(read_list) | {"sub"}
    return {name: value for name, value in values.items() if name in allowed}


def require_known(schema: Schema, wanted: Iterable[str]) -> None:
    """Raises InvalidParameterException for a name that the schema does not have."""
    _refuse_new([f"{name}: {_UNKNOWN}" for name in wanted if _definition(schema, name) is None])


def _expanded(listed: Iterable[str]) -> set[str]:
    expanded: set[str] = set()
    for name in listed:
        expanded |= _SHORTHANDS.get(name, {name})
    return expanded


def _definition(schema: Schema, name: str) -> Definition | None:
    return next((entry for entry in schema if entry["Name"] == name), None)


def _new_fault(schema: Schema, name: str, value: str) -> str | None:
    definition = _definition(schema, name)
    if definition is None:
        return f"{name}: {_UNKNOWN}"
    if name == "sub":
        return f"{name}: Attribute cannot be set."
    problem = _value_problem(definition, value)
    return f"{name}: {problem}" if problem else None


def _refuse_new(faults: Sequence[str | None]) -> None:
    found = [fault for fault in faults if fault]
    if found:
        raise InvalidParameterException("Attributes did not conform to the schema: " + "\n".join(found[:_MOST_LISTED]))


def _change_fault(schema: Schema, name: str, value: str) -> str | None:
    definition = _definition(schema, name)
    if definition is None:
        return f"user.{name}: {_UNKNOWN}"
    if name == "sub" or not definition.get("Mutable", True):
        return f"user.{name}: {_IMMUTABLE}"
    if not value:
        return f"{name}: Required attribute cannot be deleted." if definition.get("Required") else None
    problem = _value_problem(definition, value)
    return f"user.{name}: {problem}" if problem else None


def _lines(faults: list[str]) -> str:
    """One line per fault; the service ends that of an unknown attribute and leaves that of an immutable one open."""
    return "\n".join(faults) + ("\n" if faults[-1].endswith(_UNKNOWN) else "")


def _normal(schema: Schema, values: Values) -> dict[str, str]:
    """The values as they are kept, checked for the form of addresses and for their size together first."""
    _refuse_bad_addresses(values)
    limits.refuse_too_large(values)
    return {name: value.lower() if _is_boolean(schema, name) else value for name, value in values.items()}


def _is_boolean(schema: Schema, name: str) -> bool:
    definition = _definition(schema, name)
    return definition is not None and definition["AttributeDataType"] == "Boolean"


def _refuse_bad_addresses(values: Values) -> None:
    if values.get("email") and not names.is_email(values["email"]):
        raise InvalidParameterException("Invalid email address format.")
    if values.get("phone_number") and not names.is_phone_number(values["phone_number"]):
        raise InvalidParameterException("Invalid phone number format.")


def _value_problem(definition: Definition, value: str) -> str | None:
    problem = _PROBLEMS[definition["AttributeDataType"]](definition, value)
    if problem is None and definition["Name"] == "birthdate" and not _DATE.fullmatch(value):
        return "Date must be of the form YYYY-MM-DD"
    return problem


def _text_problem(definition: Definition, value: str) -> str | None:
    bounds = definition.get("StringAttributeConstraints", {})
    if len(value) < int(bounds.get("MinLength", 0)):
        return f"String must be no shorter than {bounds['MinLength']} characters"
    if "MaxLength" in bounds and len(value) > int(bounds["MaxLength"]):
        return f"String must be no longer than {bounds['MaxLength']} characters"
    return None


def _number_problem(definition: Definition, value: str) -> str | None:
    if not _INTEGER.fullmatch(value):
        return "Value must be an integer"
    bounds = definition.get("NumberAttributeConstraints", {})
    if "MinValue" in bounds and int(value) < int(bounds["MinValue"]):
        return f"Number must be no less than {bounds['MinValue']}"
    if "MaxValue" in bounds and int(value) > int(bounds["MaxValue"]):
        return f"Number must be no more than {bounds['MaxValue']}"
    return None


def _boolean_problem(_definition: Definition, value: str) -> str | None:
    return None if value.lower() in ("true", "false") else "Value must be true or false"


def _time_problem(_definition: Definition, value: str) -> str | None:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "Value must be a date and time in ISO 8601"
    return None


_PROBLEMS: Final[dict[str, Callable[[Definition, str], str | None]]] = {
    "String": _text_problem,
    "Number": _number_problem,
    "Boolean": _boolean_problem,
    "DateTime": _time_problem,
}
