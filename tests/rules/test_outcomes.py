"""What a request counts for, and whether the metric line is one that CloudWatch takes."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.rules import outcomes
from chalicelib.wire import model
from tests.lines import required_of_emf

TOKENS = {"AuthenticationResult": {}}
CHALLENGE = {"ChallengeName": "PASSWORD_VERIFIER"}


class TestOutcome:
    def test_what_is_not_refused_is_done(self) -> None:
        assert outcomes.outcome(None, None, 200) == {"outcome": "Done"}

    def test_what_is_done_may_have_a_reason_that_the_caller_was_not_told(self) -> None:
        assert outcomes.outcome(None, "unknown user", 200) == {"outcome": "Done", "reason": "unknown user"}

    @pytest.mark.parametrize("status", [400, 404, 500])
    def test_a_refusal_without_a_code_is_refused(self, status: int) -> None:
        assert outcomes.outcome(None, None, status) == {"outcome": "Refused"}

    def test_a_code_tells_its_reason_unless_a_truer_one_was_noted(self) -> None:
        assert outcomes.outcome("CodeMismatchException", None, 400)["reason"] == "code wrong"
        assert outcomes.outcome("CodeMismatchException", "unknown user", 400)["reason"] == "unknown user"

    def test_a_code_that_may_mean_anything_has_no_reason_of_its_own(self) -> None:
        assert outcomes.outcome("NotAuthorizedException", None, 400) == {"outcome": "NotAuthorizedException"}

    def test_reasons_stand_beside_codes_that_exist(self) -> None:
        assert [code for code in outcomes.REASONS if not hasattr(errors, code)] == []


class TestIsChanging:
    @pytest.mark.parametrize("name", [
        "CreateUserPool", "UpdateUserPoolClient", "DeleteUser", "SignUp", "ConfirmSignUp", "AdminCreateUser",
        "AdminDisableUser", "AdminUserGlobalSignOut", "ChangePassword", "ConfirmForgotPassword", "GlobalSignOut",
        "RevokeToken", "SetUserPoolMfaConfig", "TagResource", "AssociateSoftwareToken",
    ])  # fmt: skip
    def test_what_leaves_something_changed_is(self, name: str) -> None:
        assert outcomes.is_changing(name, {})

    @pytest.mark.parametrize("name", [
        "GetUser", "ListUsers", "DescribeUserPool", "AdminGetUser", "AdminListDevices", "LookupDeveloperIdentity",
        "ListAuditLines", "GetTokensFromRefreshToken", "InitiateAuth", "AdminInitiateAuth", "ForgotPassword",
        "ResendConfirmationCode",
    ])  # fmt: skip
    def test_reading_signing_in_and_asking_for_a_code_are_not(self, name: str) -> None:
        assert not outcomes.is_changing(name, {})

    @pytest.mark.parametrize("name", ["RespondToAuthChallenge", "AdminRespondToAuthChallenge"])
    def test_an_answer_to_a_challenge_is_when_it_sets_a_password(self, name: str) -> None:
        assert outcomes.is_changing(name, {"ChallengeName": "NEW_PASSWORD_REQUIRED"})
        assert not outcomes.is_changing(name, {"ChallengeName": "PASSWORD_VERIFIER"})

    def test_every_built_writer_of_the_model_is_told_apart_by_its_name(self) -> None:
        of_verbs = ("Create", "Update", "Delete", "Set", "Add", "Remove", "Revoke", "Confirm", "Change", "Tag", "Untag")
        names = [one.name.removeprefix("Admin") for one in model.operations("cognito-idp")]

        assert [name for name in names if name.startswith(of_verbs) and not outcomes.is_changing(name, {})] == []


class TestCounts:
    @pytest.mark.parametrize(("operation", "given", "result", "name"), [
        ("SignUp", {}, {}, "SignUp"),
        ("AdminCreateUser", {}, {}, "SignUp"),
        ("AdminCreateUser", {"MessageAction": "SUPPRESS"}, {}, "SignUp"),
        ("InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH"}, TOKENS, "SignIn"),
        ("AdminInitiateAuth", {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH"}, TOKENS, "SignIn"),
        ("RespondToAuthChallenge", {"ChallengeName": "PASSWORD_VERIFIER"}, TOKENS, "SignIn"),
        ("AdminRespondToAuthChallenge", {}, TOKENS, "SignIn"),
        ("InitiateAuth", {"AuthFlow": "REFRESH_TOKEN"}, TOKENS, "TokenRefresh"),
        ("AdminInitiateAuth", {"AuthFlow": "REFRESH_TOKEN_AUTH"}, TOKENS, "TokenRefresh"),
        ("GetTokensFromRefreshToken", {}, TOKENS, "TokenRefresh"),
    ])  # fmt: skip
    def test_a_success_is_1_and_a_refusal_0(self, operation: str, given: Any, result: Any, name: str) -> None:
        assert outcomes.counts(operation, given, result) == {f"{name}Successes": 1}
        assert outcomes.counts(operation, given, None, "NotAuthorizedException") == {f"{name}Successes": 0}

    @pytest.mark.parametrize(("operation", "story"), [("SignUp", "SignUp"), ("InitiateAuth", "SignIn")])
    def test_a_throttled_call_is_a_refusal_and_a_throttle(self, operation: str, story: str) -> None:
        counted = outcomes.counts(operation, {}, None, "TooManyRequestsException")

        assert counted == {f"{story}Successes": 0, f"{story}Throttles": 1}

    def test_too_many_wrong_answers_are_no_throttle(self) -> None:
        assert outcomes.counts("SignUp", {}, None, "LimitExceededException") == {"SignUpSuccesses": 0}

    def test_a_challenge_is_neither_success_nor_failure(self) -> None:
        assert outcomes.counts("InitiateAuth", {"AuthFlow": "USER_SRP_AUTH"}, CHALLENGE) == {}

    @pytest.mark.parametrize(("operation", "given"), [
        ("GetUser", {}), ("ConfirmSignUp", {}), ("AdminCreateUser", {"MessageAction": "RESEND"}),
    ])  # fmt: skip
    def test_nothing_else_is_counted(self, operation: str, given: Any) -> None:
        assert outcomes.counts(operation, given, {}) == outcomes.counts(operation, given, None) == {}


def dimensions_of(line: dict[str, Any], metric: str) -> dict[str, str]:
    found = [
        {name: line[name] for name in directive["Dimensions"][0]}
        for directive in line["_aws"]["CloudWatchMetrics"]
        if metric in [one["Name"] for one in directive["Metrics"]]
    ]
    assert len(found) == 1
    return found[0]


class TestMetricLine:
    NOW = 1_763_725_000_000

    @pytest.mark.parametrize("facts", [
        {"ms": 1.25},
        {"ms": 1.25, "trips": 3, "operation": "GetUser", "pool": "us-east-1_A", "client": "c"},
        {"ms": 1, "trips": 0, "operation": "SignUp", "SignUpSuccesses": 0, "SignUpThrottles": 1},
        {"ms": 0, "route": "GET /{pool}/.well-known/jwks.json", "status": 200, "request_id": "r"},
        {"ms": 9, "trips": 2, **dict.fromkeys(outcomes.COUNTED, 1)},
    ])  # fmt: skip
    def test_is_one_that_cloudwatch_takes(self, facts: dict[str, Any]) -> None:
        required_of_emf(facts | outcomes.metric_line(facts, self.NOW))

    def test_latency_and_trips_are_by_operation(self) -> None:
        line = outcomes.metric_line({"ms": 12.5, "trips": 3, "operation": "InitiateAuth"}, self.NOW)

        assert (line["Latency"], line["Trips"]) == (12.5, 3)
        assert dimensions_of(line, "Latency") == dimensions_of(line, "Trips") == {"Operation": "InitiateAuth"}

    def test_what_makes_no_trips_says_nothing_of_trips(self) -> None:
        line = outcomes.metric_line({"ms": 1, "route": "GET /_dev/health"}, self.NOW)

        assert "Trips" not in line
        assert dimensions_of(line, "Latency") == {"Operation": "GET /_dev/health"}

    def test_what_leads_nowhere_is_one_metric_for_all(self) -> None:
        assert outcomes.metric_line({"ms": 1, "path": "/any"}, self.NOW)["Operation"] == "none"

    def test_successes_are_by_pool_and_client(self) -> None:
        facts = {"ms": 1, "operation": "InitiateAuth", "pool": "p_1", "client": "c1", "SignInSuccesses": 1}

        line = outcomes.metric_line(facts, self.NOW)
        assert line["SignInSuccesses"] == 1
        assert dimensions_of(line, "SignInSuccesses") == {"UserPool": "p_1", "UserPoolClient": "c1"}

    def test_an_administrator_who_makes_a_user_is_the_client_admin(self) -> None:
        facts = {"ms": 1, "operation": "AdminCreateUser", "pool": "p_1", "SignUpSuccesses": 1}

        assert outcomes.metric_line(facts, self.NOW)["UserPoolClient"] == "Admin"

    def test_a_client_that_was_not_found_is_invalid(self) -> None:
        line = outcomes.metric_line({"ms": 1, "operation": "SignUp", "SignUpSuccesses": 0}, self.NOW)

        assert (line["UserPool"], line["UserPoolClient"]) == ("Invalid", "Invalid")
