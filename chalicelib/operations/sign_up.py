"""Signing up: a person makes an account, proves an address with a code, asks for another code.

Nobody signs these calls, so all of this is in the hands of strangers: each step is counted, and where the client hides
its users the answers about unknown ones are those of `flows.unknown_users`.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    client_secrets,
    codes,
    deliveries,
    enrolment,
    passwords,
    profiles,
    sign_up_sessions,
    triggers,
    unknown_users,
    user_changes,
)
from chalicelib.operations.registry import operation
from chalicelib.rules import attributes, names
from chalicelib.table import guards, search, store, users
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]


@operation
def sign_up(call: Call) -> Answer:
    """A new user who has to be confirmed, with a code on its way to the address that the pool verifies.

    No check that the pool still exists goes into the transaction: all sign-ups of a pool would meet in that one item.
    Raises UsernameExistsException, InvalidPasswordException, InvalidParameterException, NotAuthorizedException and
    CodeDeliveryFailureException, after which the user is there nevertheless.
    """
    client_secrets.require_hash(call.client, call.get("SecretHash"), call["Username"])
    values = _checked(call)
    account = Account(users.new(call.pool, call["Username"], values, call.now))
    journal.note(sub=account.user.sub)
    kind = profiles.auto_verified(call.pool, account.user)
    triggers.require_unset(call.pool, "PreSignUp")
    if kind:
        deliveries.require_possible(call.pool, "sign_up", kind)
    issue = codes.unasked(account, "sign_up", kind, call.now) if kind else None
    _enrol(call, account, issue)
    answer: Answer = {"UserConfirmed": False, "UserSub": account.user.sub}
    if session := sign_up_sessions.begun(call, account.user):
        answer["Session"] = session
    if issue:
        answer["CodeDeliveryDetails"] = deliveries.send(call, account.user, "sign_up", issue)
    return answer


@operation
def confirm_sign_up(call: Call) -> Answer:
    """Confirm a user by the code; the address that it went to is verified, and an alias from now on.

    Raises CodeMismatchException, ExpiredCodeException, LimitExceededException, AliasExistsException,
    NotAuthorizedException when there is nothing to confirm, and UserNotFoundException.
    """
    client_secrets.require_hash(call.client, call.get("SecretHash"), call["Username"])
    triggers.require_unset(call.pool, "PostConfirmation")
    account = _sought(call)
    sign_up_sessions.expected(call, account.user)  # of nobody too, or a Session of another would tell who exists
    if _is_hidden(call, account):
        codes.refuse(account, "sign_up", call["ConfirmationCode"], call.now)
    attribute = _confirmed(call, account)
    session = sign_up_sessions.confirmed(call, account.user, attribute)
    return {"Session": session} if session else {}


@operation
def resend_confirmation_code(call: Call) -> Answer:
    """Send another code, which replaces the one before.

    Raises InvalidParameterException when there is nothing to confirm or nowhere to send it, LimitExceededException,
    UserNotFoundException and CodeDeliveryFailureException.
    """
    client_secrets.require_hash(call.client, call.get("SecretHash"), call["Username"])
    kinds = _verified_kinds(call)
    unknown_users.require_possible(call, "resend", kinds)
    account = _sought(call)
    if _is_hidden(call, account):
        return _nothing_sent(call, account, kinds)
    if account.user.status != "UNCONFIRMED":
        journal.note(reason="user state")
        raise errors.InvalidParameterException("User is already confirmed.")
    kind = profiles.auto_verified(call.pool, account.user)
    if kind is None:
        return _unreachable(call, account, kinds)
    deliveries.require_possible(call.pool, "resend", kind)
    issue = codes.asked(account, "sign_up", kind, call.now)
    return {"CodeDeliveryDetails": unknown_users.sent(call, account.user, "resend", issue)}


def _checked(call: Call) -> dict[str, str]:
    """The attributes of the new user, once everything that can be refused without a look at the table is in order."""
    if call.pool.document.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        journal.note(reason="sign-up not open")
        raise errors.NotAuthorizedException("SignUp is not permitted for this user pool")
    enrolment.require_username(call.pool, call["Username"])
    _require_password(call)
    given = attributes.given(call.get("UserAttributes") or [])
    values = enrolment.with_address(call.pool, call["Username"], given)
    accepted = attributes.accepted_in_full(call.pool.document["SchemaAttributes"], values)
    attributes.require_writable(given, call.client.document.get("WriteAttributes"))
    if "preferred_username" in given and "preferred_username" in (call.pool.document.get("AliasAttributes") or []):
        raise errors.InvalidParameterException("preferred_username cannot be set before the user is confirmed.")
    return accepted


def _require_password(call: Call) -> None:
    if "Password" in call:
        passwords.require_valid(call.pool, call["Password"])
    elif not enrolment.is_passwordless(call.pool):
        raise errors.InvalidParameterException(
            "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null"
        )


def _enrol(call: Call, account: Account, issue: codes.Issue | None) -> None:
    """Write user, password, code, names and search entries, all or none."""
    writes: list[Write] = [Save(account.user, "user"), *guards.reguarded(call.pool, account.user)]
    writes += search.fresh(call.pool, account.user)
    if "Password" in call:
        writes.append(Save(passwords.replaced(call.pool, account, call["Password"], call.now), "password"))
    if issue:
        writes.append(Save(issue.item, "code"))
    try:
        store.together(*writes)
    except store.Conflict as conflict:
        raise enrolment.taken(call.pool, conflict, "User already exists") from None


def _confirmed(call: Call, account: Account) -> str:
    """Confirm the user; the attribute that the code has proved."""
    try:
        done = user_changes.carry_out(account, lambda found: _confirmation(call, found))
    except store.Conflict as conflict:
        done = _moved_aliases(call, account, conflict)
    return done.codes["sign_up"].attribute or ""


def _confirmation(call: Call, account: Account, taking: tuple[str, ...] = ()) -> list[Write]:
    user = account.user
    enrolment.require_unconfirmed(user)
    spent = codes.spending(account, "sign_up", call["ConfirmationCode"], call.now)
    user.status = "CONFIRMED"
    user.attributes |= {f"{codes.proved_attribute(spent)}_verified": "true"}
    user.modified_at = call.now
    return [Save(user, "user"), spent, *guards.reguarded(call.pool, user, taking)]


def _moved_aliases(call: Call, account: Account, conflict: store.Conflict) -> Account:
    """Somebody has proved the same address before: take it over if the caller says so, as the last proof counts."""
    kind = conflict.names[0]
    taken = errors.AliasExistsException(f"An account with the {kind} already exists.")
    if kind not in names.CONTACTS or not call.get("ForceAliasCreation"):
        raise taken
    found = users.by_sub(call.pool.id, account.user.sub) or account
    try:
        return user_changes.carry_out(found, lambda fresh: _confirmation(call, fresh, (kind,)))
    except store.Conflict:
        raise taken from None


def _sought(call: Call) -> Account:
    """The user; one who is disabled is as unknown as one who does not exist. Raises UserNotFoundException."""
    account = unknown_users.named(call)
    if not account.user.enabled:
        journal.note(reason="disabled")
    if not account.user.enabled and not unknown_users.are_hidden(call.client):
        raise errors.UserNotFoundException(unknown_users.NOT_FOUND)
    return account


def _is_hidden(call: Call, account: Account) -> bool:
    return unknown_users.is_nobody(account) or not account.user.enabled


def _verified_kinds(call: Call) -> list[str]:
    """The attributes that the pool verifies by itself. Raises InvalidParameterException when there are none."""
    kinds: list[str] = call.pool.document.get("AutoVerifiedAttributes") or []
    if not kinds:
        raise errors.InvalidParameterException("Cannot resend codes. Auto verification not turned on.")
    return kinds


def _unreachable(call: Call, account: Account, kinds: list[str]) -> Answer:
    if unknown_users.are_hidden(call.client):
        return _nothing_sent(call, account, kinds)
    raise errors.InvalidParameterException("Cannot resend codes. Auto verification not turned on.")


def _nothing_sent(call: Call, account: Account, kinds: list[str]) -> Answer:
    codes.withheld(account, "sign_up", call.now)
    deliveries.pretend()
    return {"CodeDeliveryDetails": unknown_users.invented_details(call, kinds)}
