"""The tests of tests/clients/test_boto3_operator.py against the deployed stage."""

import pytest

from tests.clients.test_boto3_operator import *  # noqa: F403

pytestmark = pytest.mark.deployed
