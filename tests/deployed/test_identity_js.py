"""The tests of tests/clients/test_identity_js.py against the deployed stage."""

import pytest

from tests.clients.test_identity_js import *  # noqa: F403

pytestmark = pytest.mark.deployed
