"""Another password for whoever holds an access token and knows the present one."""

from __future__ import annotations

from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import access, codes, passwords, user_changes
from chalicelib.operations.registry import operation
from chalicelib.table.items import Pool
from chalicelib.table.store import Check, Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]


@operation
def change_password(call: Call) -> Answer:
    """Another password for the bearer of an access token who knows the present one, or has none.

    Sessions stay, an outstanding reset code does not. Raises NotAuthorizedException, PasswordResetRequiredException,
    InvalidPasswordException, PasswordHistoryPolicyViolationException and LimitExceededException after five in an hour,
    right or wrong.
    """
    who = access.owner(call)
    passwords.require_valid(who.pool, call["ProposedPassword"])
    user_changes.carry_out(access.account_of(who), lambda found: _changed(call, who.pool, found))
    return {}


def _changed(call: Call, pool: Pool, account: Account) -> list[Write]:
    """The check of the user keeps a password from being left behind by a deletion in the same moment.

    A temporary password is replaced by its challenge alone, which asks for what else the user owes. Attack: with an
    older session this call would take one whose time is over.
    """
    if account.user.status == "FORCE_CHANGE_PASSWORD":
        journal.note(reason="user state")
        raise errors.NotAuthorizedException("User password cannot be changed in the current state.")
    access.require_no_reset(account.user)
    counted = codes.counted_attempt(account, call.now, is_right=_knows_present(call, account))
    password = passwords.replaced(pool, account, call["ProposedPassword"], call.now)
    return [Check(account.user, "user"), Save(password, "password"), counted, *codes.voiding(account, "reset")]


def _knows_present(call: Call, account: Account) -> bool:
    given = call.get("PreviousPassword")
    if given is None:
        return account.password is None
    return passwords.is_right(account, given)
