"""The limits that hold for an account: the security settings of its pool, for flows that are given no call."""

from __future__ import annotations

from chalicelib.rules import security_settings
from chalicelib.rules.security_settings import SecuritySettings
from chalicelib.table import pools
from chalicelib.table.users import Account


def of(account: Account) -> SecuritySettings:
    """The settings of the account's pool; whoever asks has just had that, so it is remembered and costs no trip."""
    pool = pools.pool(account.user.pool_id)
    return security_settings.of(pool.ours if pool else None)
