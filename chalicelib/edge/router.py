"""A table of method and path to function, and the one place that catches everything.

Owns the refusals of the front door (400, 404, 405, 411, 413, 415, 500) in the shape of the route's protocol, HEAD and
OPTIONS, CORS, and the headers that every answer carries. Leaves all meaning to the handlers, `f(request, **names)`.
Templates: `{name}` is one path segment, `{name+}` the rest of the path. Standards: RFC 9110, the Fetch standard (CORS).
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape
from types import MappingProxyType

from chalicelib import journal
from chalicelib.edge import cors
from chalicelib.edge.fields import canonical, printable
from chalicelib.edge.log import write_request
from chalicelib.edge.request import Request, Response
from chalicelib.errors import AwsError

log = logging.getLogger("latchkey.edge")

Handler = Callable[..., Response]
Headers = dict[str, str | list[str]]
Query = Mapping[str, list[str]]

MAX_BODY = 2_621_440
"""2.5 MiB: the largest request of the API (branding with images) is 2 MB; the gateway would take 10, Lambda 6."""
AWS_JSON = ("application/x-amz-json-1.1", "application/x-amz-json-1.0")

EXPOSED_HEADERS = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
MAX_MESSAGE_HEADER = 1024
"""Lambda answers 502 when all headers together pass 10 kB, and an error message may quote what the caller sent."""

OWNED_HEADERS = ("X-Amzn-RequestId", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection")
"""Not for handlers to set: the door frames the body, and `Response.content_type` names it."""

PLACEHOLDER = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table. `accepts`: media types, "" for none sent; empty means any. `shape`: a key of SHAPES.

    `longest`: how many bytes a body may have here, for a query; it is asked before the body is read.
    """

    method: str
    template: str
    handler: Handler
    shape: str = "rest-json"
    accepts: tuple[str, ...] = ()
    cors: bool = True
    longest: Callable[[Query], int] | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal of the front door: AWS's name for it, OAuth's, and a sentence that is safe to send."""

    status: int
    code: str
    oauth: str
    message: str


FAULTS: Mapping[int, Fault] = MappingProxyType(
    {
        fault.status: fault
        for fault in (
            Fault(400, "SerializationException", "invalid_request", "The request is malformed."),
            Fault(404, "UnknownOperationException", "invalid_request", "There is nothing at this path."),
            Fault(405, "MethodNotAllowedException", "invalid_request", "This path does not support the method."),
            Fault(411, "LengthRequiredException", "invalid_request", "The length of the body must be stated."),
            Fault(413, "RequestEntityTooLargeException", "invalid_request", "The body is larger than the limit."),
            Fault(415, "UnsupportedMediaTypeException", "invalid_request", "This path does not take this content."),
            Fault(500, "InternalErrorException", "server_error", "An internal error occurred."),
        )
    }
)


def _as_json(fault: Fault, content_type: str) -> Response:
    headers: Headers = {"x-amzn-ErrorType": fault.code, "x-amzn-ErrorMessage": fault.message}
    return Response(fault.status, headers, json.dumps({"__type": fault.code, "message": fault.message}), content_type)


def _as_oauth(fault: Fault) -> Response:
    """RFC 6749 5.2."""
    return Response(fault.status, {}, json.dumps({"error": fault.oauth, "error_description": fault.message}))


def _as_page(fault: Fault) -> Response:
    """A page that loads nothing and cannot be framed (clickjacking)."""
    headers: Headers = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    text = f"<!doctype html><html lang=en><title>{fault.status}</title><p>{escape(fault.message)}</p></html>"
    return Response(fault.status, headers, text, "text/html; charset=utf-8")


SHAPES: Mapping[str, Callable[[Fault], Response]] = MappingProxyType(
    {
        "aws-json": lambda fault: _as_json(fault, "application/x-amz-json-1.1"),
        "rest-json": lambda fault: _as_json(fault, "application/json"),
        "oauth": _as_oauth,
        "page": _as_page,
    }
)


class Place:
    """One path template and the routes that share it, by method."""

    def __init__(self, template: str) -> None:
        self.routes: dict[str, Route] = {}
        self._pattern = _compiled(template)
        segments = template.split("/")
        self.rank = tuple(2 if "+}" in segment else 1 if "{" in segment else 0 for segment in segments)

    def match(self, path: str) -> dict[str, str] | None:
        """The values of the placeholders, or None when the path is not here."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None


@dataclass(frozen=True, slots=True)
class Found:
    """Where a path led: the routes there by method, and each one's placeholder values."""

    routes: Mapping[str, Route]
    names: Mapping[str, Mapping[str, str]]

    @property
    def any_route(self) -> Route | None:
        """A route of the place, to tell the shape of its refusals; None when the path leads nowhere."""
        return next(iter(self.routes.values()), None)

    @property
    def methods(self) -> str:
        """What Allow says: HEAD comes with GET, and OPTIONS with everything."""
        implied = {"OPTIONS"} | ({"HEAD"} if "GET" in self.routes else set())
        return ", ".join(sorted(implied | set(self.routes)))


NO_NAMES: Mapping[str, str] = MappingProxyType({})
NOWHERE = Found(MappingProxyType({}), MappingProxyType({}))


class Router:
    """Routes requests. Raises ValueError at construction for a route that is there twice or of an unknown shape."""

    def __init__(self, routes: Iterable[Route], *, max_body: int = MAX_BODY) -> None:
        self._max_body = max_body
        places: dict[str, Place] = {}
        for route in routes:
            place = places.setdefault(route.template, Place(route.template))
            if route.method in place.routes or route.shape not in SHAPES:
                raise ValueError(f"{route.method} {route.template} is there twice, or its shape is unknown")
            place.routes[route.method] = route
        self._places = sorted(places.values(), key=lambda place: place.rank)
        self._exact = {template: place for template, place in places.items() if "{" not in template}

    def dispatch(self, request: Request) -> Response:
        """The answer to a request, whatever happens, with one line about it in the log; never raises an Exception."""
        start = time.perf_counter()
        with journal.opened() as facts:
            response = self._served(request)
            write_request(request, response, facts | {"ms": round((time.perf_counter() - start) * 1000, 2)})
        return response

    def longest_body(self, method: str, path: str, query: Query) -> int:
        """How many bytes of a body are worth reading, for a method, a decoded path without the stage, and a query."""
        return self._longest(self._find(path, method).routes.get(method), query)

    def _longest(self, route: Route | None, query: Query) -> int:
        return route.longest(query) if route and route.longest else self._max_body

    def _served(self, request: Request) -> Response:
        found = self._find(request.path, request.method)
        route = _route_for(found, request.method) or found.any_route
        journal.note(route=f"{route.method} {route.template}" if route else None)
        try:
            return _finished(self._answer(request, found), request, route)
        except Exception as accident:
            # Only the log sees the traceback: to a stranger it is a map of the code, and may quote secrets.
            log.exception("unexpected error", extra={"request_id": request.request_id})
            own_name = accident.code if isinstance(accident, AwsError) and accident.status == 500 else None
            return _finished(_refused(500, route, own_name), request, route)

    def _answer(self, request: Request, found: Found) -> Response:
        route = _route_for(found, request.method)
        refusal = self._refusal(request, found, route)
        if refusal:
            response = _refused(refusal, route or found.any_route)
            allow = {"Allow": found.methods} if refusal == 405 else {}
            return replace(response, headers={**response.headers, **allow})
        if route is None:
            return _preflight(request, found)
        response = route.handler(request, **found.names[route.method])
        return replace(response, body=b"") if request.method == "HEAD" else response

    def _refusal(self, request: Request, found: Found, route: Route | None) -> int:
        """The status to refuse with, or 0; in this order, so that a wrong path is not asked for a content type."""
        if request.refusal:
            return request.refusal
        if not found.routes:
            return 404
        if route is None:
            return 0 if request.method == "OPTIONS" else 405
        if len(request.body) > self._longest(route, request.query):
            return 413
        return 0 if _accepts(route, request) else 415

    def _find(self, path: str, method: str) -> Found:
        """All routes at a path; where templates overlap, the more specific one wins method by method."""
        path = path.rstrip("/") or "/"
        exact = self._exact.get(path)
        if exact is not None and method in exact.routes:
            return Found(exact.routes, dict.fromkeys(exact.routes, NO_NAMES))
        routes: dict[str, Route] = {}
        names: dict[str, Mapping[str, str]] = {}
        for place in self._places:
            values = place.match(path)
            if values is not None:
                names.update(dict.fromkeys(place.routes.keys() - routes.keys(), values))
                routes = {**place.routes, **routes}
        return Found(routes, names) if routes else NOWHERE


def _compiled(template: str) -> re.Pattern[str]:
    literal_and_names = PLACEHOLDER.split(template)
    parts = [re.escape(literal_and_names[0])]
    for name, greedy, literal in zip(*(iter(literal_and_names[1:]),) * 3, strict=True):
        parts.append(f"(?P<{name}>{'.+' if greedy else '[^/]+'}){re.escape(literal)}")
    return re.compile("".join(parts), re.DOTALL)


def _route_for(found: Found, method: str) -> Route | None:
    return found.routes.get(method) or (found.routes.get("GET") if method == "HEAD" else None)


def _accepts(route: Route, request: Request) -> bool:
    if not route.accepts:
        return True
    parameters = request.headers.get("content-type", "").partition(";")[2].lower().replace('"', "").replace(" ", "")
    is_utf8 = "charset=" not in parameters or "charset=utf-8" in parameters
    return is_utf8 and request.media_type in route.accepts


def _refused(status: int, route: Route | None, code: str | None = None) -> Response:
    fault = replace(FAULTS[status], code=code) if code else FAULTS[status]
    return SHAPES[route.shape if route else "rest-json"](fault)


def _preflight(request: Request, found: Found) -> Response:
    if not all(route.cors for route in found.routes.values()):
        return Response(200, {"Allow": found.methods}, b"", "")
    asked = request.headers.get("access-control-request-headers", "")
    return Response(200, cors.allowance(asked, found.methods), b"", "")


def _finished(response: Response, request: Request, route: Route | None) -> Response:
    """The answer with what every answer carries; names canonical, values free of control characters."""
    headers: Headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    if route is None or route.cors:
        headers |= {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED_HEADERS}
    for name, value in response.headers.items():
        headers[canonical(name)] = [printable(one) for one in value] if isinstance(value, list) else printable(value)
    if "X-Amzn-ErrorMessage" in headers:
        headers["X-Amzn-ErrorMessage"] = str(headers["X-Amzn-ErrorMessage"])[:MAX_MESSAGE_HEADER]
    for name in OWNED_HEADERS:
        headers.pop(name, None)
    if not request.is_gateway:
        # A gateway sets its own; two of them confuse the clients that print it.
        headers["X-Amzn-RequestId"] = request.request_id
    return replace(response, headers=headers)
