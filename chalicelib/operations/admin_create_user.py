"""AdminCreateUser: an administrator makes a user, who gets a temporary password by mail or SMS, or gets it again."""

from __future__ import annotations

from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import deliveries, enrolment, passwords, profiles, triggers, user_changes
from chalicelib.operations.registry import operation
from chalicelib.rules import attributes, names
from chalicelib.rules import passwords as password_rules
from chalicelib.table import guards, search, store, users
from chalicelib.table.items import User
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]

_ROUNDS = 5
_ADDRESSES = {"SMS": "phone_number", "EMAIL": "email"}


@operation
def admin_create_user(call: Call) -> Answer:
    """A new user with a temporary password, and an invitation unless MessageAction is SUPPRESS; RESEND invites again.

    In a pool that lets people in without a password a user without one is confirmed at once. Raises
    UsernameExistsException, UserNotFoundException and UnsupportedUserStateException (RESEND), InvalidPasswordException,
    InvalidParameterException, and CodeDeliveryFailureException, after which the user is there nevertheless.
    """
    password = _temporary_password(call)
    account = _invited_again(call, password) if call.get("MessageAction") == "RESEND" else _made(call, password)
    if call.get("MessageAction") != "SUPPRESS":
        _invite(call, account.user, password)
    return {"User": profiles.listed(account.user)}


def _temporary_password(call: Call) -> str:
    """The password that was given or a generated one; empty where none is needed."""
    given: str | None = call.get("TemporaryPassword")
    if given:
        passwords.require_valid(call.pool, given)
        return given
    if enrolment.is_passwordless(call.pool) and call.get("MessageAction") != "RESEND":
        return ""
    return password_rules.generated(passwords.policy(call.pool))


def _made(call: Call, password: str) -> Account:
    account = Account(users.new(call.pool, call["Username"], _checked(call, password), call.now))
    journal.note(sub=account.user.sub)
    triggers.require_unset(call.pool, "PreSignUp")
    _require_sendable(call, account.user)
    account.user.status = "FORCE_CHANGE_PASSWORD" if password else "CONFIRMED"
    writes: list[Write] = [Save(account.user, "user")]
    if password:
        writes.append(Save(passwords.temporary(call.pool, account, password, call.now), "password"))
    _enrol(call, account, writes)
    return account


def _enrol(call: Call, account: Account, writes: list[Write]) -> None:
    """Write the user with its names; an alias that another has proved moves if the caller says so.

    Whoever has the alias may change meanwhile, or lose it to somebody else: then it is looked up again.
    """
    taking = names.CONTACTS if call.get("ForceAliasCreation") and _has_aliases(call) else ()
    for _ in range(_ROUNDS):
        account.user.guards = []
        due = [*writes, *guards.reguarded(call.pool, account.user, taking)]
        try:
            return store.together(*due, *search.beside(call.pool, account.user, set(), due))
        except store.Conflict as conflict:
            if not taking or not {"user", *taking}.issuperset(conflict.names):
                raise enrolment.taken(call.pool, conflict, "User account already exists") from None
    raise errors.TooManyRequestsException


def _has_aliases(call: Call) -> bool:
    return bool(call.pool.document.get("AliasAttributes"))


def _checked(call: Call, password: str) -> dict[str, str]:
    """The attributes of the new user; one without a password must be complete and have a way in."""
    enrolment.require_username(call.pool, call["Username"])
    given = attributes.given(call.get("UserAttributes") or [])
    values = enrolment.with_address(call.pool, call["Username"], given)
    enrolment.require_address_of_flags(values)
    schema = call.pool.document["SchemaAttributes"]
    if password:
        return attributes.accepted(schema, values)
    if not enrolment.has_way_in(call.pool, values):
        raise errors.InvalidParameterException("The user has no address for the first factors of this user pool.")
    return attributes.accepted_in_full(schema, values)


def _invited_again(call: Call, password: str) -> Account:
    """The user with a new temporary password, whose time starts again. Raises UnsupportedUserStateException."""
    _require_sendable(call, call.account.user)

    def renewed(account: Account) -> list[Write]:
        if account.user.status != "FORCE_CHANGE_PASSWORD":
            raise errors.UnsupportedUserStateException(
                f"Resend not possible. {account.user.username} status is not FORCE_CHANGE_PASSWORD"
            )
        account.user.modified_at = call.now
        item = passwords.temporary(call.pool, account, password, call.now)
        return [Save(account.user, "user"), Save(item, "password")]

    return user_changes.carry_out(call.account, renewed)


def _addresses(call: Call, user: User) -> list[str]:
    """The attributes to which an invitation goes: those that were asked for, else whichever is there, else none."""
    wanted = [_ADDRESSES[medium] for medium in call.get("DesiredDeliveryMediums") or ["SMS"]]
    present = [kind for kind in names.CONTACTS if user.attributes.get(kind)]
    return [kind for kind in present if kind in wanted] or present[:1]


def _require_sendable(call: Call, user: User) -> None:
    if call.get("MessageAction") != "SUPPRESS":
        for kind in _addresses(call, user):
            deliveries.require_possible(call.pool, "invitation", kind)


def _invite(call: Call, user: User, password: str) -> None:
    for kind in _addresses(call, user):
        deliveries.invite(call, user, kind, password)
