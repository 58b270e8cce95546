"""The routes of the web, and nothing else."""

from __future__ import annotations

from chalicelib.edge.router import Route
from chalicelib.settings import current
from chalicelib.web import customization, development, discovery, operator, uploads


def routes() -> list[Route]:
    """Every route of this door; the development pages only on a laptop."""
    found = [
        Route("GET", "/{pool}/.well-known/jwks.json", discovery.jwks),
        Route("GET", "/{pool}/.well-known/openid-configuration", discovery.configuration),
        Route("GET", "/{pool}/ui/{client}/logo", customization.logo),
        Route("POST", "/operator/session", operator.session, accepts=("application/json",), cors=False),
    ]
    if not current().import_bucket:
        found.append(Route("PUT", "/_uploads", uploads.put, cors=False, longest=uploads.longest))
    if current().is_local:
        found.append(Route("GET", "/_dev/health", development.health, cors=False))
        found.append(Route("GET", "/_dev/outbox", development.outbox, cors=False))
    return found
