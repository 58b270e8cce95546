"""The pages of a laptop."""

import json

import pytest

from chalicelib.settings import Settings
from chalicelib.web import views
from tests.application import PASSWORD, respond
from tests.callers import a_name, attribute

HOST = "localhost:8000"

pytestmark = pytest.mark.usefixtures("application")


class TestHealth:
    def test_says_that_requests_are_answered(self):
        answer = respond("GET", "/_dev/health", {"Host": HOST})

        assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": "ok"})


class TestOutbox:
    def test_shows_the_newest_message_first(self, cognito):
        pool = cognito.pool(AutoVerifiedAttributes=["email"])
        client, names = cognito.client(pool), [a_name(), a_name()]
        for name in names:
            given = [attribute("email", f"{name}@example.com")]
            cognito.call("SignUp", ClientId=client, Username=name, Password=PASSWORD, UserAttributes=given)

        shown = json.loads(respond("GET", "/_dev/outbox", {"Host": HOST})["body"])["messages"]
        assert [line["username"] for line in shown[:2]] == names[::-1]

    def test_no_page_of_another_site_may_read_it(self):
        answer = respond("GET", "/_dev/outbox", {"Host": HOST, "Origin": "http://evil.test"})

        assert "access-control-allow-origin" not in {name.lower() for name in answer["headers"]}


class TestHosts:
    @pytest.mark.parametrize("path", ["/_dev/health", "/_dev/outbox"])
    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000"])
    def test_this_machine_is_asked_by_a_name_of_its_own(self, path, host):
        assert respond("GET", path, {"Host": host})["statusCode"] == 200

    @pytest.mark.parametrize("path", ["/_dev/health", "/_dev/outbox"])
    @pytest.mark.parametrize(
        "host", ["evil.test", "evil.test:8000", "localhost.evil.test", "127.0.0.1.evil.test", "localhost:x", ""]
    )
    def test_a_name_that_was_pointed_here_finds_nothing(self, path, host):
        """The attack: DNS rebinding, by which a page of another site reads the codes of this machine."""
        answer = respond("GET", path, {"Host": host})

        assert answer["statusCode"] == 404
        assert answer["headers"]["Content-Type"].startswith("text/html")
        assert "messages" not in answer["body"]


class TestInTheCloud:
    def test_there_are_no_such_pages(self, monkeypatch):
        monkeypatch.setattr(views, "current", lambda: Settings(is_local=False))

        assert [route.template for route in views.routes() if "_dev" in route.template] == []
