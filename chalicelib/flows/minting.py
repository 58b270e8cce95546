"""Minting: the ID and the access token of one sign-in, signed with the pool's keys of now.

Owns what goes from client, user and session into claims. Leaves the claims to `rules.claims`, when tokens may be had to
`tokens` and `token_exchange`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.call import Call
from chalicelib.flows import signing_keys
from chalicelib.rules import acr, auth_flows, claims
from chalicelib.rules.groups import Definition
from chalicelib.table.items import Session, User
from chalicelib.table.pools import ClientRecord


@dataclass(frozen=True, slots=True)
class Family:
    """Whom tokens are for: the client, the user, the session that holds them together, and the user's groups."""

    client: ClientRecord
    user: User
    session: Session
    groups: Sequence[Definition] = ()


def minted(call: Call, family: Family) -> dict[str, Any]:
    """A fresh ID and access token of a family, with the user's present attributes."""
    client, user, told = family.client, family.user, sign_in(call, family)
    return {
        "AccessToken": signed(user.pool_id, "access", claims.access_claims(told, client.document)),
        "IdToken": signed(user.pool_id, "id", claims.id_claims(told, client.document, user.attributes)),
        "ExpiresIn": claims.lifetime(client.document, "AccessToken"),
        "TokenType": "Bearer",
    }


def sign_in(call: Call, family: Family) -> claims.SignIn:
    """A sign-in as its tokens tell of it."""
    client, user, session = family.client, family.user, family.session
    return claims.SignIn(
        issuer=call.issuer(user.pool_id),
        client_id=client.id,
        sub=user.sub,
        username=user.username,
        session_id=session.id,
        scope=session.scope,
        auth_time=int(session.created_at),
        issued_at=int(call.now),
        device_key=session.device_key,
        is_revocable=auth_flows.rotates(client.document) or bool(client.document.get("EnableTokenRevocation")),
        groups=family.groups,
        acr=_acr(call, session),
        amr=acr.amr(session.proved or ()),
    )


def _acr(call: Call, session: Session) -> str | None:
    """The level of a sign-in, if it was asked for one, by the name that the pool has for it now.

    The attack: a name that stood for a password moves to a higher level, and sessions from before go on telling it.
    """
    if not session.acr:
        return None
    return acr.name(acr.level(session.proved or ()), call.pool.document.get("AcrConfiguration", {}))


def signed(pool_id: str, purpose: str, content: dict[str, Any]) -> str:
    """Claims as a token of a pool, with an id of its own; `purpose` is "id" or "access"."""
    return signing_keys.signer(pool_id, purpose).sign(content | {"jti": str(uuid.uuid4())})
