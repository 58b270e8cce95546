"""Authenticator apps at sign-in: whether a user has one, and the spending of its codes.

Owns the replay guard and the count of wrong codes, both on the one item. Leaves codes and seeds to `rules.totp`, and
how an app is set up to `software_token_setup`.

A guess is optimistic, as in `codes`: a wrong one is counted by a write that demands the item unchanged, and so does the
write that spends a right one; whoever loses looks again. So of a thousand guesses sent in the same moment no more are
answered than one after the other, and of two right answers with the same code one counts.
"""

from __future__ import annotations

from typing import Final

from chalicelib import errors, journal
from chalicelib.flows import account_limits, unknown_users, vault
from chalicelib.rules import quotas, totp
from chalicelib.table import store
from chalicelib.table.factors import Totp
from chalicelib.table.users import Account
from chalicelib.table.writes import Save, Write

NAME: Final = "totp"
"""The name of the writes of an app: a Conflict of it means that it was used, guessed at or replaced meanwhile."""

MISMATCH: Final = "Invalid code received for user"
SPENT: Final = "Your software token has already been used once."
TOO_MANY: Final = "Attempt limit exceeded, please try after some time."


def is_ready(account: Account) -> bool:
    """Whether the user has an app that was proved, switched on or not."""
    return account.totp is not None and account.totp.seed is not None


def spending(account: Account, text: str, now: float) -> list[Write]:
    """The write, named `NAME`, that spends a right code; the caller makes it with what the code allows.

    Raises CodeMismatchException for a wrong code, which is counted, ExpiredCodeException for one that was used,
    TooManyRequestsException after too many, and SoftwareTokenMFANotFoundException.
    """
    most = account_limits.of(account).authenticator_guesses
    for _ in range(most + 2):  # each lost round is another's counted guess, or a code that was spent
        item = _ready_item(account)
        _refuse_over(item, most, now)
        step = totp.matched(_seed(item), text, now)
        if step is not None:
            return [_spent(item, step)]
        item.failures += 1
        if _is_saved(account, item):
            journal.note(reason="code wrong")
            raise errors.CodeMismatchException(MISMATCH)
    raise errors.TooManyRequestsException


def _ready_item(account: Account) -> Totp:
    """Nobody comes here without a first factor, and the sentence tells that there is none: no work hides that."""
    item = account.totp
    if item is None or item.seed is None or unknown_users.is_nobody(account):
        raise errors.SoftwareTokenMFANotFoundException
    return item


def _refuse_over(item: Totp, most: int, now: float) -> None:
    """The attack: whoever knows the password begins sign-in after sign-in and tries the million codes."""
    if item.window_ends <= now:
        item.failures, item.window_ends = 0, now + quotas.COUNTING_TIME
    if item.failures >= most:
        journal.note(reason="too many")
        raise errors.TooManyRequestsException(TOO_MANY)


def _seed(item: Totp) -> bytes:
    return vault.open_for(item, item.seed)


def _spent(item: Totp, step: int) -> Save:
    """The attack: a code read over a shoulder, or on its way, is used again while it is still shown (RFC 6238, 5.2).

    Steps are spent in order, so a code that was let pass does not come back to life either.
    """
    if step <= item.last_step:
        journal.note(reason="code spent")
        raise errors.ExpiredCodeException(SPENT)
    item.last_step = step
    return Save(item, NAME)


def _is_saved(account: Account, item: Totp) -> bool:
    """Save the count; False when the item was changed meanwhile, and then it is read again."""
    user = account.user
    try:
        store.save(item, NAME)
    except store.Conflict:
        account.totp = store.get(Totp, pool=user.pool_id, sub=user.sub)
        return False
    return True
