"""From a request to an operation and back, through the front door."""

import json

import pytest

from chalicelib.operations import registry
from chalicelib.table import connection, store
from chalicelib.wire import dispatch, model
from tests.application import HOST, PASSWORD, respond
from tests.callers import a_name, refused
from tests.contract import calls
from tests.lines import logged, rows

pytestmark = pytest.mark.usefixtures("application")


class TestRun:
    @pytest.mark.parametrize("target", ["", "x", "AWSCognitoIdentityProviderService.Nonsense", "Other.SignUp", "."])
    def test_an_unknown_target_is_an_unknown_operation(self, target):
        answer = calls.ask("POST", "/", {"Host": HOST, "Content-Type": calls.JSON, "X-Amz-Target": target}, b"{}")

        assert (answer.status, answer.code()) == (400, "UnknownOperationException")

    def test_an_answer_has_the_protocols_type(self, cognito):
        asked = calls.signed(
            cognito.credentials,
            "cognito-idp",
            calls.question(model.operation("cognito-idp", "ListUserPools"), b'{"MaxResults":1}'),
        )

        answer = calls.ask(*asked)
        assert answer.headers["content-type"] == "application/x-amz-json-1.1"
        assert len(answer.headers["x-amzn-requestid"]) == 36

    def test_a_refusal_tells_its_name_and_words_in_body_and_headers(self):
        found = model.operation("cognito-idp", "SignUp")
        given = {"ClientId": "unknown", "Username": "tess", "Password": PASSWORD}

        answer = calls.ask(*calls.question(found, json.dumps(given).encode()))
        assert answer.said() == {
            "__type": "ResourceNotFoundException",
            "message": "User pool client unknown does not exist.",
        }
        assert answer.headers["x-amzn-errortype"] == "ResourceNotFoundException:"
        assert answer.headers["x-amzn-errormessage"] == "User pool client unknown does not exist."

    def test_what_is_not_built_says_so_by_name(self, cognito):
        answer = calls.sent(cognito.credentials, model.operation("cognito-identity", "GetId"))

        assert (answer.status, answer.code()) == (501, "NotImplementedException")
        assert answer.said()["message"] == "GetId is not built yet."

    def test_what_is_not_built_is_told_to_known_callers_only(self):
        found = model.operation("cognito-identity", "ListIdentityPools")

        assert calls.ask(*calls.question(found)).code() == "MissingAuthenticationTokenException"

    def test_an_operation_without_output_answers_nothing(self, cognito):
        pool = cognito.pool()
        name = cognito.user(pool, a_name())
        found = model.operation("cognito-idp", "AdminDeleteUser")
        content = json.dumps({"UserPoolId": pool, "Username": name}).encode()

        answer = calls.sent(cognito.credentials, found, content)
        assert answer.status == 200
        assert answer.body in ("", "{}")

    @pytest.mark.parametrize("content", [b"", b"[]", b"null", b"1", b"{", b"\xff", b'{"a":' * 2000])
    def test_a_body_that_is_no_object_cannot_be_read(self, content):
        found = model.operation("cognito-idp", "SignUp")

        answer = calls.ask(*calls.question(found, content))
        assert answer.status == 400
        assert answer.code() in ("SerializationException", "InvalidParameterException")

    def test_a_rest_operation_that_is_not_built_says_so(self, cognito):
        found = next(one for one in model.rest_operations() if one.method == "GET")

        answer = calls.sent(cognito.credentials, found)
        assert (answer.status, answer.code()) == (501, "NotImplementedException")
        assert answer.headers["content-type"] == "application/json"


class TestSyncRoutes:
    def test_every_rest_operation_has_its_route(self):
        routes = dispatch.sync_routes()

        assert len(routes) == len(list(model.rest_operations())) > 0
        assert all(path.startswith("/") for _, path, _ in routes)

    def test_they_answer_to_nobody_without_a_signature(self):
        assert respond("GET", "/identitypools", {"Host": HOST})["statusCode"] == 400


class TestWarm:
    def test_what_the_first_request_would_load_is_there(self):
        dispatch.warm()

        assert registry.find("cognito-idp", "sign_up") is not None
        assert connection.client() is connection.client()


class TestAccidents:
    @pytest.mark.parametrize(
        ("operation", "name"),
        [
            ("DescribeUserPool", "InternalErrorException"),
            ("AddUserPoolClientSecret", "InternalServerException"),
            ("ListUserPoolClientSecrets", "InternalServerException"),
            ("DeleteUserPoolClientSecret", "InternalServerException"),
        ],
    )
    def test_carry_the_name_that_the_operation_declares(self, cognito, monkeypatch, caplog, operation, name):
        def broken(_call):
            raise RuntimeError("s3cr3t")

        monkeypatch.setattr(registry, "find", lambda _service, _name: broken)
        found = model.operation("cognito-idp", operation)
        pool = "us-east-1_Accident0"
        content = json.dumps({"UserPoolId": pool, "ClientId": "c", "ClientSecretId": "s"}).encode()

        with logged() as log:
            answer = calls.sent(cognito.credentials, found, content)

        assert (answer.status, answer.code()) == (500, name)
        assert answer.said()["message"] == "An internal error occurred."
        assert (log.requests()[0]["outcome"], log.requests()[0]["reason"]) == (name, "unexpected")
        assert "RuntimeError" in caplog.text
        lines = [] if operation.startswith(("List", "Describe")) else [(name, "unexpected")]
        assert [(line.outcome, line.reason) for line in rows(pool) if line.operation == operation] == lines


class TestConflicts:
    def test_a_change_that_met_another_is_asked_for_again(self, cognito, monkeypatch):
        def contended(_call):
            raise store.Conflict("pool")

        monkeypatch.setattr(registry, "find", lambda _service, _name: contended)

        with refused("TooManyRequestsException", "The resource was changed by another request."):
            cognito.call("ListUserPools", MaxResults=1)
