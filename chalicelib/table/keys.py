"""THE page: every entity of the table, its keys, its place in the list index, and how long it lives.

The only file where a key is spelled. Uniqueness is the name guard, written in the same transaction as what it guards
and never an index, so names may be folded differently later. All of a user but its guards is one partition: one query
signs in, one query exports, one deletes; what sign-in needs begins with "." and sorts first, so that query is bounded.
A part that may hold "#" always comes last in its key, so no value can imitate another entity's key.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Entity(NamedTuple):
    """Templates of an entity's keys; `listed` and `order` are its place in the list index, if it has one."""

    pk: str
    sk: str
    listed: str = ""
    order: str = ""
    lives: str = "ever"


ENTITIES: dict[str, Entity] = {
    # name                 pk                        sk                 listed under            in this order
    "Pool":         Entity("P#{pool}",               ".",               "LIST#pools",           "{created}#{pool}"),
    "SigningKey":   Entity("P#{pool}",               "KEY#{kid}"),
    "Usage":        Entity("P#{pool}",               "USAGE#{day}",     lives="ttl"),
    "Group":        Entity("P#{pool}",               "GROUP#{name}"),
    "ResourceServer": Entity("P#{pool}",             "RESOURCE#{name}"),
    "Terms":        Entity("P#{pool}",               "TERMS#{client}#{name}"),
    "Branding":     Entity("P#{pool}",               "BRANDING#{client}"),
    "UiCustomization": Entity("P#{pool}",            "UI#{client}"),
    "Risk":         Entity("P#{pool}",               "RISK#{client}"),
    "LogDelivery":  Entity("P#{pool}",               "LOGS"),
    "Replica":      Entity("P#{pool}",               "REPLICA"),
    "Certificate":  Entity("P#{pool}",               "CERTIFICATE#{id}"),
    "ImportJob":    Entity("P#{pool}",               "IMPORT#{id}",     "P#{pool}#IMPORTS",     "{created}#{id}"),
    "ActiveImport": Entity("P#{pool}",               "IMPORTING",       "LIST#imports",         "{created}#{pool}"),
    "PoolChange":   Entity("P#{pool}",               "CHANGE#{id}",     "P#{pool}#CHANGES",     "{created}#{id}"),
    "OpenChange":   Entity("P#{pool}",               "OPEN-CHANGE",     "LIST#open-changes",    "{created}#{pool}"),
    "BrandingAsset": Entity("A#{pool}",              "{client}#{asset}#{part}"),
    "ImportLines":  Entity("F#{pool}#{job}",         "{line}",          lives="ttl"),
    "Domain":       Entity("D#{host}",               "."),
    "Client":       Entity("C#{client}",             ".",               "P#{pool}#CLIENTS",     "{created}#{client}"),
    "ClientSecret": Entity("C#{client}",             "SECRET#{id}"),
    "User":         Entity("U#{pool}#{sub}",         ".",               "P#{pool}#USERS",       "{created}#{sub}"),
    "Password":     Entity("U#{pool}#{sub}",         ".PASSWORD"),
    "Attempts":     Entity("U#{pool}#{sub}",         ".ATTEMPTS",       lives="ttl"),
    "Code":         Entity("U#{pool}#{sub}",         ".CODE#{purpose}", lives="ttl"),
    "Totp":         Entity("U#{pool}#{sub}",         ".TOTP"),
    "Passkey":      Entity("U#{pool}#{sub}",         ".PASSKEY#{id}"),
    "Ceremony":     Entity("U#{pool}#{sub}",         "CEREMONY",        lives="ttl"),
    "RecoveryCodes": Entity("U#{pool}#{sub}",        "RECOVERY"),
    "Device":       Entity("U#{pool}#{sub}",         "DEVICE#{key}"),
    "Session":      Entity("U#{pool}#{sub}",         "SESSION#{id}",    "P#{pool}#SESSIONS#{day}", "{id}", lives="ttl"),
    "Guard":        Entity("N#{pool}#{kind}#{name}", "."),
    "Member":       Entity("Q#{pool}#{group}",       "{sub}"),
    "SearchEntry":  Entity("S#{pool}#{attribute}",   "{value}"),
    "Once":         Entity("T#{pool}#{id}",          ".",               lives="ttl"),
    "AuditLine":    Entity("X#{pool}#{day}",         "{time}#{id}",     lives="ttl"),
    "Counter":      Entity("R#{pool}#{name}",        ".",               lives="ttl"),
    "DeletedPool":  Entity("G#{pool}",               ".",               "LIST#deleted-pools",  "{created}#{pool}"),
    "DeletedGroup": Entity("G#{pool}",               "GROUP#{id}",      "LIST#deleted-groups", "{created}#{id}"),
    "OperatorKey":  Entity("K#{id}",                 ".",               "LIST#operators",       "{created}#{id}"),
    "OperatorSession": Entity("K#{id}", "SESSION", "LIST#operator-sessions", "{created}#{id}", lives="ttl"),
    "OperatorMapping": Entity("M#operators",         "MAPPING#{name}"),
    "ProvisionedLimit": Entity("W#limits",           "{category}"),
    "DataKey":      Entity("Z#{id}",                 "."),
    "Lease":        Entity("J#{job}",                "."),
}  # fmt: skip

SIGN_IN_PARTS = "."
"""Sort-key prefix of what a sign-in reads of a user; also the sort key of an entity that stands alone."""

_LONGEST_NAME = 512
_LAST = 0x10FFFF
_BEFORE_SURROGATES, _BEHIND_SURROGATES = 0xD7FF, 0xE000  # what lies between cannot be encoded
_DIGEST = "sha256:"


class Key(NamedTuple):
    """Where one item lies: partition key and sort key."""

    pk: str
    sk: str


def key(entity: str, **parts: str) -> Key:
    """The key of an entity from its named parts."""
    template = ENTITIES[entity]
    return Key(template.pk.format(**parts), template.sk.format(**parts))


def listing(entity: str, **parts: str) -> str:
    """The partition of the list index under which the entities of this kind lie."""
    return ENTITIES[entity].listed.format(**parts)


def place(entity: str, **parts: str) -> tuple[str, str] | tuple[None, None]:
    """Both keys of the list index for one item; (None, None) for what is not listed."""
    template = ENTITIES[entity]
    if not template.listed:
        return (None, None)
    return (template.listed.format(**parts), template.order.format(**parts))


def guard_name(folded: str) -> str:
    """A name as it stands in a guard's key: itself, or a digest when it is too long for a key of 2,048 bytes.

    Attack: a short name that is spelled like the digest of a long one; so what looks like a digest becomes one.
    """
    encoded = folded.encode()
    is_plain = len(encoded) <= _LONGEST_NAME and not folded.startswith(_DIGEST)
    return folded if is_plain else _DIGEST + hashlib.sha256(encoded).hexdigest()


def sortable(seconds: float) -> str:
    """A time as text that sorts as the time does: milliseconds, 15 digits."""
    return f"{int(seconds * 1000):015d}"


def behind(prefix: str) -> str:
    """The least text that sorts behind every text with this prefix; "" when there is none.

    With it a prefix is a range. The engine of a laptop reads a range by its index, and for begins_with the whole
    partition; to DynamoDB both are the same. Sort keys never end where a prefix is cut, so none is the end itself.
    """
    for length in range(len(prefix), 0, -1):
        last = ord(prefix[length - 1])
        if last < _LAST:
            return prefix[: length - 1] + chr(_BEHIND_SURROGATES if last == _BEFORE_SURROGATES else last + 1)
    return ""
