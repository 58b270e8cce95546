"""An unmodified boto3 whose profile names `scripts/operator-credentials`, against scripts/dev beside a strict STS.

scripts/operator works on the folder of the running Latchkey, and on that of one that does not run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, CredentialRetrievalError

from tests import iam
from tests.clients.running import Latchkey, bare_shell
from tests.engines import ROOT
from tests.outside import ministack

READER = '{"Statement": {"Effect": "Allow", "Action": "cognito-idp:List*", "Resource": "*"}}'
HELPER = ROOT / "scripts" / "operator-credentials"


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[iam.Iam]:
    with iam.running(tmp_path_factory.mktemp("iam")) as found:
        yield found


@pytest.fixture(scope="module")
def running(emulated: iam.Iam, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Latchkey]:
    """A scripts/dev that asks that STS and looks at its keys anew each time."""
    data = tmp_path_factory.mktemp("operator") / "data"
    made = Latchkey(data, AWS_ENDPOINT_URL_STS=emulated.url, LATCHKEY_CACHE_SECONDS="0")
    try:
        made.start()
        yield made
    finally:
        made.discard()


def operator(data: Path, *arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "scripts" / "operator", "--data", data, *arguments]
    shell = {**bare_shell(), **variables}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=shell, input=given)


def done(data: Path, *arguments: str, given: str = "") -> str:
    answer = operator(data, *arguments, given=given)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def entry(data: Path, kind: str, name: str) -> dict[str, Any]:
    return next(entry for entry in json.loads(done(data, "list", "--json"))[kind] if entry["id"] == name)


class Machine:
    """The home of an IAM caller: its AWS profiles, and programs that know nothing but these."""

    def __init__(self, home: Path, emulated: iam.Iam, latchkey: Latchkey) -> None:
        self.home, self.url = home, latchkey.url
        caller = emulated.user()
        self.config = home / "config"
        self.variables = {
            **bare_shell(),
            "HOME": str(home),
            "AWS_CONFIG_FILE": str(self.config),
            "AWS_ENDPOINT_URL_STS": emulated.url,
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "none"),
        }
        self.write(f"{sys.executable} {HELPER} --server {latchkey.url} --profile me", caller)

    def write(self, command: str, caller: Any) -> None:
        self.config.write_text(
            f"[profile me]\naws_access_key_id = {caller.access_key}\naws_secret_access_key = {caller.secret_key}\n"
            f"region = us-east-1\n[profile latchkey]\ncredential_process = {command}\nregion = eu-west-1\n"
        )

    def client(self, patch: pytest.MonkeyPatch) -> Any:
        """boto3 on this machine, by the profile alone."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in self.variables.items():
            patch.setenv(name, value)
        return boto3.Session(profile_name="latchkey").client("cognito-idp", endpoint_url=self.url)

    def credentials(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, HELPER, *(arguments or ("--server", self.url, "--profile", "me"))]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, env={**self.variables, **variables}
        )


@pytest.fixture
def machine(emulated: iam.Iam, running: Latchkey, tmp_path: Path) -> Machine:
    return Machine(tmp_path, emulated, running)


@pytest.fixture
def mapped(running: Latchkey) -> Iterator[str]:
    done(running.data, "map", "people", f"arn:aws:iam::{iam.ACCOUNT}:user/*", "--policy", READER)
    yield "people"
    done(running.data, "unmap", "people")


class TestCredentialProcess:
    def test_boto3_calls_with_it_as_with_any_credentials(
        self, machine: Machine, mapped: str, running: Latchkey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = machine.client(monkeypatch)

        assert client.list_user_pools(MaxResults=10)["UserPools"]
        with pytest.raises(ClientError, match="is not authorized to perform: cognito-idp:CreateUserPool") as caught:
            client.create_user_pool(PoolName="x")
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"

    def test_disabling_the_mapping_ends_it(
        self, machine: Machine, mapped: str, running: Latchkey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = machine.client(monkeypatch)
        client.list_user_pools(MaxResults=1)

        done(running.data, "disable", mapped)
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client.list_user_pools(MaxResults=1)

        done(running.data, "enable", mapped)
        assert client.list_user_pools(MaxResults=1)

    def test_disabling_the_session_ends_that_one(
        self, machine: Machine, mapped: str, running: Latchkey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = machine.client(monkeypatch)
        client.list_user_pools(MaxResults=1)
        key_id = client._request_signer._credentials.access_key

        assert "by people" in entry(running.data, "sessions", key_id)["about"]
        done(running.data, "disable", key_id)

        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client.list_user_pools(MaxResults=1)

    def test_a_caller_whom_no_mapping_means_is_told_so_by_the_sdk(
        self, machine: Machine, running: Latchkey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(CredentialRetrievalError, match="AccessDeniedException: No IAM caller may have a session"):
            machine.client(monkeypatch)

    def test_prints_what_an_sdk_reads_and_writes_no_file(self, machine: Machine, mapped: str) -> None:
        before = sorted(machine.home.rglob("*"))

        answer = machine.credentials()

        assert answer.returncode == 0, answer.stderr
        assert set(json.loads(answer.stdout)) == {
            "Version",
            "AccessKeyId",
            "SecretAccessKey",
            "SessionToken",
            "Expiration",
        }
        assert answer.stderr == ""
        assert sorted(machine.home.rglob("*")) == before

    def test_runs_on_a_python_without_botocore_by_that_of_the_checkout(self, machine: Machine, mapped: str) -> None:
        bare = Path(sys.base_prefix) / "bin" / "python3"
        command = [bare, "-S", "-E", HELPER, "--server", machine.url, "--profile", "me"]

        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=machine.variables)

        assert answer.returncode == 0, answer.stderr

    def test_takes_the_credentials_of_the_environment_whatever_profile_the_caller_has(
        self, machine: Machine, emulated: iam.Iam, mapped: str
    ) -> None:
        caller = emulated.user()

        answer = machine.credentials(
            "--server",
            f"{machine.url}/",
            "--seconds",
            "900",
            "--mapping",
            "people",
            AWS_PROFILE="latchkey",
            AWS_ACCESS_KEY_ID=caller.access_key,
            AWS_SECRET_ACCESS_KEY=caller.secret_key,
        )

        assert answer.returncode == 0, answer.stderr

    def test_a_profile_that_leads_back_to_it_ends(self, machine: Machine) -> None:
        machine.config.write_text(
            "[profile latchkey]\n"
            f"credential_process = {sys.executable} {HELPER} --server {machine.url} --profile latchkey\n"
        )

        answer = machine.credentials("--server", machine.url, "--profile", "latchkey")

        assert answer.returncode == 1
        assert "this profile proves itself by this very program" in answer.stderr

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--server", "http://auth.example.com"], "--server must be an https URL"),
            (["--server", "ftp://127.0.0.1"], "--server must be an https URL"),
            (["--server", "http://127.0.0.1:9", "--profile", "me"], "127.0.0.1:9"),
            (["--server", "http://127.0.0.1:9", "--profile", "nobody"], "nobody"),
            (["--server", "http://127.0.0.1:9"], "there are no AWS credentials"),
        ],
    )
    def test_says_what_is_wrong_in_one_line(self, machine: Machine, arguments: list[str], words: str) -> None:
        answer = machine.credentials(*arguments)

        assert (answer.returncode, answer.stdout) == (1, "")
        assert words in answer.stderr
        assert "Traceback" not in answer.stderr

    def test_a_server_that_is_none_of_ours_is_named(self, machine: Machine, emulated: iam.Iam) -> None:
        answer = machine.credentials("--server", emulated.url, "--profile", "me")

        assert answer.returncode == 1
        assert "did not answer as Latchkey does" in answer.stderr


class TestOperator:
    def test_makes_a_key_that_works_and_is_listed(self, running: Latchkey) -> None:
        printed = done(running.data, "create", "--name", "report", "--policy", "-", given=READER)
        key_id, secret = (line.split(" = ")[1] for line in printed.splitlines()[1:3])

        client = boto3.client(
            "cognito-idp", "eu-west-1", endpoint_url=running.url, aws_access_key_id=key_id, aws_secret_access_key=secret
        )

        assert client.list_user_pools(MaxResults=1)["UserPools"]
        listed = done(running.data, "list")
        assert key_id in listed
        assert "report" in listed
        assert secret not in listed + done(running.data, "list", "--json")

    def test_limits_rotates_and_disables(self, running: Latchkey, tmp_path: Path) -> None:
        made = done(running.data, "create", "--policy", "everything").split(" = ")[1].split()[0]
        (tmp_path / "reader.json").write_text(READER)

        done(running.data, "limit", made, "--policy", str(tmp_path / "reader.json"))
        assert entry(running.data, "keys", made)["policy"] == json.loads(READER)

        rotated = done(running.data, "rotate", made)
        assert f"{made} is disabled" in rotated
        assert entry(running.data, "keys", made)["enabled"] is False

        kept = rotated.split(" = ")[1].split()[0]
        assert "still works until" in done(running.data, "rotate", kept, "--keep")
        done(running.data, "disable", kept)
        assert "DISABLED" in done(running.data, "list")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["disable", "LKIANOBODY"], "There is no operator mapping LKIANOBODY"),
            (["create", "--policy", "{"], "the policy is not JSON"),
            (["create", "--policy", "[]"], "No such file"),
            (["create", "--policy", "-"], "the policy is not JSON"),
            (["create", "--policy", '{"Statement": []}'], "Statement must hold"),
            (["map", "x", "arn:aws:iam::*:role/x", "--policy", "everything"], "12 digits"),
            (["rotate", "LKIANOBODY"], "There is no operator key LKIANOBODY"),
        ],
    )
    def test_refuses_by_a_sentence(self, running: Latchkey, arguments: list[str], words: str) -> None:
        answer = operator(running.data, *arguments)

        assert answer.returncode == 1
        assert words in answer.stderr
        assert "Traceback" not in answer.stderr

    def test_a_taken_name_is_said(self, running: Latchkey, mapped: str) -> None:
        answer = operator(running.data, "map", mapped, f"arn:aws:iam::{iam.ACCOUNT}:user/x", "--policy", READER)

        assert (answer.returncode, "is taken" in answer.stderr) == (1, True)

    def test_works_on_a_folder_on_which_nothing_runs(self, tmp_path: Path) -> None:
        stopped = Latchkey(tmp_path / "data")
        stopped.start()
        assert stopped.end() == 0

        made = done(stopped.data, "create", "--policy", "everything").split(" = ")[1].split()[0]

        assert entry(stopped.data, "keys", made)["enabled"] is True
        assert not (stopped.data / "table.db-journal").exists()

    def test_a_folder_without_a_table_is_left_alone(self, tmp_path: Path) -> None:
        answer = operator(tmp_path / "none", "list")

        assert (answer.returncode, "holds no table" in answer.stderr) == (1, True)
        assert not (tmp_path / "none").exists()

    def test_a_stage_that_cannot_be_read_is_named(self) -> None:
        command = [ROOT / "scripts" / "operator", "--stage", "prod", "list"]
        variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        shell = {**bare_shell(), **variables, "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}

        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=shell)

        assert answer.returncode == 1
        assert "the function APIHandler of the stack latchkey-prod cannot be read" in answer.stderr

    def test_reaches_a_stage_with_the_variables_of_its_function(self, tmp_path: Path) -> None:
        if reason := ministack.missing():
            pytest.skip(reason)
        with ministack.running(tmp_path) as found:
            shell = {
                **bare_shell(),
                "AWS_ENDPOINT_URL": found.url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_REGION": "eu-west-1",
            }
            shell |= {"AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1"}
            deploy(found.url)
            command = [ROOT / "scripts" / "operator", "--stage", "prod"]

            def run(*arguments: str) -> str:
                answer = subprocess.run(
                    [*command, *arguments], capture_output=True, text=True, check=False, timeout=60, env=shell
                )
                assert answer.returncode == 0, answer.stderr
                return answer.stdout

            made = run("create", "--policy", "everything").split(" = ")[1].split()[0]

            assert made in run("list")
            kept = boto3.client("dynamodb", "eu-west-1", endpoint_url=found.url, **TEST_KEY).scan(TableName="the-table")
            assert f"K#{made}" in {item["pk"]["S"] for item in kept["Items"]}

    @pytest.mark.parametrize("name", ["operator", "operator-credentials"])
    def test_explains_itself(self, name: str) -> None:
        answer = subprocess.run(
            [ROOT / "scripts" / name, "--help"], capture_output=True, text=True, check=False, timeout=60
        )

        assert answer.returncode == 0
        assert answer.stdout.startswith("usage:")


TEST_KEY = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def deploy(url: str) -> None:
    """A stack like that of a stage, as far as scripts/operator looks at it: function, table and key."""
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}}
    names = ["pk", "sk", "gsi1pk", "gsi1sk"]
    table = {
        "TableName": "the-table",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        "KeySchema": schema("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {"IndexName": "gsi1", "KeySchema": schema("gsi1pk", "gsi1sk"), "Projection": {"ProjectionType": "ALL"}}
        ],
    }
    function = {
        "Runtime": "python3.11",
        "Handler": "index.handler",
        "Role": f"arn:aws:iam::{iam.ACCOUNT}:role/x",
        "Code": {"ZipFile": "def handler(event, context): return {}"},
        "Environment": {
            "Variables": {"LATCHKEY_TABLE": {"Ref": "Table"}, "LATCHKEY_KMS_KEY": {"Fn::GetAtt": ["Key", "Arn"]}}
        },
    }
    resources = {
        "Key": key,
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "APIHandler": {"Type": "AWS::Lambda::Function", "Properties": function},
    }
    client = boto3.client("cloudformation", "eu-west-1", endpoint_url=url, **TEST_KEY)
    client.create_stack(StackName="latchkey-prod", TemplateBody=json.dumps({"Resources": resources}))
    client.get_waiter("stack_create_complete").wait(StackName="latchkey-prod", WaiterConfig={"Delay": 1})


def schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
