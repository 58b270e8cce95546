"""Tokens: the only place that mints them, renews them and ends them.

A sign-in makes one session item, which is the refresh family; its id is the `origin_jti` of every token of the family.
Leaves claims to `rules.claims`, the form of refresh tokens to `rules.refresh`, and the checking of access tokens to
`flows.access`.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import activity, signing_keys, triggers, vault
from chalicelib.flows.challenges import State
from chalicelib.rules import auth_flows, claims, refresh, usage
from chalicelib.rules.groups import Definition
from chalicelib.rules.refresh import RefreshToken
from chalicelib.table import groups, sessions, store
from chalicelib.table.items import Session, User
from chalicelib.table.pools import ClientRecord
from chalicelib.table.writes import Save, Write

SESSION = "session"
"""The name of the session's write: a Conflict of this name means that the sign-in was already completed once."""

TRIGGERS = ("PreTokenGeneration", "PreTokenGenerationConfig")
_KEPT = 2 * 86400  # seconds that a session is kept after its end: the sign-ins of a day are counted on the next
_RACE = 10.0  # seconds within which a repeated rotation is a client's double request and not a theft


@dataclass(frozen=True, slots=True)
class Family:
    """Whom tokens are for: the client, the user, the session that holds them together, and the user's groups."""

    client: ClientRecord
    user: User
    session: Session
    groups: Sequence[Definition] = ()


def begin(call: Call, user: User, state: State, also: list[Write]) -> dict[str, Any]:
    """Complete a sign-in: write the session of its state with `also` in one step, and return AuthenticationResult.

    The session is create-only, so what carries a session id (an SRP proof, a challenge) signs in once. Raises
    store.Conflict.
    """
    triggers.require_unset(call.pool, *TRIGGERS)
    token = refresh.new(user.sub, state.session_id)
    ends_at = int(call.now) + claims.lifetime(call.client.document, "RefreshToken")
    session = Session.new(
        {"pool": user.pool_id, "sub": user.sub, "id": state.session_id, "day": usage.day(call.now)},
        id=state.session_id,
        sub=user.sub,
        client_id=call.client.id,
        created_at=call.now,
        scope=claims.API_SCOPE,
        refresh_digest=token.digest,
        ends_at=ends_at,
        expires=ends_at + _KEPT,
        device_key=state.device_key or None,
        proved=list(state.proved),
        acr=state.acr or None,
    )
    family = Family(call.client, user, session, groups.definitions(user))
    store.together(Save(session, SESSION), *activity.noted(also))
    activity.mark(user, call.now)
    return _minted(call, family) | {"RefreshToken": token.text}


def _minted(call: Call, family: Family) -> dict[str, Any]:
    """A fresh ID and access token of a family, with the user's present attributes."""
    client, user, session = family.client, family.user, family.session
    is_rotating = auth_flows.rotates(client.document)
    sign_in = claims.SignIn(
        issuer=call.issuer(user.pool_id),
        client_id=client.id,
        sub=user.sub,
        username=user.username,
        session_id=session.id,
        scope=session.scope,
        auth_time=int(session.created_at),
        issued_at=int(call.now),
        device_key=session.device_key,
        is_revocable=is_rotating or bool(client.document.get("EnableTokenRevocation")),
        groups=family.groups,
    )
    return {
        "AccessToken": _signed(user.pool_id, "access", claims.access_claims(sign_in, client.document)),
        "IdToken": _signed(user.pool_id, "id", claims.id_claims(sign_in, client.document, user.attributes)),
        "ExpiresIn": claims.lifetime(client.document, "AccessToken"),
        "TokenType": "Bearer",
    }


def _signed(pool_id: str, purpose: str, content: dict[str, Any]) -> str:
    return signing_keys.signer(pool_id, purpose).sign(content | {"jti": str(uuid.uuid4())})


def renewed(call: Call, text: str, prove: Callable[[User], None]) -> dict[str, Any]:
    """AuthenticationResult for a refresh token of the call's client; one trip, and one more with rotation.

    One more where groups of the user are not remembered.

    `prove` checks what proof of the client depends on the token's owner (SECRET_HASH) and raises when it is wrong; it
    runs before anything is written. Raises NotAuthorizedException, RefreshTokenReuseException.
    """
    triggers.require_unset(call.pool, *TRIGGERS)
    token, family = _owned(call, text)
    prove(family.user)
    family = replace(family, groups=groups.definitions(family.user))  # before a rotation, which nobody can repeat
    fresh = _rotated(call, token, family.session) if auth_flows.rotates(call.client.document) else None
    if fresh is None and not _is_current(token, family.session):
        journal.note(reason="refresh replaced")
        raise errors.NotAuthorizedException("Invalid Refresh Token")
    activity.mark(family.user, call.now)
    return _minted(call, family) | ({"RefreshToken": fresh.text} if fresh else {})


def _owned(call: Call, text: str) -> tuple[RefreshToken, Family]:
    """The token and the live family it addresses; that its secret is right is still to be shown.

    Everything that is not a token of this very client gets one sentence, so a stolen token is not told apart from
    garbage by the client it does not belong to.
    """
    token = refresh.parsed(text)
    if token is None:
        journal.note(reason="refresh malformed")
        raise errors.NotAuthorizedException("Invalid Refresh Token")
    user, session = sessions.with_user(call.client.pool_id, token.sub, token.session_id)
    if user is None or session is None or session.client_id != call.client.id or not _is_genuine(token, session):
        is_known = user is not None and session is not None
        journal.note(reason="refresh forged or foreign" if is_known else "refresh unknown")
        raise errors.NotAuthorizedException("Invalid Refresh Token")
    journal.note(sub=user.sub)
    if not user.enabled:
        journal.note(reason="disabled")
        raise errors.NotAuthorizedException("User is disabled.")
    if session.ends_at <= call.now:
        journal.note(reason="refresh expired")
        raise errors.NotAuthorizedException("Refresh Token has expired")
    if not sessions.is_live(user, session):
        journal.note(reason="refresh revoked")
        raise errors.NotAuthorizedException("Refresh Token has been revoked")
    return token, Family(call.client, user, session)


def _is_current(token: RefreshToken, session: Session) -> bool:
    is_same = hmac.compare_digest(token.digest, session.refresh_digest)
    return is_same and token.generation == int(session.generation)


def _is_genuine(token: RefreshToken, session: Session) -> bool:
    """Whether the token is the session's present one or an earlier one of its chain."""
    generation, digest = int(session.generation), session.refresh_digest
    return _is_current(token, session) or refresh.is_ancestor(token, generation, digest, _chained)


def _chained(secret: bytes) -> bytes:
    return vault.mac("refresh chain", secret)


def _rotated(call: Call, token: RefreshToken, session: Session) -> RefreshToken:
    """The token that takes this one's place. Of two rotations at once one wins, or both inside a grace period."""
    fresh = token.following(_chained)
    if not _is_current(token, session):
        return _repeated(call, fresh, session)
    session.refresh_digest, session.generation, session.rotated_at = fresh.digest, fresh.generation, call.now
    try:
        store.save(session, SESSION)
    except store.Conflict:
        _, family = _owned(call, token.text)
        if _is_current(token, family.session):
            raise
        return _repeated(call, fresh, family.session)
    return fresh


def _repeated(call: Call, fresh: RefreshToken, session: Session) -> RefreshToken:
    """What a token gets that was replaced before: inside the client's grace period the token that replaced it.

    A token that comes back later is in two hands: the whole family ends, so the thief's copy dies with the owner's
    (RFC 9700, 4.14). A repeat within seconds is a client that asked twice; it is refused and costs no session. Raises
    RefreshTokenReuseException.
    """
    age = call.now - (session.rotated_at or 0)
    grace = _grace(call.client)
    if grace and age <= grace and fresh.generation == int(session.generation):
        return fresh
    if age > max(grace, _RACE):
        store.together(sessions.revoked(call.client.pool_id, session, call.now))
    raise errors.RefreshTokenReuseException


def _grace(client: ClientRecord) -> int:
    return int(client.document.get("RefreshTokenRotation", {}).get("RetryGracePeriodSeconds", 0))


def revoke(call: Call, text: str) -> None:
    """End the session of a refresh token, and with it every token of the family.

    What is unknown or already revoked is no error, as RFC 7009 asks: nobody learns anything from revoking. Raises
    UnsupportedTokenTypeException, UnauthorizedException.
    """
    token = refresh.parsed(text)
    if token is None:
        if text.count(".") == 2:
            raise errors.UnsupportedTokenTypeException
        return
    user, session = sessions.with_user(call.client.pool_id, token.sub, token.session_id)
    if user is None or session is None or not _is_genuine(token, session):
        return
    journal.note(sub=user.sub)
    if session.client_id != call.client.id:
        raise errors.UnauthorizedException("The token was issued to another client.")
    if session.revoked_at is None:
        store.together(sessions.revoked(call.client.pool_id, session, call.now))
