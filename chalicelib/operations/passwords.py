"""A forgotten password, by a code to a proven address; and another password for whoever knows the present one.

The first two calls are in the hands of strangers, and where the client hides its users they answer alike for all names:
same items read and written, same counts, same errors.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    access,
    client_secrets,
    codes,
    deliveries,
    lockout,
    passwords,
    profiles,
    triggers,
    unknown_users,
    user_changes,
)
from chalicelib.operations.registry import operation
from chalicelib.rules import recovery
from chalicelib.table import users
from chalicelib.table.items import Pool, User
from chalicelib.table.store import Check, Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]

_RESETTABLE = ("CONFIRMED", "RESET_REQUIRED", "UNCONFIRMED")


@operation
def forgot_password(call: Call) -> Answer:
    """Send a reset code to the address that the pool's recovery setting chooses.

    Where users are hidden, also those who cannot reset get the answer of one who can. Raises UserNotFoundException,
    NotAuthorizedException, InvalidParameterException, LimitExceededException and CodeDeliveryFailureException.
    """
    client_secrets.require_hash(call.client, call.get("SecretHash"), call["Username"])
    if recovery.is_by_administrator_only(call.pool.document):
        journal.note(reason="recovery by administrators only")
        raise errors.NotAuthorizedException("Contact administrator to reset password.")
    if unknown_users.are_hidden(call.client):
        triggers.require_unset(call.pool, "UserMigration")
    unknown_users.require_possible(call, "forgot_password", recovery.order(call.pool.document))
    account = _sought(call)
    refusal = _refusal(call, account)
    if refusal is None:
        return _code_sent(call, account)
    if not unknown_users.are_hidden(call.client):
        raise refusal
    codes.withheld(account, "reset", call.now)
    deliveries.pretend()
    return {"CodeDeliveryDetails": unknown_users.invented_details(call, recovery.order(call.pool.document))}


@operation
def confirm_forgot_password(call: Call) -> Answer:
    """Set the new password, if the code is right. Sessions stay; a lock after wrong passwords ends.

    Raises InvalidPasswordException, CodeMismatchException, ExpiredCodeException, LimitExceededException,
    PasswordHistoryPolicyViolationException, UserNotConfirmedException and UserNotFoundException.
    """
    client_secrets.require_hash(call.client, call.get("SecretHash"), call["Username"])
    triggers.require_unset(call.pool, "PostConfirmation")
    passwords.require_valid(call.pool, call["Password"])
    account = unknown_users.named(call)
    if not account.user.enabled:
        journal.note(reason="disabled")
    if unknown_users.is_nobody(account) or not account.user.enabled:
        if not unknown_users.are_hidden(call.client):
            raise errors.UserNotFoundException(unknown_users.NOT_FOUND)
        codes.refuse(account, "reset", call["ConfirmationCode"], call.now)
    user_changes.carry_out(account, lambda found: _reset(call, found))
    return {}


@operation
def change_password(call: Call) -> Answer:
    """Another password for the bearer of an access token who knows the present one, or has none.

    Sessions stay, an outstanding reset code does not. Raises NotAuthorizedException, InvalidPasswordException,
    PasswordHistoryPolicyViolationException and LimitExceededException after five in an hour, right or wrong.
    """
    who = access.owner(call)
    passwords.require_valid(who.pool, call["ProposedPassword"])
    account = users.by_sub(who.pool.id, who.user.sub)
    if account is None:
        raise errors.UserNotFoundException
    user_changes.carry_out(account, lambda found: _changed(call, who.pool, found))
    return {}


def _sought(call: Call) -> Account:
    """The user, or a stand-in. A name that nobody has may be one that the pool's UserMigration would bring along."""
    try:
        return unknown_users.named(call)
    except errors.UserNotFoundException:
        triggers.require_unset(call.pool, "UserMigration")
        raise


def _refusal(call: Call, account: Account) -> errors.AwsError | None:
    """Why this user cannot have a reset code, or None."""
    user = account.user
    if unknown_users.is_nobody(account):
        return errors.UserNotFoundException(unknown_users.NOT_FOUND)
    if not user.enabled:
        journal.note(reason="disabled")
        return errors.NotAuthorizedException("User is disabled.")
    if user.status not in _RESETTABLE:
        return _wrong_state()
    if _address(call, user) is None:
        journal.note(reason="no proven address")
        return errors.InvalidParameterException(
            "Cannot reset password for the user as there is no registered/verified email or phone_number"
        )
    return None


def _address(call: Call, user: User) -> str | None:
    return recovery.address(call.pool.document, user.attributes, profiles.factors(user))


def _code_sent(call: Call, account: Account) -> Answer:
    kind = _address(call, account.user) or ""
    deliveries.require_possible(call.pool, "forgot_password", kind)
    issue = codes.asked(account, "reset", kind, call.now)
    return {"CodeDeliveryDetails": unknown_users.sent(call, account.user, "forgot_password", issue)}


def _reset(call: Call, account: Account) -> list[Write]:
    """The new password in place of the code. Only a right code shows a state that others may not learn.

    The address that the code went to was proved before, or no code would have gone there.
    """
    user = account.user
    if not unknown_users.are_hidden(call.client):
        _require_resettable(user)
    spent = codes.spending(account, "reset", call["ConfirmationCode"], call.now)
    _require_resettable(user)
    password = passwords.replaced(call.pool, account, call["Password"], call.now)
    user.status = "CONFIRMED"
    user.modified_at = call.now
    return [Save(user, "user"), Save(password, "password"), spent, *lockout.forgotten(account)]


def _require_resettable(user: User) -> None:
    if user.status == "UNCONFIRMED":
        raise errors.UserNotConfirmedException
    if user.status not in _RESETTABLE:
        raise _wrong_state()


def _wrong_state() -> errors.NotAuthorizedException:
    journal.note(reason="user state")
    return errors.NotAuthorizedException("User password cannot be reset in the current state.")


def _changed(call: Call, pool: Pool, account: Account) -> list[Write]:
    """The check of the user keeps a password from being left behind by a deletion in the same moment.

    A temporary password is replaced by its challenge alone, which asks for what else the user owes. Attack: with an
    older session this call would take one whose time is over.
    """
    if account.user.status == "FORCE_CHANGE_PASSWORD":
        journal.note(reason="user state")
        raise errors.NotAuthorizedException("User password cannot be changed in the current state.")
    counted = codes.counted_attempt(account, call.now, is_right=_knows_present(call, account))
    password = passwords.replaced(pool, account, call["ProposedPassword"], call.now)
    return [Check(account.user, "user"), Save(password, "password"), counted, *codes.voiding(account, "reset")]


def _knows_present(call: Call, account: Account) -> bool:
    given = call.get("PreviousPassword")
    if given is None:
        return account.password is None
    return passwords.is_right(account, given)
