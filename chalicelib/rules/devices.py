"""Remembered devices: their keys, what the pool's settings make of them, and the verifier that a client registers.

Owns the forms of device keys and group keys and what a verifier has to be. Leaves the proof of a device's secret to
`rules.srp`, whose exchange is the one of passwords with other names in it.
"""

from __future__ import annotations

import base64
import re
import string
import uuid
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import srp

MOST: Final = 100
"""Devices that one user may confirm; the service has no stated number."""

REMEMBERED: Final = "remembered"
NOT_REMEMBERED: Final = "not_remembered"

_KEY = re.compile(r"[\w-]+_[0-9a-f-]+", re.ASCII)
_LONGEST_KEY: Final = 55
_ALPHABET: Final = string.ascii_letters + string.digits
_GROUP_LETTERS: Final = 8
_LONGEST_VERIFIER: Final = len(srp.pad(srp.N))  # bytes
_LONGEST_SALT: Final = 64  # bytes; clients take 16


class Kept(NamedTuple):
    """What is kept of a device's secret."""

    salt: int
    verifier: int


def is_key(text: str) -> bool:
    """Whether a text has the form of a device key. Nothing else may become part of a key of the table."""
    return len(text) <= _LONGEST_KEY and _KEY.fullmatch(text) is not None


def new_key(region: str) -> str:
    """A fresh device key: `<region>_<uuid>`."""
    return f"{region}_{uuid.uuid4()}"


def group_key(digest: bytes) -> str:
    """A device group key out of a keyed digest: a hyphen, eight letters or digits."""
    return "-" + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:_GROUP_LETTERS])


def is_tracking(document: Mapping[str, Any]) -> bool:
    """Whether the pool gives keys to devices at all; `document` is its UserPoolType."""
    return bool(document.get("DeviceConfiguration"))


def waits_for_person(document: Mapping[str, Any]) -> bool:
    """Whether a confirmed device is remembered only when the person says so."""
    return bool((document.get("DeviceConfiguration") or {}).get("DeviceOnlyRememberedOnUserPrompt"))


def replaces_second_factor(document: Mapping[str, Any], *, is_remembered: bool) -> bool:
    """Whether proving a device takes the place of a second factor."""
    configuration = document.get("DeviceConfiguration") or {}
    return is_remembered and bool(configuration.get("ChallengeRequiredOnNewDevice"))


def registered(configuration: Mapping[str, str]) -> Kept:
    """Salt and verifier of a DeviceSecretVerifierConfig. Raises InvalidParameterException.

    The attack: a verifier of 0, N or a multiple makes the shared secret a power of the server's public value, and one
    of 1 or N - 1 leaves the device's secret out of it, so that whoever learns the device's key proves the device.
    """
    verifier = _number(configuration, "PasswordVerifier", _LONGEST_VERIFIER)
    if not 1 < verifier < srp.N - 1:
        raise InvalidParameterException("PasswordVerifier is not valid.")
    return Kept(_number(configuration, "Salt", _LONGEST_SALT), verifier)


def _number(configuration: Mapping[str, str], name: str, most: int) -> int:
    text = configuration.get(name) or ""
    try:
        content = base64.b64decode(text, validate=True) if len(text) <= 2 * most else b""
    except ValueError:
        content = b""
    if not 0 < len(content) <= most:
        raise InvalidParameterException(f"{name} is not valid.")
    return int.from_bytes(content, "big")
