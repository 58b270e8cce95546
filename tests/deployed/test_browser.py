"""The tests of tests/clients/test_browser.py against the deployed stage, which has no outbox."""

import pytest

from tests.clients import test_browser
from tests.clients.test_browser import *  # noqa: F403

pytestmark = pytest.mark.deployed


class TestPreflight(test_browser.TestPreflight):
    def test_the_outbox_is_not_for_pages(self, browser):
        status, _, _ = browser("GET", "/_dev/outbox", {})

        assert status == 404


class TestPage(test_browser.TestPage):
    def test_it_may_not_read_the_outbox(self, told):
        assert told["outbox"]["message"] == "There is nothing at this path."
