"""Who holds an access token: checked on every call that takes one, in one trip to the table.

Signature, issuer, use, expiry, scope, then whether session and user still stand. JWTs verify offline until they expire;
here revocation counts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call, pool_of
from chalicelib.flows import signing_keys
from chalicelib.rules import claims, jwt
from chalicelib.table import pools, sessions, users
from chalicelib.table.items import Pool, Session, User
from chalicelib.table.pools import ClientRecord
from chalicelib.table.users import Account

_REASONS = {
    "Access Token has expired": "token expired",
    "Access Token does not have required scopes": "token scope",
}


@dataclass(frozen=True, slots=True)
class Access:
    """The bearer of an access token: user and session as they are now, client and pool as remembered."""

    pool: Pool
    client: ClientRecord
    user: User
    session: Session
    claims: dict[str, Any]


def owner(call: Call) -> Access:
    """Whose access token the call brings; pool and client of the call are the token's from then on.

    Raises NotAuthorizedException ("Invalid Access Token", "… has expired", "… has been revoked", "… does not have
    required scopes") and UserNotFoundException for a user who is gone.
    """
    found = verified(call, call["AccessToken"])
    pool_id = _pool_id(found)
    client = pools.client(found["client_id"])
    if client is None or client.pool_id != pool_id:
        journal.note(reason="unknown client")
        raise errors.NotAuthorizedException("Invalid Access Token")
    journal.note(caller="user", pool=pool_id, client=client.id, sub=found["sub"])
    user, session = sessions.with_user(pool_id, found["sub"], found["event_id"])
    if user is None:
        raise errors.UserNotFoundException
    if session is None or not sessions.is_live(user, session):
        journal.note(reason="token revoked" if user.enabled else "disabled")
        raise errors.NotAuthorizedException("Access Token has been revoked")
    call.pool, call.client = pool_of(pool_id), client
    return Access(call.pool, client, user, session, found)


def account(call: Call) -> Account:
    """The owner of the call's access token with password and codes, in two trips. Raises what `owner` raises."""
    return account_of(owner(call))


def account_of(who: Access) -> Account:
    """The bearer with password and codes, read once more. Raises UserNotFoundException."""
    found = users.by_sub(who.pool.id, who.user.sub)
    if found is None:
        raise errors.UserNotFoundException
    return found


def require_no_reset(user: User) -> None:
    """Raises PasswordResetRequiredException while an administrator wants another password of the user.

    Attack: whoever took an account over has a session still when the administrator resets the password, and moves the
    address to which the next reset code or invitation goes, or makes the code that went there useless.
    """
    if user.status in ("RESET_REQUIRED", "FORCE_CHANGE_PASSWORD"):
        raise errors.PasswordResetRequiredException


def verified(call: Call, token: str) -> dict[str, Any]:
    """The claims of an access token of one of our pools, believed but for revocation.

    The issuer is read before the signature is checked, only to find the keys; the verified one must be our own address
    for that pool, so a token that a stranger's issuer signed, or another stage of ours, is no token here.
    """
    try:
        pool_id = _pool_id(jwt.unverified_claims(token))
        found = jwt.verified(token, signing_keys.key_set(pool_id))
    except jwt.BadToken:
        journal.note(reason="token forged")
        raise errors.NotAuthorizedException("Invalid Access Token") from None
    if problem := claims.access_problem(found, call.issuer(pool_id), call.now):
        journal.note(reason=_REASONS.get(problem, "token foreign"))
        raise errors.NotAuthorizedException(problem)
    return found


def _pool_id(found: dict[str, Any]) -> str:
    return str(found.get("iss", "")).rpartition("/")[2]
