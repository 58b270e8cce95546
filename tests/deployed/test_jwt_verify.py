"""The tests of tests/clients/test_jwt_verify.py against the deployed stage."""

import pytest

from tests.clients.test_jwt_verify import *  # noqa: F403

pytestmark = pytest.mark.deployed
