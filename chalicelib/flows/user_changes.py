"""Changes to one user: decided on what was read, written as one, and decided again when somebody else was faster.

Owns the rounds, and that what users are found by changes with them. Leaves what is changed to the operations, and a
name that is taken too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from chalicelib.call import pool_of
from chalicelib.errors import TooManyRequestsException, UserNotFoundException
from chalicelib.flows import activity
from chalicelib.table import search, store, users
from chalicelib.table.store import Write
from chalicelib.table.users import Account

_ROUNDS: Final = 5
_OWN_PARTS: Final = frozenset({"user", "password", "code", "guesses", "totp", "passkey"})
"""Names of writes that fail because the account changed since it was read."""


def carry_out(account: Account, decided: Callable[[Account], Sequence[Write]]) -> Account:
    """Write what `decided` makes of the account, all or none; the account as it was written.

    It is called again with a fresh account when another request changed it meanwhile, and raises what it has to say
    about that one. Raises store.Conflict when a name is taken, UserNotFoundException when the user has gone,
    ResourceNotFoundException when its pool has, and TooManyRequestsException after five rounds.
    """
    pool = pool_of(account.user.pool_id)
    for _ in range(_ROUNDS):
        before = search.entries(pool, account.user)
        writes = activity.noted(decided(account))
        try:
            store.together(*writes, *search.beside(pool, account.user, before, writes))
        except store.Conflict as conflict:
            if not _OWN_PARTS & set(conflict.names):
                raise
            account = _fresh(account)
        else:
            return account
    raise TooManyRequestsException


def _fresh(account: Account) -> Account:
    found = users.by_sub(account.user.pool_id, account.user.sub)
    if found is None:
        raise UserNotFoundException
    return found
