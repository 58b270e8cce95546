"""The canonical request of AWS Signature Version 4: what exactly is signed.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and what botocore
makes of it. Whether a signature is genuine and recent is `sigv4`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was sent: path and query undecoded, header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says about its signature; `life` (seconds) is None in the header form."""

    access_key: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    value: str = field(repr=False)
    timestamp: str
    life: int | None = None
    security_token: str | None = field(default=None, repr=False)

    @property
    def scope(self) -> str:
        """The credential scope: date, region, service and terminator."""
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


def canonical_digest(signature: Signature, request: SignedRequest, tried: tuple[str, str]) -> str:
    """Return the SHA-256 of the canonical request; `tried` holds the path and the digest of the body."""
    # Bytes of a header or path that are no UTF-8 may come as lone surrogates; they must not crash the verifier.
    return hashlib.sha256(_canonical(signature, request, tried).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(signature: Signature, request: SignedRequest, tried: tuple[str, str]) -> str:
    path, body_hash = tried
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in signature.signed_headers)
    # Attack: only the presigned form carries its signature in the query; elsewhere the name hides nothing.
    left_out = None if signature.life is None else "X-Amz-Signature"
    query = _canonical_query(request.query, left_out)
    names = ";".join(signature.signed_headers)
    return "\n".join((request.method.upper(), _canonical_path(path), query, headers, names, body_hash))


def _canonical_path(path: str) -> str:
    """Return the path without dot segments and empty ones, encoded once more, as all services but S3 want it."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    end = "/" if path.endswith("/") and kept else ""
    return quote("/" + "/".join(kept) + end, safe="/~", errors="surrogatepass")


def _canonical_query(query: str, left_out: str | None) -> str:
    encoded = [(_encoded(name), _encoded(value)) for name, value in query_pairs(query) if name != left_out]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~", errors="surrogateescape")


def query_pairs(query: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a query string, percent-decoded."""
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        yield _decoded(name), _decoded(value)


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")
