"""The certificate with which a pool signs SAML requests, for identity providers to trust."""

from __future__ import annotations

import base64
from typing import Any

from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import signing_certificates
from chalicelib.operations.registry import operation


@operation
def get_signing_certificate(call: Call) -> dict[str, Any]:
    """The certificate as DER in base64, without the lines of PEM; the first call makes it.

    Raises ResourceNotFoundException.
    """
    found = signing_certificates.current(fresh_pool_of(call["UserPoolId"]).id, call.now)
    return {"Certificate": base64.b64encode(found.certificate).decode("ascii")}
