"""The authorizer deployed beside an API that names it: real Lambdas behind an emulated REST API and HTTP API."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import cryptography

from tests.engines import ROOT

_PACKAGES = Path(cryptography.__file__).parents[1]
_ROLE = "arn:aws:iam::000000000000:role/test"
_DOOR = f"""
import sys
sys.path.append({str(_PACKAGES)!r})
from chalicelib.authorizer.lambda_door import authorizer
"""
_BACKEND = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""


@dataclass(frozen=True)
class Answer:
    """What a caller of the API got."""

    status: int
    content: dict[str, Any]


class Stack:
    """An emulated account with the authorizer and a backend that answers with the event it got."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self._account = {
            "endpoint_url": url, "region_name": "us-east-1",
            "aws_access_key_id": "test", "aws_secret_access_key": "test",
        }  # fmt: skip
        self.authorizer = self._function("authorizer", "door.authorizer", _house(), environment)
        self.backend = self._function("backend", "backend.handler", {"backend.py": _BACKEND}, {})

    def rest(self, kind: str, **stage: str) -> str:
        """A REST API with an authorizer of that kind; the address of its one route."""
        gateway = boto3.client("apigateway", **self._account)
        api = gateway.create_rest_api(name="protected")["id"]
        guard = gateway.create_authorizer(
            restApiId=api, name="latchkey", type=kind, authorizerUri=_invocation(self.authorizer),
            identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=0,
        )  # fmt: skip
        [root] = gateway.get_resources(restApiId=api)["items"]
        place = gateway.create_resource(restApiId=api, parentId=root["id"], pathPart="orders")["id"]
        spot: dict[str, str] = {"restApiId": api, "resourceId": place, "httpMethod": "GET"}
        gateway.put_method(**spot, authorizationType="CUSTOM", authorizerId=guard["id"])
        gateway.put_integration(**spot, type="AWS_PROXY", integrationHttpMethod="POST", uri=_invocation(self.backend))
        gateway.create_deployment(restApiId=api, stageName="prod", variables=_variables(stage))
        return f"{self.url}/_aws/execute-api/{api}/prod/orders"

    def http(self, payload: str, **stage: str) -> str:
        """An HTTP API with a Lambda authorizer for that payload; the address of its one route."""
        gateway = boto3.client("apigatewayv2", **self._account)
        api = gateway.create_api(Name="protected", ProtocolType="HTTP")["ApiId"]
        simple = {"EnableSimpleResponses": True} if payload == "2.0" else {}
        guard = gateway.create_authorizer(
            ApiId=api, Name="latchkey", AuthorizerType="REQUEST", AuthorizerUri=_invocation(self.authorizer),
            AuthorizerPayloadFormatVersion=payload, IdentitySource=["$request.header.Authorization"],
            AuthorizerResultTtlInSeconds=0, **simple,
        )["AuthorizerId"]  # fmt: skip
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=self.backend, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        gateway.create_route(
            ApiId=api, RouteKey="GET /orders", Target=f"integrations/{integration}", AuthorizationType="CUSTOM",
            AuthorizerId=guard,
        )  # fmt: skip
        gateway.create_stage(ApiId=api, StageName="prod", AutoDeploy=True, StageVariables=_variables(stage))
        return f"{self.url}/_aws/execute-api/{api}/prod/orders"

    def _function(self, name: str, handler: str, files: dict[str, str], environment: dict[str, str]) -> str:
        made = boto3.client("lambda", **self._account).create_function(
            FunctionName=name, Runtime="python3.11", Role=_ROLE, Handler=handler, Timeout=30,
            Code={"ZipFile": _zipped(files)}, Environment={"Variables": environment},
        )  # fmt: skip
        return str(made["FunctionArn"])


def asked(address: str, credential: str | None) -> Answer:
    """One call of a route."""
    headers = {} if credential is None else {"Authorization": credential}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
            return Answer(answer.status, json.load(answer))
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, json.loads(refusal.read() or b"{}"))


def _invocation(function: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


def _variables(stage: dict[str, str]) -> dict[str, str]:
    return {f"latchkey_{name}": value for name, value in stage.items()}


def _house() -> dict[str, str]:
    parts = sorted((ROOT / "chalicelib").rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in parts} | {"door.py": _DOOR}


def _zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()
