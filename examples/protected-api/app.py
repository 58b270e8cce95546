"""An API behind Latchkey: an open route, one for whoever is signed in, one that needs a scope, one that needs a group.

Only tokens of `LATCHKEY_ISSUER` count. Each requirement is an authorizer of its own, because a gateway keeps an
authorizer's answer for a token and holds it against all routes that name the same authorizer.
"""

import os
from typing import Any

from chalice.app import AuthRequest, Chalice
from latchkey.authorizer.chalice_apps import Requirement, chalice_authorizer, claims_of, groups_of

ISSUER = os.environ["LATCHKEY_ISSUER"]
SCOPE = os.environ.get("ORDERS_SCOPE", "orders/read")
GROUP = os.environ.get("ADMIN_GROUP", "admins")

app = Chalice(app_name="protected-api")

is_signed_in = chalice_authorizer(Requirement(issuers=[ISSUER]))
may_read_orders = chalice_authorizer(Requirement(issuers=[ISSUER], scopes=[SCOPE]))
is_admin = chalice_authorizer(Requirement(issuers=[ISSUER], groups=[GROUP]))


@app.authorizer(ttl_seconds=300)
def signed_in(request: AuthRequest) -> dict[str, Any]:
    """Whoever holds an access token."""
    return is_signed_in(request)


@app.authorizer(ttl_seconds=300)
def readers(request: AuthRequest) -> dict[str, Any]:
    """Whose token has the scope."""
    return may_read_orders(request)


@app.authorizer(ttl_seconds=300)
def admins(request: AuthRequest) -> dict[str, Any]:
    """Who is in the group."""
    return is_admin(request)


@app.route("/")
def index() -> dict[str, Any]:
    """For everybody."""
    return {"hello": "world"}


@app.route("/me", authorizer=signed_in)
def me() -> dict[str, Any]:
    """Who the token says you are."""
    event = app.current_request.to_original_event()
    return {"claims": claims_of(event), "groups": groups_of(event)}


@app.route("/orders", authorizer=readers)
def orders() -> dict[str, Any]:
    """Needs the scope."""
    return {"orders": []}


@app.route("/admin", authorizer=admins)
def admin() -> dict[str, Any]:
    """Needs the group."""
    return {"admin": True}
