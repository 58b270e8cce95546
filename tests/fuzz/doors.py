"""Hostile requests below the protocols: verbs, paths, headers, content types, events, mutilated signatures."""

# ruff: noqa: E501 - lists of words read better wide than long
from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from chalicelib.edge.gateway import METHODS
from tests.application import HOST
from tests.contract.calls import JSON

Asked = tuple[str, str, dict[str, str], bytes]

PLACES = [
    "x", "us-east-1:00000000-0000-4000-8000-000000000000", "a/b", "..", ".", "%", "%00", "a\x00b", "\u00e9", "\U0001f511", "#", "?", "a b", "+",
    "x" * 3000, "{x}", "{proxy+}", ";a=b", "\\", "'", "a%2Fb",
]  # fmt: skip
"""What may stand in the place of a REST path's part."""

PATHS = [
    "/", "//", "/..", "/../../etc/passwd", "/%00", "/%2F", "/%2e%2e/", "/..;/", "/;a=b", "/a//b", "/identitypools", "/identitypools/", "/identitypools/%2F",
    "/identitypools//identities", "/IDENTITYPOOLS", "/%ff%fe", "/%", "/%zz", "/\u00e9", "/{proxy+}", "/_dev", "/_dev/health", "/_dev/outbox", "/_dev/../x",
    "/x/.well-known/jwks.json", "/x/.well-known/openid-configuration", "//.well-known/jwks.json", "/%00/.well-known/jwks.json",
    "/" + "x" * 3000 + "/.well-known/jwks.json", "/us-east-1_xxxxxxxxx%23CLIENTS/.well-known/openid-configuration", "/%F0%9F%94%91/.well-known/jwks.json",
    "/%ED%A0%80/.well-known/openid-configuration", "/" + "%F0%9F%94%91" * 700 + "/.well-known/openid-configuration", "/favicon.ico", "/robots.txt", "/api", "/api/",
    "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", "/?" + "a=b&" * 3000, "/?%00=%ff", "/" + "a/" * 1000, "/" + "%2F" * 1000, "/oauth2/token", "/login", "/.env",
]  # fmt: skip
TARGETS = [
    "AWSCognitoIdentityProviderService.ListUserPools", "AWSCognitoIdentityProviderService.InitiateAuth", "AWSCognitoIdentityProviderService.", ".", "",
    "AWSCognitoIdentityProviderService", "AWSCognitoIdentityService.GetId", "AWSCognitoIdentityProviderService.__class__", "\u00e9.\u00e9", "x" * 9000,
    "AWSCognitoIdentityProviderService.ListUserPools.x", "awscognitoidentityproviderservice.ListUserPools", "a\r\nb: c", "\x00", "cognito-sync.ListDatasets",
]  # fmt: skip
CONTENT_TYPES = [
    JSON, JSON, JSON, "application/json", "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ";", "/",
    JSON + "; charset=utf-16", JSON + ";charset=", JSON.upper(), "application/x-amz-json-1.0", "application/x-amz-json-1.1,application/json", "\x00", "x" * 9000,
]  # fmt: skip
HEADERS = {
    "X-Forwarded-For": ["1.2.3.4", "'", "::1, x", "," * 500, "\u00e9"],
    "X-Forwarded-Host": ["evil.example", ""],
    "Host": ["", "evil.example", "a b", "[::1]:99999", "x" * 9000, "\u00e9", "a\r\nb", "latchkey.test:99999999"],
    "Authorization": ["Bearer x", "AWS4-HMAC-SHA256", "AWS4", "Basic =", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e", "x" * 9000, "\u00e9", "AWS4-HMAC-SHA256 =,=,="],
    "Origin": ["null", "https://evil.example", "\x00"],
    "Access-Control-Request-Headers": ["x" * 9000, "a\r\nb", "," * 900, "content-type,\u00e9", ", ".join(f"x-{n}" for n in range(500))],
    "Access-Control-Request-Method": ["POST", "NOTHING", ""],
    "Content-Encoding": ["gzip", "x"],
    "Content-Length": ["-1", "99999999999", "x"],
    "Transfer-Encoding": ["chunked", "x"],
    "Accept": ["*/*", "text/html", "\u00e9", ""],
    "Cookie": ["a=b", ";" * 900, "\x00"],
    "X-Amz-Date": ["x", "20261121T000000Z", "99999999T999999Z", "\u0661"],
    "Date": ["x", "Sat, 21 Nov 2026 10:00:00 GMT", ", , ,", "Sat, 99 Nov 99999999 10:00:00 GMT"],
    "X-Amz-Security-Token": ["x", ""],
    "X-Amz-Content-Sha256": ["UNSIGNED-PAYLOAD", "x", "\u00e9"],
    "X-Http-Method-Override": ["DELETE"],
    "Expect": ["100-continue"],
    "Range": ["bytes=0-1"],
    "\u00e9": ["x"],
    "": ["x"],
    "a b": ["x"],
}  # fmt: skip
CONTENTS = [b"", b"{}", b"{", b"\xff", b"\x00", b"x" * 100_000, b"a=b", b'{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "x"}']  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    """Any verb that a gateway lets through, anywhere, with anything."""
    headers = {"Host": HOST, "Content-Type": draw(st.sampled_from(CONTENT_TYPES))}
    if draw(st.booleans()):
        headers["X-Amz-Target"] = draw(st.sampled_from(TARGETS))
    for name in draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=4, unique=True)):
        headers[name] = draw(st.sampled_from(HEADERS[name]))
    path = draw(st.one_of(st.sampled_from(["/", "/"]), st.sampled_from(PATHS)))
    return draw(st.sampled_from([*METHODS, "POST", "POST", "POST"])), path, headers, draw(st.sampled_from(CONTENTS))


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """A REST proxy event of a gateway with some members missing, null or odd."""
    method, path, headers, content = draw(requests())
    name = path.partition("?")[0]
    encoded = base64.b64encode(content).decode()
    is_root = name == "/"
    event: dict[str, Any] = {
        "resource": "/" if is_root else "/{proxy+}",
        "path": name,
        "httpMethod": method,
        "headers": draw(st.sampled_from([headers, None, {}])),
        "multiValueHeaders": draw(st.sampled_from([{key: [value, value] for key, value in headers.items()}, None, {}])),
        "queryStringParameters": draw(st.sampled_from([None, {}, {"a": "b"}, {"X-Amz-Algorithm": "\ud800"}])),
        "multiValueQueryStringParameters": draw(
            st.sampled_from([None, {}, {"a": ["b", "c"]}, {"X-Amz-Algorithm": ["x", "y"]}])
        ),
        "pathParameters": None if is_root else {"proxy": name[1:]},
        "stageVariables": None,
        "body": draw(
            st.sampled_from(
                [encoded, None, "", "{}", "=", "\u00e9", "%%%", encoded + "=", "A" * 5, "\ud800", '{"a": "\ud800"}']
            )
        ),
        "isBase64Encoded": draw(st.booleans()),
        "requestContext": {
            "resourcePath": "/" if is_root else "/{proxy+}",
            "httpMethod": method,
            "path": draw(st.sampled_from([name, f"/api{name}", "", None])),
            **draw(st.sampled_from(CONTEXTS)),
        },
    }
    return event


CONTEXTS: list[dict[str, Any]] = [
    {},
    {
        "requestId": "id-1",
        "stage": "api",
        "apiId": "a1",
        "domainName": "a1.execute-api.us-east-1.amazonaws.com",
        "identity": {"sourceIp": "192.0.2.1"},
    },
    {"requestId": "id-2", "stage": "api", "domainName": "auth.example.com", "identity": {"sourceIp": "2001:db8::1"}},
    {"requestId": None, "identity": None, "stage": None},
    {"identity": {"sourceIp": "not an address"}},
    {"identity": {}},
]


@dataclass(frozen=True)
class Wound:
    """A change to one header of a signed request."""

    header: str
    kind: str
    text: str

    def inflicted(self, asked: Asked) -> Asked:
        """The request after the change."""
        method, path, headers, content = asked
        headers = dict(headers)
        if self.kind == "drop":
            headers.pop(self.header, None)
        elif self.kind == "cut":
            headers[self.header] = headers.get(self.header, "")[: len(headers.get(self.header, "")) // 2]
        elif self.kind == "add":
            headers[self.header] = headers.get(self.header, "") + self.text
        else:
            headers[self.header] = self.text
        return method, path, headers, content


def wounds() -> st.SearchStrategy[Wound]:
    """Changes to the headers of a signed request that must not go unnoticed, or not matter."""
    texts = [
        "x", ",", "=", "AWS4-HMAC-SHA256 ", ", Credential=a", "\u00e9", "\x00", "/", ";", "0" * 64, "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=a, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=/20261121/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=" + "g" * 64,
        "AWS4-HMAC-SHA256 Credential=#/20261121/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=" + "K" * 128 + "/20261121/us-east-1/cognito-idp/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
        "AWS4-ECDSA-P256-SHA256 x", "\u0661", "20261321T000000Z", "00010101T000000Z", "99991231T235959Z",
    ]  # fmt: skip
    names = ["Authorization", "Authorization", "X-Amz-Date", "Host", "X-Amz-Target", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Forwarded-For"]  # fmt: skip
    return st.builds(
        Wound, st.sampled_from(names), st.sampled_from(["drop", "cut", "add", "set"]), st.sampled_from(texts)
    )
