"""The doors, in process: recorded gateway events in, proxy answers out."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import app as doors
from chalicelib.edge.request import Request, Response, Trust
from chalicelib.edge.router import AWS_JSON, Route, Router

EVENTS = Path(__file__).parent.parent / "events"
PNG = b"\x89PNG\xff\x00"


def recorded(name: str, **changes: Any) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text()) | changes


def answered(event: dict[str, Any]) -> dict[str, Any]:
    answer = doors.app(event, None)
    json.dumps(answer)  # what is not JSON never leaves Lambda
    return answer


def echo(request: Request) -> Response:
    return Response(body=base64.b64encode(request.body).decode(), content_type=AWS_JSON[0])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same doors with routes of this test behind them."""
    routes = [
        Route("POST", "/", echo, "aws-json", AWS_JSON),
        Route(
            "GET", "/us-east-1:abc/x", lambda request: Response(302, {"set-cookie": ["a=1", "b=2"]}, request.base_url)
        ),
        Route("GET", "/picture", lambda _request: Response(200, {}, PNG, "image/png")),
        Route("GET", "/words", lambda _request: Response(200, {}, "é".encode(), "text/plain; charset=utf-8")),
        Route("GET", "/empty", lambda _request: Response(204, {}, b"", "")),
    ]
    monkeypatch.setattr(doors.app, "router", Router(routes))
    monkeypatch.setattr(doors.app, "_trust", Trust())


@pytest.mark.usefixtures("small")
class TestEvents:
    def test_a_plain_body_reaches_the_handler(self) -> None:
        answer = answered(recorded("plain"))

        assert (answer["statusCode"], base64.b64decode(answer["body"])) == (200, '{"MaxResults":"é"}'.encode())
        assert answer["headers"]["Content-Type"] == "application/x-amz-json-1.1"
        assert not answer.get("isBase64Encoded")

    def test_a_base64_body_reaches_the_handler_as_bytes(self) -> None:
        assert base64.b64decode(answered(recorded("base64"))["body"]) == b'{"a":"\x00\xff\xc3\xa9"}'

    def test_a_body_that_is_not_base64_is_a_protocol_error(self) -> None:
        answer = answered(recorded("base64", body="%%%"))

        assert (answer["statusCode"], json.loads(answer["body"])["__type"]) == (400, "SerializationException")

    def test_cookies_stay_apart_and_the_stage_is_not_in_the_path(self) -> None:
        answer = answered(recorded("base_path"))

        assert answer["multiValueHeaders"] == {"Set-Cookie": ["a=1", "b=2"]}
        assert (answer["statusCode"], answer["body"]) == (302, "https://login.example.org/auth")

    def test_bytes_go_as_base64(self) -> None:
        event = recorded("base_path", pathParameters={"proxy": "picture"}, headers={"Accept": "image/png"})

        answer = answered(event)

        assert (answer["isBase64Encoded"], base64.b64decode(answer["body"])) == (True, PNG)

    @pytest.mark.parametrize("accept", [{}, {"Accept": "text/html"}, {"Accept": "image/avif,image/*"}], ids=str)
    def test_bytes_go_to_whoever_asks_for_them(self, accept: dict[str, str]) -> None:
        """The gateway takes every answer for bytes, so no caller has to say that it takes some."""
        answer = answered(recorded("base_path", pathParameters={"proxy": "picture"}, headers=accept))

        assert (answer["statusCode"], base64.b64decode(answer["body"])) == (200, PNG)

    def test_bytes_that_are_text_go_as_they_are(self) -> None:
        answer = answered(recorded("base_path", pathParameters={"proxy": "words"}))

        assert (answer.get("isBase64Encoded", False), answer["body"]) == (False, "é")

    def test_an_answer_without_content_has_no_type(self) -> None:
        answer = answered(recorded("base_path", pathParameters={"proxy": "empty"}))

        assert (answer["statusCode"], answer["body"]) == (204, "")
        assert "Content-Type" not in answer["headers"]

    def test_requests_of_many_threads_get_their_own_answers(self) -> None:
        events = [recorded("plain", body=str(number)) for number in range(200)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(answered, events))

        assert [base64.b64decode(answer["body"]).decode() for answer in answers] == [str(n) for n in range(200)]


class TestDoors:
    def test_an_unknown_path_is_404_and_the_gateway_names_the_request(self) -> None:
        answer = answered(recorded("null_headers"))

        assert (answer["statusCode"], json.loads(answer["body"])["__type"]) == (404, "UnknownOperationException")
        assert "X-Amzn-RequestId" not in answer["headers"]

    def test_aws_json_is_served_at_the_root_and_nothing_else_is(self) -> None:
        event = recorded("plain", multiValueHeaders={"Content-Type": ["text/plain"]})

        assert answered(event)["statusCode"] == 415
        assert answered(event | {"httpMethod": "GET"})["statusCode"] == 405

    @pytest.mark.parametrize("name", ["plain", "base_path"])
    def test_every_verb_of_chalice_comes_to_the_router(self, name: str) -> None:
        resource = recorded(name)["resource"]

        assert set(doors.app.routes[resource]) == {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

    def test_a_browser_may_call(self) -> None:
        event = recorded("plain", httpMethod="OPTIONS")

        assert answered(event)["headers"]["Access-Control-Allow-Origin"] == "*"
