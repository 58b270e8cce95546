"""Forgotten passwords where the client hides its users: somebody and nobody look alike."""

import statistics
import time
import uuid

import pytest

from chalicelib.flows import deliveries
from chalicelib.table import store
from tests.callers import Desk, a_name, refused

OVER = "Invalid code provided, please request a code again."
WRONG = "Invalid verification code provided, please try again."
TOO_OFTEN = "Attempt limit exceeded, please try after some time."


def recovering(*mechanisms):
    ordered = [{"Name": name, "Priority": place} for place, name in enumerate(mechanisms, 1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": ordered}}


@pytest.fixture
def hiding(cognito):
    return Desk(cognito, client={"PreventUserExistenceErrors": "ENABLED"})


class TestHiddenUsers:
    def test_all_who_cannot_reset_get_the_answer_of_one_who_can(self, hiding, outbox):
        unproved = hiding.cognito.user(hiding.pool)
        invited, disabled = a_name(), hiding.cognito.user(hiding.pool, email="d@e.org", email_verified="true")
        hiding.admin("AdminCreateUser", Username=invited, MessageAction="SUPPRESS")
        hiding.admin("AdminDisableUser", Username=disabled)

        for name in (a_name(), unproved, invited, disabled):
            first, second = hiding.forgot(name), hiding.forgot(name)
            assert first == second
            assert first["CodeDeliveryDetails"].keys() == {"Destination", "DeliveryMedium", "AttributeName"}
            assert outbox.lines(name) == []

    def test_without_a_code_asked_for_there_is_none(self, hiding):
        for name in (a_name(), hiding.name):
            with refused("ExpiredCodeException", OVER):
                hiding.confirm("123456", name=name)

    def test_with_a_code_asked_for_it_is_the_wrong_one(self, hiding):
        for name in (a_name(), hiding.name):
            hiding.forgot(name)
            with refused("CodeMismatchException", WRONG):
                hiding.confirm("wrong", name=name)

    def test_nobody_runs_into_the_same_limits(self, hiding):
        for name in (a_name(), hiding.name):
            for _ in range(5):
                hiding.forgot(name)
            with refused("LimitExceededException", TOO_OFTEN):
                hiding.forgot(name)

    def test_somebody_and_nobody_cost_the_same_trips(self, hiding):
        hiding.forgot(a_name())  # reads the client once for all
        calls = []
        for name in (hiding.name, a_name()):
            with store.counted() as trips:
                hiding.forgot(name)
                with refused("CodeMismatchException"):
                    hiding.confirm("wrong", name=name)
            calls.append(trips.calls)

        assert calls[0] == calls[1]
        assert calls[0] == ["BatchGetItem", "Query", "PutItem"] * 2

    def test_nobody_waits_as_long_as_a_delivery_takes(self, hiding, monkeypatch):
        slow = 0.15
        real = deliveries.deliver
        monkeypatch.setattr(deliveries, "deliver", lambda notice: (time.sleep(slow), real(notice)))
        monkeypatch.setattr(deliveries, "_durations", type(deliveries._durations)(maxlen=8))
        hiding.forgot()

        def seconds(name):
            began = time.perf_counter()
            hiding.forgot(name)
            return time.perf_counter() - began

        assert statistics.median(seconds(a_name()) for _ in range(3)) > slow

    def test_a_disabled_user_cannot_use_the_code_of_before(self, hiding, outbox):
        hiding.forgot()
        hiding.admin("AdminDisableUser")

        with refused("CodeMismatchException", WRONG):
            hiding.confirm(outbox.code(hiding.name))

    def test_where_addresses_are_names_the_place_fits_the_name(self, cognito):
        pool = cognito.pool(UsernameAttributes=["email"])
        client = cognito.client(pool, PreventUserExistenceErrors="ENABLED")

        answer = cognito.call("ForgotPassword", ClientId=client, Username="nobody@example.com")

        assert answer["CodeDeliveryDetails"]["Destination"] == "n***@e***"

    def test_an_unknown_sub_where_subs_sign_in_costs_the_same_trips(self, cognito):
        pool = cognito.pool(UsernameAttributes=["email"])
        client = cognito.client(pool, PreventUserExistenceErrors="ENABLED")
        known = cognito.user(pool, "a@e.org", email_verified="true")
        calls = []
        for name in (known, str(uuid.uuid4())):
            for _ in range(2):
                with store.counted() as trips:
                    cognito.call("ForgotPassword", ClientId=client, Username=name)
            calls.append(trips.calls)

        assert calls[0] == calls[1] == ["Query", "PutItem"]

    def test_the_policy_is_checked_for_everybody(self, hiding):
        with refused("InvalidPasswordException"):
            hiding.confirm("123456", "short", name=a_name())

    def test_only_administrators_means_everybody(self, cognito):
        desk = Desk(cognito, client={"PreventUserExistenceErrors": "ENABLED"}, **recovering("admin_only"))

        for name in (desk.name, a_name()):
            with refused("NotAuthorizedException", "Contact administrator to reset password."):
                desk.forgot(name)

    def test_a_migration_that_cannot_be_asked_is_not_passed_over(self, cognito):
        arn = "arn:aws:lambda:us-east-1:000000000000:function:bring"
        for client in ({}, {"PreventUserExistenceErrors": "ENABLED"}):
            pool = cognito.pool(LambdaConfig={"UserMigration": arn})
            found = cognito.client(pool, **client)

            with refused("NotImplementedException"):
                cognito.call("ForgotPassword", ClientId=found, Username=a_name())
