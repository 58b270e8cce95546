"""The key pair with which a pool signs SAML requests, and its certificate: made at first use, renewed, opened.

Certificates are numbered from 1 and the newest signs; older ones stay. A number is written once only, so of several
processes that need the next one at the same time one makes it and all take what it made.
"""

from __future__ import annotations

from contextlib import suppress

from chalicelib.flows import client_documents, vault
from chalicelib.rules import certificates, jwt
from chalicelib.table import keys, store
from chalicelib.table.documents import Certificate

_PREFIX = "CERTIFICATE#"


def current(pool_id: str, now: float) -> Certificate:
    """The certificate of a pool that signs now; `now` is in seconds. Raises ResourceNotFoundException."""
    found = _newest(pool_id)
    if found is None or certificates.is_due(found.created_at, now):
        with suppress(store.Conflict):  # another was first; its certificate is read like ours
            made = _made(pool_id, _number(found) + 1, now)
            client_documents.write(pool_id, client_documents.ALL, store.Save(made, "certificate"))
        found = _newest(pool_id)
    if found is None:
        raise RuntimeError("A certificate was written and is not there.")
    return found


def signing_key(certificate: Certificate) -> jwt.PrivateKey:
    """The private key of a certificate, opened; RSA."""
    return jwt.load_private(vault.open_for(certificate, certificate.private_key), "RS256")


def _newest(pool_id: str) -> Certificate | None:
    page = store.list(keys.key("Pool", pool=pool_id).pk, _PREFIX)
    found = [item for item in page.items if isinstance(item, Certificate)]
    return max(found, key=_number, default=None)


def _number(certificate: Certificate | None) -> int:
    return int(certificate.sk.removeprefix(_PREFIX)) if certificate else 0


def _made(pool_id: str, number: int, now: float) -> Certificate:
    key = jwt.new_private_key("RS256")
    item = Certificate.new({"pool": pool_id, "id": str(number)}, created_at=now)
    item.certificate = certificates.self_signed(key, pool_id, now)
    item.private_key = vault.seal_for(item, jwt.private_bytes(key))
    return item
