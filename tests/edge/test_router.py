"""Every path, verb and accident gets an answer in the shape of its protocol."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.edge.cors import ALLOWED_HEADERS
from chalicelib.edge.fields import canonical, printable
from chalicelib.edge.request import Request, Response
from chalicelib.edge.router import AWS_JSON, FAULTS, Route, Router

FORM = ("application/x-www-form-urlencoded",)


def echo(request: Request, **names: str) -> Response:
    return Response(body=json.dumps({"path": request.path, **names}))


def broken(_request: Request) -> Response:
    raise RuntimeError("the secret is s3cr3t")


def answering(response: Response) -> Router:
    return Router([Route("GET", "/", lambda _request: response)])


ROUTES = [
    Route("POST", "/", echo, "aws-json", AWS_JSON),
    Route("GET", "/pools/{pool}/keys.json", echo),
    Route("PUT", "/pools/{pool}/keys.json", echo),
    Route("GET", "/pools/own/keys.json", echo),
    Route("GET", "/files/{rest+}", echo),
    Route("POST", "/oauth2/token", broken, "oauth", FORM),
    Route("GET", "/login", broken, "page", cors=False),
    Route("POST", "/broken", broken, "aws-json"),
    Route("POST", "/open", echo, accepts=("", "application/json")),
    Route("PUT", "/large", echo, longest=lambda query: 20 if query.get("key") == ["good"] else 5),
]
router = Router(ROUTES, max_body=10)


def ask(method: str, path: str, body: bytes = b"", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return router.dispatch(Request(method, path, headers=named, body=body, request_id="id-1"))


def said(response: Response) -> Any:
    return json.loads(response.payload)


class TestFinding:
    def test_placeholders_reach_the_handler_by_name(self) -> None:
        assert said(ask("GET", "/pools/eu-1_Ab:c.d/keys.json"))["pool"] == "eu-1_Ab:c.d"

    def test_a_placeholder_is_one_segment(self) -> None:
        assert ask("GET", "/pools/a/b/keys.json").status == 404

    def test_a_greedy_placeholder_takes_the_rest(self) -> None:
        assert said(ask("GET", "/files/a/b\nc"))["rest"] == "a/b\nc"

    def test_a_literal_path_is_preferred(self) -> None:
        assert "pool" not in said(ask("GET", "/pools/own/keys.json"))

    def test_a_verb_that_only_the_general_path_has_is_found_there(self) -> None:
        assert said(ask("PUT", "/pools/own/keys.json"))["pool"] == "own"

    def test_dots_of_a_template_are_dots(self) -> None:
        assert ask("GET", "/pools/a/keysXjson").status == 404

    def test_a_slash_at_the_end_does_not_matter(self) -> None:
        assert ask("GET", "/pools/a/keys.json/").status == 200

    @pytest.mark.parametrize("extra", [Route("POST", "/", echo), Route("GET", "/new", echo, "soap")])
    def test_a_table_that_contradicts_itself_is_refused(self, extra: Route) -> None:
        with pytest.raises(ValueError, match="twice"):
            Router([*ROUTES, extra])


class TestRefusals:
    def test_an_unknown_path_is_404_in_json(self) -> None:
        response = ask("GET", "/nowhere")

        assert (response.status, response.content_type) == (404, "application/json")
        assert said(response)["__type"] == "UnknownOperationException"
        assert response.headers["X-Amzn-ErrorType"] == "UnknownOperationException"

    @pytest.mark.parametrize("method", ["GET", "PROPFIND", "post"])
    def test_another_verb_is_405_and_told_which_are_allowed(self, method: str) -> None:
        response = ask(method, "/")

        assert (response.status, response.headers["Allow"]) == (405, "OPTIONS, POST")
        assert response.content_type == "application/x-amz-json-1.1"

    def test_allow_names_head_with_get_and_all_templates_of_the_path(self) -> None:
        assert ask("POST", "/pools/own/keys.json").headers["Allow"] == "GET, HEAD, OPTIONS, PUT"

    def test_a_body_over_the_limit_is_413_and_one_at_the_limit_is_not(self) -> None:
        assert ask("POST", "/", b"x" * 11, content_type=AWS_JSON[0]).status == 413

    @pytest.mark.parametrize(("query", "longest"), [({"key": ["good"]}, 20), ({"key": ["bad"]}, 5), ({}, 5)], ids=str)
    def test_a_route_may_have_a_limit_of_its_own(self, query: dict[str, list[str]], longest: int) -> None:
        for size, status in ((longest, 200), (longest + 1, 413)):
            assert router.dispatch(Request("PUT", "/large", query=query, body=b"x" * size)).status == status
        assert router.longest_body("PUT", "/large", query) == longest

    @pytest.mark.parametrize(("method", "path"), [("PUT", "/nowhere"), ("GET", "/large"), ("POST", "/open")])
    def test_all_others_have_the_limit_of_the_house(self, method: str, path: str) -> None:
        assert router.longest_body(method, path, {"key": ["good"]}) == 10
        assert ask("POST", "/", b"x" * 10, content_type=AWS_JSON[0]).status == 200

    @pytest.mark.parametrize(
        "sent", ["text/plain", "", "application/json", "application/x-amz-json-1.1; charset=utf-7"]
    )
    def test_a_foreign_content_type_is_415(self, sent: str) -> None:
        response = ask("POST", "/", content_type=sent)

        assert (response.status, said(response)["__type"]) == (415, "UnsupportedMediaTypeException")

    @pytest.mark.parametrize("suffix", ["", ";charset=utf-8", '; charset="UTF-8"', "; x=y"])
    @pytest.mark.parametrize("version", AWS_JSON)
    def test_aws_json_is_accepted_as_sdks_spell_it(self, version: str, suffix: str) -> None:
        assert ask("POST", "/", content_type=version + suffix).status == 200

    def test_a_route_may_accept_an_absent_content_type(self) -> None:
        assert ask("POST", "/open").status == 200
        assert ask("POST", "/open", content_type="text/plain").status == 415

    @pytest.mark.parametrize("status", sorted(FAULTS))
    def test_what_the_door_refused_is_answered_in_the_shape_of_the_route(self, status: int) -> None:
        response = router.dispatch(Request("POST", "/", refusal=status))

        assert (response.status, response.content_type) == (status, "application/x-amz-json-1.1")
        assert said(response) == {"__type": FAULTS[status].code, "message": FAULTS[status].message}

    def test_oauth_errors_follow_rfc_6749(self) -> None:
        assert said(ask("POST", "/oauth2/token", content_type="text/plain"))["error"] == "invalid_request"
        assert said(ask("POST", "/oauth2/token", content_type=FORM[0]))["error"] == "server_error"

    def test_pages_get_a_page_that_cannot_be_framed(self) -> None:
        response = ask("GET", "/login")

        assert (response.status, response.content_type) == (500, "text/html; charset=utf-8")
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


class TestAccidents:
    def test_an_exception_is_500_and_only_the_log_learns_why(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR, "latchkey.edge"):
            response = ask("POST", "/broken")

        assert (response.status, said(response)["__type"]) == (500, "InternalErrorException")
        assert b"s3cr3t" not in response.payload + repr(response.headers).encode()
        assert "RuntimeError" in caplog.text
        assert caplog.records[0].request_id == "id-1"

    @pytest.mark.parametrize("result", [None, "text", Response(headers={"bad name": "x"}), Response(headers={"X": 5})])
    def test_a_handler_that_answers_nonsense_is_500(self, result: Any, caplog: pytest.LogCaptureFixture) -> None:
        assert answering(result).dispatch(Request("GET", "/")).status == 500
        assert caplog.records


class TestHeadAndOptions:
    def test_head_is_get_without_the_body(self) -> None:
        response = ask("HEAD", "/pools/a/keys.json")

        assert (response.status, response.payload, response.content_type) == (200, b"", "application/json")

    def test_a_preflight_of_a_known_path_is_answered_whatever_the_content_type(self) -> None:
        response = ask("OPTIONS", "/", origin="https://app.example", access_control_request_method="POST")

        assert (response.status, response.payload) == (200, b"")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in str(response.headers["Access-Control-Allow-Methods"])
        assert response.headers["Access-Control-Allow-Headers"] == ", ".join(ALLOWED_HEADERS)
        assert int(str(response.headers["Access-Control-Max-Age"])) > 0

    def test_custom_headers_of_an_app_may_come(self) -> None:
        asked = "X-My-Header,date, authorization, bad header, in\r\njected, " + "x" * 200

        allowed = str(ask("OPTIONS", "/", access_control_request_headers=asked).headers["Access-Control-Allow-Headers"])

        assert allowed == ", ".join([*ALLOWED_HEADERS, "X-My-Header", "date"])

    def test_a_flood_of_asked_headers_is_cut(self) -> None:
        asked = ",".join(f"x-{number}" for number in range(1000))

        allowed = str(ask("OPTIONS", "/", access_control_request_headers=asked).headers["Access-Control-Allow-Headers"])

        assert len(allowed.split(",")) == len(ALLOWED_HEADERS) + 32

    def test_a_preflight_of_an_unknown_path_is_404(self) -> None:
        assert ask("OPTIONS", "/nowhere").status == 404

    def test_pages_with_cookies_are_open_to_no_other_origin(self) -> None:
        for method in ("OPTIONS", "GET", "DELETE"):
            assert not [name for name in ask(method, "/login").headers if name.startswith("Access-Control")]

    def test_a_route_of_its_own_answers_options(self) -> None:
        own = Router([Route("OPTIONS", "/", echo)])

        assert said(own.dispatch(Request("OPTIONS", "/"))) == {"path": "/"}


class TestEveryAnswer:
    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "/open"), ("GET", "/nowhere"), ("PUT", "/"), ("POST", "/broken")]
    )
    def test_browsers_may_read_it_and_nothing_stores_or_sniffs_it(self, method: str, path: str) -> None:
        headers = ask(method, path).headers

        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Access-Control-Expose-Headers"] == "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Amzn-RequestId"] == "id-1"

    def test_a_gateway_sets_the_request_id_itself(self) -> None:
        response = Response(headers={"x-amzn-requestid": "ours"})
        request = Request("GET", "/", request_id="theirs", is_gateway=True)

        assert "X-Amzn-RequestId" not in answering(response).dispatch(request).headers
        assert answering(response).dispatch(replace(request, is_gateway=False)).headers["X-Amzn-RequestId"] == "theirs"

    def test_a_handler_may_say_that_its_answer_can_be_stored(self) -> None:
        response = answering(Response(headers={"cache-control": "max-age=60"})).dispatch(Request("GET", "/"))

        assert response.headers["Cache-Control"] == "max-age=60"

    def test_several_cookies_stay_several(self) -> None:
        response = answering(Response(headers={"set-cookie": ["a=1", "b=2\r\nX: y"]})).dispatch(Request("GET", "/"))

        assert response.headers["Set-Cookie"] == ["a=1", "b=2  X: y"]

    def test_a_header_cannot_split_the_answer(self) -> None:
        headers = {"Location": "/next\r\nSet-Cookie: stolen=1\x00", "x-amzn-errormessage": "naïve 🔑"}
        answered = answering(Response(headers=headers)).dispatch(Request("GET", "/")).headers

        assert answered["Location"] == "/next  Set-Cookie: stolen=1 "
        assert answered["X-Amzn-ErrorMessage"] == "na?ve ?"

    def test_a_long_message_does_not_burst_the_headers(self) -> None:
        response = answering(Response(headers={"x-amzn-ErrorMessage": "m" * 100_000})).dispatch(Request("GET", "/"))

        assert len(str(response.headers["X-Amzn-ErrorMessage"])) == 1024

    def test_handlers_do_not_frame_the_body(self) -> None:
        sent = {"content-length": "5", "Transfer-Encoding": "chunked", "content-type": "text/evil", "connection": "x"}

        headers = answering(Response(headers=sent)).dispatch(Request("GET", "/")).headers

        assert not {name.lower() for name in headers} & sent.keys() - {"Transfer-Encoding"}
        assert "Transfer-Encoding" not in headers


class TestSpelling:
    @pytest.mark.parametrize(
        ("name", "spelt"),
        [("content-type", "Content-Type"), ("x-amzn-requestID", "X-Amzn-RequestId"), ("etag", "ETag"), ("X-A", "X-A")],
    )
    def test_a_name_has_one_spelling(self, name: str, spelt: str) -> None:
        assert canonical(name) == spelt

    @pytest.mark.parametrize("name", ["", "a b", "a:b", "a\n", "ä"])
    def test_what_is_no_name_is_an_error(self, name: str) -> None:
        with pytest.raises(ValueError, match="header name"):
            canonical(name)

    def test_values_keep_what_is_printable(self) -> None:
        assert printable("a~ b\tc\x7fd") == "a~ b c d"
