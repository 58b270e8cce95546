"""A user as the API shows it: to administrators in full, to app clients as far as they may read.

Owns the three wire forms of a user. Leaves which attributes exist to `rules.attributes`. `sub` is not stored among the
attributes and comes first here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from chalicelib.rules import attributes, names
from chalicelib.table.items import Pool, User
from chalicelib.table.pools import ClientRecord

Answer = dict[str, Any]


def in_full(user: User) -> Answer:
    """The answer of AdminGetUser."""
    return _head(user) | {"UserAttributes": attributes.wire_form(values(user))} | _factors(user)


def listed(user: User, wanted: Collection[str] | None = None) -> Answer:
    """A UserType, as lists and AdminCreateUser have it, with the `wanted` attributes or all."""
    shown = {name: value for name, value in values(user).items() if wanted is None or name in wanted}
    return _head(user) | {"Attributes": attributes.wire_form(shown)}


def own(user: User, client: ClientRecord) -> Answer:
    """The answer of GetUser: what the client may read."""
    shown = attributes.readable(values(user), client.document.get("ReadAttributes"))
    return {"Username": user.username, "UserAttributes": attributes.wire_form(shown)} | _factors(user)


def values(user: User) -> dict[str, str]:
    """All attributes with their values, `sub` among them."""
    return {"sub": user.sub, **user.attributes}


def spoken_name(pool: Pool, user: User) -> str:
    """The name that a message to the user gives: where usernames are generated, the address that serves as one."""
    kinds = pool.document.get("UsernameAttributes") or []
    return next((user.attributes[kind] for kind in kinds if user.attributes.get(kind)), user.username)


def factors(user: User) -> list[str]:
    """The second factors that the user has set up."""
    return list((user.mfa or {}).get("enabled", []))


def auto_verified(pool: Pool, user: User) -> str | None:
    """The attribute to which the pool sends a code to prove it; of two the phone number."""
    wanted = pool.document.get("AutoVerifiedAttributes") or []
    return next((kind for kind in reversed(names.CONTACTS) if kind in wanted and user.attributes.get(kind)), None)


def _head(user: User) -> Answer:
    return {
        "Username": user.username,
        "UserCreateDate": user.created_at,
        "UserLastModifiedDate": user.modified_at,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }


def _factors(user: User) -> Answer:
    """The second factors in the three forms of the wire, each left out while it is empty; MFAOptions is the oldest."""
    found = user.mfa or {}
    shown = {
        "MFAOptions": found.get("options"),
        "UserMFASettingList": factors(user),
        "PreferredMfaSetting": found.get("preferred"),
    }
    return {member: value for member, value in shown.items() if value}
