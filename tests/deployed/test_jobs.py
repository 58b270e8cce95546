"""The scheduled functions of the deployed stage, each under its own role."""

from __future__ import annotations

import json

import pytest

from chalicelib.jobs import JOBS
from tests.deployed.cloud import Cloud, Deployed
from tests.deployed.conftest import STACK

pytestmark = pytest.mark.deployed

OFTEN = ("imports", "changes")
RING = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-11-21T12:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:000000000000:rule/clock"],
    "detail": {},
}


class TestSchedules:
    @pytest.mark.parametrize("job", JOBS)
    def test_a_clock_rings_for_it(self, cloud: Cloud, latchkey: Deployed, job: str) -> None:
        function = cloud.client("lambda").get_function_configuration(
            FunctionName=cloud.resource(STACK, job.capitalize())
        )
        events = cloud.client("events")

        names = events.list_rule_names_by_target(TargetArn=function["FunctionArn"])["RuleNames"]

        rate = "rate(1 minute)" if job in OFTEN else "rate(1 hour)"
        assert [events.describe_rule(Name=name)["ScheduleExpression"] for name in names] == [rate]

    @pytest.mark.parametrize("job", JOBS)
    def test_it_does_its_work_with_the_rights_it_has(
        self, cloud: Cloud, latchkey: Deployed, pool: object, job: str
    ) -> None:
        answer = cloud.client("lambda").invoke(
            FunctionName=cloud.resource(STACK, job.capitalize()), Payload=json.dumps(RING).encode()
        )

        assert "FunctionError" not in answer, answer["Payload"].read()
