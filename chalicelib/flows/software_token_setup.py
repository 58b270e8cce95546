"""Setting up an authenticator app: a seed is handed out, and counts once a code of it has come back.

With an access token the seed waits on the user's item beside the one that counts. While signing in (MFA_SETUP) it waits
in the sealed Session alone. Attack: two sign-ins in set-up at once, one of a thief who knows the password, would
overwrite each other's seed on an item, and the owner's app be proved by the thief's code, or the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    access,
    challenges,
    mfa_preferences,
    openings,
    reproof,
    second_factors,
    software_tokens,
    unknown_users,
    user_changes,
    vault,
)
from chalicelib.flows.access import Access
from chalicelib.flows.challenges import State
from chalicelib.rules import totp
from chalicelib.rules.second_factors import SETUP, TOTP
from chalicelib.table.factors import Totp
from chalicelib.table.items import Pool
from chalicelib.table.users import Account
from chalicelib.table.writes import Check, Save, Write

LONGEST_NAME: Final = 256
"""Characters of a FriendlyDeviceName: the model lets 131,072 through, and every sign-in reads and shows it."""

_NOT_OFFERED: Final = "Software Token MFA has not been enabled by the userPool"
_SEED: Final = "seed"


@dataclass(frozen=True, slots=True)
class Proof:
    """A code that came back, when, and the name that its app is given."""

    text: str
    now: float
    name: str | None = None


def begun(who: Access, now: float) -> str:
    """A fresh seed as text, which waits for its code; an app that counts goes on counting.

    Raises SoftwareTokenMFANotFoundException where the pool offers none, NotAuthorizedException and
    PasswordResetRequiredException.
    """
    _require_offered(who.pool)
    seed = totp.new_seed()

    def decided(found: Account) -> Sequence[Write]:
        _require_owner(who, found, now)
        item = _item(found)
        item.pending = vault.seal_for(item, seed)
        return [Save(item, software_tokens.NAME), Check(found.user, "user")]

    user_changes.carry_out(access.account_of(who), decided)
    return totp.text_of(seed)


def proved(who: Access, proof: Proof) -> None:
    """Let the seed that waits count from now on; it is not switched on by that.

    Raises EnableSoftwareTokenMFAException for a wrong code, SoftwareTokenMFANotFoundException without a seed,
    InvalidParameterException, NotAuthorizedException and PasswordResetRequiredException. Wrong codes are not counted:
    whoever asked for the seed knows it.
    """
    _require_offered(who.pool)

    def decided(found: Account) -> Sequence[Write]:
        _require_owner(who, found, proof.now)
        item = found.totp
        if item is None or item.pending is None:
            raise errors.SoftwareTokenMFANotFoundException
        return [_counting(item, vault.open_for(item, item.pending), proof), Check(found.user, "user")]

    user_changes.carry_out(access.account_of(who), decided)


def begun_in(call: Call, state: State) -> tuple[State, str]:
    """The state of a sign-in that knows a fresh seed, and the seed as text; nothing is written.

    Raises SoftwareTokenMFANotFoundException, NotAuthorizedException and PasswordResetRequiredException.
    """
    _require_offered(call.pool)
    _require_in_setup(call, challenges.account(call, state), state)
    text = totp.text_of(totp.new_seed())
    return replace(state, data={**state.data, _SEED: text}), text


def proved_in(call: Call, state: State, proof: Proof) -> State:
    """Let the seed of a sign-in count and switch it on; the state that tells so. Raises as `proved` does."""
    _require_offered(call.pool)

    def decided(found: Account) -> Sequence[Write]:
        _require_in_setup(call, found, state)
        if _SEED not in state.data:
            raise errors.SoftwareTokenMFANotFoundException
        user = found.user
        counting = _counting(_item(found), totp.seed_of(str(state.data[_SEED])), proof)
        user.mfa = mfa_preferences.with_method(user.mfa, TOTP)
        if not (user.mfa or {}).get("preferred"):
            user.mfa = mfa_preferences.preferring(user.mfa, TOTP)
        user.modified_at = proof.now
        return [counting, Save(user, "user")]

    user_changes.carry_out(challenges.account(call, state), decided)
    kept = {name: value for name, value in state.data.items() if name != _SEED}
    return replace(state, data={**kept, second_factors.VERIFIED: proof.now})


def _require_offered(pool: Pool) -> None:
    if TOTP not in second_factors.offered(pool):
        raise errors.SoftwareTokenMFANotFoundException(_NOT_OFFERED)


def _require_owner(who: Access, found: Account, now: float) -> None:
    access.require_no_reset(found.user)
    reproof.require(who, now)


def _require_in_setup(call: Call, found: Account, state: State) -> None:
    """Whether the sign-in would be asked to set up a factor now too.

    Attack: somebody who learned the password begins a sign-in before the owner has set up a factor, or changed the
    password, and goes on with it afterwards: it would put the thief's app in the place of the owner's.
    """
    access.require_no_reset(found.user)
    openings.require_same_password(found, state)
    is_able = found.user.enabled and not unknown_users.is_nobody(found)
    if not is_able or second_factors.due(call.pool, found, state).challenge != SETUP:
        journal.note(reason="factor not to be set up")
        raise errors.NotAuthorizedException("Invalid session for the user.")


def _item(found: Account) -> Totp:
    user = found.user
    return found.totp or Totp.new({"pool": user.pool_id, "sub": user.sub})


def _counting(item: Totp, seed: bytes, proof: Proof) -> Save:
    """The write with which a seed counts. The code that proved it is spent: it was on its way like any other."""
    if len(proof.name or "") > LONGEST_NAME:
        raise errors.InvalidParameterException(f"FriendlyDeviceName has at most {LONGEST_NAME} characters.")
    step = totp.matched(seed, proof.text, proof.now)
    if step is None:
        journal.note(reason="code wrong")
        raise errors.EnableSoftwareTokenMFAException
    item.seed, item.pending, item.name = vault.seal_for(item, seed), None, proof.name or None
    item.last_step, item.verified_at = step, proof.now
    return Save(item, software_tokens.NAME)
