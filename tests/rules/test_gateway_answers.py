"""What an authorizer tells a gateway, and what a backend reads of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rules import gateway_answers

METHOD = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/prod/GET/orders/7"
CLAIMS = {
    "sub": "someone", "token_use": "access", "scope": "openid rs/read", "cognito:groups": ["staff", "admins"],
    "exp": 1_900_000_000, "email_verified": True, "identities": [{"providerName": "Google"}], "middle_name": None,
}  # fmt: skip


def behind_rest(context: dict[str, Any]) -> dict[str, Any]:
    return {"requestContext": {"authorizer": {**context, "principalId": "someone", "integrationLatency": 12}}}


class TestPolicy:
    def test_covers_the_whole_stage_because_it_is_kept_for_other_routes_too(self) -> None:
        answer = gateway_answers.policy(METHOD, "Allow", "someone", {"sub": "someone"})

        [statement] = answer["policyDocument"]["Statement"]
        assert statement == {
            "Action": "execute-api:Invoke",
            "Effect": "Allow",
            "Resource": ["arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/prod/*/*"],
        }
        assert answer["principalId"] == "someone"
        assert answer["policyDocument"]["Version"] == "2012-10-17"

    @pytest.mark.parametrize(
        ("arn", "resource"),
        [
            ("arn:aws:execute-api:us-east-1:123456789012:api/$default/GET/", "api/$default/*/*"),
            ("arn:aws:execute-api:us-east-1:123456789012:api/test/$connect", "api/test/*"),
            ("arn:aws-cn:execute-api:cn-north-1:123456789012:api/test/POST/a\nb", "api/test/*/*"),
            ("arn:aws:execute-api:us-east-1:123456789012:api/test/GET/" + "x" * 1500, "api/test/*/*"),
        ],
    )
    def test_knows_the_arns_of_all_kinds_of_api(self, arn: str, resource: str) -> None:
        answer = gateway_answers.policy(arn, "Deny", "nobody", {})

        [found] = answer["policyDocument"]["Statement"][0]["Resource"]
        assert found.rpartition(":")[2] == resource
        assert len(found) <= 512

    @pytest.mark.parametrize(
        "arn",
        [
            "", "*", "arn:aws:execute-api:us-east-1:123456789012:*/*/GET/", METHOD.replace("prod", "*"),
            METHOD.replace("a1b2c3", "a?"), "arn:aws:s3:::bucket/stage/GET/x",
            "arn:aws:execute-api:us-east-1:123456789012:api/test",
        ],
    )  # fmt: skip
    def test_an_arn_that_would_widen_it_is_refused(self, arn: str) -> None:
        with pytest.raises(ValueError, match="ARN"):
            gateway_answers.policy(arn, "Allow", "someone", {})

    def test_more_claims_than_a_gateway_takes_are_refused_aloud(self) -> None:
        with pytest.raises(ValueError, match="larger"):
            gateway_answers.policy(METHOD, "Allow", "someone", {"custom:text": "x" * 9000})
        with pytest.raises(ValueError, match="larger"):
            gateway_answers.simple({"custom:text": "x" * 9000})


class TestSimple:
    def test_is_a_flag_and_a_context(self) -> None:
        assert gateway_answers.simple({"sub": "someone"}) == {"isAuthorized": True, "context": {"sub": "someone"}}

    def test_without_a_context_is_a_no(self) -> None:
        assert gateway_answers.simple(None) == {"isAuthorized": False}


class TestContext:
    def test_is_flat_and_of_texts_as_cognito_hands_claims_on(self) -> None:
        assert gateway_answers.context(CLAIMS) == {
            "sub": "someone",
            "token_use": "access",
            "scope": "openid rs/read",
            "cognito:groups": "staff,admins",
            "exp": "1900000000",
            "email_verified": "true",
            "identities": '[{"providerName":"Google"}]',
        }

    @pytest.mark.parametrize("name", ["claims", "jwt", "lambda", "iam", "principalId", "integrationLatency"])
    def test_a_claim_cannot_take_the_place_of_the_gateways_own_words(self, name: str) -> None:
        forged = {**CLAIMS, name: {"claims": {"sub": "root"}, "sub": "root"}}

        event = behind_rest(gateway_answers.context(forged))

        assert gateway_answers.claims_of(event)["sub"] == "someone"


class TestClaimsOf:
    def test_are_those_that_the_authorizer_handed_on(self) -> None:
        claims = gateway_answers.claims_of(behind_rest(gateway_answers.context(CLAIMS)))

        assert claims == gateway_answers.context(CLAIMS)

    @pytest.mark.parametrize(
        "authorizer",
        [
            {"claims": {"sub": "someone", "cognito:groups": "staff,admins"}},
            {"jwt": {"claims": {"sub": "someone", "cognito:groups": "[staff admins]"}, "scopes": None}},
            {"lambda": {"sub": "someone", "cognito:groups": "staff,admins"}},
            {"sub": "someone", "cognito:groups": "staff,admins", "principalId": "someone"},
        ],
    )
    def test_are_the_same_behind_every_kind_of_authorizer(self, authorizer: dict[str, Any]) -> None:
        event = {"requestContext": {"authorizer": authorizer}}

        assert gateway_answers.claims_of(event)["sub"] == "someone"
        assert gateway_answers.groups_of(event) == ["staff", "admins"]

    @pytest.mark.parametrize(
        "event", [{}, {"requestContext": None}, {"requestContext": {}}, {"requestContext": {"authorizer": None}}]
    )
    def test_are_none_without_an_authorizer(self, event: dict[str, Any]) -> None:
        assert gateway_answers.claims_of(event) == {}
        assert gateway_answers.groups_of(event) == []
        assert gateway_answers.scopes_of(event) == []

    def test_scopes_are_words(self) -> None:
        event = behind_rest(gateway_answers.context(CLAIMS))

        assert gateway_answers.scopes_of(event) == ["openid", "rs/read"]


class TestGroups:
    @pytest.mark.parametrize(
        "groups",
        [["guests,admins"], ['["admins"]'], ["[admins]"], ["a", "b,admins,c"], ["[guests", "admins]"], ['x","admins']],
    )
    def test_a_name_with_commas_or_brackets_makes_nobody_an_admin(self, groups: list[str]) -> None:
        context = gateway_answers.context({"cognito:groups": groups})

        assert gateway_answers.groups_of(behind_rest(context)) == groups
        assert "admins" not in context["cognito:groups"].split(",")  # a backend that does not use our helper
        assert "admins" not in context["cognito:groups"].strip("[]").split(",")

    @pytest.mark.parametrize(
        ("authorizer", "groups"),
        [
            ({"claims": {"cognito:groups": '["admins"]'}}, ['["admins"]']),  # Cognito's, for one group of that name
            ({"jwt": {"claims": {"cognito:groups": '["admins"]'}}}, ['"admins"']),
            ({"jwt": {"claims": {"cognito:groups": "[[admins]]"}}}, ["[admins]"]),
        ],
    )
    def test_what_another_authorizer_wrote_is_read_as_that_one_writes_lists(
        self, authorizer: dict[str, Any], groups: list[str]
    ) -> None:
        assert gateway_answers.groups_of({"requestContext": {"authorizer": authorizer}}) == groups

    @given(st.lists(st.text(min_size=1, max_size=20), max_size=5))
    @settings(max_examples=200, deadline=None)
    def test_any_names_come_back_as_they_were(self, groups: list[str]) -> None:
        context = gateway_answers.context({"cognito:groups": groups})

        travelled = json.loads(json.dumps(behind_rest(context)))

        assert gateway_answers.groups_of(travelled) == groups
