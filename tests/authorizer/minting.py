"""Tokens for authorizers to look at: signed with the pool's real key, or forged in the ways that forgers know."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.flows import signing_keys
from chalicelib.rules import jwt

BASE_URL = "http://latchkey.test"


def access_token(pool_id: str, **changes: Any) -> str:
    """An access token of the pool, whose claims are changed as told; None takes one away."""
    return signing_keys.signer(pool_id, "access").sign(claims(pool_id, **changes))


def id_token(pool_id: str, **changes: Any) -> str:
    """An ID token of the pool."""
    said = {"token_use": "id", "aud": "app", "client_id": None, "scope": None, **changes}
    return signing_keys.signer(pool_id, "id").sign(claims(pool_id, **said))


def claims(pool_id: str, **changes: Any) -> dict[str, Any]:
    """Claims of an access token as of now."""
    now = int(time.time())
    said = {
        "iss": f"{BASE_URL}/{pool_id}", "sub": str(uuid.uuid4()), "token_use": "access", "client_id": "app",
        "scope": "openid rs/read", "cognito:groups": ["staff"], "username": "someone", "event_id": str(uuid.uuid4()),
        "iat": now, "auth_time": now, "exp": now + 3600,
    }  # fmt: skip
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def with_header(token: str, **header: Any) -> str:
    """The token with another header and its old signature."""
    _, body, signature = token.split(".")
    return f"{encoded(header)}.{body}.{signature}"


def unsigned(pool_id: str) -> list[str]:
    """Tokens with `alg` none in the spellings that careless verifiers take."""
    body = encoded(claims(pool_id))
    heads = [encoded({"alg": name, "kid": kid(pool_id)}) for name in ("none", "None", "NONE", "nOnE")]
    return [f"{head}.{body}.{signature}" for head in heads for signature in ("", "AA", encoded({}))]


def confused(pool_id: str) -> list[str]:
    """Tokens signed by HMAC with what everybody knows of the pool's RSA key as the secret."""
    [public] = [key for name, (key, _) in signing_keys.key_set(pool_id).items() if name == kid(pool_id)]
    spki, pkcs1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
    forms = [(Encoding.PEM, spki), (Encoding.DER, spki), (Encoding.PEM, pkcs1), (Encoding.DER, pkcs1)]
    secrets = [public.public_bytes(encoding, form) for encoding, form in forms]
    return [_hmac_signed(pool_id, secret) for secret in secrets]


def stranger_signed(pool_id: str, key_id: str | None = None, **changes: Any) -> str:
    """A token with the pool's issuer (and key id) that a stranger's own key has signed."""
    return jwt.signed(claims(pool_id, **changes), _STRANGER, key_id or kid(pool_id), "ES256")


def kid(pool_id: str) -> str:
    """The key id of the pool's access tokens."""
    return signing_keys.signer(pool_id, "access").kid


def encoded(value: Any) -> str:
    """JSON in base64url."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _hmac_signed(pool_id: str, secret: bytes) -> str:
    content = f"{encoded({'alg': 'HS256', 'kid': kid(pool_id)})}.{encoded(claims(pool_id))}"
    digest = hmac.new(secret, content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


_STRANGER = jwt.new_private_key("ES256")
