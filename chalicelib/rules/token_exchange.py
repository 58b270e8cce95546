"""What comes of exchanging a token: scopes, who is told to act, which attributes may be shown.

Pure: decided over the verified claims of the subject's and the actor's token. Nothing here ever widens what the
subject's token gave. Follows RFC 8693.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import claims

Claims = Mapping[str, Any]

LONGEST_CHAIN: Final = 8
"""Services that act for one another in one token: each makes it longer, and a ring of them would never end."""


def client_of(said: Claims) -> str:
    """The client that a token was issued to. An ID token for somebody who is no client has none that is known."""
    return str(said.get("client_id") or said["aud"])


def is_machine(said: Claims) -> bool:
    """Whether a token is that of a client which acts for itself."""
    return said["sub"] == said.get("client_id") and "event_id" not in said


def bound_to(said: Claims) -> str:
    """The service that a token is good at alone; "" for none. Whom an ID token is for is no such thing."""
    use = said["token_use"]
    return "" if use == "id" else str(said.get("aud", ""))


def granted(wanted: Iterable[str], subject: Claims, allowed: Collection[str], *, is_bound: bool) -> list[str]:
    """The scopes of the issued token: what was asked for (nothing: all) ∩ the subject's ∩ the client's.

    A token that is bound to a service never has the scope of the user's own operations. The attack: the service that
    receives it changes the user's password with it. Raises InvalidParameterException when something was asked for and
    nothing of it can be granted.
    """
    wanted, own = list(dict.fromkeys(wanted)), str(subject.get("scope", "")).split()
    possible = [scope for scope in own if scope in allowed and not (is_bound and scope == claims.API_SCOPE)]
    found = [scope for scope in wanted or own if scope in possible]
    if wanted and not found:
        raise InvalidParameterException("None of the scopes can be granted.")
    return found


def act(subject: Claims, actor: Claims | None) -> dict[str, Any] | None:
    """The claim `act` of the issued token, who acts now outermost; None when the user acts.

    The attack: a service exchanges a token with which it acts for a user for one that shows the user alone. So what the
    subject's token tells of actors stays. Raises InvalidParameterException for too many of them.
    """
    before = subject.get("act")
    if actor is None:
        return before
    chain = {"sub": actor["sub"], "client_id": client_of(actor)} | ({"act": before} if before else {})
    if _length(chain) > LONGEST_CHAIN:
        raise InvalidParameterException(f"At most {LONGEST_CHAIN} parties can act for one another.")
    return chain


def shown(subject: Claims, attributes: Mapping[str, str]) -> dict[str, str]:
    """The user's attributes that an issued ID token may tell: what the subject's token told, or gave access to.

    The attack: a service that was given an access token for orders exchanges it for an ID token and reads the address.
    """
    use = subject["token_use"]
    if use == "id":
        return {name: value for name, value in attributes.items() if name in subject}
    return dict(attributes) if claims.API_SCOPE in str(subject.get("scope", "")).split() else {}


def _length(chain: Mapping[str, Any]) -> int:
    count, link = 0, chain
    while isinstance(link, Mapping) and count <= LONGEST_CHAIN:
        count, link = count + 1, link.get("act", ())
    return count
