"""Users in the hands of administrators: read, confirmed, disabled, enabled, deleted, given a password.

Leaves making, changing and listing them to `admin_create_user`, `admin_attributes` and `user_lists`. All of these calls
are signed, so nothing is hidden here.
"""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.flows import (
    codes,
    enrolment,
    lockout,
    passwords,
    profiles,
    triggers,
    user_changes,
    user_removal,
)
from chalicelib.operations.registry import operation
from chalicelib.table import users
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]


@operation
def admin_get_user(call: Call) -> Answer:
    """A user in full. Raises UserNotFoundException."""
    return profiles.in_full(call.account.user)


@operation
def admin_confirm_sign_up(call: Call) -> Answer:
    """Confirm a user without a code, which proves no address.

    Raises NotAuthorizedException when there is nothing to confirm, and UserNotFoundException.
    """
    triggers.require_unset(call.pool, "PostConfirmation")

    def confirmed(account: Account) -> list[Write]:
        user = account.user
        enrolment.require_unconfirmed(user)
        user.status = "CONFIRMED"
        user.modified_at = call.now
        return [Save(user, "user"), *codes.voiding(account, "sign_up")]

    user_changes.carry_out(call.account, confirmed)
    return {}


@operation
def admin_set_user_password(call: Call) -> Answer:
    """Give a user a password: for good with Permanent, else one that only serves to choose another.

    A lock after wrong passwords ends with it, and so does an outstanding reset code. Raises InvalidPasswordException,
    PasswordHistoryPolicyViolationException and UserNotFoundException.
    """
    passwords.require_valid(call.pool, call["Password"], passwords.REFUSED_FOR_ADMINISTRATORS)
    user_changes.carry_out(call.account, lambda account: _new_password(call, account))
    return {}


@operation
def admin_disable_user(call: Call) -> Answer:
    """Shut a user out: no sign-in, and every session made until now is dead for good. Raises UserNotFoundException."""
    _switch(call, enabled=False)
    return {}


@operation
def admin_enable_user(call: Call) -> Answer:
    """Let a disabled user sign in again; the sessions of before stay dead. Raises UserNotFoundException."""
    _switch(call, enabled=True)
    return {}


@operation
def admin_delete_user(call: Call) -> None:
    """Delete a user with everything. Raises UserNotFoundException."""
    user_removal.delete(call.account)


def _new_password(call: Call, account: Account) -> list[Write]:
    user = account.user
    is_lasting = call.get("Permanent", False)
    choose = passwords.replaced if is_lasting else passwords.temporary
    writes: list[Write] = [Save(choose(call.pool, account, call["Password"], call.now), "password")]
    user.status = "CONFIRMED" if is_lasting else "FORCE_CHANGE_PASSWORD"
    user.modified_at = call.now
    return [Save(user, "user"), *writes, *codes.voiding(account, "reset"), *lockout.forgotten(account)]


def _switch(call: Call, *, enabled: bool) -> None:
    """Enable or disable: demands nothing but the status as it was read.

    Attack: somebody who is about to be shut out keeps changing attributes, so that a write of the whole user is never
    the next one.
    """

    def writes(account: Account) -> list[Write]:
        return users.switched(account.user, call.now, enabled=enabled)

    user_changes.carry_out(call.account, writes)
