"""Calling the application in process, through all of its front door, and reading what it would have sent.

Every answer is checked against the service model: a reply against its output shape, an error against the errors that
the operation declares and those that every AWS service shares.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.flows import operators, vault
from chalicelib.table import operators as operator_keys
from chalicelib.table import pools
from chalicelib.wire import body, model

HOST = "latchkey.test"
FRONT_DOOR = {
    "AccessDeniedException", "ExpiredTokenException", "IncompleteSignatureException", "InvalidParameterException",
    "InvalidSignatureException", "MissingAuthenticationTokenException", "NotImplementedException",
    "RequestEntityTooLargeException", "SerializationException", "ServiceUnavailableException",
    "TooManyRequestsException", "UnknownOperationException", "UnrecognizedClientException",
    "UnsupportedMediaTypeException", "ValidationException",
}  # fmt: skip
TARGETS = {
    "cognito-idp": "AWSCognitoIdentityProviderService",
    "cognito-identity": "AWSCognitoIdentityService",
    "latchkey": "Latchkey",
}
PASSWORD = "Correct-Horse-9"
SOURCE_IP = "192.0.2.1"


@dataclass
class Fault(Exception):
    """An error answer of the API."""

    code: str
    message: str
    status: int

    def __str__(self) -> str:
        return f"{self.code} ({self.status}): {self.message}"


def sign_in_operator() -> tuple[str, str]:
    """Forget what this process remembers of another table, and make a root operator."""
    vault.forget()
    pools.forget_all()
    operator_keys.forget_all()
    return operators.ensure_root()


class Outbox:
    """The messages of the local twin, newest last."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self, username: str | None = None) -> list[dict[str, Any]]:
        """All messages, or those for one user."""
        found = [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []
        return [line for line in found if username in (None, line["username"])]

    def code(self, username: str) -> str:
        """The code of the newest message to a user."""
        return str(self.lines(username)[-1]["code"])


class Cognito:
    """A caller of the API in process. `call` signs where the model asks for it and raises Fault for an error."""

    source_ip = SOURCE_IP

    def __init__(self, key_id: str, secret: str) -> None:
        self.credentials = Credentials(key_id, secret)

    def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        """One call of a user pool operation; the reply in the wire's form."""
        return self.send("cognito-idp", operation, json.dumps(given).encode())

    def send(self, service: str, operation: str, content: bytes) -> dict[str, Any]:
        """One call with a body as it is."""
        known = model.operation(service, operation)
        assert known is not None, f"{operation} is not in the model"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{TARGETS[service]}.{operation}",
            "Host": HOST,
        }
        if not known.is_unsigned:
            headers = self._signed(service, headers, content)
        answer = respond("POST", "/", headers, content, self.source_ip)
        return checked(known, answer)

    def _signed(self, service: str, headers: dict[str, str], content: bytes) -> dict[str, str]:
        request = AWSRequest("POST", f"http://{HOST}/", headers=headers, data=content)
        SigV4Auth(self.credentials, service, "us-east-1").add_auth(request)
        return dict(request.headers)

    def pool(self, **settings: Any) -> str:
        """A fresh pool's id."""
        return str(self.call("CreateUserPool", **{"PoolName": "test", **settings})["UserPool"]["Id"])

    def client(self, pool_id: str, **settings: Any) -> str:
        """A fresh client's id: without secret, all flows that a password can take."""
        flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        if settings.get("RefreshTokenRotation", {}).get("Feature") != "ENABLED":
            flows.append("ALLOW_REFRESH_TOKEN_AUTH")
        given = {"ClientName": "test", "ExplicitAuthFlows": flows, **settings}
        return str(self.call("CreateUserPoolClient", UserPoolId=pool_id, **given)["UserPoolClient"]["ClientId"])

    def user(self, pool_id: str, username: str | None = None, **attributes: str) -> str:
        """A fresh CONFIRMED user with the password `PASSWORD`; the username."""
        username = username or f"user-{uuid.uuid4().hex[:12]}"
        listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
        made = self.call(
            "AdminCreateUser", UserPoolId=pool_id, Username=username, UserAttributes=listed, MessageAction="SUPPRESS"
        )
        self.call("AdminSetUserPassword", UserPoolId=pool_id, Username=username, Password=PASSWORD, Permanent=True)
        return str(made["User"]["Username"])

    def sign_in(self, client_id: str, username: str, password: str = PASSWORD) -> dict[str, Any]:
        """AuthenticationResult of a password sign-in."""
        parameters = {"USERNAME": username, "PASSWORD": password}
        answer = self.call("InitiateAuth", ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result


def respond(
    method: str, path: str, headers: dict[str, str], content: bytes = b"", source_ip: str = SOURCE_IP
) -> dict[str, Any]:
    """The application's answer to a REST proxy event: `statusCode`, `headers`, `body`."""
    import app

    name, _, query = path.partition("?")
    event = {
        "resource": "/{proxy+}" if name != "/" else "/",
        "path": name,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {key: [value] for key, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": _pairs(query),
        "pathParameters": {"proxy": name.strip("/")} if name != "/" else None,
        "stageVariables": None,
        "body": content.decode("latin-1") if not content or content.isascii() else _base64(content),
        "isBase64Encoded": not content.isascii(),
        "requestContext": {
            "resourcePath": "/{proxy+}" if name != "/" else "/",
            "httpMethod": method,
            "path": name,
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": source_ip},
            "requestTimeEpoch": int(time.time() * 1000),
        },
    }
    answer: dict[str, Any] = app.app(event, None)
    return answer


def _pairs(query: str) -> dict[str, list[str]] | None:
    from urllib.parse import parse_qs

    return parse_qs(query, keep_blank_values=True) or None


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()


def checked(operation: model.Operation, answer: dict[str, Any]) -> dict[str, Any]:
    """The reply of an operation, found to be what the model says; raises Fault for an error of the model."""
    text = answer["body"] or "{}"
    content: dict[str, Any] = json.loads(text)
    if answer["statusCode"] != operation.status:
        fault = Fault(content.get("__type", "?"), content.get("message", ""), answer["statusCode"])
        assert fault.code in operation.errors | FRONT_DOOR, f"{operation.name} does not declare {fault}"
        raise fault
    if operation.output is not None:
        assert body.output_problems(operation, content) == []
    return content
