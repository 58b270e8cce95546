"""A living pool is changed by boto3 and scripts/job, and people sign in by stock clients before, during and after."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import boto3
import pytest

from tests.clients.running import Latchkey, Pool, bare_shell
from tests.engines import ROOT

pytestmark = pytest.mark.clients

SDK = str(ROOT / "sdk")
MEMORY = {"LATCHKEY_CACHE_SECONDS": "1"}
PASSWORD = "Correct-Horse-9"


@pytest.fixture(scope="module")
def latchkey(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A running scripts/dev whose processes remember for a second, and whose schedules are run by hand."""
    running = Latchkey(tmp_path_factory.mktemp("changes") / "data", LATCHKEY_SCHEDULES="0", **MEMORY)
    running.start()
    yield running
    running.discard()


@pytest.fixture
def ours(latchkey: Latchkey, pasted_shell: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's client of our own API."""
    monkeypatch.setenv("AWS_DATA_PATH", SDK)
    return boto3.Session(profile_name="latchkey").client("latchkey", region_name="us-east-1", endpoint_url=latchkey.url)


def run_job(latchkey: Latchkey) -> str:
    done = subprocess.run(
        [ROOT / "scripts" / "job", "changes", "--data", str(latchkey.data)],
        env={**bare_shell(), **MEMORY}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def sign_in(cognito: Any, client: str, name: str) -> str:
    parameters = {"USERNAME": name, "PASSWORD": PASSWORD}
    answer = cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    return str(answer["AuthenticationResult"]["AccessToken"])


class TestBoto3:
    def test_case_stops_to_matter_and_bob_signs_in_all_the_time(
        self, latchkey: Latchkey, ours: Any, cognito: Any, pool: Pool
    ) -> None:
        place = {"UserPoolId": cognito.create_user_pool(PoolName="changing")["UserPool"]["Id"]}
        client = cognito.create_user_pool_client(
            ClientName="x", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], **place
        )["UserPoolClient"]["ClientId"]
        for name in ("Bob", "bob"):
            cognito.admin_create_user(Username=name, MessageAction="SUPPRESS", **place)
            cognito.admin_set_user_password(Username=name, Password=PASSWORD, Permanent=True, **place)

        clashed = self.finished(latchkey, ours, lambda: sign_in(cognito, client, "Bob"), **place)
        cognito.admin_delete_user(Username="bob", **place)
        applied = self.finished(latchkey, ours, lambda: sign_in(cognito, client, "Bob"), **place)

        assert (clashed["Status"], clashed["ClashCount"]) == ("CLASHED", 1)
        assert (clashed["Clashes"][0]["Username"], clashed["Clashes"][0]["Reason"]) == ("bob", "NAME_TAKEN")
        assert applied["Status"] == "APPLIED"
        assert applied["CompletionDate"] > clashed["CompletionDate"]
        assert sign_in(cognito, client, "bOB")
        described = cognito.describe_user_pool(**place)["UserPool"]
        assert described["UsernameConfiguration"] == {"CaseSensitive": False}
        pages = ours.get_paginator("list_user_pool_changes").paginate(PaginationConfig={"PageSize": 1}, **place)
        assert [one["Status"] for page in pages for one in page["Changes"]] == ["APPLIED", "CLASHED"]

    def finished(self, latchkey: Latchkey, ours: Any, meanwhile: Any, **place: str) -> Any:
        """A change that was begun, when it is over; somebody signs in between any two runs of the job."""
        change = ours.start_user_pool_change(CaseSensitive=False, **place)["Change"]
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            assert change["ChangeId"] in run_job(latchkey)
            assert meanwhile()
            found = ours.describe_user_pool_change(ChangeId=change["ChangeId"], **place)["Change"]
            if "CompletionDate" in found:
                return found
            time.sleep(0.5)
        raise AssertionError(f"the change does not end: {found}")

    def test_refusals_have_their_class(self, ours: Any, pool: Pool) -> None:
        with pytest.raises(ours.exceptions.ResourceNotFoundException):
            ours.describe_user_pool_change(UserPoolId=pool.id, ChangeId="change-none")
        change = ours.start_user_pool_change(UserPoolId=pool.id, AliasAttributes=["email"])["Change"]
        with pytest.raises(ours.exceptions.ConcurrentModificationException):
            ours.start_user_pool_change(UserPoolId=pool.id, AliasAttributes=["email"])
        stopped = ours.stop_user_pool_change(UserPoolId=pool.id, ChangeId=change["ChangeId"])["Change"]
        assert stopped["Status"] == "TAKING_BACK"
        with pytest.raises(ours.exceptions.PreconditionNotMetException):
            ours.stop_user_pool_change(UserPoolId=pool.id, ChangeId=change["ChangeId"])
