"""What a call leaves behind, through the whole front door: one audit line where there must be one, and no other."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from chalicelib.call import Call, Caller, Origin, arn
from chalicelib.flows import audit, operators
from chalicelib.table import store
from chalicelib.table.items import Guard, Pool
from chalicelib.wire import ledger, model
from tests.application import HOST, PASSWORD, Cognito, respond
from tests.callers import attribute, different, refused
from tests.clock import later
from tests.contract import calls
from tests.entrance import HIDING, Entrance, at_once, fault, faults
from tests.lines import Told, audited, logged, rows


@pytest.fixture(scope="module")
def hall(application: tuple[str, str]) -> Entrance:
    return Entrance(Cognito(*application), AutoVerifiedAttributes=["email"])


@pytest.fixture
def entrance(hall: Entrance) -> Entrance:
    return hall.another()


def policed(cognito: Cognito, *actions: str, resource: str = "*") -> Cognito:
    policy = {"Statement": {"Effect": "Allow", "Action": list(actions), "Resource": resource}}
    return Cognito(*operators.create(policy))


def about(entrance: Entrance, operation: str, sub: str | None = None) -> list[Told]:
    """The lines of an operation, about the entrance's user unless another is named."""
    sub = sub or entrance.account().user.sub
    return [
        told
        for told in audited(entrance.cognito, entrance.pool)
        if (told["Operation"], told.get("Sub")) == (operation, sub)
    ]


def sign_up(entrance: Entrance, name: str, **given: Any) -> str:
    listed = [attribute("email", f"{name}@example.com")]
    given = {"Password": PASSWORD, "UserAttributes": listed, **given}
    return str(entrance.cognito.call("SignUp", ClientId=entrance.client, Username=name, **given)["UserSub"])


class TestOperators:
    def test_a_change_leaves_a_line_of_the_operator(self, entrance: Entrance) -> None:
        entrance.admin("AdminDisableUser")

        (told,) = about(entrance, "AdminDisableUser")
        assert told["Operator"] == entrance.cognito.credentials.access_key
        assert told["Members"] == ["UserPoolId", "Username"]
        assert (told["Outcome"], told["SourceIp"]) == ("Done", "192.0.2.1")
        assert told["UserPoolId"] == entrance.pool
        assert abs(told["Time"] - time.time()) < 60

    def test_a_refusal_leaves_its_code_and_the_true_reason(self, entrance: Entrance) -> None:
        with refused("NotAuthorizedException"):
            entrance.admin("AdminConfirmSignUp")

        (told,) = about(entrance, "AdminConfirmSignUp")
        assert (told["Outcome"], told["Reason"]) == ("NotAuthorizedException", "user state")

    def test_an_unknown_user_leaves_a_line_without_the_name(self, entrance: Entrance) -> None:
        name = f"nobody-{uuid.uuid4().hex}"
        with refused("UserNotFoundException"):
            entrance.admin("AdminEnableUser", name)

        told = audited(entrance.cognito, entrance.pool)[-1]
        assert (told["Operation"], told["Outcome"], told["Reason"]) == (
            "AdminEnableUser", "UserNotFoundException", "unknown user",
        )  # fmt: skip
        assert name not in json.dumps([row.serialize() for row in rows(entrance.pool)])

    def test_a_denied_one_leaves_a_line_in_the_pool_that_was_tried(self, entrance: Entrance) -> None:
        weak = policed(entrance.cognito, "cognito-idp:List*")
        with refused("AccessDeniedException"):
            weak.call("AdminDeleteUser", UserPoolId=entrance.pool, Username=entrance.name)

        told = audited(entrance.cognito, entrance.pool)[-1]
        assert (told["Operator"], told["Operation"]) == (weak.credentials.access_key, "AdminDeleteUser")
        assert (told["Outcome"], told["Reason"]) == ("AccessDeniedException", "policy")

    def test_reading_leaves_none(self, entrance: Entrance) -> None:
        before = len(rows(entrance.pool))
        entrance.admin("AdminGetUser")
        entrance.cognito.call("DescribeUserPool", UserPoolId=entrance.pool)
        entrance.cognito.call("ListUsers", UserPoolId=entrance.pool)

        assert len(rows(entrance.pool)) == before

    def test_the_making_and_the_end_of_pools_are_told(self, cognito: Cognito) -> None:
        pool = cognito.pool()
        cognito.call("DeleteUserPool", UserPoolId=pool)

        made = [told for told in audited(cognito) if told["Operation"] == "CreateUserPool"]
        assert made[-1]["UserPoolId"] == pool
        assert [told["Operation"] for told in audited(cognito, pool)] == ["DeleteUserPool"]

    def test_the_life_of_a_client_is_told_with_its_id(self, entrance: Entrance) -> None:
        client = entrance.cognito.client(entrance.pool)
        here = {"UserPoolId": entrance.pool, "ClientId": client}
        entrance.cognito.call("UpdateUserPoolClient", **here, ClientName="renamed")
        entrance.cognito.call("DeleteUserPoolClient", **here)

        told = [one["Operation"] for one in audited(entrance.cognito, entrance.pool) if one.get("ClientId") == client]
        assert told == ["CreateUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"]

    def test_a_user_made_by_an_administrator_is_told_by_sub(self, entrance: Entrance) -> None:
        assert len(about(entrance, "AdminCreateUser")) == 1

    def test_what_an_operator_did_for_a_user_who_answers_a_challenge_is_told(self, entrance: Entrance) -> None:
        name = entrance.invited(f"invited-{entrance.name}")
        here = {"UserPoolId": entrance.pool, "ClientId": entrance.client}
        begun = entrance.cognito.call(
            "AdminInitiateAuth", **here, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": "Temporary-1"},
        )  # fmt: skip
        entrance.cognito.call(
            "AdminRespondToAuthChallenge", **here, ChallengeName="NEW_PASSWORD_REQUIRED", Session=begun["Session"],
            ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": "Chosen-Horse-2"},
        )  # fmt: skip

        sub = entrance.account(name).user.sub
        assert len(about(entrance, "AdminRespondToAuthChallenge", sub)) == 1
        assert about(entrance, "AdminInitiateAuth", sub) == []


class TestUsers:
    def test_what_a_user_changed_is_told_by_sub_and_client(self, entrance: Entrance) -> None:
        token = entrance.tokens()["AccessToken"]
        entrance.cognito.call(
            "ChangePassword", AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword="Another-Horse-3"
        )

        (told,) = about(entrance, "ChangePassword")
        assert told["ClientId"] == entrance.client
        assert "Operator" not in told
        assert told["Members"] == ["AccessToken", "PreviousPassword", "ProposedPassword"]

    def test_the_whole_life_of_an_account_is_told_by_sub(self, entrance: Entrance, outbox: Any) -> None:
        name = f"up-{entrance.name}"
        sub = sign_up(entrance, name)
        entrance.cognito.call(
            "ConfirmSignUp", ClientId=entrance.client, Username=name, ConfirmationCode=outbox.code(name)
        )
        entrance.cognito.call("ForgotPassword", ClientId=entrance.client, Username=name)
        entrance.cognito.call(
            "ConfirmForgotPassword", ClientId=entrance.client, Username=name, Password=PASSWORD,
            ConfirmationCode=outbox.code(name),
        )  # fmt: skip
        tokens = entrance.tokens(name=name)
        entrance.revoke(tokens["RefreshToken"])
        entrance.cognito.call("GlobalSignOut", AccessToken=entrance.tokens(name=name)["AccessToken"])
        entrance.cognito.call("DeleteUser", AccessToken=entrance.tokens(name=name)["AccessToken"])

        told = [one["Operation"] for one in audited(entrance.cognito, entrance.pool) if one.get("Sub") == sub]
        assert told == [
            "SignUp",
            "ConfirmSignUp",
            "ConfirmForgotPassword",
            "RevokeToken",
            "GlobalSignOut",
            "DeleteUser",
        ]

    def test_choosing_a_password_in_place_of_a_temporary_one_is_told(self, entrance: Entrance) -> None:
        name = entrance.invited(f"invited-{entrance.name}")
        begun = entrance.by_password("Temporary-1", name)
        entrance.choose(begun, name=name)

        assert len(about(entrance, "RespondToAuthChallenge", entrance.account(name).user.sub)) == 1

    def test_signing_in_and_refreshing_leave_no_line(self, entrance: Entrance) -> None:
        before = len(rows(entrance.pool))
        entrance.refresh(entrance.tokens()["RefreshToken"])
        entrance.by_srp()

        assert len(rows(entrance.pool)) == before


class TestStrangers:
    @pytest.mark.parametrize("settings", [{}, HIDING])
    def test_refused_ones_leave_no_line(self, hall: Entrance, settings: dict[str, Any], outbox: Any) -> None:
        entrance = hall.another()
        entrance.client = entrance.cognito.client(entrance.pool, **settings)
        name, taken, client = f"up-{entrance.name}", entrance.name, {"ClientId": entrance.client}
        sign_up(entrance, name)
        before = len(rows(entrance.pool))
        attempts: list[tuple[str, dict[str, Any]]] = [
            ("SignUp", {"Username": taken, "Password": PASSWORD}),
            ("SignUp", {"Username": "weak", "Password": "weak"}),
            ("ConfirmSignUp", {"Username": name, "ConfirmationCode": different(outbox.code(name))}),
            ("ConfirmSignUp", {"Username": "nobody-at-all", "ConfirmationCode": "123456"}),
            ("ConfirmForgotPassword", {"Username": taken, "ConfirmationCode": "123456", "Password": PASSWORD}),
            ("RevokeToken", {"Token": "a.b.c"}),
        ]

        for operation, given in attempts:
            assert fault(lambda operation=operation, given=given: entrance.cognito.call(operation, **client, **given))
        assert fault(lambda: entrance.cognito.call("GlobalSignOut", AccessToken="a.b.c"))
        assert len(rows(entrance.pool)) == before

    @pytest.mark.parametrize("operation", ["ForgotPassword", "ResendConfirmationCode"])
    def test_asking_for_a_code_leaves_none_whoever_is_named(self, hall: Entrance, operation: str) -> None:
        entrance = hall.another()
        entrance.client = entrance.cognito.client(entrance.pool, **HIDING)
        before = len(rows(entrance.pool))
        for name in (entrance.name, "nobody-at-all"):
            fault(lambda name=name: entrance.cognito.call(operation, ClientId=entrance.client, Username=name))

        assert len(rows(entrance.pool)) == before

    def test_an_unknown_key_and_a_bad_signature_leave_none(self, entrance: Entrance) -> None:
        before = len(rows(entrance.pool)), len(rows())
        for key, secret in (("LKIANOBODY", "x"), (entrance.cognito.credentials.access_key, "wrong")):
            stranger = Cognito(key, secret)
            assert fault(lambda stranger=stranger: stranger.call("DeleteUserPool", UserPoolId=entrance.pool))

        assert (len(rows(entrance.pool)), len(rows())) == before


class TestTogether:
    def test_each_change_and_its_line_are_one_request_to_the_table(self, entrance: Entrance) -> None:
        here = {"UserPoolId": entrance.pool}
        kind = {"Name": entrance.name[-12:], "AttributeDataType": "String"}
        changes: list[tuple[str, dict[str, Any]]] = [
            ("SignUp", {"ClientId": entrance.client, "Username": f"once-{entrance.name}", "Password": PASSWORD}),
            ("AdminCreateUser", {**here, "Username": f"made-{entrance.name}", "MessageAction": "SUPPRESS"}),
            ("AdminDisableUser", {**here, "Username": entrance.name}),
            ("AdminEnableUser", {**here, "Username": entrance.name}),
            ("AdminSetUserPassword", {**here, "Username": entrance.name, "Password": PASSWORD, "Permanent": True}),
            ("AdminUserGlobalSignOut", {**here, "Username": entrance.name}),
            ("UpdateUserPool", {**here, "AutoVerifiedAttributes": ["email"]}),
            ("SetUserPoolMfaConfig", {**here, "MfaConfiguration": "OFF"}),
            ("AddCustomAttributes", {**here, "CustomAttributes": [kind]}),
            ("CreateUserPoolClient", {**here, "ClientName": "x", "GenerateSecret": True}),
        ]  # fmt: skip

        for operation, given in changes:
            before = len(rows(entrance.pool))
            with store.counted() as trips:
                entrance.cognito.call(operation, **given)
            writes = [call for call in trips.calls if call not in ("GetItem", "BatchGetItem", "Query")]
            assert writes == ["TransactWriteItems"], operation
            assert len(rows(entrance.pool)) == before + 1, operation

    def test_a_name_that_is_taken_meanwhile_leaves_neither_user_nor_line(self, entrance: Entrance) -> None:
        name = f"same-{entrance.name}"
        before = len(rows(entrance.pool))

        outcomes = at_once(*[lambda: sign_up(entrance, name) for _ in range(8)])
        assert {one.code for one in faults(outcomes)} == {"UsernameExistsException"}
        assert len(faults(outcomes)) == 7
        assert len(rows(entrance.pool)) == before + 1

    def test_a_change_that_lost_a_race_and_was_decided_again_leaves_one_line(self, entrance: Entrance) -> None:
        def rename(place: int) -> Any:
            given = [attribute("name", f"Tess {place}")]
            return entrance.admin("AdminUpdateUserAttributes", UserAttributes=given)

        outcomes = at_once(*[lambda place=place: rename(place) for place in range(4)])

        done = len(outcomes) - len(faults(outcomes))
        told = about(entrance, "AdminUpdateUserAttributes")
        assert done >= 1
        assert [one["Outcome"] for one in told].count("Done") == done
        assert len(told) == len(outcomes)

    def test_sign_outs_at_once_are_each_told_once(self, entrance: Entrance) -> None:
        tokens = [entrance.tokens()["AccessToken"] for _ in range(6)]
        outcomes = at_once(*[
            lambda token=token: entrance.cognito.call("GlobalSignOut", AccessToken=token) for token in tokens
        ])  # fmt: skip

        assert len(about(entrance, "GlobalSignOut")) == len(outcomes) - len(faults(outcomes)) >= 1
        assert {one.code for one in faults(outcomes)} <= {"NotAuthorizedException"}


class TestBreaking:
    """An operation that breaks in the middle: a stand-in for a mistake of ours, which no request brings about."""

    OPERATION = model.operation("cognito-idp", "UpdateUserPool")

    def called(self, cognito: Cognito, pool: str, function: Any) -> list[Any]:
        call = Call(
            {"UserPoolId": pool}, Caller(cognito.credentials.access_key), Origin("", "192.0.2.9", "r-1"), time.time()
        )
        assert self.OPERATION is not None
        with pytest.raises((ZeroDivisionError, store.Conflict)):
            ledger.recorded(self.OPERATION, call, function)
        return rows(pool)

    def test_what_broke_before_it_changed_anything_leaves_a_line_that_says_so(self, cognito: Cognito) -> None:
        (line,) = self.called(cognito, "broken_1", lambda _call: 1 / 0)

        assert (line.operation, line.outcome, line.reason) == ("UpdateUserPool", "InternalErrorException", "unexpected")

    def test_what_broke_after_its_change_leaves_the_line_of_the_change(self, cognito: Cognito) -> None:
        def function(_call: Any) -> Any:
            store.together(store.Save(Guard.new({"pool": "x_1", "kind": "k", "name": uuid.uuid4().hex}, sub="s")))
            return 1 / 0

        (line,) = self.called(cognito, "broken_2", function)
        assert line.outcome == "Done"

    def test_a_conflict_that_nobody_expected_is_contention(self, cognito: Cognito) -> None:
        def function(_call: Any) -> Any:
            store.together(store.Check(Pool.at(pool="none_1"), "pool"))

        (line,) = self.called(cognito, "broken_3", function)
        assert (line.outcome, line.reason) == ("TooManyRequestsException", "contention")


class TestFollowing:
    """Changes that take no line along: it follows in a write of its own."""

    @pytest.mark.parametrize("writes", [0, 100])
    def test_an_operators_change_without_room_has_its_line_after_it(self, cognito: Cognito, writes: int) -> None:
        pool, operation = f"full_{writes}", model.operation("cognito-idp", "UpdateUserPool")
        given, who = {"UserPoolId": pool}, Caller(cognito.credentials.access_key)
        names = [{"pool": pool, "kind": "k", "name": f"{place}"} for place in range(writes)]
        assert operation is not None

        def function(_call: Call) -> None:
            store.together(*(store.Save(Guard.new(parts, sub="s")) for parts in names))

        with store.counted() as trips:
            assert ledger.recorded(operation, Call(given, who, Origin(), time.time()), function) == {}
        assert trips.calls[-1] == "PutItem"
        assert [line.outcome for line in rows(pool)] == ["Done"]


class TestCounts:
    def test_success_and_failure_of_a_sign_in_are_1_and_0(self, entrance: Entrance) -> None:
        with logged() as log:
            entrance.tokens()
            fault(lambda: entrance.tokens("wrong"))
            entrance.challenged()

        assert [line.get("SignInSuccesses") for line in log.requests()] == [1, 0, None]

    def test_refreshing_is_no_sign_in(self, entrance: Entrance) -> None:
        tokens = entrance.tokens()
        with logged() as log:
            entrance.refresh(tokens["RefreshToken"])
            entrance.renew(tokens["RefreshToken"])
            fault(lambda: entrance.renew("junk"))

        assert [line.get("TokenRefreshSuccesses") for line in log.requests()] == [1, 1, 0]
        assert not [line for line in log.requests() if "SignInSuccesses" in line]

    def test_signing_up_counts_whoever_does_it(self, entrance: Entrance) -> None:
        with logged() as log:
            sign_up(entrance, f"counted-{entrance.name}")
            fault(lambda: sign_up(entrance, entrance.name))
            entrance.admin("AdminCreateUser", f"by-{entrance.name}", MessageAction="SUPPRESS")

        assert [line.get("SignUpSuccesses") for line in log.requests()] == [1, 0, 1]

    def test_pool_and_client_are_those_that_were_found(self, entrance: Entrance) -> None:
        with logged() as log:
            entrance.tokens()
            fault(lambda: entrance.cognito.call("SignUp", ClientId="mypassword1", Username="x", Password=PASSWORD))

        known, unknown = log.requests()
        assert (known["pool"], known["client"]) == (entrance.pool, entrance.client)
        assert {"pool", "client"} & set(unknown) == set()
        assert "mypassword1" not in log.text

    def test_the_budget_of_what_strangers_send_does_not_grow(self, entrance: Entrance) -> None:
        def forged() -> Any:
            return respond("POST", "/", {"Host": HOST, "Content-Type": calls.JSON, "X-Amz-Target": "x"}, b"{}")

        with store.counted() as trips:
            forged()
        assert trips.calls == []


class TestResources:
    def test_an_operator_of_one_pool_leaves_lines_in_that_alone(self, entrance: Entrance) -> None:
        own = policed(entrance.cognito, "cognito-idp:*", resource=arn(entrance.pool))
        before = len(rows())
        own.call("AdminDisableUser", UserPoolId=entrance.pool, Username=entrance.name)

        assert about(entrance, "AdminDisableUser")[0]["Operator"] == own.credentials.access_key
        assert len(rows()) == before

    def test_lines_outlive_their_pool(self, cognito: Cognito) -> None:
        pool = cognito.pool()
        cognito.client(pool)
        cognito.call("DeleteUserPool", UserPoolId=pool)

        assert [told["Operation"] for told in audited(cognito, pool)] == ["CreateUserPoolClient", "DeleteUserPool"]

    def test_the_day_is_that_of_the_call(self, entrance: Entrance) -> None:
        with later(86400):
            sub = sign_up(entrance, f"tomorrow-{entrance.name}")

        tomorrow = audit.day_of(time.time() + 86400)
        assert [told["Sub"] for told in audited(entrance.cognito, entrance.pool, Day=tomorrow)] == [sub]
