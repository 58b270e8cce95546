"""The words of hostile requests: values that the running world knows, values that look right, values that hurt.

`<name>` stands for a value of the world, `<name:cut>` and the like for a mutilated one; see `world`.
"""

# ruff: noqa: E501 - lists of words read better wide than long
from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

MARK = "Tell-Nobody-7!"
"""Stands in secrets that are sent; an answer or a log line that repeats it has told a secret."""

LONG = "x" * 2048
N_HEX = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
)
"""The SRP modulus: A = N makes the shared secret zero."""


def token(header: Any, claims: Any) -> str:
    """A JWT of our own making, whose signature proves nothing."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join((*parts, "c2ln"))


def often(good: list[str], *others: str) -> list[str]:
    """All of these, with the good ones more than half of the time."""
    return good * max(1, len(others) // len(good) + 1) + list(others)


HEADER = {"alg": "RS256", "kid": "x"}
FORGED = [
    *(token(HEADER, {"iss": iss}) for iss in ("", "/", "x/", "x/\ud800", "x/" + "y" * 3000, "x/a#b", "x/us-east-1_xxxxxxxxx", 5, None, [], {"a": 1})),
    *(token({"alg": alg, "kid": kid}, {"iss": "x/y"}) for alg in ("none", "HS256", 5, None, []) for kid in ("x", 5, None, {}, "\ud800")),
    *(token(header, {"iss": "x/y"}) for header in ([], "x", None, 5, {}, {**HEADER, "crit": ["x"]}, {**HEADER, "b64": False}, {**HEADER, "zip": "DEF"})),
    *(token(HEADER, claims) for claims in ([], "x", None, 5, {}, {"iss": "x/y", "exp": "x"}, {"iss": "x/y", "exp": 1e300})),
]  # fmt: skip

NAMES = often(
    ["ada", "ada", "bob", "<new>"],
    "ADA", "eve", "dis", "nobody", "<sub>", "ada@example.com", "+15555550100", "a#b", "#", ".", "P#x", "N#x#username#ada", "'--", '"', "\\",
    "a\u200bb", "\U0001f511\U0001f511", "\u0130\u0131\u00df", "\ufb03" * 128, "x" * 128, "x" * 129, "\u00e9", "e\u0301", "<script>", "${jndi:x}", "%00",
    "%n%s", "../..", "sha256:" + "0" * 64, "nobody@example.com", "<new>@example.com", "user@[127.0.0.1]", "a@b\r\nBcc: x@y",
)  # fmt: skip
PASSWORDS = often(["<password>"], MARK, "short", "", " lead" + MARK, MARK + "\u00e9\U0001f511" * 20, MARK + "\x00", MARK * 20)  # fmt: skip
TOKENS = often(
    ["<access>"], "<id>", "<refresh>", "<access:cut>", "<access:flip>", "<access:none>", "a.b.c", "..", "a..b", "eyJhbGciOiJub25lIn0.e30.", "x" * 5000,
    "." * 500, "-._~", "<access>.<access>", "eyJ", "e30.e30.e30", *FORGED,
)  # fmt: skip
REFRESH = often(
    ["<refresh>"], "<refresh:cut>", "<refresh:flip>", "<access>", "x", "a.b", "a.b.c.d.e", "." * 9, "\U0001f511", LONG, "<sub>", "<sub>.x", "x.<sub>"
)  # fmt: skip
SESSIONS = often(["<session>"], "<session:cut>", "<session:flip>", "<block>", "x" * 20, "A" * 4096, "=" * 40, "\u00e9" * 30, "<refresh>")  # fmt: skip
CODES = often(
    ["<code>"], "000000", "123456", "abc!", "1", "\u0661\u0662\u0663\u0664\u0665\u0666", "0" * 2048, "-1", "\U0001f511", "0x1F", "1e5"
)  # fmt: skip
POOLS = often(["<pool>"], "<alias_pool>", "<alias_pool>", "<mail_pool>", "<mail_pool>", "<gone_pool>", "us-east-1_xxxxxxxxx", "a_b", "_")  # fmt: skip
CLIENTS = often(
    ["<client>"], "<alias_client>", "<alias_client>", "<mail_client>", "<mail_client>", "<secret_client>", "<rotating_client>", "unknown", "+", "x" * 128
)  # fmt: skip
HASHES = ["<hash>", MARK.replace("-", "").replace("!", "="), "x", "===", "A" * 128]
CURSORS = often(["<cursor>"], "x", "e30", "W10", "WzEsMl0", "\u00e9", "A" * 9000, "null")
ARNS = ["arn:aws:iam::123456789012:role/x", "arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:x:y:z:1:2"]
SRP_A = often(
    ["abcdef0123456789" * 16, "<srp_a>"], "0", "00", "1", N_HEX, "0" + N_HEX, N_HEX.lower() + "00", "f" * 768, "f" * 9000, "-1", "0x1", "zz", "",
    " 1", "1_0", "\u0661", "a" * 1537,
)  # fmt: skip

KNOWN: dict[str, list[str]] = {
    "UserPoolIdType": POOLS,
    "ClientIdType": CLIENTS,
    "UsernameType": NAMES,
    "PasswordType": PASSWORDS,
    "TokenModelType": TOKENS + REFRESH,
    "SessionType": SESSIONS,
    "ConfirmationCodeType": CODES,
    "SecretHashType": HASHES,
    "ClientSecretType": ["<secret>", MARK.replace("-", "").replace("!", "") * 2, "a" * 24, "a" * 64, "+" * 30],
    "PaginationKey": CURSORS,
    "PaginationKeyType": CURSORS,
    "SearchPaginationTokenType": CURSORS,
    "ArnType": ARNS,
    "AttributeNameType": often(
        ["email", "name", "custom:x", "phone_number", "preferred_username"],
        "email_verified", "nickname", "birthdate", "updated_at", "locale", "zoneinfo", "sub", "custom:n", "custom:fixed", "dev:custom:x", "custom:",
        "custom:nope", "identities", "cognito:mfa_enabled", "address", "__proto__", "phone_number_verified", "picture", "website", "gender",
    ),
    "AttributeValueType": often(
        ["<new>@example.com", "+15555550100", "true", "1"],
        "ada@example.com", "false", "-1", "1e3", "\u0661", "NaN", "2000-01-01", "", LONG, "\U0001f511" * 512, "\u00e9" * 2048, "a@b", "a\x00b", '{"a": 1}',
        "'\"\\", "1" * 400, "x@y\r\nBcc: z@w", "99999999999999999999",
    ),
    "CustomAttributeNameType": ["x", "y", "<new>", "<new>", "custom:x", "email", "sub", "a#b", "\U0001f511", "x" * 20],
    "UserFilterType": ["", "", " ", 'email = "x"', 'username ^= "a"', 'email = "', "(", 'sub = "\\"'],
    "RedirectUrlType": ["https://example.com/", "http://localhost/x", "http://example.com", "app://x", "https://", "https://a/#f", "//x", "javascript:1"],
    "ScopeType": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin", "x/y", "a b"],
    "StringType": [
        "0", "1", "5", "256", "2048", "2049", "-1", "1.5", "1e3", "NaN", "\u0661", "x", "", "9" * 200, "9" * 5000, "1_0", " 1", "Infinity",
        *ARNS, "eu-west-1", "x@example.com", "<new>", *CODES, *SESSIONS,
    ],
    "UserPoolNameType": ["pool", "a b", "x" * 128],
    "ClientNameType": ["client", "a b", "x" * 128],
    "GroupNameType": ["group", "a#b"],
    "AuthFlowType": ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH"],
    "ChallengeNameType": ["NEW_PASSWORD_REQUIRED", "NEW_PASSWORD_REQUIRED", "PASSWORD_VERIFIER", "PASSWORD_VERIFIER", "SMS_MFA", "SELECT_CHALLENGE"],
    "AliasAttributeType": ["email", "phone_number", "preferred_username"],
}  # fmt: skip
"""What a text of this shape may be in an input that is to get far."""

USUAL = {
    "AuthParameters", "ChallengeResponses", "Session", "Password", "UserAttributes", "PreviousPassword", "Permanent", "TemporaryPassword",
    "MessageAction", "ExplicitAuthFlows", "Limit", "Value", "Schema", "Policies",
}  # fmt: skip
"""Members without which most calls end early."""


@dataclass(frozen=True)
class Named:
    """A map whose names mean something: the values of each, and which of them belong together."""

    cases: list[tuple[str, ...]]
    values: dict[str, list[str]]


NAMED = {
    "AuthParametersType": Named(
        [("USERNAME", "PASSWORD"), ("USERNAME", "SRP_A"), ("REFRESH_TOKEN",), ("USERNAME", "PASSWORD", "SECRET_HASH")],
        {
            "USERNAME": NAMES, "PASSWORD": PASSWORDS, "SRP_A": SRP_A, "SECRET_HASH": HASHES, "REFRESH_TOKEN": REFRESH,
            "DEVICE_KEY": ["us-east-1_" + "0" * 36, "x"], "PREFERRED_CHALLENGE": ["PASSWORD", "EMAIL_OTP", "x"], "CHALLENGE_NAME": ["SRP_A", "x"],
        },
    ),
    "ChallengeResponsesType": Named(
        [
            ("USERNAME", "NEW_PASSWORD"), ("USERNAME", "NEW_PASSWORD", "userAttributes.email", "userAttributes.custom:x"),
            ("USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"),
        ],
        {
            "USERNAME": often(["bob", "ada"], *NAMES), "NEW_PASSWORD": often([MARK], *PASSWORDS), "SECRET_HASH": HASHES,
            "PASSWORD_CLAIM_SECRET_BLOCK": often(["<block>"], "<block:cut>", "<block:flip>", "<session>", "AAAA", "=", "\u00e9", LONG),
            "PASSWORD_CLAIM_SIGNATURE": ["A" * 43 + "=", "", "=", "\u00e9", "x", LONG, "AAAA"],
            "TIMESTAMP": often(["<now>"], "Tue Nov 3 04:05:06 UTC 2026", "", "x", "\u0661", LONG, "Tue Nov 3 99:99:99 UTC 2026", "Tue Feb 30 01:01:01 UTC 0"),
            "userAttributes.email": ["<new>@example.com", "", "x", LONG], "userAttributes.custom:x": ["1", LONG], "userAttributes.": ["x"],
            "userAttributes.sub": ["x"], "ANSWER": ["x"], "SMS_MFA_CODE": CODES,
        },
    ),
}  # fmt: skip
"""Maps whose names mean something, by shape."""

PLAUSIBLE = [
    "x", "name", "a@b.example", "https://example.com/x", "0", "123456", "x" * 24, "x" * 60, "us-east-1", "Code {####} here", "Click {##here##}",
    *ARNS, "us-east-1:00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000", "example.com", "Level1",
    "import-abc", "terms-of-use", "cognito:english", "tkn" + "a" * 25, "us-east-1_" + "0" * 36, "0123456789", "arn:aws:s3:::bucket",
]  # fmt: skip
"""Texts, one of which satisfies nearly any pattern of the models."""

HOSTILE = [
    "", " ", "\x00", "\n", "\r\nX-Injected: 1", "\u2028", "\u202e", "\ufeff", "\ufffe", "\U0001f511", "\U0010ffff", "\x7f\x80", "#", "P#x",
    "'; DROP TABLE x; --", "<script>alert(1)</script>", "{{7*7}}", "${7*7}", "$(id)", "%00", "%s%n", "../../etc/passwd", "a" * 5000,
    "\u00e9" * 3000, "9" * 400, "null", "None", "NaN", "true", "-1", "{}", "[]", "\\", '"', "a=b&c=d",
]  # fmt: skip


def _nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


BENT: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e308, -0.0, 1 << 31, 1 << 63, -(1 << 63) - 1, 1 << 64, 10**40, "", "x", "0", "\x00", "\ud800", "\udfff\ud800",
    "a\ud83dz", [], {}, [[]], [None], [None, 1, "x"], {"": ""}, {"a": None}, {"\ud800": 1}, [1] * 2000, ["x"] * 2000, "x" * 140_000, "\U0001f511" * 3000,
    {str(number): number for number in range(500)}, _nested(30), _nested(62), _nested(64), _nested(200), [[[]]] * 50, "\u00e9" * 2048, "1" * 5000, 1e-300,
    12345678901234567890.5, "true", {"__type": "x"}, ["<access>"], {"S": "x"}, *HOSTILE,
]  # fmt: skip
"""What may stand in the place of any value."""
