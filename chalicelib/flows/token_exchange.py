"""Token exchange: a user's token becomes another one, for one further service and never for more (RFC 8693).

The issued token belongs to the session of its subject: it carries that session's id, so what ends the session ends it
at our own operations and at authorizers that ask; there is no session of its own and nothing to refresh. It is never
valid for longer than its subject, else exchanging again and again would be a refresh without a refresh token. Our own
operations take it like any other, by its scope alone. Subjects are users: a machine asks for a token of its own. Leaves
what may be granted to `rules.token_exchange`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import client_secrets, minting, resource_servers, signing_keys, tokens, triggers
from chalicelib.flows.minting import Family
from chalicelib.rules import auth_flows, claims, jwt, scopes
from chalicelib.rules import token_exchange as rule
from chalicelib.table import groups, pools, sessions, store
from chalicelib.table.documents import ResourceServer
from chalicelib.table.items import Session, User

Claims = dict[str, Any]

ACCESS, ID = "ACCESS_TOKEN", "ID_TOKEN"
_USES: Final = {ACCESS: "access", ID: "id"}


@dataclass(frozen=True, slots=True)
class Demand:
    """What a client asks for: the token's kind, its scopes (none: those of the subject), whom it shall be for."""

    kind: str = ACCESS
    scopes: Sequence[str] = ()
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The user whom a token stands for, as it is now, and what the token says."""

    claims: Claims
    user: User
    session: Session


def begun(call: Call, secret: str | None, *, is_delegation: bool) -> None:
    """Check who asks, and that the client may. Raises NotAuthorizedException and InvalidParameterException."""
    client_secrets.require_secret(call.client, secret)
    triggers.require_unset(call.pool, *tokens.TRIGGERS)
    flow = auth_flows.DELEGATION if is_delegation else auth_flows.IMPERSONATION
    if flow not in auth_flows.allowed(call.client.document):
        raise errors.InvalidParameterException(f"{flow} is not enabled for the client.")


def subject(call: Call, token: str, kind: str) -> Subject:
    """Whom a token stands for: one trip. Raises NotAuthorizedException and UserNotFoundException.

    The attack: a public client proves nothing, so whoever finds a token of some app could make it one of that client,
    which other services trust. So it may exchange no tokens but its own.
    """
    said = _believed(call, token, kind, "Subject")
    client_id = rule.client_of(said)
    if rule.is_machine(said) or not (call.client.secrets or client_id == call.client.id):
        journal.note(reason="token foreign")
        raise _invalid("Subject")
    user, session = _standing(call, said, "Subject")
    journal.note(sub=user.sub)
    return Subject(said, user, session)


def actor(call: Call, token: str, kind: str) -> Claims:
    """What the token of who will act says: a user's, which costs a trip, or a machine's. Raises as `subject`.

    One that acts for somebody itself does not act in its own name.
    """
    said = _believed(call, token, kind, "Actor")
    if "act" in said:
        raise _invalid("Actor")
    if not rule.is_machine(said):
        _standing(call, said, "Actor")
    return said


def require_resource(call: Call, identifier: str) -> None:
    """Raise ResourceNotFoundException unless the pool has a resource server of this name: one trip."""
    if store.get(ResourceServer, pool=call.client.pool_id, name=identifier) is None:
        raise errors.ResourceNotFoundException(f"Resource server {identifier} does not exist.")


def issued(call: Call, who: Subject, acting: Claims | None, demand: Demand) -> dict[str, Any]:
    """The token and what it is good for: IssuedToken, IssuedTokenType, TokenType, ExpiresIn, Scopes.

    The attack: a service exchanges the token that was made for it alone for one that its neighbours take too. So it is
    for that service still, unless another one is named. Raises InvalidParameterException.
    """
    demand = replace(demand, audience=demand.audience or rule.bound_to(who.claims))
    content = _id(call, who, demand) if demand.kind == ID else _access(call, who, demand)
    purpose = _USES[demand.kind]
    act = rule.act(who.claims, acting)
    content |= {"exp": min(content["exp"], int(who.claims["exp"]))} | ({"act": act} if act else {})
    granted = content.get("scope", "").split()
    return {
        "IssuedToken": minting.signed(who.user.pool_id, purpose, content),
        "IssuedTokenType": demand.kind,
        "TokenType": "N_A" if demand.kind == ID else "Bearer",
        "ExpiresIn": content["exp"] - content["iat"],
    } | ({"Scopes": granted} if granted else {})


def _access(call: Call, who: Subject, demand: Demand) -> Claims:
    """An access token's claims: no device of the user, and for somebody if that was asked for."""
    granted = rule.granted(demand.scopes, who.claims, _allowed(call), is_bound=bool(demand.audience))
    told = claims.access_claims(_sign_in(call, who), call.client.document)
    kept = {name: value for name, value in told.items() if name not in ("device_key", "scope")}
    scope = {"scope": " ".join(granted)} if granted else {}
    return kept | scope | ({"aud": demand.audience} if demand.audience else {})


def _id(call: Call, who: Subject, demand: Demand) -> Claims:
    """An ID token's claims, for the client itself or for whom it was asked.

    The attack: an ID token for another client is a sign-in there, which that client never asked for.
    """
    if demand.audience and demand.audience != call.client.id and pools.client(demand.audience) is not None:
        raise errors.InvalidParameterException("An ID token cannot be issued for another app client.")
    shown = rule.shown(who.claims, who.user.attributes)
    told = claims.id_claims(_sign_in(call, who), call.client.document, shown)
    return told | ({"aud": demand.audience} if demand.audience else {})


def _sign_in(call: Call, who: Subject) -> claims.SignIn:
    return minting.sign_in(call, Family(call.client, who.user, who.session, groups.definitions(who.user)))


def _allowed(call: Call) -> list[str]:
    """The client's scopes that are active now."""
    own = call.client.document.get("AllowedOAuthScopes", [])
    return scopes.active(own, resource_servers.named_in(call.client.pool_id, own))


def _believed(call: Call, token: str, kind: str, role: str) -> Claims:
    """The claims of a token of this pool and of a client that it still has, believed but for revocation."""
    pool_id = call.client.pool_id
    try:
        said = jwt.verified(token, signing_keys.key_set(pool_id))
    except jwt.BadToken:
        journal.note(reason="token forged")
        raise _invalid(role) from None
    problem = claims.token_problem(said, _USES[kind], call.issuer(pool_id), call.now)
    if problem == claims.EXPIRED:
        journal.note(reason="token expired")
        raise errors.NotAuthorizedException(f"{role} token has expired")
    client = None if problem else pools.client(rule.client_of(said))
    if client is None or client.pool_id != pool_id:
        journal.note(reason="token foreign")
        raise _invalid(role)
    return said


def _standing(call: Call, said: Claims, role: str) -> tuple[User, Session]:
    """The user and the session of a token. Raises UserNotFoundException and NotAuthorizedException."""
    if not isinstance(said.get("event_id"), str):
        raise _invalid(role)
    user, session = sessions.with_user(call.client.pool_id, said["sub"], said["event_id"])
    if user is None:
        raise errors.UserNotFoundException
    if session is None or not sessions.is_live(user, session):
        journal.note(reason="token revoked")
        raise errors.NotAuthorizedException(f"{role} token has been revoked")
    return user, session


def _invalid(role: str) -> errors.NotAuthorizedException:
    return errors.NotAuthorizedException(f"Invalid {role} token")
