"""New users, whether they sign up or an administrator makes them.

Owns what both have in common: the name, the address that is a name, the writes, and which name was taken. Leaves
passwords, codes and messages to the operations.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib import journal
from chalicelib.errors import (
    AliasExistsException,
    InvalidParameterException,
    NotAuthorizedException,
    UsernameExistsException,
)
from chalicelib.rules import names
from chalicelib.table.items import Pool, User
from chalicelib.table.store import Conflict

_REACHED_AT = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}
_DESCRIBED = {"email": "Email", "phone_number": "Phone number"}


def is_passwordless(pool: Pool) -> bool:
    """Whether users of the pool can get in without a password."""
    factors = pool.document.get("Policies", {}).get("SignInPolicy", {}).get("AllowedFirstAuthFactors", [])
    return any(factor != "PASSWORD" for factor in factors)


def has_way_in(pool: Pool, attributes: Mapping[str, str]) -> bool:
    """Whether a user without a password has an address for one of the pool's first factors."""
    factors = pool.document["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
    return any(attributes.get(kind) for factor, kind in _REACHED_AT.items() if factor in factors)


def require_username(pool: Pool, username: str) -> None:
    """Raises InvalidParameterException for a Username that has not the form that the pool asks for."""
    problem = names.username_problem(pool.document, username)
    if problem:
        raise InvalidParameterException(problem)


def with_address(pool: Pool, username: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes with the address that the Username is, where addresses are names.

    Raises InvalidParameterException when the attributes give another one: who of both could sign in would be unclear.
    """
    if not names.has_generated_usernames(pool.document):
        return dict(attributes)
    kind = names.address_kind(pool.document, username)
    given = attributes.get(kind) or username
    if names.folded(pool.document, given) != names.folded(pool.document, username):
        raise InvalidParameterException(f"The attribute {kind} does not match the username.")
    return {**attributes, kind: given}


def require_address_of_flags(attributes: Mapping[str, str]) -> None:
    """Raises InvalidParameterException when an address is said to be verified, or not, that is not there."""
    for kind, words in _DESCRIBED.items():
        if attributes.get(f"{kind}_verified") and not attributes.get(kind):
            raise InvalidParameterException(f"{words} is required to verify/un-verify {words.lower()}")


def require_unconfirmed(user: User) -> None:
    """Raises NotAuthorizedException for a user who has nothing to confirm."""
    if user.status != "UNCONFIRMED":
        journal.note(reason="user state")
        raise NotAuthorizedException(f"User cannot be confirmed. Current status is {user.status}")


def alias_taken(conflict: Conflict) -> AliasExistsException | None:
    """The error for an alias that somebody else has; None when something else was in the way."""
    kind = next((name for name in conflict.names if name in names.CANDIDATES), None)
    return AliasExistsException(f"An account with the given {kind} already exists.") if kind else None


def taken(pool: Pool, conflict: Conflict, words: str) -> UsernameExistsException:
    """The error for a name that somebody else has; `words` say so where names are chosen."""
    journal.note(sub=None)  # of a user who was not made
    kind = next((name for name in conflict.names if name in names.CONTACTS), None)
    if kind is None:
        return UsernameExistsException(words)
    return UsernameExistsException(f"An account with the given {kind} already exists.")
