"""The proof that an IAM caller brings: a `sts:GetCallerIdentity` request, signed by the caller and sent to STS by us.

STS alone judges the signature, so all depends on sending that one harmless request to STS and nowhere else, and on its
having been signed for us: what is sent is put together anew from the few parts that are allowed here. Leaves sending
to `outside.sts`, what STS answers to `identities`, single use to `flows.operator_credentials`.
API: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from chalicelib.errors import InvalidParameterException, InvalidSignatureException

BINDING = "X-Latchkey-Server"
"""The signed header that names the server for which a proof was made, by its base URL."""

LARGEST_DEMAND = 16_384
FRESH, AHEAD, LONGEST_LIFE = 300, 60, 900
SHORTEST, LONGEST = 900, 3600
"""Seconds that the credentials may live."""

_ACTION, _VERSION = "GetCallerIdentity", "2011-06-15"
_BODIES = (f"Action={_ACTION}&Version={_VERSION}", f"Version={_VERSION}&Action={_ACTION}")
_FORM = re.compile(r"application/x-www-form-urlencoded(?:; ?charset=utf-8)?", re.IGNORECASE)
_STS = re.compile(r"sts(?:\.[a-z]{2}(?:-[a-z]{3,10}){1,2}-[0-9]{1,2})?\.amazonaws\.com")
_URL = re.compile(r"(https?)://([a-z0-9.-]{1,253}(?::[0-9]{1,5})?)/?(?:\?([A-Za-z0-9%&=._~-]{1,12000}))?")
_ALGORITHM = "AWS4-HMAC-SHA256"
_CREDENTIAL = "[A-Za-z0-9_]{1,128}/[0-9]{8}/[a-z0-9-]{1,32}/sts/aws4_request"
_SIGNED_NAMES = "[a-z0-9;-]{1,512}"
_SIGNATURE = "[0-9a-f]{64}"
_AUTHORIZATION = re.compile(
    f"{_ALGORITHM} Credential={_CREDENTIAL}, ?SignedHeaders=({_SIGNED_NAMES}), ?Signature=({_SIGNATURE})"
)
_QUERY = {
    "Action": _ACTION,
    "Version": _VERSION,
    "X-Amz-Algorithm": _ALGORITHM,
    "X-Amz-Credential": _CREDENTIAL,
    "X-Amz-Date": "[0-9TZ]{16}",
    "X-Amz-Expires": "[0-9]{1,3}",
    "X-Amz-SignedHeaders": _SIGNED_NAMES,
    "X-Amz-Signature": _SIGNATURE,
    "X-Amz-Security-Token": "[!-~]{1,8192}",
}
# Attack: `Accept: application/json` makes STS answer in another form, in which text of the caller's choosing may stand
# where an ARN is looked for; so no header is passed on that is not in these sets.
_POSTED = {"host", "content-type", "content-length", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}
_PRESIGNED = {"host"}


@dataclass(frozen=True, slots=True)
class Demand:
    """What a caller sends: the parts of the signed request; the mapping it wishes, None for the one that fits."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str
    mapping: str | None = None
    seconds: int = LONGEST


@dataclass(frozen=True, slots=True)
class Trust:
    """Our own base URL, and the origin ("http://127.0.0.1:4566") of a laptop's stand-in for STS, or ""."""

    server: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """The request to send, made of nothing but what was allowed; `mark` names it, `ends` (epoch) is its last moment."""

    method: str
    origin: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str
    mark: str
    ends: float


def demand(content: bytes) -> Demand:
    """The demand in a JSON object: method, url, headers, and as one likes body, mapping and seconds (900 to 3600).

    Raises InvalidParameterException.
    """
    given = _object(content)
    text = {name: given.pop(name, "") for name in ("method", "url", "body")}
    headers, mapping = _headers(given.pop("headers", None)), given.pop("mapping", None)
    seconds = given.pop("seconds", LONGEST)
    if given or not all(isinstance(value, str) for value in (*text.values(), "" if mapping is None else mapping)):
        raise _bad("The members are method, url, headers, body, mapping (texts) and seconds.")
    if type(seconds) is not int or not SHORTEST <= seconds <= LONGEST:
        raise _bad(f"seconds must be a number from {SHORTEST} to {LONGEST}.")
    return Demand(**text, headers=headers, mapping=mapping, seconds=seconds)


def _object(content: bytes) -> dict[str, Any]:
    try:
        # Attack: a body that costs more to read than it is worth.
        given = None if len(content) > LARGEST_DEMAND else json.loads(content.decode(), object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise _bad(f"The body must be a JSON object of at most {LARGEST_DEMAND} bytes, with each member once.")
    return given


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Attack: two members of one name, one of which is checked and the other sent.
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


def _headers(given: Any) -> dict[str, str]:
    """Header names in lower case; raises InvalidParameterException for what could end a header line or hide another."""
    pairs = given.items() if isinstance(given, dict) else [("", "")]
    lowered = {
        name.lower(): value
        for name, value in pairs
        if re.fullmatch("[A-Za-z0-9-]{1,64}", name) and isinstance(value, str) and re.fullmatch("[ -~]{1,8192}", value)
    }
    if len(lowered) != len(pairs) or len(lowered) > 32:
        raise _bad("headers must be an object of up to 32 header names, each once, with texts of printable ASCII.")
    return lowered


def proof(given: Demand, trust: Trust, now: float) -> Proof:
    """The request that may be sent to STS in the caller's place.

    Raises InvalidParameterException for any other request than the one that is asked for, InvalidSignatureException for
    one that is too old, lives too long or is of the future.
    """
    url = _URL.fullmatch(given.url)
    origin = f"{url[1]}://{url[2]}" if url else ""
    # Attack: another host (ours to reach, or the caller's own) that says whatever ARN the caller likes; a plain http
    # way on which somebody else can say it. Only Amazon's own names, in one spelling, and what a laptop's owner names.
    if url is None or not (origin == trust.endpoint or (url[1] == "https" and _STS.fullmatch(url[2]))):
        raise _bad("url must be https://sts.amazonaws.com/ or https://sts.<region>.amazonaws.com/.")
    if given.headers.get("host", url[2]) != url[2]:
        raise _bad("The Host header is not the host of the url.")
    if given.method == "POST" and url[3] is None:
        return _posted(given, (origin, trust.server), now)
    if given.method == "GET" and url[3] is not None and not given.body:
        return _presigned(given, (origin, trust.server, url[3]), now)
    raise _bad("The request must be a POST with a body and no query, or a presigned GET without a body.")


def _posted(given: Demand, place: tuple[str, str], now: float) -> Proof:
    origin, server = place
    # Attack: another action, as whose answer STS repeats text of the caller's choosing, or which does something.
    if given.body not in _BODIES:
        raise _bad(f"The body must be {_BODIES[0]}.")
    found = _AUTHORIZATION.fullmatch(given.headers.get("authorization", ""))
    if found is None:
        raise _bad(f"The Authorization header must be that of {_ALGORITHM} for sts.")
    headers = _signed(given, (found[1], _POSTED, server), {"host", "x-amz-date"})
    _check_form(headers, given.body)
    headers = {"content-type": "application/x-www-form-urlencoded", **headers}
    headers.pop("content-length", None)
    headers["authorization"] = given.headers["authorization"]
    ends = _end(headers["x-amz-date"], FRESH, now)
    return Proof("POST", origin, "/", headers, given.body, _mark(found[2]), ends)


def _check_form(headers: Mapping[str, str], body: str) -> None:
    length, digest = str(len(body)), hashlib.sha256(body.encode()).hexdigest()
    is_form = _FORM.fullmatch(headers.get("content-type", "application/x-www-form-urlencoded"))
    if not is_form or headers.get("content-length", length) != length:
        raise _bad("Content-Type or Content-Length is not that of the body.")
    if headers.get("x-amz-content-sha256", digest) != digest:
        raise _bad("X-Amz-Content-SHA256 is not that of the body.")


def _presigned(given: Demand, place: tuple[str, str, str], now: float) -> Proof:
    origin, server, query = place
    values = _query_values(query)
    headers = _signed(given, (values["X-Amz-SignedHeaders"], _PRESIGNED, server), {"host"})
    life = int(values["X-Amz-Expires"])
    if not 1 <= life <= LONGEST_LIFE:
        raise InvalidSignatureException(f"X-Amz-Expires must be from 1 to {LONGEST_LIFE}.")
    ends = _end(values["X-Amz-Date"], life, now)
    target = "/?" + "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in values.items())
    return Proof("GET", origin, target, headers, "", _mark(values["X-Amz-Signature"]), ends)


def _query_values(query: str) -> dict[str, str]:
    """The parameters of a presigned request, decoded.

    Attack: names that STS takes for one of these though we do not (other case, percent signs), or that come twice.
    """
    values: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        decoded = unquote(value)
        if name not in _QUERY or name in values or not re.fullmatch(_QUERY[name], decoded):
            raise _bad(f"The query may hold only {', '.join(_QUERY)}, each once and well-formed.")
        values[name] = decoded
    if missing := _QUERY.keys() - values.keys() - {"X-Amz-Security-Token"}:
        raise _bad(f"The query lacks {', '.join(sorted(missing))}.")
    return values


def _signed(given: Demand, signed: tuple[str, set[str], str], needed: set[str]) -> dict[str, str]:
    """The headers under the signature, without Host; all others are dropped, for anyone may have added them."""
    text, allowed, server = signed
    names, binding = set(text.split(";")), BINDING.lower()
    # Attack: relaying. A server that was given a proof of its own, or any GetCallerIdentity request that was signed for
    # another purpose, must not open this one: so the signature covers a header that names us.
    if binding not in names or given.headers.get(binding) != server:
        raise _bad(f"The header {BINDING} must be signed and must be {server}.")
    if not needed <= names or not names <= allowed | {binding} or not names - {"host"} <= given.headers.keys():
        wanted = ", ".join(sorted(allowed | {binding}))
        raise _bad(f"The signature must cover {', '.join(sorted(needed))} and, of what was sent, at most {wanted}.")
    if "x-amz-security-token" in given.headers.keys() - names:
        raise _bad("X-Amz-Security-Token must be signed.")
    return {name: given.headers[name] for name in sorted(names - {"host"})}


def _end(stamp: str, life: int, now: float) -> float:
    """When a request is over (seconds since the epoch); a date on which nothing was signed is long ago."""
    try:
        sent = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise _bad("X-Amz-Date must have the form 20260131T235959Z.") from None
    ends = sent + min(life, FRESH)
    # Attack: a proof found in a log or a history long afterwards; one dated ahead, to be kept for later.
    if not now < ends or sent > now + AHEAD:
        raise InvalidSignatureException(
            f"Signature expired or not yet current: it must be used within {FRESH} seconds."
        )
    return ends


def _mark(signature: str) -> str:
    return hashlib.sha256(signature.encode()).hexdigest()


def _bad(text: str) -> InvalidParameterException:
    return InvalidParameterException(text)
