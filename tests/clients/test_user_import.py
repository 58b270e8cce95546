"""Imports of users as their guide tells: boto3 for the job, any HTTP client for the file, and a crash in between."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.clients.running import FLOWS, Latchkey
from tests.engines import ROOT
from tests.importing import ROLE, csv, row
from tests.rules.test_foreign_hashes import GOOD, WORD

pytestmark = pytest.mark.clients

HEADERS = {"x-amz-server-side-encryption": "aws:kms"}
PATIENCE = 90.0
FILLED = ("name", "given_name", "family_name", "nickname", "profile", "website", "picture")


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Latchkey]:
    """A scripts/dev of this test's own, whose schedules run."""
    run = Latchkey(tmp_path / "data")
    try:
        run.start()
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(run.data / "credentials"))
        yield run
    finally:
        run.discard()


class Job:
    """A job of a pool of its own."""

    def __init__(self, run: Latchkey, **settings: Any) -> None:
        self.run = run
        self.boto = run.cognito()
        self.pool = self.boto.create_user_pool(PoolName="import", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
        given = {"JobName": "people", "CloudWatchLogsRoleArn": ROLE, **settings}
        self.made = self.boto.create_user_import_job(UserPoolId=self.pool, **given)["UserImportJob"]
        self.names = {"UserPoolId": self.pool, "JobId": self.made["JobId"]}
        self.header = self.boto.get_csv_header(UserPoolId=self.pool)["CSVHeader"]

    def put(self, content: bytes, headers: dict[str, str] = HEADERS) -> int:
        request = urllib.request.Request(self.made["PreSignedUrl"], content, headers, method="PUT")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)

    def start(self) -> None:
        self.boto.start_user_import_job(**self.names)

    def now(self) -> dict[str, Any]:
        return dict(self.run.cognito().describe_user_import_job(**self.names)["UserImportJob"])

    def ended(self, *, by_hand: bool) -> dict[str, Any]:
        """The job when it has ended: by scripts/job, or by its schedule alone."""
        deadline = time.monotonic() + PATIENCE
        while "CompletionDate" not in (told := self.now()):
            assert time.monotonic() < deadline, told
            if by_hand:
                command = [ROOT / "scripts" / "job", "imports", "--data", self.run.data]
                shell = {**self.run.shell, **self.run.variables}
                subprocess.run(command, env=shell, check=True, capture_output=True, timeout=60)
            else:
                time.sleep(0.5)
        return told


class TestImport:
    def test_a_large_file_becomes_users_and_each_line_is_told(
        self, latchkey: Latchkey, pasted_shell: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = Job(latchkey)
        filled = dict.fromkeys(FILLED, "x" * 2000)
        rows = [row(f"user{place}", **filled) for place in range(240)]
        content = csv(job.header, [*rows, row("broken", email_verified="false")])
        assert len(content) > 3_000_000

        assert job.put(content) == 200
        job.start()
        told = job.ended(by_hand=True)

        assert (told["Status"], told["ImportedUsers"], told["FailedUsers"]) == ("Succeeded", 240, 1)
        monkeypatch.setenv("AWS_DATA_PATH", str(ROOT / "sdk"))
        session = boto3.Session(profile_name="latchkey")
        ours = session.client("latchkey", region_name="us-east-1", endpoint_url=latchkey.url)
        pages = ours.get_paginator("list_user_import_lines").paginate(**job.names, PaginationConfig={"PageSize": 100})
        lines = [line for page in pages for line in page["Lines"]]
        assert [line["LineNumber"] for line in lines] == list(range(2, 243))
        assert lines[-1]["Message"].startswith("[FAILED] Line Number 242 - The User Record does not set any")

    @pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
    def test_curl_uploads_as_the_guide_says_and_hashes_let_people_in(
        self, latchkey: Latchkey, pasted_shell: None, tmp_path: Path
    ) -> None:
        job = Job(latchkey, PasswordHashingAlgorithm="BCRYPT")
        client = job.boto.create_user_pool_client(UserPoolId=job.pool, ClientName="web", ExplicitAuthFlows=FLOWS)
        file = tmp_path / "people.csv"
        hashed = row("ada", password_hash=GOOD["bcrypt 2b"][1])
        file.write_bytes(csv([*job.header, "password_hash"], [hashed, row("bob")]))

        command = ["curl", "-sS", "--fail", "-T", file, "-H", "x-amz-server-side-encryption:aws:kms"]
        subprocess.run([*command, job.made["PreSignedUrl"]], check=True, timeout=30)
        job.start()

        assert job.ended(by_hand=True)["ImportedUsers"] == 2
        given = {"USERNAME": "ada", "PASSWORD": WORD}
        answer = job.boto.initiate_auth(
            ClientId=client["UserPoolClient"]["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
        )
        assert answer["AuthenticationResult"]["AccessToken"]

    def test_a_stranger_uploads_nothing(self, latchkey: Latchkey, pasted_shell: None) -> None:
        job = Job(latchkey)
        job.made["PreSignedUrl"] = job.made["PreSignedUrl"][:-4]

        for content, status in ((b"x", 403), (b"x" * 4_000_000, 413)):
            with pytest.raises(urllib.error.HTTPError) as refused:
                job.put(content)
            refused.value.close()
            assert refused.value.code == status


class TestRestart:
    def test_a_job_goes_on_by_itself_after_a_crash(self, fresh: Latchkey) -> None:
        job = Job(fresh)
        job.put(csv(job.header, [row(f"user{place}") for place in range(150)]))
        job.start()

        fresh.kill()
        fresh.start()

        told = job.ended(by_hand=False)
        assert (told["Status"], told["ImportedUsers"], told["SkippedUsers"]) == ("Succeeded", 150, 0)
        assert fresh.end() == 0
