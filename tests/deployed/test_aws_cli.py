"""The tests of tests/clients/test_aws_cli.py against the deployed stage, which has no demo pool."""

import pytest

from tests.clients import test_aws_cli
from tests.clients.test_aws_cli import *  # noqa: F403

pytestmark = pytest.mark.deployed


class TestOperator(test_aws_cli.TestOperator):
    def test_the_pasted_shell_is_all_that_it_needs(self, aws, latchkey, pool):
        pools = aws("list-user-pools", "--max-results", "60", **latchkey.shell)["UserPools"]

        assert pool.id in [found["Id"] for found in pools]
