"""The AWS CLI, in a shell with the printed profile; the endpoint by option, then by environment alone."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.clients.running import PASSWORD, Latchkey, Pool, bare_shell
from tests.engines import ROOT

pytestmark = pytest.mark.clients

AWS = ROOT / ".tools" / "awscli" / "bin" / "aws"


class Refused(Exception):
    """The CLI ended with an error, whose words these are."""


@pytest.fixture
def aws(latchkey: Latchkey) -> Any:
    """Runs the CLI as a user types it: the answer, or Refused."""

    def run(operation: str, *options: str, **variables: str) -> Any:
        profile = {"AWS_SHARED_CREDENTIALS_FILE": str(latchkey.data / "credentials")}
        place = [] if variables else ["--endpoint-url", latchkey.url, "--region", "us-east-1", "--profile", "latchkey"]
        command = [AWS, "cognito-idp", operation, "--output", "json", *place, *options]
        environment = variables or {**bare_shell(), **profile}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
        if done.returncode != 0:
            raise Refused(done.stderr)
        return json.loads(done.stdout or "null")

    return run


class TestOperator:
    def test_a_pool_a_client_a_user_and_tokens(self, aws):
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        pool = aws("create-user-pool", "--pool-name", "cli")["UserPool"]["Id"]
        here = ["--user-pool-id", pool]
        client = aws("create-user-pool-client", *here, "--client-name", "cli", "--explicit-auth-flows", *flows)
        user = [*here, "--username", "ada"]
        aws("admin-create-user", *user, "--message-action", "SUPPRESS", "--user-attributes", "Name=name,Value=Ada")
        set_password = aws("admin-set-user-password", *user, "--password", PASSWORD, "--permanent")

        flow = ["--auth-flow", "ADMIN_USER_PASSWORD_AUTH", "--client-id", client["UserPoolClient"]["ClientId"]]
        tokens = aws("admin-initiate-auth", *here, *flow, "--auth-parameters", f"USERNAME=ada,PASSWORD={PASSWORD}")
        users = aws("list-users", *here)["Users"]

        assert set_password in (None, {})
        assert tokens["AuthenticationResult"]["TokenType"] == "Bearer"
        assert [(one["Username"], one["UserStatus"]) for one in users] == [("ada", "CONFIRMED")]
        assert aws("delete-user-pool", *here) is None

    def test_the_pasted_shell_is_all_that_it_needs(self, aws, latchkey):
        pools = aws("list-user-pools", "--max-results", "10", **latchkey.shell)["UserPools"]

        assert "demo" in [pool["Name"] for pool in pools]

    def test_a_refusal_is_told_by_its_name(self, aws):
        with pytest.raises(Refused, match="ResourceNotFoundException"):
            aws("describe-user-pool", "--user-pool-id", "us-east-1_nowhere00")


class TestPublic:
    def test_a_user_signs_up_and_in_without_any_key(self, aws, latchkey, pool: Pool):
        public = ["--no-sign-request", "--client-id", pool.client]
        name = ["--username", "clive"]

        made = aws(
            "sign-up", *public, *name, "--password", PASSWORD, "--user-attributes", "Name=email,Value=clive@example.com"
        )
        aws("confirm-sign-up", *public, *name, "--confirmation-code", latchkey.code("clive"))
        parameters = f"USERNAME=clive,PASSWORD={PASSWORD}"
        tokens = aws("initiate-auth", *public, "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", parameters)[
            "AuthenticationResult"
        ]
        me = aws("get-user", "--no-sign-request", "--access-token", tokens["AccessToken"])

        assert made["UserConfirmed"] is False
        assert me["Username"] == "clive"

    def test_a_signed_operation_is_refused_without_a_key(self, aws):
        with pytest.raises(Refused, match="MissingAuthenticationTokenException"):
            aws("list-user-pools", "--no-sign-request", "--max-results", "1")
