"""The pages of a laptop."""

import json

import pytest

from chalicelib.settings import Settings
from chalicelib.web import views
from tests.application import HOST, PASSWORD, respond
from tests.callers import a_name, attribute

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


class TestInTheCloud:
    def test_there_are_no_such_pages(self, monkeypatch):
        monkeypatch.setattr(views, "current", lambda: Settings(is_local=False))

        assert [route.template for route in views.routes() if "_dev" in route.template] == []
