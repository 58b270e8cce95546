"""A forgotten password, by a code to a proven address; and one that an administrator wants replaced in that way.

The first two calls are in the hands of strangers, and where the client hides its users they answer alike for all names:
same items read and written, same counts, same errors.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
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
from chalicelib.table.items import User
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]

_RESETTABLE = ("CONFIRMED", "RESET_REQUIRED", "UNCONFIRMED")
_RESETTABLE_BY_ADMINISTRATORS = ("CONFIRMED", "RESET_REQUIRED")


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
def admin_reset_user_password(call: Call) -> Answer:
    """Make a user choose another password: RESET_REQUIRED, with a code to the address that ForgotPassword would choose.

    Sessions stay, as in the service; AdminUserGlobalSignOut ends them. If the code cannot be delivered the reset
    stands, and ForgotPassword sends another. Raises NotAuthorizedException for a state in which there is nothing to
    reset, InvalidParameterException without an address (also where only administrators recover, who set passwords
    themselves), and UserNotFoundException.
    """
    issues: list[codes.Issue] = []

    def decided(account: Account) -> list[Write]:
        user = account.user
        _require_resettable_by_administrators(user)
        kind = _required_address(call, user)
        deliveries.require_possible(call.pool, "forgot_password", kind)
        user.status = "RESET_REQUIRED"
        user.modified_at = call.now
        issues[:] = [codes.unasked(account, "reset", kind, call.now)]
        return [Save(user, "user"), *(Save(issue.item, "code") for issue in issues)]

    account = user_changes.carry_out(call.account, decided)
    deliveries.attempt(call, account.user, "forgot_password", issues)
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
        return _disabled()
    if user.status not in _RESETTABLE:
        return _wrong_state()
    return _no_address() if _address(call, user) is None else None


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


def _require_resettable_by_administrators(user: User) -> None:
    if not user.enabled:
        raise _disabled()
    if user.status not in _RESETTABLE_BY_ADMINISTRATORS:
        raise _wrong_state()


def _required_address(call: Call, user: User) -> str:
    kind = _address(call, user)
    if kind is None:
        raise _no_address()
    return kind


def _disabled() -> errors.NotAuthorizedException:
    journal.note(reason="disabled")
    return errors.NotAuthorizedException("User is disabled.")


def _no_address() -> errors.InvalidParameterException:
    journal.note(reason="no proven address")
    return errors.InvalidParameterException(
        "Cannot reset password for the user as there is no registered/verified email or phone_number"
    )


def _wrong_state() -> errors.NotAuthorizedException:
    journal.note(reason="user state")
    return errors.NotAuthorizedException("User password cannot be reset in the current state.")
