"""Tokens of users: the only place that begins sign-ins, renews their tokens and ends them.

A sign-in makes one session item, which is the refresh family; its id is the `origin_jti` of every token of the family.
Leaves what tokens hold to `minting`, the form of refresh tokens to `rules.refresh`, the tracking of sessions to
`user_sessions`, and the checking of access tokens to `access`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import activity, triggers, user_sessions, vault
from chalicelib.flows.challenges import State
from chalicelib.flows.minting import Family, minted
from chalicelib.rules import acr, auth_flows, claims, refresh, usage
from chalicelib.rules.refresh import RefreshToken
from chalicelib.table import groups, sessions, store
from chalicelib.table.items import Session, User
from chalicelib.table.pools import ClientRecord
from chalicelib.table.writes import Save, Write

SESSION = "session"
"""The name of the session's write: a Conflict of this name means that the sign-in was already completed once."""

TRIGGERS = ("PreTokenGeneration", "PreTokenGenerationConfig")
_INVALID = "Invalid Refresh Token"
_RACE = 10.0  # seconds within which a repeated rotation is a client's double request and not a theft
_ROUNDS = 3  # of writes that others are in the way of: each lost one is another sign-in or refresh of the same user


def begin(call: Call, user: User, state: State, also: list[Write]) -> dict[str, Any]:
    """Complete a sign-in: write the session of its state with `also` in one step, and return AuthenticationResult.

    The session is create-only, so what carries a session id (an SRP proof, a challenge) signs in once. Raises
    store.Conflict, and NotAuthorizedException for a state below the level that was asked for.
    """
    triggers.require_unset(call.pool, *TRIGGERS)
    if acr.level(state.proved) < state.level:
        journal.note(reason="level not reached")
        raise errors.NotAuthorizedException("The authentication level that was asked for was not reached.")
    token = refresh.new(user.sub, state.session_id)
    session = _session(call, user, state)
    session.refresh_digest = token.digest
    family = Family(call.client, user, session, groups.definitions(user))
    _write(call, family, also)
    activity.mark(user, call.now)
    return minted(call, family) | {"RefreshToken": token.text}


def _session(call: Call, user: User, state: State) -> Session:
    """The session of a sign-in, not yet written. Its `acr` tells the level that was reached, if one was asked for."""
    ends_at = int(call.now) + claims.lifetime(call.client.document, "RefreshToken")
    names = call.pool.document.get("AcrConfiguration", {})
    return Session.new(
        {"pool": user.pool_id, "sub": user.sub, "id": state.session_id, "day": usage.day(call.now)},
        id=state.session_id,
        sub=user.sub,
        client_id=call.client.id,
        created_at=call.now,
        scope=claims.API_SCOPE,
        ends_at=ends_at,
        expires=ends_at + sessions.KEPT,
        device_key=state.device_key or None,
        is_device_bound=state.is_device_proved or None,
        proved=list(state.proved),
        acr=acr.name(acr.level(state.proved), names) if state.acr else None,
        **user_sessions.use(call),
    )


def _write(call: Call, family: Family, also: list[Write]) -> None:
    """Write a new session with all that goes with it; who gives way to it is chosen again where others were faster."""
    for _ in range(_ROUNDS):
        leaving = user_sessions.making_room(call, family.user, family.session.id)
        try:
            return store.together(Save(family.session, SESSION), *leaving, *activity.noted(also))
        except store.Conflict as conflict:
            others = [name for name in conflict.names if name != user_sessions.GIVEN_WAY]
            if others:
                raise store.Conflict(*others) from conflict
    raise errors.TooManyRequestsException


def renewed(call: Call, text: str, prove: Callable[[User], None], device_key: str = "") -> dict[str, Any]:
    """AuthenticationResult for a refresh token of the call's client; one trip, and one more with rotation.

    One more where groups of the user are not remembered, or where sessions are tracked and not rotated.

    `prove` checks what proof of the client depends on the token's owner (SECRET_HASH) and raises when it is wrong; it
    runs before anything is written. `device_key` is the device that the client says it is. Raises
    NotAuthorizedException, RefreshTokenReuseException.
    """
    triggers.require_unset(call.pool, *TRIGGERS)
    token, family = _owned(call, text)
    prove(family.user)
    _require_device(family.session, device_key)
    family = replace(family, groups=groups.definitions(family.user))  # before a rotation, which nobody can repeat
    rotates = auth_flows.rotates(call.client.document)
    fresh = _rotated(call, token, family.session, device_key) if rotates else None
    if fresh is None:
        if not _is_current(token, family.session):
            journal.note(reason="refresh replaced")
            raise errors.NotAuthorizedException(_INVALID)
        user_sessions.note_use(call, family.session)
    activity.mark(family.user, call.now)
    return minted(call, family) | ({"RefreshToken": fresh.text} if fresh else {})


def _require_device(session: Session, device_key: str) -> None:
    """The attack: a refresh token that was stolen from a confirmed device is used on another one.

    The key is no secret of high value, but it is kept apart from the token; without it the token is worth nothing.
    """
    if not session.is_device_bound:
        return
    if not hmac.compare_digest((session.device_key or "").encode(), device_key.encode()):
        journal.note(reason="refresh on another device")
        raise errors.NotAuthorizedException(_INVALID)


def _owned(call: Call, text: str) -> tuple[RefreshToken, Family]:
    """The token and the live family it addresses; that its secret is right is still to be shown.

    Everything that is not a token of this very client gets one sentence, so a stolen token is not told apart from
    garbage by the client it does not belong to.
    """
    token = refresh.parsed(text)
    if token is None:
        journal.note(reason="refresh malformed")
        raise errors.NotAuthorizedException(_INVALID)
    user, session = sessions.with_user(call.client.pool_id, token.sub, token.session_id)
    if user is None or session is None or session.client_id != call.client.id or not _is_genuine(token, session):
        is_known = user is not None and session is not None
        journal.note(reason="refresh forged or foreign" if is_known else "refresh unknown")
        raise errors.NotAuthorizedException(_INVALID)
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


def _rotated(call: Call, token: RefreshToken, session: Session, device_key: str) -> RefreshToken:
    """The token that takes this one's place. Of two rotations at once one wins, or both inside a grace period."""
    fresh = token.following(_chained)
    for _ in range(_ROUNDS):
        if not _is_current(token, session):
            return _repeated(call, fresh, session)
        session.refresh_digest, session.generation, session.rotated_at = fresh.digest, fresh.generation, call.now
        for name, value in user_sessions.use(call).items():
            setattr(session, name, value)
        try:
            store.save(session, SESSION)
        except store.Conflict:  # another rotation, or a change beside it: a device was confirmed, the session ended
            session = _owned(call, token.text)[1].session
            _require_device(session, device_key)
        else:
            return fresh
    raise errors.TooManyRequestsException


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
