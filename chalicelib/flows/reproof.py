"""Proof that is asked for again before somebody changes what protects an account: a setting of the pool.

Owns who has proved enough, and how long that lasts. Leaves to the operations what counts as such a change.
"""

from __future__ import annotations

from typing import Final

from chalicelib import errors, journal
from chalicelib.flows import access, second_factors
from chalicelib.flows.access import Access
from chalicelib.rules import security_settings

LASTS: Final = 300
"""Seconds after a sign-in in which its proofs do; refreshing does not renew them."""

_PASSKEYS: Final = frozenset({"swk", "hwk"})


def require(who: Access, now: float) -> None:
    """Raises NotAuthorizedException unless the bearer signed in just now with all that protects the account.

    Nothing is asked, and nothing read, where the pool does not want it; and nothing is asked of a user whose sign-in
    takes no second factor, or who has none yet. Attack: a session that was left open, or a stolen access token, drops
    the factor, or adds one of the thief's own, and so takes the account for good.
    """
    if not security_settings.of(who.pool.ours).reproves_factors or not _is_protected(who):
        return
    if not is_fresh(who, now) or not _has_proved_enough(who):
        journal.note(reason="no fresh proof")
        raise errors.NotAuthorizedException("Sign in again with your second factor or a passkey before changing it.")


def is_fresh(who: Access, now: float) -> bool:
    """Whether the bearer has just signed in."""
    return bool(now - who.session.created_at < LASTS)


def _is_protected(who: Access) -> bool:
    """Read now: where every sign-in takes a second factor, one that was never switched on protects too."""
    account = access.account_of(who)
    return second_factors.is_needed(who.pool, account) and bool(second_factors.usable(who.pool, account))


def _has_proved_enough(who: Access) -> bool:
    proved = set(who.session.proved or ())
    return len(proved) > 1 or bool(_PASSKEYS & proved)
