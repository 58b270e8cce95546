"""What API Gateway sends to an authorizer, one function for each kind."""

from __future__ import annotations

from typing import Any

ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod"
METHOD = f"{ARN}/GET/orders/7"


def token_event(credential: str) -> dict[str, Any]:
    """A REST API's TOKEN authorizer."""
    return {"type": "TOKEN", "authorizationToken": credential, "methodArn": METHOD}


def request_event(*credentials: str, **stage: str) -> dict[str, Any]:
    """A REST API's REQUEST authorizer; several credentials are repeated headers."""
    return {
        "type": "REQUEST",
        "methodArn": METHOD,
        "resource": "/orders/{id}",
        "path": "/orders/7",
        "httpMethod": "GET",
        "headers": {"Host": "api.example", **({"Authorization": credentials[-1]} if credentials else {})},
        "multiValueHeaders": {"Host": ["api.example"], **({"Authorization": list(credentials)} if credentials else {})},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"id": "7"},
        "stageVariables": stage_variables(stage),
        "requestContext": {"stage": "prod", "httpMethod": "GET", "identity": {"sourceIp": "192.0.2.1"}},
    }


def http1_event(credential: str, *, has_source: bool = True, **stage: str) -> dict[str, Any]:
    """An HTTP API with payload 1.0."""
    source = {"identitySource": credential, "authorizationToken": credential} if has_source else {}
    return {"version": "1.0", **request_event(credential, **stage), **source}


def http2_event(credential: str, *, has_source: bool = True, **stage: str) -> dict[str, Any]:
    """An HTTP API with payload 2.0, which joins repeated headers by commas."""
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": METHOD,
        "identitySource": [credential] if has_source else None,
        "routeKey": "GET /orders/{id}",
        "rawPath": "/orders/7",
        "rawQueryString": "",
        "headers": {"host": "api.example", "authorization": credential},
        "requestContext": {"http": {"method": "GET", "path": "/orders/7", "sourceIp": "192.0.2.1"}, "stage": "prod"},
        "pathParameters": {"id": "7"},
        "stageVariables": stage_variables(stage),
    }


def stage_variables(stage: dict[str, str]) -> dict[str, str] | None:
    """Options as stage variables."""
    return {f"latchkey_{name}": value for name, value in stage.items()} or None
