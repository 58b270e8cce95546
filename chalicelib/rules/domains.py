"""The domains of a user pool: one prefix of ours, one full name of the owner's.

Owns which names may be had and the domain's document in the wire's form, without what is computed when it is shown.
What has a dot is a full name (RFC 1035, lower case) and comes with its certificate; what has none is a prefix. The
model gives one pattern for both, that of prefixes, which the service itself does not hold full names to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from chalicelib.errors import InvalidParameterException

Settings = Mapping[str, Any]
Document = dict[str, Any]

UNKNOWN: Final = "No such domain or user pool exists."
TAKEN: Final = "Domain already associated with another user pool."

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PREFIX = re.compile(_LABEL, re.ASCII)
_FULL = re.compile(rf"(?=.{{4,253}}\Z)(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])", re.ASCII)
_RESERVED: Final = ("aws", "amazon", "cognito")
_VERSIONS: Final = (1, 2)
_SETTINGS: Final = ("ManagedLoginVersion", "CustomDomainConfig", "Routing")
_MALFORMED: Final = (
    "The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and "
    "hyphens. Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\\-]{0,61}[a-z0-9])?$"
)


def is_custom(name: str) -> bool:
    """Whether a domain is a full name rather than a prefix."""
    return "." in name


def member(name: str) -> Literal["Domain", "CustomDomain"]:
    """The member of the pool's description under which a domain stands."""
    return "CustomDomain" if is_custom(name) else "Domain"


def refuse_malformed(name: str) -> None:
    """Raise InvalidParameterException for what can be neither a prefix nor a full name; bounds what becomes a key."""
    if not (_FULL if is_custom(name) else _PREFIX).fullmatch(name):
        raise InvalidParameterException(_MALFORMED)


def created(given: Settings, own_host: str, now: float) -> Document:
    """The document of a new domain from CreateUserPoolDomain's input; `own_host` is where the service itself answers.

    Raises InvalidParameterException.
    """
    name = given["Domain"]
    refuse_malformed(name)
    if is_custom(name):
        _refuse_custom(name, given, own_host)
    else:
        _refuse_prefix(name, given)
    return _document({"ManagedLoginVersion": 1, **given}, now) | {"Domain": name, "UserPoolId": given["UserPoolId"]}


def updated(document: Settings, given: Settings, now: float) -> Document:
    """The document after UpdateUserPoolDomain: each of its settings stays unless given. The name stays in any case.

    Raises InvalidParameterException.
    """
    if not is_custom(document["Domain"]):
        _refuse_custom_settings(given)
    return {**document, **_document({**document, **given}, now)}


def attached(pool: Settings, name: str) -> Document:
    """The document of a pool that gets a domain; raises InvalidParameterException when it has one of that kind."""
    if member(name) in pool:
        raise InvalidParameterException("User pool already has a domain configured.")
    return {**pool, member(name): name}


def detached(pool: Settings, name: str) -> Document:
    """The document of a pool that loses a domain; raises InvalidParameterException unless it has that one."""
    if pool.get(member(name)) != name:
        raise InvalidParameterException(UNKNOWN)
    return {key: value for key, value in pool.items() if key != member(name)}


def _document(settings: Settings, now: float) -> Document:
    if settings["ManagedLoginVersion"] not in _VERSIONS:
        raise InvalidParameterException("ManagedLoginVersion must be 1 or 2.")
    version = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S")
    return {key: settings[key] for key in _SETTINGS if key in settings} | {"Version": version}


def _refuse_prefix(name: str, given: Settings) -> None:
    """Attack: a page at `amazon-support.auth...` is believed to be theirs."""
    for word in _RESERVED:
        if word in name:
            raise InvalidParameterException(f"Domain cannot contain reserved word: {word}")
    _refuse_custom_settings(given)


def _refuse_custom_settings(given: Settings) -> None:
    if "CustomDomainConfig" in given:
        raise InvalidParameterException("CustomDomainConfig needs a full domain name, such as auth.example.com.")
    if "Routing" in given:
        raise InvalidParameterException("Routing needs a custom domain.")


def _refuse_custom(name: str, given: Settings, own_host: str) -> None:
    """Attack: pools are found by host, so who owns one pool could take the service's name, or another's prefix host."""
    if "CustomDomainConfig" not in given:
        raise InvalidParameterException(_MALFORMED)
    if own_host and (name == own_host or f".{name}".endswith(f".auth.{own_host}")):
        raise InvalidParameterException(f"{name} belongs to the service itself.")
