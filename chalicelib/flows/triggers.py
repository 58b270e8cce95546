"""The gate in front of what a pool wants to be asked of its own functions.

Such functions are not called yet, so an operation that would have to call one refuses. Fails closed: a pool whose
PreSignUp turns strangers away must not be served as if it had let them in.
"""

from __future__ import annotations

from chalicelib.errors import NotImplementedException
from chalicelib.rules import pool_settings
from chalicelib.table.items import Pool

SENDERS = ("CustomMessage", "CustomEmailSender", "CustomSMSSender")
"""What stands between a code and its message."""


def require_unset(pool: Pool, *names: str) -> None:
    """Raises NotImplementedException with the first of these triggers (names as in LambdaConfig) that the pool has."""
    configured = pool_settings.triggers(pool.document)
    for name in names:
        if name in configured:
            raise NotImplementedException(f"The trigger {name} of this user pool cannot be called yet.")
