"""The audit, read by boto3 and the AWS CLI, which learn our own API from the folder `sdk` and nothing else."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import boto3
import pytest

from tests.clients.running import Latchkey, Pool, bare_shell
from tests.engines import ROOT

pytestmark = pytest.mark.clients

AWS = ROOT / ".tools" / "awscli" / "bin" / "aws"
SDK = str(ROOT / "sdk")


@pytest.fixture
def ours(latchkey: Latchkey, pasted_shell: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's client of our own API."""
    monkeypatch.setenv("AWS_DATA_PATH", SDK)
    return boto3.Session(profile_name="latchkey").client("latchkey", region_name="us-east-1", endpoint_url=latchkey.url)


class TestBoto3:
    def test_a_change_is_read_back(self, ours: Any, cognito: Any, pool: Pool) -> None:
        cognito.update_user_pool_client(UserPoolId=pool.id, ClientId=pool.client, ClientName="audited")

        told = ours.list_audit_lines(UserPoolId=pool.id)["AuditLines"][-1]
        assert (told["Operation"], told["ClientId"], told["Outcome"]) == ("UpdateUserPoolClient", pool.client, "Done")
        assert told["Time"].year >= 2025

    def test_its_paginator_leads_through_the_day(self, ours: Any, cognito: Any, pool: Pool) -> None:
        for _ in range(5):
            cognito.create_user_pool_client(UserPoolId=pool.id, ClientName="x")

        pages = list(
            ours.get_paginator("list_audit_lines").paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": 2})
        )
        lines = [told for page in pages for told in page["AuditLines"]]
        assert len(pages) > 1
        assert lines == ours.list_audit_lines(UserPoolId=pool.id)["AuditLines"]

    def test_a_refusal_has_its_class(self, ours: Any) -> None:
        with pytest.raises(ours.exceptions.InvalidParameterException):
            ours.list_audit_lines(NextToken="junk")


class TestCli:
    def test_the_making_of_the_pool_is_told(self, latchkey: Latchkey, pool: Pool) -> None:
        place = ["--endpoint-url", latchkey.url, "--region", "us-east-1", "--profile", "latchkey", "--output", "json"]
        known = {"AWS_SHARED_CREDENTIALS_FILE": str(latchkey.data / "credentials"), "AWS_DATA_PATH": SDK}
        done = subprocess.run(
            [AWS, "latchkey", "list-audit-lines", *place],
            capture_output=True, text=True, check=False, timeout=60, env={**bare_shell(), **known},
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        lines = json.loads(done.stdout)["AuditLines"]
        assert pool.id in [told["UserPoolId"] for told in lines if told["Operation"] == "CreateUserPool"]
