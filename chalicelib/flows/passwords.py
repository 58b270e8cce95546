"""Passwords of users: accepted, kept, checked, replaced.

Owns what a Password item holds: the argon2id hash by the profile of the settings, the SRP verifier while the pool has
use for one, and the history. Leaves the rules of the policy to `rules.passwords`, the lock-out after wrong passwords to
the sign-in, and every write to the caller, who puts the item into its one transaction.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.errors import InvalidPasswordException, PasswordHistoryPolicyViolationException
from chalicelib.flows import breaches, rounds, vault
from chalicelib.rules import foreign_hashes, frequent_passwords, hashes, passwords, quotas, srp
from chalicelib.settings import current
from chalicelib.table import pools, store
from chalicelib.table.items import Password, Pool
from chalicelib.table.users import Account

REFUSED = "Password did not conform with policy: "
_FOREIGN = "foreign_hash"
"""In `Pool.ours`: a look-alike of the hashes that were imported last."""

REFUSED_FOR_ADMINISTRATORS = "Password does not conform to policy: "


def policy(pool: Pool) -> dict[str, Any]:
    """The pool's PasswordPolicyType."""
    found: dict[str, Any] = pool.document.get("Policies", {}).get("PasswordPolicy", {})
    return found


def require_valid(pool: Pool, text: str, prefix: str = REFUSED) -> None:
    """Raises InvalidPasswordException with the first reason against a new password.

    Those are the rules of the pool's policy, then the list of common passwords, then leaked ones. All hold for a
    temporary password too: it opens an account for days, and "Welcome1" for everybody is what a spray begins with.
    """
    if problem := passwords.problem(text, policy(pool)) or _known_problem(pool, text):
        raise InvalidPasswordException(prefix + problem)


def is_right(account: Account | None, text: str, pool: Pool | None = None) -> bool:
    """Whether this is the password of the account; nobody, and a user without a password, have none.

    Attack: names are found out by the clock when an unknown one is refused without a hash. So each question costs one
    hash of the profile, whatever there is to compare with; in a pool into which hashes of another system were imported,
    a wrong password costs one of those beside. A text longer than any password is not hashed: its length would be work
    that the caller orders.
    """
    stored = account.password.hash if account and account.password else None
    is_possible = stored is not None and len(text) <= passwords.LONGEST
    shortened = text if len(text) <= passwords.LONGEST else ""
    matched = hashes.is_match(stored or _dummy(), shortened)
    foreign = ((pool.ours if pool else None) or {}).get(_FOREIGN)
    if not matched and foreign:
        is_own = stored is None or not hashes.needs_rehash(stored, profile())
        hashes.is_match(foreign if is_own else _dummy(), shortened)
    return matched and is_possible


def expect_foreign(pool_id: str, text: str) -> None:
    """Let wrong passwords cost in this pool what a hash of this form and cost does; before users with such come in."""

    def attempt() -> None:
        pool = pools.fresh_pool(pool_id)
        if pool is not None:
            pool.ours = dict(pool.ours or {}) | {_FOREIGN: foreign_hashes.look_alike(text)}
            store.together(store.Save(pool, "pool"))

    rounds.retried(attempt, "pool")
    pools.forget_pool(pool_id)


def replaced(pool: Pool, account: Account, text: str, now: float) -> Password:
    """The account's Password item with a new password in it: the one that was read, or a fresh one. To be saved.

    Raises PasswordHistoryPolicyViolationException when it was used before.
    """
    kept = _kept_history(pool, account.password)
    if any(hashes.is_match(stored, text) for stored in kept):
        raise PasswordHistoryPolicyViolationException("Password has previously been used.")
    return _renewed(pool, account, text, now)


def temporary(pool: Pool, account: Account, text: str, now: float) -> Password:
    """As `replaced`, with a password that only serves to choose another, for as long as the pool's policy says.

    An administrator may choose one twice.
    """
    item = _renewed(pool, account, text, now)
    item.valid_until = now + quotas.temporary_password_lifetime(pool.document)
    return item


def upgraded(pool: Pool, account: Account, text: str, now: float) -> Password | None:
    """After the right password came as text: the item as it should be kept by now, to be saved; None if it is so.

    The hash is made again when the profile has changed. The verifier is added when the pool has come to allow SRP, and
    dropped when it no longer does: it would only be one more thing to steal. A temporary password that is over stays
    as it is.
    """
    item = account.password
    if item is None or (item.valid_until is not None and item.valid_until <= now):
        return None
    is_old = hashes.needs_rehash(item.hash, profile())
    if not is_old and pool.allows_srp == (item.verifier is not None):
        return None
    if is_old:
        item.hash = hashes.hashed(text, profile())
    if pool.allows_srp != (item.verifier is not None):
        _set_verifier(pool, account.user.username, item, text)
    return item


def verifier(password: Password | None) -> tuple[int, int] | None:
    """Salt and SRP verifier; None when there is no password or none is kept with it. Raises vault.Unsealable."""
    if password is None or password.verifier is None or password.salt is None:
        return None
    return int(password.salt, 16), int.from_bytes(vault.open_for(password, password.verifier), "big")


def profile() -> hashes.Profile:
    """What one hash costs on this stage."""
    settings = current()
    return hashes.Profile(settings.argon2_memory_kib, settings.argon2_iterations, settings.argon2_parallelism)


def _known_problem(pool: Pool, text: str) -> str | None:
    if frequent_passwords.is_common(text):
        return "Password is too common"
    return "Password has appeared in a data breach" if breaches.is_refused(pool, text) else None


def _renewed(pool: Pool, account: Account, text: str, now: float) -> Password:
    kept = _kept_history(pool, account.password)
    item = account.password or _fresh(account)
    item.hash = hashes.hashed(text, profile())
    item.set_at = now
    item.valid_until = None
    item.history = kept[: _history_size(pool)] or None
    _set_verifier(pool, account.user.username, item, text)
    return item


def _fresh(account: Account) -> Password:
    return Password.new({"pool": account.user.pool_id, "sub": account.user.sub})


def _history_size(pool: Pool) -> int:
    return int(policy(pool).get("PasswordHistorySize", 0))


def _kept_history(pool: Pool, password: Password | None) -> list[str]:
    """The hashes that a new password may not match, newest first: the present one and those that the policy keeps."""
    size = _history_size(pool)
    if not size or password is None:
        return []
    return [password.hash, *(password.history or [])[:size]]


def _set_verifier(pool: Pool, username: str, item: Password, text: str) -> None:
    """Keep a verifier only where one is needed: whoever has it can try passwords faster than against argon2."""
    if not pool.allows_srp:
        item.salt = item.verifier = None
        return
    salt = srp.new_salt()
    value = srp.verifier(pool.name_in_srp, username, text, salt)
    item.salt = srp.hexadecimal(salt)
    item.verifier = vault.seal_for(item, srp.pad(value))


@cache
def _dummy() -> str:
    return hashes.dummy(profile())
