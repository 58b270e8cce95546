"""Speaking to the application: what is asked as values, made and signed before the clock runs, and two ways to ask.

`InProcess` is what Lambda does: an event in, an answer out. `OverHttp` holds one connection open, as SDKs do.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection  # noqa: TID251 - the bench is a client, not the product
from typing import Any, Protocol
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.wire import model

_SERVICE = "cognito-idp"
_TARGET = "AWSCognitoIdentityProviderService"
_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, ready to go."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Door(Protocol):
    """A way into the application."""

    host: str

    def ready(self, ask: Ask) -> Callable[[], tuple[int, str]]:
        """The request as a call without arguments, whose answer is status and body; only that call is measured."""


class Refused(RuntimeError):
    """The application answered with something else than success; a measurement of refusals would be worthless."""


class InProcess:
    """The application as a function, in this process."""

    def __init__(self) -> None:
        import app

        self.host = "latchkey.test"
        self._application = app.app

    def ready(self, ask: Ask) -> Callable[[], tuple[int, str]]:
        """One REST proxy event, made here."""
        event = _event(ask)

        def call() -> tuple[int, str]:
            answer = self._application(event, None)
            return answer["statusCode"], answer["body"]

        return call


class OverHttp:
    """One connection to a server, kept open."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self._connection = HTTPConnection(self.host, timeout=60)

    def ready(self, ask: Ask) -> Callable[[], tuple[int, str]]:
        """The request on this connection."""

        def call() -> tuple[int, str]:
            self._connection.request(ask.method, ask.path, ask.body, ask.headers)
            response = self._connection.getresponse()
            return response.status, response.read().decode()

        return call


class Caller:
    """Makes requests for a door, signed as an operator where the model asks for that."""

    def __init__(self, door: Door, key: tuple[str, str]) -> None:
        self.door = door
        self._credentials = Credentials(*key)

    def ask(self, operation: str, /, **given: Any) -> Ask:
        """A call of a user pool operation, not yet sent."""
        known = model.operation(_SERVICE, operation)
        if known is None:
            raise ValueError(f"{operation} is not in the model.")
        content = json.dumps(given).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{_TARGET}.{operation}",
            "Host": self.door.host,
        }
        return Ask("/", "POST", headers if known.is_unsigned else self._signed(headers, content), content)

    def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        """The answer to a call that is not measured. Raises Refused."""
        return self.answer(self.ask(operation, **given))

    def answer(self, ask: Ask) -> dict[str, Any]:
        """The answer to a request that is not measured. Raises Refused."""
        found: dict[str, Any] = json.loads(accepted(self.door.ready(ask)()) or "{}")
        return found

    def _signed(self, headers: dict[str, str], content: bytes) -> dict[str, str]:
        request = AWSRequest("POST", f"http://{self.door.host}/", headers=headers, data=content)
        SigV4Auth(self._credentials, _SERVICE, _REGION).add_auth(request)
        return dict(request.headers)


def accepted(answer: tuple[int, str]) -> str:
    """The body of a good answer. Raises Refused."""
    status, body = answer
    if status != 200:
        raise Refused(f"{status}: {body[:300]}")
    return body


def _event(ask: Ask) -> dict[str, Any]:
    proxy = ask.path.strip("/")
    resource = "/{proxy+}" if proxy else "/"
    return {
        "resource": resource,
        "path": ask.path,
        "httpMethod": ask.method,
        "headers": ask.headers,
        "multiValueHeaders": {name: [value] for name, value in ask.headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": proxy} if proxy else None,
        "stageVariables": None,
        "body": ask.body.decode(),
        "isBase64Encoded": False,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": ask.method,
            "path": ask.path,
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": "192.0.2.1"},
            "requestTimeEpoch": int(time.time() * 1000),
        },
    }
