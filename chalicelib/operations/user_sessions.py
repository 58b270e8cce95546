"""Live sessions of users: listed and ended by themselves and by administrators.

All come in one page, so no token for a next one is ever handed out.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import access, user_sessions
from chalicelib.operations.registry import operation
from chalicelib.rules import session_settings

Answer = dict[str, Any]


@operation
def list_user_sessions(call: Call) -> Answer:
    """The sessions of the bearer of an access token, over all clients.

    Raises OperationNotEnabledException, InvalidParameterException, PasswordResetRequiredException and what
    `access.owner` raises.
    """
    who = access.owner(call)
    access.require_no_reset(who.user)
    _refuse_next(call)
    return {"Sessions": user_sessions.records(who.pool, who.user, call.now, who.session.id)}


@operation
def admin_list_user_sessions(call: Call) -> Answer:
    """The sessions of a user. Raises UserNotFoundException, OperationNotEnabledException, InvalidParameterException."""
    user_sessions.require_tracking(call.pool)
    _refuse_next(call)
    return {"Sessions": user_sessions.records(call.pool, call.account.user, call.now)}


@operation
def revoke_user_session(call: Call) -> None:
    """End another session of the bearer of an access token.

    Raises InvalidParameterException for the bearer's own, ResourceNotFoundException, OperationNotEnabledException,
    PasswordResetRequiredException and what `access.owner` raises.
    """
    who = access.owner(call)
    access.require_no_reset(who.user)
    user_sessions.require_tracking(who.pool)
    if session_settings.session_of(call["SessionId"]) == who.session.id:
        raise errors.InvalidParameterException("The session of the access token itself cannot be revoked.")
    user_sessions.revoke(who.pool, who.user, call["SessionId"], call.now)


@operation
def admin_revoke_user_session(call: Call) -> None:
    """End a session of a user.

    Raises UserNotFoundException, ResourceNotFoundException and OperationNotEnabledException.
    """
    user_sessions.require_tracking(call.pool)
    user_sessions.revoke(call.pool, call.account.user, call["SessionId"], call.now)


def _refuse_next(call: Call) -> None:
    if "NextToken" in call:
        raise errors.InvalidParameterException("Invalid pagination token")
