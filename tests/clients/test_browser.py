"""Browsers: the preflight that Amplify's headers cause, header for header, and a page of another origin in Chromium."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import page
from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey, Pool, Told

pytestmark = pytest.mark.clients

PAGE = "http://localhost:3000"
ASKED = "amz-sdk-invocation-id,amz-sdk-request,cache-control,content-type,x-amz-target,x-amz-user-agent"


@pytest.fixture
def browser(latchkey: Latchkey) -> Any:
    """Sends one request from the page; status, headers and body of the answer."""

    def ask(method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", latchkey.port, timeout=30)
        connection.request(method, path, body or None, {"Origin": PAGE, **headers})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    return ask


def listed(value: str) -> set[str]:
    return {one.strip().lower() for one in value.split(",")}


class TestPreflight:
    def test_amplify_may_call(self, browser):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ASKED}

        status, headers, body = browser("OPTIONS", "/", asked)

        assert status in (200, 204)
        assert headers["access-control-allow-origin"] in ("*", PAGE)
        assert "POST" in headers["access-control-allow-methods"]
        assert listed(ASKED) <= listed(headers["access-control-allow-headers"])
        assert body == b""

    def test_keys_may_be_fetched(self, browser, pool: Pool):
        status, headers, _ = browser("GET", f"/{pool.id}/.well-known/jwks.json", {})

        assert status == 200
        assert headers["access-control-allow-origin"] in ("*", PAGE)

    def test_the_outbox_is_not_for_pages(self, browser):
        _, headers, _ = browser("GET", "/_dev/outbox", {})

        assert "access-control-allow-origin" not in headers


class TestCall:
    def test_a_refusal_can_be_read_by_the_page(self, browser, pool: Pool):
        parameters = {"USERNAME": "nobody", "PASSWORD": "wrong"}
        call = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters, "ClientId": pool.client}
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
            "X-Amz-User-Agent": "aws-amplify/6 auth/4",
            "Cache-Control": "no-store",
        }

        status, answered, body = browser("POST", "/", headers, json.dumps(call))

        assert status == 400
        assert json.loads(body)["__type"] == "NotAuthorizedException"
        assert answered["access-control-allow-origin"] in ("*", PAGE)
        assert {"x-amzn-errortype", "x-amzn-requestid"} <= listed(answered["access-control-expose-headers"])
        assert answered["x-amzn-errortype"].startswith("NotAuthorizedException")


@pytest.fixture(scope="module")
def told(latchkey: Latchkey, pool: Pool, user: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What a page saw in Chromium, by step."""
    program = page.browser()
    if program is None:
        pytest.skip("There is no Chromium on this machine.")
    given = {"pool": pool.id, "client": pool.client, "endpoint": latchkey.url, "username": user("surfer")}
    passwords = {"password": PASSWORD, "newPassword": NEW_PASSWORD}
    return page.told_by_page(program, tmp_path_factory.mktemp("profile"), {**given, **passwords})


class TestPage:
    def test_it_signs_in_by_srp_across_origins(self, told):
        assert told["sign in"]["cognito:username"] == "surfer"
        assert set(told["attributes"]) == {"sub", "email", "email_verified"}

    def test_it_reads_a_refusal(self, told):
        assert told["wrong password"]["code"] == "NotAuthorizedException"

    def test_it_refreshes_and_changes_the_password(self, told):
        assert told["refresh"] == {"renewed": True}
        assert told["change password"] == "SUCCESS"

    def test_it_reads_the_keys(self, told):
        assert told["keys"] == 2

    def test_it_may_send_and_read_what_amplify_does(self, told):
        assert told["headers"]["status"] == 400
        assert told["headers"]["error"].startswith("NotAuthorizedException")
        assert told["headers"]["id"]

    def test_it_may_not_read_the_outbox(self, told):
        assert told["outbox"]["message"] == "Failed to fetch"
