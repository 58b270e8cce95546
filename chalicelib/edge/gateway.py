"""The Chalice application as an edge: two catch-all routes, all verbs, our router behind them.

Owns the way from Chalice's event to a Request and from a Response to Chalice's answer, and nothing else. Chalice keeps
what it is good at: events, schedules, packaging. Its own checks of verbs, content types and CORS are switched off, so
that every answer, refusals too, has the shape of its protocol. In-process use: `application(event, context)`.
"""

from __future__ import annotations

import threading
from typing import Any

from chalice.app import Chalice
from chalice.app import Request as ChaliceRequest
from chalice.app import Response as ChaliceResponse

from chalicelib.edge.request import Request, Trust
from chalicelib.edge.router import Router

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Gateway(Chalice):
    """A Chalice application whose every path and verb is answered by `router`."""

    def __init__(self, name: str, router: Router, trust: Trust) -> None:
        self._own = threading.local()
        super().__init__(name, configure_logs=False)
        self.api.binary_types = []  # of an answer of such a type, Chalice asks that the caller's Accept header names it
        self.router = router
        self._trust = trust
        for path in ("/", "/{proxy+}"):
            self.route(path, methods=list(METHODS), content_types=[])(self._answer)

    @property
    def current_request(self) -> ChaliceRequest | None:
        """The request of this thread: Chalice keeps one for all, and two at once would answer each other's callers."""
        return getattr(self._own, "request", None)

    @current_request.setter
    def current_request(self, value: ChaliceRequest | None) -> None:
        self._own.request = value

    def _answer(self) -> ChaliceResponse:
        """Text goes as text, what is none as base64: the gateway is told that any type may be bytes."""
        asked = self.current_request
        if asked is None:
            raise RuntimeError("a view runs only inside a request")
        response = self.router.dispatch(Request.from_event(asked.to_original_event(), self._trust))
        headers = dict(response.headers) | ({"Content-Type": response.content_type} if response.content_type else {})
        try:
            return ChaliceResponse(response.payload.decode(), headers, response.status)
        except UnicodeDecodeError:
            return _Bytes(response.payload, headers, response.status)


class _Bytes(ChaliceResponse):
    """An answer that is no text."""

    def to_dict(self, _binary_types: list[str] | None = None) -> dict[str, Any]:
        """Chalice's answer, its body in base64."""
        return dict(super().to_dict(["*/*"]))
