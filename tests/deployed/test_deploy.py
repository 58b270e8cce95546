"""scripts/deploy from an empty account on: look, deploy, again, change; and what it says when it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.deployed.cloud import REGION, ROOT, SENDER, Cloud, copied, operator_in
from tests.deployed.conftest import STACK, First
from tests.deployed.relay import Relay

pytestmark = pytest.mark.deployed


class TestLook:
    def test_shows_what_would_be_made(self, first: First) -> None:
        assert first.look.returncode == 0, first.look.stderr
        assert "Add     Table (AWS::DynamoDB::Table)" in first.look.stdout
        assert "nothing was changed" in first.look.stdout

    def test_leaves_nothing_behind(self, first: First) -> None:
        assert (first.stacks_after_look, first.buckets_after_look) == ([], [])


class TestDeployment:
    def test_tells_what_a_client_needs(self, first: First, relay: Relay) -> None:
        printed = first.run.stdout

        assert f"\nready {relay.url}\n" in printed
        assert f"issuer of a pool   {relay.url}/POOL_ID" in printed
        assert f"export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={relay.url}/\n" in printed

    def test_says_how_large_the_package_is(self, first: First) -> None:
        size = re.search(r"package: ([0-9.]+) MB zipped", first.run.stdout)

        assert size is not None
        assert float(size[1]) <= 15

    def test_shows_the_operators_secret_and_keeps_it_nowhere(self, cloud: Cloud, first: First) -> None:
        _, secret = operator_in(first.run.stdout)
        formation, logs = cloud.client("cloudformation"), cloud.client("logs")
        outputs = cloud.outputs(STACK)

        places = [
            formation.describe_stacks(StackName=STACK)["Stacks"],
            formation.describe_stack_events(StackName=STACK)["StackEvents"],
            formation.get_template(StackName=STACK)["TemplateBody"],
            cloud.client("lambda").get_function_configuration(FunctionName=outputs["APIHandlerName"])["Environment"],
            *(cloud.log(group["logGroupName"]) for group in logs.describe_log_groups()["logGroups"]),
        ]

        assert secret not in json.dumps(places, default=str)

    def test_protects_table_key_and_stack(self, cloud: Cloud, first: First) -> None:
        outputs = cloud.outputs(STACK)
        table = cloud.client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]
        stack = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]

        assert table["DeletionProtectionEnabled"]
        assert cloud.client("kms").get_key_rotation_status(KeyId=outputs["KeyArn"])["KeyRotationEnabled"]
        assert stack["EnableTerminationProtection"]

    def test_keeps_packages_in_a_closed_bucket(self, cloud: Cloud, first: First) -> None:
        s3, name = cloud.client("s3"), "latchkey-artifacts-000000000000-us-east-1"

        closed = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]

        assert all(closed.values())
        assert len(closed) == 4
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=name)["Policy"]

    def test_the_function_may_do_no_more_than_it_does(self, cloud: Cloud, first: First) -> None:
        """The stand-in holds the clients' tests against this policy; here is what it must not allow."""
        iam, role = cloud.client("iam"), cloud.resource(STACK, "ApiHandlerRole")
        table = cloud.client("dynamodb").describe_table(TableName=cloud.outputs(STACK)["TableName"])["Table"][
            "TableArn"
        ]

        asked = iam.simulate_principal_policy(
            PolicySourceArn=iam.get_role(RoleName=role)["Role"]["Arn"],
            ActionNames=[
                "dynamodb:GetItem",
                "dynamodb:Scan",
                "dynamodb:DeleteTable",
                "dynamodb:ExportTableToPointInTime",
                "xray:PutTraceSegments",
            ],
            ResourceArns=[table],
        )["EvaluationResults"]

        assert {one["EvalActionName"]: one["EvalDecision"] == "allowed" for one in asked} == {
            "dynamodb:GetItem": True,
            "dynamodb:Scan": False,
            "dynamodb:DeleteTable": False,
            "dynamodb:ExportTableToPointInTime": False,
            "xray:PutTraceSegments": False,
        }


class TestAgain:
    def test_an_unchanged_checkout_changes_nothing_and_makes_no_second_operator(
        self, cloud: Cloud, first: First
    ) -> None:
        before = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]

        again = cloud.deploy("--stage", "trial", "--yes")

        after = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        assert again.returncode == 0, again.stderr
        assert f"the stack {STACK} is as it should be" in again.stdout
        assert after == before
        assert "root operator" not in again.stdout

    def test_one_more_operator_is_made_when_the_secret_was_lost(self, cloud: Cloud, first: First) -> None:
        again = cloud.deploy("--stage", "trial", "--yes", "--new-operator")

        assert operator_in(again.stdout) != operator_in(first.run.stdout)

    def test_a_parameter_changes_and_the_others_keep_their_values(
        self, cloud: Cloud, first: First, relay: Relay
    ) -> None:
        changed = cloud.deploy("--stage", "trial", "--yes", "--set", "LogRetentionDays=30")

        name = cloud.outputs(STACK)["LogGroup"]
        [group] = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert changed.returncode == 0, changed.stderr
        assert group["retentionInDays"] == 30
        variables = cloud.client("lambda").get_function_configuration(FunctionName=cloud.resource(STACK, "APIHandler"))
        assert variables["Environment"]["Variables"]["LATCHKEY_BASE_URL"] == relay.url
        assert variables["Environment"]["Variables"]["LATCHKEY_MAIL_FROM"] == SENDER

    def test_days_and_tracing_reach_the_functions_and_tracing_their_roles(self, cloud: Cloud, first: First) -> None:
        values = {"KeyDays": "30", "UnconfirmedDays": "7.5", "AuditDays": "0", "Tracing": "Active"}

        changed = cloud.deploy("--stage", "trial", "--yes", *given(values))

        cloud.widen(STACK)
        assert changed.returncode == 0, changed.stderr
        found = {name: configuration(cloud, name) for name in ("APIHandler", "Authorizer", "Keys", "Unconfirmed")}
        variables = {name: one["Environment"]["Variables"] for name, one in found.items()}
        assert variables["Keys"]["LATCHKEY_KEY_DAYS"] == "30"
        assert variables["Unconfirmed"]["LATCHKEY_UNCONFIRMED_DAYS"] == "7.5"
        assert variables["APIHandler"]["LATCHKEY_AUDIT_DAYS"] == "0"
        assert {one["TracingConfig"]["Mode"] for one in found.values()} == {"Active"}
        assert {may_trace(cloud, one["Role"]) for one in found.values()} == {"allowed"}

    def test_a_negative_number_of_days_is_refused(self, cloud: Cloud, first: First) -> None:
        refused = cloud.deploy("--stage", "trial", "--dry-run", "--set", "AuditDays=-1")

        assert refused.returncode == 1
        assert "AuditDays" in refused.stderr


def given(values: Mapping[str, str]) -> list[str]:
    """Options of scripts/deploy."""
    return [option for name, value in values.items() for option in ("--set", f"{name}={value}")]


def configuration(cloud: Cloud, name: str) -> dict[str, Any]:
    """A function of the stack, as Lambda tells it."""
    told: dict[str, Any] = cloud.client("lambda").get_function_configuration(FunctionName=cloud.resource(STACK, name))
    return told


def may_trace(cloud: Cloud, role: str) -> str:
    """What IAM decides when a role sends a trace."""
    [asked] = cloud.client("iam").simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["xray:PutTraceSegments"]
    )["EvaluationResults"]
    return str(asked["EvalDecision"])


class TestRefusal:
    """Each ends with one sentence on standard error and status 1, before anything is made."""

    @pytest.mark.parametrize(
        ("options", "variables", "sentence"),
        [
            pytest.param([], {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
                         "Unable to locate credentials. Sign in (aws configure, aws sso login) or set AWS_PROFILE.",
                         id="no credentials"),
            pytest.param([], {"AWS_PROFILE": "nobody", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
                         "The config profile (nobody) could not be found. Name a profile that exists: AWS_PROFILE.",
                         id="no such profile"),
            pytest.param([], {"AWS_ACCESS_KEY_ID": "AKIAWRONG00000000000"}, "AWS does not take these credentials",
                         id="strange credentials"),
            pytest.param([], {"AWS_REGION": ""}, "No region: give --region", id="no region"),
            pytest.param(["--region", "us-nowhere-1"], {}, "There is no region us-nowhere-1 with Lambda",
                         id="unknown region"),
            pytest.param([], {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Could not connect to the endpoint URL",
                         id="nobody answers"),
        ],
    )  # fmt: skip
    def test_says_what_is_missing(
        self, cloud: Cloud, options: list[str], variables: dict[str, str], sentence: str
    ) -> None:
        answer = cloud.deploy("--stage", "refused", "--dry-run", *options, **variables)

        assert answer.returncode == 1
        assert answer.stderr.startswith("scripts/deploy: ")
        assert sentence in answer.stderr
        assert len(answer.stderr.splitlines()) == 1

    def test_nobody_is_asked_where_nobody_is(self, cloud: Cloud) -> None:
        answer = cloud.deploy("--stage", "refused")

        assert (answer.returncode, answer.stderr) == (
            1,
            "scripts/deploy: Nobody can be asked here; give --yes to deploy, or --dry-run to look.\n",
        )

    def test_an_unknown_parameter_is_named_with_those_that_there_are(self, cloud: Cloud) -> None:
        answer = cloud.deploy("--stage", "refused", "--dry-run", "--set", "BasUrl=https://id.example.com")

        assert answer.returncode == 1
        assert "The stack has no parameter BasUrl; it has AlarmTopic, AuditDays, BaseUrl, " in answer.stderr

    def test_a_strangers_bucket_is_not_used(self, cloud: Cloud) -> None:
        """Attack: the bucket of our name in another account, from which Lambda would take code of its owner."""
        region = "eu-west-3"
        s3 = cloud.session(account="111111111111", region=region).client("s3", endpoint_url=cloud.url)
        place = {"LocationConstraint": region}
        s3.create_bucket(Bucket=f"latchkey-artifacts-000000000000-{region}", CreateBucketConfiguration=place)

        answer = cloud.deploy("--stage", "refused", "--yes", "--region", region)

        assert answer.returncode == 1
        assert "belongs to another account" in answer.stderr

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--stage", "dev"], "a stage is lower-case letters, digits and hyphens, not dev"),
            (["--stage", "Prod Uction"], "a stage is lower-case letters"),
            (["--set", "BaseUrl"], "a parameter is NAME=VALUE"),
            (["--nonsense"], "unrecognized arguments: --nonsense"),
        ],
    )
    def test_the_command_line_is_held_to_what_it_knows(self, cloud: Cloud, arguments: list[str], sentence: str) -> None:
        answer = cloud.deploy(*arguments)

        assert answer.returncode == 2
        assert sentence in answer.stderr

    def test_a_machine_without_a_python_that_lambda_runs_is_told_so(self, cloud: Cloud, tmp_path: Path) -> None:
        (tmp_path / "python3").symlink_to(ROOT / ".venv" / "bin" / "python")
        for name in ("dirname", "sh"):
            (tmp_path / name).symlink_to(Path("/bin") / name)

        answer = cloud.deploy("--dry-run", PATH=str(tmp_path), HOME=str(tmp_path))

        assert answer.returncode == 1
        assert "Lambda runs Python 3.12 to 3.14, and this machine has none of them" in answer.stderr


class TestFailure:
    def test_what_cloudformation_takes_back_is_told_with_its_reason(self, cloud: Cloud, tmp_path: Path) -> None:
        broken = replace(cloud, checkout=copied(tmp_path / "checkout"))
        path = broken.checkout / ".chalice" / "template.json"
        template = json.loads(path.read_text("utf-8"))
        template["Resources"]["Authorizer"]["Properties"]["Layers"] = [
            f"arn:aws:lambda:{REGION}:000000000000:layer:no:1"
        ]
        path.write_text(json.dumps(template), "utf-8")

        answer = broken.deploy("--stage", "broken", "--yes")

        assert answer.returncode == 1
        assert "The stack latchkey-broken is ROLLBACK_COMPLETE; all changes were taken back:" in answer.stderr
        assert "Authorizer (AWS::Lambda::Function): " in answer.stderr

        again = cloud.deploy("--stage", "broken", "--yes")

        assert again.returncode == 1
        assert "its first deployment failed. Look at its events, delete it" in again.stderr
