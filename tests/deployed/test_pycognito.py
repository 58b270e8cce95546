"""The tests of tests/clients/test_pycognito.py against the deployed stage."""

import pytest

from tests.clients.test_pycognito import *  # noqa: F403

pytestmark = pytest.mark.deployed
