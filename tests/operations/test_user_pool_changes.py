"""Changes of pools as operations: who may call them, what they say, their list and their trail in the audit."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from chalicelib.call import arn
from chalicelib.flows import operators
from tests.application import Cognito
from tests.callers import refused
from tests.lines import audited
from tests.pool_changes import ask, begun, described, settled

NAMES = {"AliasAttributes": ["email"]}
OPERATIONS = ["StartUserPoolChange", "DescribeUserPoolChange", "ListUserPoolChanges", "StopUserPoolChange"]


@pytest.fixture
def pool(cognito: Cognito) -> str:
    return cognito.pool()


def given(operation: str, pool: str) -> dict[str, Any]:
    more = {"StartUserPoolChange": NAMES, "ListUserPoolChanges": {}}.get(operation, {"ChangeId": "change-none"})
    return {"UserPoolId": pool, **more}


def caller(action: str, resource: str) -> Cognito:
    return Cognito(*operators.create({"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}))


class TestPermission:
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_is_that_of_the_operation_on_the_pool(self, cognito: Cognito, pool: str, operation: str) -> None:
        with refused("AccessDeniedException"):
            ask(caller("cognito-idp:*", "*"), operation, **given(operation, pool))
        with refused("AccessDeniedException"):
            ask(caller(f"latchkey:{operation}", arn(cognito.pool())), operation, **given(operation, pool))

        allowed = caller(f"latchkey:{operation}", arn(pool))
        if "ChangeId" in given(operation, pool):
            with refused("ResourceNotFoundException"):
                ask(allowed, operation, **given(operation, pool))
        else:
            assert ask(allowed, operation, **given(operation, pool))

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_an_unknown_pool_is_not_found(self, cognito: Cognito, operation: str) -> None:
        with refused("ResourceNotFoundException"):
            ask(cognito, operation, **given(operation, f"us-east-1_{uuid.uuid4().hex[:9]}"))

    def test_a_change_of_another_pool_is_not_found(self, cognito: Cognito, pool: str) -> None:
        change = begun(cognito, cognito.pool(), **NAMES)

        with refused("ResourceNotFoundException"):
            described(cognito, change | {"UserPoolId": pool})


class TestStart:
    def test_says_what_is_wanted_and_how_it_stands(self, cognito: Cognito, pool: str) -> None:
        change = begun(cognito, pool, CaseSensitive=False, AliasAttributes=["email"])

        assert change == described(cognito, change)
        dates = {name: change.pop(name) for name in ("CreationDate", "LastModifiedDate")}
        assert len(set(dates.values())) == 1
        assert change.pop("ChangeId").startswith("change-")
        assert change == {
            "UserPoolId": pool,
            "AliasAttributes": ["email"],
            "CaseSensitive": False,
            "DryRun": False,
            "Status": "CHECKING",
            "UsersChecked": 0,
            "UsersRewritten": 0,
            "ClashCount": 0,
            "Clashes": [],
            "MissingCount": 0,
            "Missing": [],
            "Message": "Waiting until every process knows the settings of this step.",
        }

    @pytest.mark.parametrize(
        "wanted",
        [
            {},
            {"DryRun": True},
            {"UsernameAttributes": ["preferred_username"]},
            {"AliasAttributes": ["email"], "UsernameAttributes": ["email"]},
            {"SearchableAttributes": ["custom:none"]},
            {"RequiredAttributes": []},
            {"AttributeTypes": [{"Name": "name", "AttributeDataType": "Text"}]},
            {"RequiredAttributes": [{"Name": "name"}]},
        ],
        ids=json.dumps,
    )
    def test_what_makes_no_sense_is_refused_at_once(self, cognito: Cognito, pool: str, wanted: dict[str, Any]) -> None:
        with refused("InvalidParameterException"):
            begun(cognito, pool, **wanted)

        assert ask(cognito, "ListUserPoolChanges", UserPoolId=pool) == {"Changes": [], "SearchableAttributes": []}

    def test_what_is_so_already_is_applied_without_any_wait(self, cognito: Cognito, pool: str) -> None:
        change = begun(cognito, pool, CaseSensitive=True)

        assert settled(cognito, change)["Status"] == "APPLIED"

    def test_it_and_its_end_are_in_the_audit(self, cognito: Cognito, pool: str) -> None:
        change = begun(cognito, pool, **NAMES)
        ask(cognito, "StopUserPoolChange", UserPoolId=pool, ChangeId=change["ChangeId"])

        told = [(line["Operation"], line["Outcome"]) for line in audited(cognito, pool)]
        assert told[-2:] == [("StartUserPoolChange", "Done"), ("StopUserPoolChange", "Done")]


class TestList:
    def test_newest_come_first_page_by_page_and_in_short(self, cognito: Cognito, pool: str) -> None:
        made = []
        for _ in range(5):
            change = begun(cognito, pool, DryRun=True, SearchableAttributes=["nickname"])
            made.append(change["ChangeId"])
            settled(cognito, change)

        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            answer = ask(cognito, "ListUserPoolChanges", UserPoolId=pool, MaxResults=2, **more)
            assert len(answer["Changes"]) <= 2
            found += answer["Changes"]
            if "NextToken" not in answer:
                break
            more = {"NextToken": answer["NextToken"]}

        assert [one["ChangeId"] for one in found] == made[::-1]
        assert not {"Clashes", "Missing"} & found[0].keys()
        assert {one["Status"] for one in found} == {"CHECKED"}

    def test_a_bad_token_is_refused(self, cognito: Cognito, pool: str) -> None:
        with refused("InvalidParameterException", "Invalid pagination token"):
            ask(cognito, "ListUserPoolChanges", UserPoolId=pool, NextToken="junk")
