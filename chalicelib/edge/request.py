"""One HTTP request and one HTTP response as frozen values.

Owns the reading of an API Gateway REST event (payload format 1.0): paths, stage, headers, body, the address of the
caller and the address by which we are known. What is wrong with a request is written into `Request.refusal`, a status
that the router answers with, so that there is one place for refusals. Leaves all meaning to the handlers.
Standards: RFC 3986 (paths), RFC 9110 (fields), the Lambda proxy event of API Gateway.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlencode

Event = Mapping[str, Any]

HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Trust:
    """What the owner of the installation vouches for: addresses or networks of proxies, and our own base URL."""

    proxies: tuple[str, ...] = ()
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer: `body` is text (sent as UTF-8) or bytes; a header's value is text, or a list for repeated fields."""

    status: int = 200
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)
    body: bytes | str = b""
    content_type: str = "application/json"
    """Empty: the answer has no Content-Type."""

    @property
    def payload(self) -> bytes:
        """The body as it goes over the wire."""
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True, slots=True)
class Request:
    """One question. Header names are in lower case; `path` is percent-decoded once and has no stage in it."""

    method: str
    path: str
    raw_path: str = "/"
    """As the caller sent (and signed) it: stage and percent signs included, query left out."""
    query: Mapping[str, list[str]] = field(default_factory=dict)
    raw_query: str = ""
    """As sent where the door knows it; behind a gateway, which hands over decoded pairs, put together again."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    source_ip: str = ""
    request_id: str = ""
    stage: str = ""
    base_url: str = ""
    """Scheme, host and prefix of our own address, without a slash at the end; issuers are made from it."""
    is_gateway: bool = False
    refusal: int = 0
    """The HTTP status that the request must be refused with; 0 when it is sound so far."""

    @property
    def media_type(self) -> str:
        """The Content-Type in lower case without its parameters; empty when none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @classmethod
    def from_event(cls, event: Event, trust: Trust = Trust()) -> Request:
        """The request inside a REST proxy event; never raises for what a caller can send, see `refusal`."""
        context = event.get("requestContext") or {}
        headers = _headers(event)
        body, body_refusal = _body(event)
        query = _query(event)
        is_gateway = bool(context.get("apiId") or context.get("domainName"))
        peer = str((context.get("identity") or {}).get("sourceIp") or "")
        base_url = _base_url(event, headers, trust)
        return cls(
            method=str(event.get("httpMethod") or context.get("httpMethod") or "GET"),
            path=unquote(_inner_path(event), errors="replace"),
            raw_path=context.get("path") or event.get("path") or "/",
            query=query,
            raw_query=event["rawQueryString"] if "rawQueryString" in event else _encoded_again(query),
            headers=headers,
            body=body,
            source_ip=client_address(peer, headers.get("x-forwarded-for", ""), trust.proxies),
            request_id=_request_id(context),
            stage=str(context.get("stage") or ""),
            base_url=base_url,
            is_gateway=is_gateway,
            refusal=int(event.get("refusal") or body_refusal or (0 if base_url else 400)),
        )


def client_address(peer: str, forwarded: str, proxies: tuple[str, ...]) -> str:
    """The address of the caller: the peer, or what trusted proxies say (the last entry that is not one of them).

    The attack: a caller writes X-Forwarded-For itself to escape rate limits or to frame another address. So the header
    counts only when the peer is a configured proxy, and it is read from the right, where our own proxies have written.
    """
    address = peer
    for hop in reversed(forwarded.split(",")):
        if not _is_one_of(address, proxies):
            return address
        candidate = hop.strip()
        if not _is_address(candidate):
            return address
        address = candidate
    return address


def _request_id(context: Event) -> str:
    return str(context.get("requestId") or uuid.uuid4())


def _headers(event: Event) -> dict[str, str]:
    """Lower-case names; repeated fields joined as RFC 9110 5.3 allows, Cookie as RFC 6265 wants it."""
    several = event.get("multiValueHeaders")
    if not several:
        return {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    joined: dict[str, str] = {}
    for name, values in several.items():
        key = name.lower()
        earlier = [joined[key]] if key in joined else []
        joined[key] = ("; " if key == "cookie" else ",").join(earlier + [str(value) for value in values])
    return joined


def _query(event: Event) -> dict[str, list[str]]:
    several = event.get("multiValueQueryStringParameters")
    if several is not None:
        return {name: list(values) for name, values in several.items()}
    return {name: [value] for name, value in (event.get("queryStringParameters") or {}).items()}


def _encoded_again(query: Mapping[str, list[str]]) -> str:
    """Half a surrogate pair is no text, but JSON can carry it to us: it must not stop the refusal that is due."""
    return urlencode(query, doseq=True, quote_via=quote, errors="surrogatepass")


def _body(event: Event) -> tuple[bytes, int]:
    """The body's bytes, and 400 if the gateway calls it base64 and it is not."""
    body = event.get("body") or b""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(body, validate=True), 0
        except (binascii.Error, ValueError):
            return b"", 400
    return (body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")), 0


def _inner_path(event: Event) -> str:
    """The path below stage and base-path mapping, still encoded: what the greedy resource caught."""
    proxy = (event.get("pathParameters") or {}).get("proxy")
    if proxy is not None:
        return "/" + str(proxy).lstrip("/")
    context = event.get("requestContext") or {}
    resource = event.get("resource") or context.get("resourcePath")
    return "/" if resource == "/" else str(event.get("path") or context.get("path") or "/")


def _base_url(event: Event, headers: Mapping[str, str], trust: Trust) -> str:
    """Our own address, or "" when the caller's Host header is not a host.

    The attack: a forged Host header makes us mint tokens with a stranger's issuer, and mail links into his site. So the
    configured address wins, then the domain that the gateway vouches for; only a bare local server believes Host.
    """
    context = event.get("requestContext") or {}
    if trust.base_url:
        return trust.base_url
    if context.get("domainName"):
        return f"https://{context['domainName']}{_prefix(event, context)}"
    is_proxied = _is_one_of(str((context.get("identity") or {}).get("sourceIp") or ""), trust.proxies)
    host = (headers.get("x-forwarded-host") if is_proxied else None) or headers.get("host", "localhost")
    scheme = "https" if is_proxied and headers.get("x-forwarded-proto") == "https" else "http"
    return f"{scheme}://{host.lower()}" if HOST.fullmatch(host) else ""


def _prefix(event: Event, context: Event) -> str:
    """What stands before our paths: the stage at the gateway's own domain, the base path at a custom one."""
    domain = str(context["domainName"])
    if ".execute-api." in domain:
        return f"/{context.get('stage') or ''}".rstrip("/")
    outer, inner = unquote(str(context.get("path") or "/")).rstrip("/"), unquote(_inner_path(event)).rstrip("/")
    return re.sub("/+", "/", outer.removesuffix(inner)).rstrip("/") if outer.endswith(inner) else ""


@lru_cache(maxsize=16)
def _networks(proxies: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(proxy.strip(), strict=False) for proxy in proxies)


def _is_one_of(address: str, proxies: tuple[str, ...]) -> bool:
    if not proxies or not _is_address(address):
        return False
    host = ipaddress.ip_address(address)
    return any(host in network for network in _networks(proxies))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
