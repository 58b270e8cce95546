"""Operator sessions over HTTP: an IAM caller's proof in, temporary operator credentials out, in the form of AWS.

The answer is what a `credential_process` of the AWS SDKs prints. The decisions are `flows.operator_credentials`'.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from chalicelib import errors
from chalicelib.edge.request import Request, Response
from chalicelib.settings import current


def session(request: Request) -> Response:
    """POST /operator/session: see docs/operators.md for body and answer."""
    # Few processes ever serve one of these; forms of proofs and the way to STS take milliseconds to load.
    from chalicelib.flows import operator_credentials

    try:
        issued = operator_credentials.issued(request.body, _server(request), time.time())
    except errors.AwsError as refusal:
        told = {"__type": refusal.code, "message": refusal.message}
        return Response(refusal.status, {"X-Amzn-ErrorType": refusal.code}, json.dumps(told))
    given = {
        "Version": 1,
        "AccessKeyId": issued.key_id,
        "SecretAccessKey": issued.secret,
        "SessionToken": issued.token,
        "Expiration": datetime.fromtimestamp(int(issued.ends), UTC).isoformat().replace("+00:00", "Z"),
    }
    return Response(200, {}, json.dumps(given))


def _server(request: Request) -> str:
    """Our own base URL, from the settings or from the gateway.

    Attack: relaying with a forged Host header, which would make us the very server for which the proof was signed.
    """
    if current().base_url or request.is_gateway:
        return request.base_url
    raise errors.AccessDeniedException("Operator sessions need LATCHKEY_BASE_URL to be set.")
