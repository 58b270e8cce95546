"""What the values of one line of a user import mean, and what is wrong with them, in the words of the service's log.

Owns the rules that imports alone have: names of columns, addresses that must be verified, days as Americans write
them, MFA by the mode of the pool. Leaves lines and values to `csv_files`, the schema to `attributes`, hashes to
`foreign_hashes`. Nothing here repeats a value: what it finds is shown and kept. Settings are in the wire's form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from chalicelib.rules import foreign_hashes, names
from chalicelib.rules.csv_files import PASSWORD_HASH, RowRefused

Row = Mapping[str, str]

USERNAME: Final = "cognito:username"
MFA_ENABLED: Final = "cognito:mfa_enabled"
SUCCEEDED: Final = "The import succeeded."
EXISTS: Final = "The user already exists."

_LONGEST_NAME, _LONGEST_VALUE = 128, 2048
_SEEN = "LMSNP"  # letters, marks, symbols, numbers, punctuation: what the API's pattern of a username allows
_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", re.ASCII)
_SPELLINGS = {"true": True, "false": False}


def columns(schema: Sequence[Mapping[str, Any]]) -> list[str]:
    """The header of an import file, in the order of GetCSVHeader; `sub` is ours to give."""
    return [entry["Name"] for entry in schema if entry["Name"] != "sub"] + [MFA_ENABLED, USERNAME]


def row(header: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """The values of a line by column. Raises RowRefused."""
    if len(values) != len(header):
        raise RowRefused(
            f"The row has {len(values)} values and the header {len(header)}; "
            "before a comma inside a value stands a backslash."
        )
    return dict(zip(header, values, strict=True))


def username(settings: Mapping[str, Any], given: Row) -> str:
    """The name of the new user. Raises RowRefused."""
    name = given[USERNAME]
    if not name:
        raise RowRefused(f"The User Record does not set {USERNAME}.")
    if len(name) > _LONGEST_NAME or any(unicodedata.category(one)[0] not in _SEEN for one in name):
        raise RowRefused(f"{USERNAME} must have at most {_LONGEST_NAME} characters, and no spaces or controls.")
    if problem := names.username_problem(settings, name):
        raise RowRefused(problem)
    return name


def attributes(given: Row) -> dict[str, str]:
    """The attributes of the new user that have a value, dates in the form in which they are kept. Raises RowRefused."""
    apart = (USERNAME, MFA_ENABLED, PASSWORD_HASH)
    found = {name: value for name, value in given.items() if value and name not in apart}
    for name, value in found.items():
        if len(value) > _LONGEST_VALUE:
            raise RowRefused(f"{name}: The value is longer than {_LONGEST_VALUE} characters.")
    if "birthdate" in found:
        found["birthdate"] = _day(found["birthdate"])
    return found


def require_verified(settings: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Raises RowRefused for a user who could not be sent a code: an address that the pool verifies must be verified.

    In a pool that verifies none by itself either will do.
    """
    kinds = settings.get("AutoVerifiedAttributes") or names.CONTACTS
    if not any(_is_verified(values, kind) for kind in kinds):
        example = f"(Example: {kinds[0]}_verified to true)"
        raise RowRefused(f"The User Record does not set any of the auto verified attributes to true. {example}.")


def has_mfa(settings: Mapping[str, Any], given: Row, values: Mapping[str, str]) -> bool:
    """Whether the user gets codes by SMS as second factor. Raises RowRefused.

    A blank stands for what the pool asks of everybody, and for no where it leaves the choice.
    """
    mode = settings.get("MfaConfiguration", "OFF")
    is_wanted = _SPELLINGS.get(given[MFA_ENABLED].lower() or ("true" if mode == "ON" else "false"))
    if is_wanted is None:
        raise RowRefused(f"{MFA_ENABLED} must be true or false.")
    if mode != "OPTIONAL" and is_wanted != (mode == "ON"):
        raise RowRefused(f"{MFA_ENABLED} must be {str(mode == 'ON').lower()}, because MFA of the user pool is {mode}.")
    if is_wanted and not _is_verified(values, "phone_number"):
        raise RowRefused(f"{MFA_ENABLED} is true, so phone_number must be set and phone_number_verified be true.")
    return is_wanted


def password_hash(given: Row, algorithm: str | None) -> str | None:
    """The hash that the user's password is checked by; None when the row has none. Raises RowRefused."""
    text = given.get(PASSWORD_HASH)
    if not text or algorithm is None:
        return None
    if problem := foreign_hashes.problem(algorithm, text):
        raise RowRefused(problem)
    return text


def log_line(outcome: str, number: int, message: str) -> str:
    """What the service's log says of a line."""
    return f"[{outcome}] Line Number {number} - {message}"


def _is_verified(values: Mapping[str, str], kind: str) -> bool:
    return bool(values.get(kind)) and values.get(f"{kind}_verified", "").lower() == "true"


def _day(text: str) -> str:
    found = _DATE.fullmatch(text)
    try:
        month, day, year = (int(part) for part in found.groups()) if found else (0, 0, 0)
        return date(year, month, day).isoformat()
    except ValueError:
        raise RowRefused("birthdate must be a day in the form mm/dd/yyyy.") from None
