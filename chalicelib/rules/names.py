"""Sign-in names: how they are folded, what they may look like, which guards a user holds, how addresses are masked.

Reads the pool's settings in the wire's spelling (`UsernameAttributes`, `AliasAttributes`, `UsernameConfiguration`). A
guard is a pair [kind, folded name]; the table keeps each unique in its pool. Follows the Cognito developer guide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]
Guard = tuple[str, str]

CONTACTS = ("email", "phone_number")
CANDIDATES = (*CONTACTS, "preferred_username")
"""Aliases in the order in which a name is looked for among them: what was proven goes before what was chosen."""

_EMAIL = re.compile(r"[^\s@\"<>()\\,;:\[\]\x00-\x1f]{1,64}@[^\s@\"<>()\\,;:\[\]\x00-\x1f]{1,255}")
_UNSEEN = frozenset({"Cc", "Cf"})  # controls, and formats such as the zero-width space
_PHONE = re.compile(r"\+[0-9]{2,15}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_email(text: str) -> bool:
    """Whether a text has the form of an e-mail address.

    Attack: an address with a character that nobody sees passes for somebody's, and no mail server takes a control.
    """
    return _EMAIL.fullmatch(text) is not None and not any(unicodedata.category(one) in _UNSEEN for one in text)


def is_phone_number(text: str) -> bool:
    """Whether a text has the form of E.164: a plus sign and digits."""
    return _PHONE.fullmatch(text) is not None


def is_sub(text: str) -> bool:
    """Whether a text has the form of a user's `sub`."""
    return _UUID.fullmatch(text) is not None


def is_case_sensitive(settings: Settings) -> bool:
    """Whether names differ by case: so unless UsernameConfiguration says otherwise."""
    return bool((settings.get("UsernameConfiguration") or {}).get("CaseSensitive", True))


def folded(settings: Settings, name: str) -> str:
    """A name as this pool compares and shows it: in lower case where case does not matter.

    Lower case and not the wider case folding of Unicode: that makes weiß.de and weiss.de one, and they are two domains
    (the attack: taking over the verified alias of one by proving the other).
    """
    return name if is_case_sensitive(settings) else name.lower()


def has_generated_usernames(settings: Settings) -> bool:
    """Whether users sign in by address only, so that their username is their `sub`."""
    return bool(settings.get("UsernameAttributes"))


def candidates(settings: Settings, name: str, *, keeps_usernames: bool = False) -> list[Guard]:
    """The guards under which a given sign-in name may be found, most likely first.

    `keeps_usernames`: the pool has been changed, so where addresses are names some users have a username still.
    """
    by_address = settings.get("UsernameAttributes") or []
    aliases = sorted(settings.get("AliasAttributes") or [], key=CANDIDATES.index)
    kinds = [*by_address, *(["username"] if keeps_usernames else [])] if by_address else ["username", *aliases]
    return [(kind, folded(settings, name)) for kind in kinds if _may_be(kind, name)]


def _may_be(kind: str, name: str) -> bool:
    if kind == "email":
        return is_email(name)
    if kind == "phone_number":
        return is_phone_number(name)
    return True


def guards(
    settings: Settings, username: str, attributes: Mapping[str, str], *, keeps_usernames: bool = False
) -> list[Guard]:
    """All guards that a user must hold.

    Where an address is the username it is guarded verified or not; as an alias only once it is verified, because an
    unproven address must not keep its owner out (the attack: signing up with somebody else's address first). With
    `keeps_usernames` a username that is no `sub` stays a name where addresses are names.
    """
    by_address = settings.get("UsernameAttributes") or []
    chosen = [("username", folded(settings, username))]
    if by_address:
        held = [(kind, folded(settings, attributes[kind])) for kind in by_address if attributes.get(kind)]
        return held + (chosen if keeps_usernames and not is_sub(username) else [])
    held = chosen
    for kind in settings.get("AliasAttributes") or []:
        value = attributes.get(kind)
        if value and (kind not in CONTACTS or attributes.get(f"{kind}_verified") == "true"):
            held.append((kind, folded(settings, value)))
    return held


def username_problem(settings: Settings, name: str) -> str | None:
    """The service's sentence for a new user's Username that has the wrong form, or None."""
    by_address = settings.get("UsernameAttributes") or []
    if by_address:
        return None if any(_may_be(kind, name) for kind in by_address) else _wanted(by_address)
    aliases = settings.get("AliasAttributes") or []
    if "email" in aliases and is_email(name):
        return "Username cannot be of email format, since user pool is configured for email alias."
    if "phone_number" in aliases and is_phone_number(name):
        return "Username cannot be of phone number format, since user pool is configured for phone number alias."
    return None


def kept_username_problem(settings: Settings, sub: str, username: str, attributes: Mapping[str, str]) -> str | None:
    """Why a username that was chosen under other rules cannot be kept under these, or None.

    The attack: a username that is somebody's address, chosen while usernames were free, is found in the owner's place,
    or keeps the owner out. So it may look like an address only if it is the user's own, proven where aliases must be.
    Where addresses are names, what has the form of a `sub` is one.
    """
    by_address = settings.get("UsernameAttributes") or []
    if by_address and is_sub(username) and username != sub:
        return "Username cannot have the form of a sub, since usernames are generated."
    for kind in by_address or settings.get("AliasAttributes") or []:
        if kind not in CONTACTS or not _may_be(kind, username):
            continue
        is_own = folded(settings, attributes.get(kind, "")) == folded(settings, username)
        if not is_own or not (by_address or attributes.get(f"{kind}_verified") == "true"):
            return f"Username cannot be of {kind} format, since it is not the {kind} of the user."
    return None


def preferred_name_problem(settings: Settings, name: str) -> str | None:
    """Why a preferred_username cannot be an alias of this pool, or None.

    The attack: calling oneself by somebody's address, to be found in the owner's place.
    """
    for kind in settings.get("AliasAttributes") or []:
        if kind in CONTACTS and _may_be(kind, name):
            return f"preferred_username cannot be of {kind} format, since user pool is configured for {kind} alias."
    return None


def _wanted(kinds: list[str]) -> str:
    if len(kinds) > 1:
        return "Username should be either an email or a phone number."
    return "Username should be an email." if kinds == ["email"] else "Username should be a phone number."


def address_kind(settings: Settings, name: str) -> str:
    """Which of the pool's UsernameAttributes a given Username is; call it for names without a `username_problem`."""
    kinds: list[str] = settings["UsernameAttributes"]
    return next(kind for kind in kinds if _may_be(kind, name))


def masked(kind: str, value: str) -> str:
    """An address as a stranger may see it: `t***@e***`, `+*******0100`.

    In lower case: an invented address is made of the name as it is compared, and capitals would show which is not.
    """
    if kind == "phone_number":
        return "+*******" + value[-4:]
    local, _, domain = value.lower().partition("@")
    return f"{local[:1]}***@{domain[:1]}***"
