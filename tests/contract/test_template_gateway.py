"""The template of a deployment: the gateway, the alarms, and the whole of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from chalicelib.edge.router import EXPOSED_HEADERS, FAULTS
from tests.contract.packaged import ROOT, Json, of_type

LARGEST_BODY = 51_200
"""Bytes of a template that CloudFormation takes with the call itself."""


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

    def test_is_regional_and_takes_every_body_for_bytes(self, properties: dict[str, Json]) -> None:
        """Of a list of types it asks the caller's Accept header, so an image would come as base64 to many browsers."""
        assert properties["RestAPI"]["EndpointConfiguration"] == "REGIONAL"
        assert properties["RestAPI"]["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]
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

    @pytest.mark.parametrize("job", ["Keys", "Imports", "Changes"])
    def test_somebody_is_told_of_a_job_that_others_wait_for(self, template: Json, job: str) -> None:
        failing = [
            one for one in of_type(template, "AWS::CloudWatch::Alarm").values()
            if (one["MetricName"], one["Dimensions"]) == ("Errors", [{"Name": "FunctionName", "Value": {"Ref": job}}])
        ]  # fmt: skip

        assert len(failing) == 1

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
