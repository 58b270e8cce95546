"""Recovery codes: ten texts on paper, each of which stands once in the place of a second factor.

Owns their form, what is kept of them, and their spending. A code has 80 random bits, so a plain hash of it is enough:
nobody tries them out, and a keyed one would be worth nothing in another stage, into which an export may be restored.
The hash covers the user's `sub`, so that codes copied to another user open nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from typing import Final

from chalicelib import errors, journal
from chalicelib.flows import software_tokens
from chalicelib.rules import quotas
from chalicelib.table import store
from chalicelib.table.factors import RecoveryCodes
from chalicelib.table.items import User
from chalicelib.table.keys import Key
from chalicelib.table.users import Account
from chalicelib.table.writes import Change, Remove, Save, Write

COUNT: Final = 10
NAME: Final = "recovery"
"""The name of their writes: a Conflict of it means that a code was used, tried or replaced meanwhile."""

_BYTES: Final = 10
_GROUP: Final = 4
_FORM: Final = re.compile(r"[A-Za-z2-7]{4}(?:-[A-Za-z2-7]{4}){3}", re.ASCII)
_LONGEST: Final = 19
_ROUNDS: Final = quotas.TOKEN_GUESSES + COUNT + 2  # each lost round is another's counted guess or a code that was spent


def is_form(text: str) -> bool:
    """Whether a text has the form of a recovery code, in letters of either case; no code of a factor has it."""
    return len(text) <= _LONGEST and _FORM.fullmatch(text) is not None


def fresh() -> list[str]:
    """New codes, not yet anybody's."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_BYTES)).decode()) for _ in range(COUNT)]


def replacing(user: User, texts: Sequence[str], now: float) -> Change:
    """The write, named `NAME`, that makes these the user's codes; those of before are good for nothing then."""
    digests = [_digest(user.sub, text) for text in texts]
    values = {"digests": digests, "created_at": now, "failures": 0, "window_ends": 0}
    return Change(_place(user), RecoveryCodes, set=values, upsert=True, name=NAME)


def removing(user: User) -> Remove:
    """The write that takes a user's codes away, if there are any."""
    return Remove(_place(user), NAME)


def of(user: User) -> RecoveryCodes | None:
    """What is kept of a user's codes: one read."""
    return store.get(RecoveryCodes, pool=user.pool_id, sub=user.sub)


def spending(account: Account, text: str, now: float) -> list[Write]:
    """The write, named `NAME`, that spends a code; the caller makes it with what the code allows.

    Raises CodeMismatchException for a wrong code or a spent one, which is counted, and TooManyRequestsException after
    too many.
    """
    for _ in range(_ROUNDS):
        item = of(account.user)
        if item is None:
            raise _wrong()
        _refuse_over(item, now)
        digest = _digest(account.user.sub, text)
        matches = [hmac.compare_digest(kept, digest) for kept in item.digests]
        if any(matches):
            item.digests = [kept for kept in item.digests if kept != digest]
            return [Save(item, NAME)]
        item.failures += 1
        if _is_saved(item):
            raise _wrong()
    raise errors.TooManyRequestsException


def _refuse_over(item: RecoveryCodes, now: float) -> None:
    """Nobody finds 80 bits, but whoever tries shall not cost the table more than other guessers do."""
    if item.window_ends <= now:
        item.failures, item.window_ends = 0, now + quotas.COUNTING_TIME
    if item.failures >= quotas.TOKEN_GUESSES:
        journal.note(reason="too many")
        raise errors.TooManyRequestsException(software_tokens.TOO_MANY)


def _wrong() -> errors.AwsError:
    journal.note(reason="code wrong")
    return errors.CodeMismatchException(software_tokens.MISMATCH)


def _is_saved(item: RecoveryCodes) -> bool:
    try:
        store.save(item, NAME)
    except store.Conflict:
        return False
    return True


def _place(user: User) -> Key:
    return RecoveryCodes.at(pool=user.pool_id, sub=user.sub)


def _grouped(text: str) -> str:
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _digest(sub: str, text: str) -> str:
    return hashlib.sha256(json.dumps([sub, text.upper()]).encode()).hexdigest()
