"""The tests of tests/clients/test_boto3.py against the deployed stage."""

import pytest

from tests.clients.test_boto3 import *  # noqa: F403

pytestmark = pytest.mark.deployed
