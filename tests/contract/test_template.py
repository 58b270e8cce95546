"""The template of a deployment, as Chalice merges it: complete, tight, and of one mind with the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.edge.router import EXPOSED_HEADERS, FAULTS
from chalicelib.outside.aws import TIMEOUT
from chalicelib.settings import Settings
from chalicelib.table import tables

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "scripts" / "lib"
GATEWAY_SECONDS = 29
LARGEST_BODY = 51_200
"""Bytes of a template that CloudFormation takes with the call itself."""

_MAKE = """\
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from deployment import bundle
with tempfile.TemporaryDirectory() as work:
    print(json.dumps(bundle.template_of(Path(sys.argv[2]), Path(work), "prod", "arm64")))
"""

Json = dict[str, Any]


@pytest.fixture(scope="module")
def template() -> Json:
    """What `chalice package` makes of app.py, .chalice/config.json, the policies and .chalice/template.json."""
    command = [sys.executable, "-c", _MAKE, LIBRARY, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    made: Json = json.loads(done.stdout)
    return made


@pytest.fixture(scope="module")
def properties(template: Json) -> dict[str, Json]:
    """The properties of every resource by its name."""
    return {name: resource.get("Properties", {}) for name, resource in template["Resources"].items()}


def of_type(template: Json, kind: str) -> dict[str, Json]:
    return {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}


def statements(template: Json) -> Iterator[tuple[str, Json]]:
    """What is allowed whatever the parameters say."""
    return ((role, statement) for role, statement in all_statements(template) if "Fn::If" not in statement)


def all_statements(template: Json) -> Iterator[tuple[str, Json]]:
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


class TestTable:
    def test_is_what_the_code_makes_where_there_is_no_template(self, properties: dict[str, Json]) -> None:
        definition = tables.definition()
        del definition["TableName"]  # CloudFormation names it, so that a second one can stand beside it

        assert {name: properties["Table"][name] for name in definition} == definition
        assert properties["Table"]["TimeToLiveSpecification"] == tables.expiry()

    def test_can_be_read_again_as_it_was_and_followed(self, properties: dict[str, Json]) -> None:
        assert properties["Table"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["Table"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}

    def test_is_encrypted_with_our_key(self, properties: dict[str, Json]) -> None:
        expected = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}

        assert properties["Table"]["SSESpecification"] == expected

    def test_outlives_slips(self, template: Json, properties: dict[str, Json]) -> None:
        assert properties["Table"]["DeletionProtectionEnabled"] is True
        for name in ("Table", "Key", *of_type(template, "AWS::Logs::LogGroup")):
            assert template["Resources"][name]["DeletionPolicy"] == "Retain"
            assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


class TestKey:
    def test_is_renewed_each_year(self, properties: dict[str, Json]) -> None:
        assert properties["Key"]["EnableKeyRotation"] is True

    def test_is_the_accounts_alone(self, properties: dict[str, Json]) -> None:
        [statement] = properties["Key"]["KeyPolicy"]["Statement"]

        assert statement["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}

    def test_has_a_name(self, properties: dict[str, Json]) -> None:
        assert properties["KeyAlias"]["TargetKeyId"] == {"Ref": "Key"}


class TestRights:
    def test_every_function_has_a_role_of_its_own(self, template: Json) -> None:
        functions = of_type(template, "AWS::Serverless::Function").values()
        roles = [json.dumps(function["Role"]) for function in functions]

        assert len(set(roles)) == len(roles)

    def test_nothing_is_allowed_by_a_wildcard(self, template: Json) -> None:
        for role, statement in statements(template):
            actions = statement["Action"]
            assert not [one for one in actions if "*" in one and not one.startswith("kms:")], (role, actions)
            assert statement.get("Resource", []) != ["*"], (role, statement)

    def test_the_table_is_used_by_what_the_code_sends(self, template: Json) -> None:
        sent = {f"dynamodb:{name}" for name in sent_by_the_code()}
        # A transaction is allowed by the rights of its parts.
        sent = sent - {"dynamodb:TransactWriteItems"} | {
            f"dynamodb:{name}" for name in ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
        }
        administration = {"dynamodb:CreateTable", "dynamodb:DescribeTable", "dynamodb:UpdateTimeToLive"}
        allowed = {
            action for role, statement in statements(template) if role == "ApiHandlerRole"
            for action in statement["Action"] if action.startswith("dynamodb:")
        }  # fmt: skip

        assert allowed == sent - administration - {"dynamodb:Scan"}

    def test_the_authorizer_only_reads(self, template: Json) -> None:
        actions = {
            one for role, statement in statements(template) if role == "AuthorizerRole" for one in statement["Action"]
        }

        assert {one for one in actions if one.startswith("dynamodb:")} == {
            "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query",
        }  # fmt: skip
        assert not [one for one in actions if "Encrypt" in one or "Generate" in one]

    def test_the_key_opens_only_for_this_table(self, template: Json) -> None:
        grants = [one for _, one in statements(template) if any(action.startswith("kms:") for action in one["Action"])]

        for grant in grants:
            [condition] = grant["Condition"]["StringEquals"].items()
            assert condition in (
                ("kms:EncryptionContext:latchkey:table", {"Ref": "Table"}),
                ("kms:ViaService", {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}),
            )

    def test_text_messages_go_to_telephones_and_not_to_topics(self, template: Json) -> None:
        [publish] = [one for _, one in statements(template) if "sns:Publish" in one["Action"]]

        assert "Resource" not in publish
        assert publish["NotResource"] == [{"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}]

    def test_a_log_is_written_by_its_functions_alone(self, template: Json) -> None:
        written = {
            role: statement["Resource"] for role, statement in statements(template)
            if statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
        }  # fmt: skip

        for function in of_type(template, "AWS::Serverless::Function").values():
            role, log = function["Role"]["Fn::GetAtt"][0], function["LoggingConfig"]["LogGroup"]["Ref"]
            assert written[role] == [{"Fn::GetAtt": [log, "Arn"]}]

    def test_traces_are_sent_only_when_they_are_wanted(self, template: Json) -> None:
        chosen = [(role, one["Fn::If"]) for role, one in all_statements(template) if "Fn::If" in one]

        assert {role for role, _ in chosen} == set(of_type(template, "AWS::IAM::Role"))
        for _, (condition, statement, otherwise) in chosen:
            assert template["Conditions"][condition] == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}
            assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
            assert statement["Resource"] == ["*"]  # these two know no resource
            assert otherwise == {"Ref": "AWS::NoValue"}


class TestFunctions:
    def test_each_has_a_log_that_ends(self, template: Json, properties: dict[str, Json]) -> None:
        for function in of_type(template, "AWS::Serverless::Function").values():
            log = function["LoggingConfig"]["LogGroup"]["Ref"]
            assert properties[log]["RetentionInDays"] == {"Ref": "LogRetentionDays"}

    def test_the_environment_names_what_settings_read(self, template: Json) -> None:
        read = set(re.findall(r"LATCHKEY_[A-Z0-9_]+", (ROOT / "chalicelib" / "settings.py").read_text("utf-8")))

        for function in of_type(template, "AWS::Serverless::Function").values():
            assert set(function["Environment"]["Variables"]) <= read

    def test_the_environment_holds_no_secret(self, template: Json) -> None:
        """Whoever may look at a function reads it."""
        for function in of_type(template, "AWS::Serverless::Function").values():
            for name, value in function["Environment"]["Variables"].items():
                assert not re.search("SECRET|PASSWORD|TOKEN|SMTP|KEY_FILE|OPERATOR|OUTBOX|LOCAL", name)
                assert isinstance(value, dict) or name == "LATCHKEY_METRICS"

    @pytest.mark.parametrize(
        ("parameter", "variable", "function", "default"),
        [
            ("KeyDays", "LATCHKEY_KEY_DAYS", "Keys", Settings().key_days),
            ("UnconfirmedDays", "LATCHKEY_UNCONFIRMED_DAYS", "Unconfirmed", Settings().unconfirmed_days),
            ("AuditDays", "LATCHKEY_AUDIT_DAYS", "APIHandler", Settings().audit_days),
        ],
    )
    def test_days_come_from_parameters_with_the_defaults_of_the_code(
        self, template: Json, parameter: str, variable: str, function: str, default: float
    ) -> None:
        given = template["Resources"][function]["Properties"]["Environment"]["Variables"]

        assert given[variable] == {"Ref": parameter}
        assert template["Parameters"][parameter]["Default"] == default
        assert template["Parameters"][parameter]["MinValue"] == 0

    def test_all_are_traced_when_one_parameter_says_so_and_none_unasked(self, template: Json) -> None:
        traced = template["Parameters"]["Tracing"]

        for function in of_type(template, "AWS::Serverless::Function").values():
            assert function["Tracing"] == {"Ref": "Tracing"}
        assert (traced["Default"], traced["AllowedValues"]) == ("PassThrough", ["PassThrough", "Active"])

    def test_the_api_counts(self, properties: dict[str, Json]) -> None:
        assert properties["APIHandler"]["Environment"]["Variables"]["LATCHKEY_METRICS"] == "1"

    def test_the_api_has_time_and_memory_for_passwords(self, template: Json, properties: dict[str, Json]) -> None:
        memory = template["Parameters"]["MemorySize"]

        assert properties["APIHandler"]["Timeout"] == GATEWAY_SECONDS > 2 * TIMEOUT
        assert memory["MinValue"] * 1024 > 8 * Settings().argon2_memory_kib
        assert memory["Default"] >= memory["MinValue"] >= 1024

    def test_no_parameter_holds_a_secret(self, template: Json) -> None:
        assert not [name for name in template["Parameters"] if re.search("Secret|Password|Token", name)]


class TestGateway:
    def test_its_own_refusals_look_like_ours(self, properties: dict[str, Json]) -> None:
        answers = properties["RestAPI"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]

        for kind, answer in answers.items():
            body = json.loads(answer["responseTemplates"]["application/json"])
            headers = answer["responseParameters"]
            assert set(body) == {"__type", "message"}, kind
            assert headers["gatewayresponse.header.x-amzn-ErrorType"] == f"'{body['__type']}'"
            assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
            assert headers["gatewayresponse.header.Access-Control-Expose-Headers"] == f"'{EXPOSED_HEADERS}'"
        assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "REQUEST_TOO_LARGE", "INTEGRATION_TIMEOUT"} <= set(answers)

    @pytest.mark.parametrize(
        ("kind", "status"), [("MISSING_AUTHENTICATION_TOKEN", 404), ("REQUEST_TOO_LARGE", 413), ("DEFAULT_5XX", 500)]
    )
    def test_they_use_the_words_of_the_front_door(self, properties: dict[str, Json], kind: str, status: int) -> None:
        answer = properties["RestAPI"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"][kind]

        body = json.loads(answer["responseTemplates"]["application/json"])

        assert body == {"__type": FAULTS[status].code, "message": FAULTS[status].message}

    def test_lets_through_only_so_much(self, properties: dict[str, Json]) -> None:
        [every] = properties["RestAPI"]["MethodSettings"]

        assert (every["ResourcePath"], every["HttpMethod"]) == ("/*", "*")
        assert every["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
        assert every["ThrottlingBurstLimit"] == {"Ref": "RequestBurst"}

    def test_has_no_stage_beside_ours(self, properties: dict[str, Json]) -> None:
        """Without a version, the transform adds a stage named Stage, to which no limit applies."""
        assert properties["RestAPI"]["OpenApiVersion"] == "2.0"

    def test_does_not_write_bodies_into_logs(self, properties: dict[str, Json]) -> None:
        assert properties["RestAPI"]["MethodSettings"][0]["DataTraceEnabled"] is False

    def test_is_regional_and_leaves_bodies_as_they_are(self, properties: dict[str, Json]) -> None:
        assert properties["RestAPI"]["EndpointConfiguration"] == "REGIONAL"
        assert properties["RestAPI"]["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] == []
        assert properties["RestAPI"]["MinimumCompressionSize"] == 1024


class TestAlarms:
    @pytest.mark.parametrize(
        "metric",
        ["AWS/ApiGateway 5XXError", "AWS/ApiGateway Latency", "AWS/Lambda Errors", "AWS/Lambda Throttles",
         "AWS/DynamoDB ReadThrottleEvents", "AWS/DynamoDB WriteThrottleEvents"],
    )  # fmt: skip
    def test_somebody_is_told_of(self, template: Json, metric: str) -> None:
        alarms = of_type(template, "AWS::CloudWatch::Alarm").values()

        assert metric in {f"{alarm['Namespace']} {alarm['MetricName']}" for alarm in alarms}

    def test_all_go_to_the_topic_if_there_is_one(self, template: Json) -> None:
        wanted = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}

        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
            assert alarm["AlarmActions"] == alarm["OKActions"] == wanted

    def test_the_api_is_found_by_its_name(self, template: Json, properties: dict[str, Json]) -> None:
        [server_errors] = [
            alarm for alarm in of_type(template, "AWS::CloudWatch::Alarm").values() if alarm["MetricName"] == "5XXError"
        ]

        named = {one["Name"]: one["Value"] for one in server_errors["Dimensions"]}

        assert named == {"ApiName": properties["RestAPI"]["Name"], "Stage": properties["RestAPI"]["StageName"]}


class TestWhole:
    def test_fits_into_one_call(self, template: Json) -> None:
        assert len(json.dumps(template, separators=(",", ":"))) < LARGEST_BODY

    def test_the_parameters_are_those_that_the_help_names(self, template: Json) -> None:
        told = subprocess.run(
            [ROOT / "scripts" / "deploy", "--help"], capture_output=True, text=True, check=True
        ).stdout

        for name in template["Parameters"]:
            assert re.search(rf"\b{name}\b", told), name

    @pytest.mark.deployed
    def test_the_linter_finds_nothing(self, template: Json, tmp_path: Path) -> None:
        from tests.deployed.cloud import tool

        path = tmp_path / "template.json"
        path.write_text(json.dumps(template).replace('"./deployment.zip"', '{"Bucket": "bucket", "Key": "key"}'))

        done = subprocess.run(
            [tool("cloud").with_name("cfn-lint"), "--regions", "us-east-1", "eu-central-1", "--", path],
            capture_output=True, text=True, check=False, env=os.environ,
        )  # fmt: skip

        assert (done.stdout, done.returncode) == ("", 0)


def sent_by_the_code() -> set[str]:
    """The DynamoDB operations that the table's code sends."""
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "chalicelib" / "table").rglob("*.py"))
    verbs = "Get|Put|Update|Delete|BatchGet|BatchWrite|TransactWrite|TransactGet|ConditionCheck"
    others = "Query|Scan|CreateTable|DescribeTable|UpdateTimeToLive"
    return set(re.findall(rf'"((?:{verbs})Items?|{others})"', text))
