"""Sessions: refreshing with rotation, revoking, and signing out everywhere."""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import access, client_secrets, tokens
from chalicelib.operations.registry import operation
from chalicelib.table import sessions, store
from chalicelib.table.items import User


@operation
def get_tokens_from_refresh_token(call: Call) -> dict[str, Any]:
    """Fresh tokens for a refresh token, which a rotating client gets replaced too."""
    client_secrets.require_secret(call.client, call.get("ClientSecret"))
    result = tokens.renewed(call, call["RefreshToken"], lambda _user: None, call.get("DeviceKey", ""))
    return {"AuthenticationResult": result}


@operation
def revoke_token(call: Call) -> dict[str, Any]:
    """End a sign-in by its refresh token, with all tokens that came from it."""
    client_secrets.require_secret(call.client, call.get("ClientSecret"))
    if not call.client.document.get("EnableTokenRevocation"):
        raise errors.UnsupportedOperationException("Token revocation is not enabled for this client.")
    tokens.revoke(call, call["Token"])
    return {}


@operation
def global_sign_out(call: Call) -> dict[str, Any]:
    """End every session of the bearer of an access token. A user who has gone has none that stands."""
    try:
        _sign_out(access.owner(call).user, call.now)
    except errors.UserNotFoundException:
        raise errors.NotAuthorizedException("Access Token has been revoked") from None
    return {}


@operation
def admin_user_global_sign_out(call: Call) -> dict[str, Any]:
    """End every session of a user. Raises UserNotFoundException."""
    _sign_out(call.account.user, call.now)
    return {}


def _sign_out(user: User, now: float) -> None:
    """Raises UserNotFoundException for a user who was deleted meanwhile."""
    try:
        store.together(sessions.signed_out(user.pool_id, user.sub, now))
    except store.Conflict:
        raise errors.UserNotFoundException from None
