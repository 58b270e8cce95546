"""Terms of use and privacy policy of an app client: which names and links they may have.

Owns the document in the wire's form. The languages are the model's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib.errors import InvalidParameterException

Document = dict[str, Any]
Given = Mapping[str, Any]

NAMES: Final = ("terms-of-use", "privacy-policy")
MOST_PER_POOL: Final = 40
DEFAULT_LANGUAGE: Final = "cognito:default"

_UNSAFE = re.compile(r"[\s\\<>\"\x00-\x20\x7f]")


def created(given: Given, now: float) -> Document:
    """TermsType of new terms, without the id; `now` is in seconds. Raises InvalidParameterException."""
    members = ("UserPoolId", "ClientId", "TermsName", "TermsSource", "Enforcement")
    moment = round(now, 3)
    return {member: given[member] for member in members} | {
        "Links": _links(given.get("Links", {})),
        "CreationDate": moment,
        "LastModifiedDate": moment,
    }


def updated(document: Given, given: Given, now: float) -> Document:
    """The document after an update: what is left out stays, links are replaced as a whole.

    Raises InvalidParameterException.
    """
    members = ("TermsName", "TermsSource", "Enforcement")
    changed = {member: given[member] for member in members if member in given}
    if "Links" in given:
        changed["Links"] = _links(given["Links"])
    return dict(document) | changed | {"LastModifiedDate": round(now, 3)}


def _links(given: Mapping[str, str]) -> dict[str, str]:
    """Who reads another language than those that are linked is shown the default, so there must be one."""
    if DEFAULT_LANGUAGE not in given:
        raise InvalidParameterException(f"Links must have an address for {DEFAULT_LANGUAGE}.")
    for language, address in given.items():
        if not is_page(address):
            raise InvalidParameterException(f"The link for {language} is not an absolute https URL.")
    return dict(given)


def is_page(address: str) -> bool:
    """Whether an address is that of a page on the web.

    Attacks: a script in place of an address (`javascript:`), and a host that people read differently than browsers
    (`https://known.example@evil.example`, `https://evil.example\\known.example`).
    """
    if _UNSAFE.search(address) or not address.lower().startswith("https://"):
        return False
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
