"""One request through the deployed function, past gateway and DNS: does it import, read the table, answer?"""

from __future__ import annotations

import json
import time
from typing import Any

from deployment.account import Account
from deployment.refusal import Refused

_POOL = "us-east-1_nobody"


def answered(account: Account, function: str) -> float:
    """Seconds that the function took for the keys of a pool that nobody has; raises Refused when it does not answer.

    The right answer is 404 in our own shape: it has looked into the table.
    """
    began = time.monotonic()
    reply = account.client("lambda").invoke(FunctionName=function, Payload=json.dumps(_event()).encode())
    took = time.monotonic() - began
    content = json.loads(reply["Payload"].read() or b"null")
    is_ours = isinstance(content, dict) and content.get("statusCode") == 404 and "ResourceNotFound" in str(content)
    if reply.get("FunctionError") or not is_ours:
        words = content.get("errorMessage", "") if isinstance(content, dict) else ""
        raise Refused(f"The function {function} was deployed but does not answer as it should: {words or content}")
    return took


def _event() -> dict[str, Any]:
    path = f"{_POOL}/.well-known/jwks.json"
    return {
        "resource": "/{proxy+}",
        "path": f"/{path}",
        "httpMethod": "GET",
        "headers": {"Host": "localhost"},
        "multiValueHeaders": {"Host": ["localhost"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"resourcePath": "/{proxy+}", "httpMethod": "GET", "path": f"/{path}"},
    }
