"""A user's own profile, for whoever holds an access token: seen, and deleted."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.flows import access, profiles, user_removal
from chalicelib.operations.registry import operation


@operation
def get_user(call: Call) -> dict[str, Any]:
    """The bearer of the token, as far as the app client may read. Raises NotAuthorizedException."""
    who = access.owner(call)
    return profiles.own(who.user, who.client)


@operation
def delete_user(call: Call) -> None:
    """Delete the bearer of the token with everything. Raises NotAuthorizedException."""
    user_removal.delete(access.account(call))
