"""Verification of AWS Signature Version 4, in the header form and the presigned form.

Pure: a request, a secret and a time in; an error or None out. Finding the secret, refusing an unknown key or session
token and deciding what the key may do are the caller's. Specification:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

from chalicelib.errors import AwsError, IncompleteSignatureException, InvalidSignatureException
from chalicelib.wire.canonical import Signature, SignedRequest, canonical_digest, query_pairs

__all__ = ["Expected", "Signature", "SignedRequest", "parsed", "problem"]

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
SKEW = 300
LONGEST_LIFE = 604_800
# Attack: huge headers or queries that cost more to parse than the request is worth; real ones stay far below.
MAX_AUTHORIZATION, MAX_QUERY, MAX_SIGNED_HEADERS = 4096, 16_384, 64
# Added on the way by CloudFront, in front of an edge-optimised API Gateway, after the client has signed.
ADDED_ON_THE_WAY = frozenset({"x-amz-cf-id"})
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
BASIC_FORM = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the verifier holds: the service, the key's secret, the time (epoch seconds).

    `region` None takes any region. `paths` are further paths to try, as a gateway may have taken off a stage prefix.
    """

    service: str
    secret: str = field(repr=False)
    now: float
    region: str | None = None
    paths: tuple[str, ...] = ()


# --- reading --------------------------------------------------------------------------------------------------------


def parsed(request: SignedRequest) -> Signature | None:
    """Return the signature of a request, None when it carries none (another scheme, such as Bearer, is none).

    Raises IncompleteSignatureException when it carries one that cannot be read.
    """
    authorization = request.headers.get("authorization", "").strip()
    if authorization[:4].upper() == "AWS4":
        return _from_header(request, authorization)
    if "X-Amz-Algorithm=" in request.query:
        return _from_query(request)
    return None


def _from_header(request: SignedRequest, authorization: str) -> Signature:
    if len(authorization) > MAX_AUTHORIZATION:
        raise IncompleteSignatureException("Authorization header is too long.")
    algorithm, _, rest = authorization.partition(" ")
    _check_algorithm(algorithm)
    fields = _fields(rest)
    names = ("Credential", "SignedHeaders", "Signature")
    missing = [f"Authorization header requires '{name}' parameter." for name in names if not fields.get(name)]
    stamp = _header_timestamp(request.headers)
    if missing or not stamp:
        date = [] if stamp else ["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."]
        raise IncompleteSignatureException(" ".join(missing + date))
    token = request.headers.get("x-amz-security-token")
    return _signature([fields[name] for name in names], stamp, (None, token))


def _check_algorithm(algorithm: str) -> None:
    if algorithm != ALGORITHM:
        raise IncompleteSignatureException(f"Unsupported AWS 'algorithm': only {ALGORITHM} is accepted.")


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        # Attack: two values under one name, one for a check here and another for a check elsewhere.
        if not equals or name in found:
            raise IncompleteSignatureException("Authorization header holds a part that is not a single 'name=value'.")
        found[name] = value
    return found


def _header_timestamp(headers: dict[str, str]) -> str:
    """Return the date in ISO basic form; a `Date` header in the form of RFC 9110 is converted, as signers do."""
    stamp = headers.get("x-amz-date") or headers.get("date", "")
    if "," not in stamp:
        return stamp
    try:
        return parsedate_to_datetime(stamp[:64]).astimezone(UTC).strftime(BASIC_FORM)
    except (ValueError, TypeError, IndexError, OverflowError):
        return stamp


def _from_query(request: SignedRequest) -> Signature:
    if len(request.query) > MAX_QUERY:
        raise IncompleteSignatureException("The query string is too long.")
    values: dict[str, str] = {}
    for name, value in query_pairs(request.query):
        if name.startswith("X-Amz-") and name in values:
            raise IncompleteSignatureException(f"The query string holds '{name}' twice.")
        values[name] = value
    _check_algorithm(values.get("X-Amz-Algorithm", ""))
    names = ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature")
    missing = [name for name in (*names, "X-Amz-Date", "X-Amz-Expires") if not values.get(name)]
    if missing:
        raise IncompleteSignatureException(f"AWS query-string parameters must include {', '.join(missing)}.")
    life = _life(values["X-Amz-Expires"])
    token = values.get("X-Amz-Security-Token")
    return _signature([values[name] for name in names], values["X-Amz-Date"], (life, token))


def _life(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= LONGEST_LIFE:
        raise IncompleteSignatureException(f"X-Amz-Expires must be a number of seconds from 1 to {LONGEST_LIFE}.")
    return int(text)


def _signature(parts: list[str], timestamp: str, more: tuple[int | None, str | None]) -> Signature:
    credential, names, value = parts
    scope = re.fullmatch("/".join([r"([\w.-]{1,128})"] * 5), credential, re.ASCII)
    if not scope:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
        )
    signed = tuple(names.split(";"))
    if len(signed) > MAX_SIGNED_HEADERS or list(signed) != sorted(set(signed)) or names != names.lower():
        raise IncompleteSignatureException("SignedHeaders must be lower-case names, sorted and separated by ';'.")
    if not re.fullmatch("[0-9a-f]{64}", value):
        raise IncompleteSignatureException("Signature must be 64 hexadecimal digits.")
    _epoch(timestamp)
    key, date, region, service, end = scope.groups()
    return Signature(key, date, region, service, end, signed, value, timestamp, *more)


def _epoch(timestamp: str) -> int:
    try:
        if re.fullmatch("[0-9]{8}T[0-9]{6}Z", timestamp):
            return timegm(time.strptime(timestamp, BASIC_FORM))
    except ValueError:
        pass
    raise IncompleteSignatureException("Date must be in ISO-8601 'basic format', such as 20260131T235959Z.")


# --- checking -------------------------------------------------------------------------------------------------------


def problem(signature: Signature, request: SignedRequest, expected: Expected) -> AwsError | None:
    """Return why a signature is refused, or None when request, key and time agree."""
    text = next(_reasons(signature, request, expected), None)
    return None if text is None else InvalidSignatureException(text)


def _reasons(signature: Signature, request: SignedRequest, expected: Expected) -> Iterator[str]:
    yield from _time_reasons(signature, expected.now)
    yield from _scope_reasons(signature, expected)
    yield from _coverage_reasons(signature, request)
    claimed = request.headers.get("x-amz-content-sha256")
    body_hash = hashlib.sha256(request.body).hexdigest()
    # Attack: UNSIGNED-PAYLOAD, or the hash of another body, would let anyone on the way change what is asked.
    if claimed is not None and not hmac.compare_digest(claimed.encode("utf-8", "surrogatepass"), body_hash.encode()):
        yield "The value of 'x-amz-content-sha256' does not match the SHA-256 of the request body."
    if not _is_genuine(signature, request, (expected, body_hash)):
        yield MISMATCH


def _time_reasons(signature: Signature, now: float) -> Iterator[str]:
    sent, stamp = _epoch(signature.timestamp), signature.timestamp
    life, words = (SKEW, "5 min.") if signature.life is None else (signature.life, f"{signature.life} sec.")
    if sent < now - life:
        yield f"Signature expired: {stamp} is now earlier than {_basic(now - life)} ({_basic(now)} - {words})"
    if sent > now + SKEW:
        yield f"Signature not yet current: {stamp} is still later than {_basic(now + SKEW)} ({_basic(now)} + 5 min.)"


def _basic(moment: float) -> str:
    return time.strftime(BASIC_FORM, time.gmtime(moment))


def _scope_reasons(signature: Signature, expected: Expected) -> Iterator[str]:
    if signature.date != signature.timestamp[:8]:
        yield "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
    if signature.terminator != TERMINATOR:
        yield f"Credential should be scoped with a valid terminator: '{TERMINATOR}'."
    if signature.service != expected.service:
        yield f"Credential should be scoped to correct service: '{expected.service}'. "
    if expected.region is not None and signature.region != expected.region:
        yield "Credential should be scoped to a valid region. "


def _coverage_reasons(signature: Signature, request: SignedRequest) -> Iterator[str]:
    if "host" not in signature.signed_headers:
        yield "'Host' must be a 'SignedHeader' in the AWS Authorization."
    # Attack: an unsigned x-amz-target turns a signed ListUsers into DeleteUserPool.
    for name in request.headers:
        if name.startswith("x-amz-") and name not in signature.signed_headers and name not in ADDED_ON_THE_WAY:
            yield f"'{name[:64]}' must be a 'SignedHeader' in the AWS Authorization."
    for name in signature.signed_headers:
        if name not in request.headers:
            yield f"The signed header '{name[:64]}' is not in the request."


def _is_genuine(signature: Signature, request: SignedRequest, known: tuple[Expected, str]) -> bool:
    expected, body_hash = known
    key = _signing_key(expected.secret, signature)
    is_equal = False
    for path in (request.path, *expected.paths):
        digest = canonical_digest(signature, request, (path, body_hash))
        text = "\n".join((ALGORITHM, signature.timestamp, signature.scope, digest))
        # Attack: timing. compare_digest takes as long for a near miss as for a far one.
        is_equal |= hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), signature.value)
    return is_equal


def _signing_key(secret: str, signature: Signature) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in signature.scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
