"""Calls of any operation of the model as they go over the wire, and answers as they come back, unjudged.

Knows how each protocol names an operation (a target header, or method and path) and signs with botocore.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.wire import model
from chalicelib.wire.model import Operation
from tests.application import HOST, respond

JSON = "application/x-amz-json-1.1"
COGNITO = ("cognito-identity", "cognito-idp", "cognito-sync")
EVERY_OPERATION = [operation for name in model.services() for operation in model.operations(name)]
OF_COGNITO = [operation for operation in EVERY_OPERATION if operation.service in COGNITO]


def label(operation: Operation) -> str:
    """What a test of this operation is called."""
    return f"{operation.service}:{operation.name}"


@dataclass(frozen=True)
class Answer:
    """One answer: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: str

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Answer:
        """The answer that the application gave to an event."""
        headers = {name.lower(): str(value) for name, value in raw["headers"].items()}
        return cls(raw["statusCode"], headers, raw["body"] or "")

    def said(self) -> Any:
        """The body as JSON; None for an empty one."""
        return json.loads(self.body) if self.body else None

    def code(self) -> str:
        """The name of the error."""
        return str((self.said() or {}).get("__type", ""))


def ask(method: str, path: str, headers: dict[str, str], content: bytes = b"") -> Answer:
    """The application's answer to any request."""
    return Answer.of(respond(method, path, headers, content))


def question(operation: Operation, content: bytes = b"{}", value: str = "x") -> tuple[str, str, dict[str, str], bytes]:
    """An unsigned call: method, path, headers, content; `value` stands in every place of a REST path."""
    if operation.is_rest:
        path = re.sub(r"\{\w+\+?\}", quote(value, safe=""), operation.path)
        headers = {"Host": HOST, "Content-Type": "application/json"}
        return operation.method, path, headers, b"" if operation.method in ("GET", "DELETE") else content
    target = f"{model.service(operation.service)['target']}.{operation.name}"
    return "POST", "/", {"Host": HOST, "Content-Type": JSON, "X-Amz-Target": target}, content


def signed(
    credentials: Credentials, service: str, asked: tuple[str, str, dict[str, str], bytes]
) -> tuple[str, str, dict[str, str], bytes]:
    """The same call with a signature for a service."""
    method, path, headers, content = asked
    request = AWSRequest(method, f"http://{HOST}{path}", headers=dict(headers), data=content)
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    return method, path, dict(request.headers), content


def sent(credentials: Credentials, operation: Operation, content: bytes = b"{}") -> Answer:
    """The answer to a call, signed where the model asks for a signature."""
    asked = question(operation, content)
    return ask(*(asked if operation.is_unsigned else signed(credentials, operation.service, asked)))
