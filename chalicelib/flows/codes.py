"""Codes that are sent to users, and the counting of those who guess: one item per user and purpose.

Owns what stands for a code at rest (a keyed digest), how long it lives, how often one may be asked for and answered.
Leaves sending to `deliveries` and the use of a right code to the caller, who spends it in its one transaction.

A guess is optimistic. The item came with the user; a wrong guess is counted by a write that demands it unchanged, and
so does the write that spends a right one; whoever loses reads again and decides again. So of a thousand guesses sent in
the same moment no more are answered than one after the other: without this all would find the count at nought.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn

from chalicelib import errors, journal
from chalicelib.flows import account_limits, vault
from chalicelib.rules import quotas
from chalicelib.table import store
from chalicelib.table.items import Code, User
from chalicelib.table.store import Save
from chalicelib.table.users import Account

Address = Literal["email", "phone_number"]
Purpose = Literal["sign_up", "reset"] | Address

ADDRESSES: Final[tuple[Address, ...]] = ("email", "phone_number")
"""What a code can prove; also the purposes of codes that do nothing else."""

_OWN_CHANGES = "addresses"


@dataclass(frozen=True, slots=True)
class Issue:
    """A code in the clear, the item that keeps its digest, and the address that it is bound to and goes to."""

    text: str = field(repr=False)
    item: Code
    to: str = field(repr=False)


def destination(user: User, purpose: str, attribute: str) -> str:
    """The address to which a code goes; empty when there is none.

    A code that proves an address and does nothing else goes to the value that waits for its proof, if one does.
    """
    waiting: dict[str, str] = (user.pending or {}) if purpose in ADDRESSES else {}
    return waiting.get(attribute) or str(user.attributes.get(attribute, ""))


def unasked(account: Account, purpose: Purpose, attribute: str, now: float) -> Issue:
    """A code that the service sends by itself, to be saved by the caller with what gives rise to it."""
    item = _renewed(account, purpose, attribute, now)
    text = f"{secrets.randbelow(10**quotas.CODE_DIGITS):0{quotas.CODE_DIGITS}}"
    to = destination(account.user, purpose, attribute)
    item.digest = _digest(item, to, text)
    return Issue(text, item, to)


def asked(account: Account, purpose: Purpose, attribute: str, now: float) -> Issue:
    """A code that somebody asked for, saved and counted; it replaces the one before. Raises LimitExceededException."""
    for _ in range(_rounds(account)):
        _refuse_sends(account, purpose, now)
        issue = unasked(account, purpose, attribute, now)
        issue.item.sends += 1
        if _is_saved(account, purpose, issue.item):
            return issue
    raise errors.TooManyRequestsException


def withheld(account: Account, purpose: Purpose, now: float) -> None:
    """Do as if a code had been sent: the same reads, count and write, and nothing that could be answered.

    For those about whom a caller must not learn whether they exist; the item lies where a user's would.
    """
    for _ in range(_rounds(account)):
        _refuse_sends(account, purpose, now)
        item = unasked(account, purpose, "email", now).item
        item.digest = secrets.token_bytes(32)
        item.sends += 1
        if _is_saved(account, purpose, item):
            return
    raise errors.TooManyRequestsException


def spending(account: Account, purpose: Purpose, text: str, now: float) -> Save:
    """The write, named "code", that spends the code if this is it; the caller makes it with what the code allows.

    Raises CodeMismatchException, ExpiredCodeException (none, spent or over) or LimitExceededException.
    """
    item = _matched(account, purpose, lambda code: _is_right(account, purpose, code, text), now)
    return _spent(item)


def refuse(account: Account, purpose: Purpose, text: str, now: float) -> NoReturn:
    """Always raises, as `spending` does for a wrong code and with its work: for those who must not be found out."""
    _matched(account, purpose, lambda code: _is_right(account, purpose, code, text) and False, now)
    raise errors.CodeMismatchException


def proved_attribute(spent: Save) -> str:
    """The attribute to which a code was sent that `spending` found right."""
    attribute = spent.item.attribute if isinstance(spent.item, Code) else None
    return attribute or ""


def voiding(account: Account, purpose: Purpose) -> list[Save]:
    """The write that makes an outstanding code useless, if there is one.

    Attack: somebody reads a reset code over a shoulder and uses it after the owner has chosen another password.
    """
    item = account.codes.get(purpose)
    return [_spent(item)] if item is not None and item.digest is not None else []


def counted_changes(account: Account, sends: int, now: float) -> list[Save]:
    """The write, named "code", that counts codes which a user's own changes of address give rise to.

    The attack: one account takes address after address, and each gets a mail or an SMS that the owner of the pool pays
    for. Raises TooManyRequestsException, since LimitExceededException is none of UpdateUserAttributes' errors.
    """
    if not sends:
        return []
    item = _counter(account, _OWN_CHANGES, now)
    if item.sends + sends > account_limits.of(account).sends(_OWN_CHANGES):
        journal.note(reason="too many")
        raise errors.TooManyRequestsException(errors.LimitExceededException.default)
    item.sends += sends
    return [Save(item, "code")]


def counted_attempt(account: Account, now: float, *, is_right: bool) -> Save:
    """Count a wrong present password; for a right one the write, named "guesses", that counts it with what it allows.

    Raises NotAuthorizedException for a wrong one and LimitExceededException after too many, right or wrong.
    """
    for _ in range(_rounds(account)):
        item = _counter(account, "change", now)
        _refuse_guesses(account, item, "change")
        item.guesses += 1
        if is_right:
            return Save(item, "guesses")
        if _is_saved(account, "change", item):
            journal.note(reason="wrong password")
            raise errors.NotAuthorizedException("Incorrect username or password.")
    raise errors.TooManyRequestsException


def _matched(account: Account, purpose: Purpose, is_right: Callable[[Code], bool], now: float) -> Code:
    for _ in range(_rounds(account)):
        item = _counter(account, purpose, now)
        _refuse_guesses(account, item, purpose)
        if item.digest is None or item.valid_until <= now:
            raise errors.ExpiredCodeException
        if is_right(item):
            return item
        item.guesses += 1
        if _is_saved(account, purpose, item):
            raise errors.CodeMismatchException
    raise errors.TooManyRequestsException


def _counter(account: Account, purpose: str, now: float) -> Code:
    """The item of a purpose as read, or a fresh one; counts whose hour is over start again."""
    item = account.codes.get(purpose)
    if item is None:
        user = account.user
        item = account.codes[purpose] = Code.new({"pool": user.pool_id, "sub": user.sub, "purpose": purpose})
    if item.window_ends <= now:
        item.sends = item.guesses = 0
        item.window_ends = now + quotas.COUNTING_TIME
        item.expires = _end(item)
    return item


def _renewed(account: Account, purpose: Purpose, attribute: str, now: float) -> Code:
    item = _counter(account, purpose, now)
    item.attribute = attribute
    item.valid_until = now + quotas.CODE_LIFETIME[purpose]
    item.expires = _end(item)
    return item


def _spent(item: Code) -> Save:
    item.digest = None
    item.valid_until = 0
    item.expires = _end(item)
    return Save(item, "code")


def _end(item: Code) -> int:
    return int(max(item.valid_until, item.window_ends)) + 1


def _refuse_sends(account: Account, purpose: str, now: float) -> None:
    if _counter(account, purpose, now).sends >= account_limits.of(account).sends(purpose):
        raise errors.LimitExceededException


def _refuse_guesses(account: Account, item: Code, purpose: str) -> None:
    if item.guesses >= account_limits.of(account).guesses(purpose):
        raise errors.LimitExceededException


def _rounds(account: Account) -> int:
    """Each lost round means that another guess or send was counted, and their number in an hour is bounded."""
    limits = account_limits.of(account)
    return max(limits.code_guesses, limits.password_changes) + max(limits.code_sends, limits.address_codes) + 2


def _is_saved(account: Account, purpose: str, item: Code) -> bool:
    """Save the item; False when it was changed meanwhile, and then it is read again."""
    try:
        store.save(item)
    except store.Conflict:
        _read_again(account, purpose)
        return False
    return True


def _read_again(account: Account, purpose: str) -> None:
    found = store.get(Code, pool=account.user.pool_id, sub=account.user.sub, purpose=purpose)
    if found is None:
        account.codes.pop(purpose, None)
    else:
        account.codes[purpose] = found


def _is_right(account: Account, purpose: str, item: Code, text: str) -> bool:
    to = destination(account.user, purpose, item.attribute or "")
    return hmac.compare_digest(item.digest or b"", _digest(item, to, text))


def _digest(item: Code, to: str, text: str) -> bytes:
    """What is kept of a code: bound to user, purpose and the address that it went to.

    Attack: a code sent to an own address, answered after the address was changed to somebody else's, or while somebody
    else's waits for its proof, would prove that.
    """
    message = json.dumps([item.pk, item.sk, item.attribute or "", to, text])
    return vault.mac("code", message.encode())
