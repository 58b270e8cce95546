"""Requests are read from gateway events as they were sent, and believe nobody who is not vouched for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chalicelib.edge.request import Request, Response, Trust, client_address

EVENTS = Path(__file__).parent.parent / "events"


def recorded(name: str, **changes: Any) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text()) | changes


def local(path: str = "/", peer: str = "127.0.0.1", **headers: str) -> dict[str, Any]:
    """An event as the local door makes it: no gateway has put its domain into the context."""
    context = {"httpMethod": "GET", "resourcePath": "/{proxy+}", "path": path, "identity": {"sourceIp": peer}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"requestContext": context, "headers": named, "pathParameters": {"proxy": path[1:]}, "body": None}


class TestFromGateway:
    def test_a_plain_event_becomes_a_request(self) -> None:
        request = Request.from_event(recorded("plain"))

        assert (request.method, request.path, request.raw_path, request.stage) == ("POST", "/", "/dev/", "dev")
        assert request.body == '{"MaxResults":"é"}'.encode()
        assert request.headers["x-amz-target"] == "AWSCognitoIdentityProviderService.ListUserPools"
        assert request.request_id == "3f9e2c1a-0000-4000-8000-000000000001"
        assert (request.source_ip, request.is_gateway, request.refusal) == ("203.0.113.7", True, 0)

    def test_repeated_headers_are_joined(self) -> None:
        headers = Request.from_event(recorded("plain")).headers

        assert headers["x-twice"] == "one,two"
        assert headers["cookie"] == "a=1; b=2"

    def test_two_spellings_of_a_header_are_one(self) -> None:
        event = recorded("plain", multiValueHeaders={"X-A": ["1"], "x-a": ["2"]})

        assert Request.from_event(event).headers == {"x-a": "1,2"}

    def test_a_base64_body_is_decoded_to_the_very_bytes(self) -> None:
        assert Request.from_event(recorded("base64")).body == b'{"a":"\x00\xff\xc3\xa9"}'

    @pytest.mark.parametrize("body", ["not base64!", "abc", "é"])
    def test_a_body_that_is_not_base64_is_refused(self, body: str) -> None:
        assert Request.from_event(recorded("base64", body=body)).refusal == 400

    def test_absent_headers_query_and_body_are_empty(self) -> None:
        request = Request.from_event(recorded("null_headers"))

        assert (request.headers, request.query, request.raw_query, request.body) == ({}, {}, "", b"")
        assert request.path == "/nowhere/"

    def test_paths_are_decoded_once_and_kept_as_sent(self) -> None:
        event = recorded("base_path", pathParameters={"proxy": "a%253Ab"})
        event["requestContext"]["path"] = "/auth/a%253Ab"

        request = Request.from_event(event)

        assert (request.path, request.raw_path) == ("/a%3Ab", "/auth/a%253Ab")

    def test_bad_utf8_in_a_path_is_no_accident(self) -> None:
        assert Request.from_event(recorded("base_path", pathParameters={"proxy": "%ff"})).path == "/\ufffd"

    def test_query_values_keep_order_repetition_and_blanks(self) -> None:
        request = Request.from_event(recorded("base_path"))

        assert request.query == {"scope": ["a c", "b"], "empty": [""]}
        assert request.raw_query == "scope=a%20c&scope=b&empty="

    def test_single_valued_query_parameters_will_do(self) -> None:
        event = recorded("base_path", multiValueQueryStringParameters=None, queryStringParameters={"a": "1"})

        assert Request.from_event(event).query == {"a": ["1"]}

    def test_a_lone_surrogate_in_a_body_does_no_harm(self) -> None:
        assert Request.from_event(recorded("plain", body="\ud800")).body == b"\xed\xa0\x80"

    def test_without_a_gateway_each_request_gets_an_id_of_its_own(self) -> None:
        first, second = Request.from_event(local()), Request.from_event(local())

        assert UUID(first.request_id) != UUID(second.request_id)
        assert not first.is_gateway

    def test_without_a_captured_path_the_event_path_is_taken(self) -> None:
        assert Request.from_event({"path": "/a/b", "requestContext": {}}).path == "/a/b"


class TestBaseUrl:
    def test_the_gateway_vouches_for_its_domain_and_stage(self) -> None:
        request = Request.from_event(recorded("plain"))

        assert request.base_url == "https://abc123.execute-api.eu-west-1.amazonaws.com/dev"

    def test_a_custom_domain_carries_its_base_path(self) -> None:
        assert Request.from_event(recorded("base_path")).base_url == "https://login.example.org/auth"

    def test_a_custom_domain_without_base_path_has_no_prefix(self) -> None:
        event = recorded("base_path")
        event["requestContext"]["path"] = "/us-east-1%3Aabc/x"

        assert Request.from_event(event).base_url == "https://login.example.org"

    def test_a_strangers_host_header_mints_nothing_behind_a_gateway(self) -> None:
        event = recorded("plain")
        event["multiValueHeaders"] |= {"Host": ["evil.example"], "X-Forwarded-Host": ["evil.example"]}

        assert "evil" not in Request.from_event(event, Trust(proxies=("203.0.113.7",))).base_url

    @pytest.mark.parametrize("event", [recorded("plain"), local(host="evil.example")], ids=["gateway", "local"])
    def test_the_configured_address_wins_everywhere(self, event: dict[str, Any]) -> None:
        assert Request.from_event(event, Trust(base_url="https://id.example.org")).base_url == "https://id.example.org"

    @pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:9000", "My.Host"])
    def test_a_bare_local_server_believes_the_host(self, host: str) -> None:
        assert Request.from_event(local(host=host)).base_url == f"http://{host.lower()}"

    @pytest.mark.parametrize("host", ["", "a b", "a/b", "user@host", "host:port", "a\r\nb", "?", "a" * 300])
    def test_a_host_that_is_none_is_refused(self, host: str) -> None:
        assert Request.from_event(local(host=host)).refusal == 400

    def test_only_a_configured_proxy_may_name_another_host(self) -> None:
        event = local(host="inner:8000", x_forwarded_host="id.example.org", x_forwarded_proto="https")

        assert Request.from_event(event).base_url == "http://inner:8000"
        assert Request.from_event(event, Trust(("127.0.0.1",))).base_url == "https://id.example.org"


class TestClientAddress:
    def test_a_strangers_forwarded_for_is_ignored(self) -> None:
        assert client_address("198.51.100.1", "10.0.0.1", ("127.0.0.1",)) == "198.51.100.1"

    def test_a_trusted_proxy_is_believed(self) -> None:
        assert client_address("127.0.0.1", "198.51.100.1", ("127.0.0.0/8",)) == "198.51.100.1"

    def test_what_the_caller_wrote_before_the_proxy_is_not_believed(self) -> None:
        forged = "8.8.8.8, 198.51.100.1, 10.1.2.3"

        assert client_address("10.0.0.1", forged, ("10.0.0.0/8",)) == "198.51.100.1"

    @pytest.mark.parametrize("rubbish", ["", "unknown", "1.2.3.4.5", "<script>"])
    def test_an_entry_that_is_no_address_ends_the_search(self, rubbish: str) -> None:
        assert client_address("10.0.0.1", f"9.9.9.9, {rubbish}", ("10.0.0.0/8",)) == "10.0.0.1"

    def test_the_request_carries_the_address_found(self) -> None:
        request = Request.from_event(local(x_forwarded_for="198.51.100.1"), Trust(("127.0.0.1",)))

        assert request.source_ip == "198.51.100.1"


class TestMediaType:
    @pytest.mark.parametrize("sent", ["Application/X-Amz-JSON-1.1", "application/x-amz-json-1.1 ; charset=utf-8"])
    def test_case_and_parameters_are_dropped(self, sent: str) -> None:
        assert Request("POST", "/", headers={"content-type": sent}).media_type == "application/x-amz-json-1.1"

    def test_none_is_empty(self) -> None:
        assert Request("GET", "/").media_type == ""


class TestPayload:
    def test_text_goes_as_utf8_and_bytes_as_they_are(self) -> None:
        assert Response(body="é").payload == b"\xc3\xa9"
        assert Response(body=b"\xff").payload == b"\xff"
