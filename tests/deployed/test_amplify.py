"""The tests of tests/clients/test_amplify.py against the deployed stage."""

import pytest

from tests.clients.test_amplify import *  # noqa: F403

pytestmark = pytest.mark.deployed
