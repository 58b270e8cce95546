"""Forgotten passwords where the client hides its users: somebody and nobody look alike."""

import statistics
import time
import uuid

import pytest

from chalicelib.flows import deliveries
from chalicelib.outside import mail
from chalicelib.outside.outbox import DeliveryFailed
from chalicelib.table import store
from tests.callers import Desk, a_name, refused
from tests.lines import logged

OVER = "Invalid code provided, please request a code again."
WRONG = "Invalid verification code provided, please try again."
TOO_OFTEN = "Attempt limit exceeded, please try after some time."


KMS_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"


def undeliverable(letter):
    raise DeliveryFailed("no server")


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

    @pytest.mark.parametrize("trigger", ["CustomMessage", "CustomEmailSender", "CustomSMSSender", "UserMigration"])
    def test_a_trigger_in_the_way_is_in_everybodys_way(self, cognito, trigger):
        """The attack: names are tried in a pool whose refusal depends on the user who was found."""
        config = {trigger: "arn:aws:lambda:us-east-1:000000000000:function:f", "KMSKeyID": KMS_KEY}
        if trigger.endswith("Sender"):
            config[trigger] = {"LambdaVersion": "V1_0", "LambdaArn": config[trigger]}
        desk = Desk(cognito, client={"PreventUserExistenceErrors": "ENABLED"}, LambdaConfig=config)
        sentences = set()

        for name in (desk.name, cognito.user(desk.pool), a_name()):
            with refused("NotImplementedException") as caught:
                desk.forgot(name)
            sentences.add(caught.value.message)

        assert len(sentences) == 1

    def test_a_delivery_that_fails_is_not_told(self, hiding, monkeypatch):
        """The attack: names are tried while no mail can leave, and only somebody's gets the error."""
        monkeypatch.setattr(mail, "send", undeliverable)

        for name in (hiding.name, a_name()):
            assert hiding.forgot(name)["CodeDeliveryDetails"]["DeliveryMedium"] in ("EMAIL", "SMS")

    def test_a_delivery_that_fails_is_in_the_log_without_the_address(self, hiding, monkeypatch):
        monkeypatch.setattr(mail, "send", undeliverable)

        with logged() as log:
            hiding.forgot()

        assert log.last()["reason"] == "not delivered"
        assert "alice@example.com" not in log.text

    def test_a_delivery_that_fails_takes_the_same_time_for_all(self, hiding, monkeypatch):
        monkeypatch.setattr(deliveries, "_durations", type(deliveries._durations)(maxlen=8))
        monkeypatch.setattr(mail, "send", lambda letter: (time.sleep(0.1), undeliverable(letter)))
        hiding.forgot()

        began = time.perf_counter()
        hiding.forgot(a_name())

        assert time.perf_counter() - began > 0.1

    def test_where_users_are_not_hidden_it_is(self, cognito, monkeypatch):
        desk = Desk(cognito, client={"PreventUserExistenceErrors": "LEGACY"})
        monkeypatch.setattr(mail, "send", undeliverable)

        with refused("CodeDeliveryFailureException"):
            desk.forgot()

    def test_capitals_in_an_address_do_not_show_that_it_is_somebodys(self, cognito):
        pool = cognito.pool(UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
        client = cognito.client(pool, PreventUserExistenceErrors="ENABLED")
        cognito.user(pool, "Mike@Example.com", email_verified="true")

        for name in ("Mike@Example.com", "Nora@Example.com"):
            told = cognito.call("ForgotPassword", ClientId=client, Username=name)["CodeDeliveryDetails"]
            assert told["Destination"] == f"{name[0].lower()}***@e***"

    def test_a_migration_that_cannot_be_asked_is_not_passed_over(self, cognito):
        arn = "arn:aws:lambda:us-east-1:000000000000:function:bring"
        for client in ({}, {"PreventUserExistenceErrors": "ENABLED"}):
            pool = cognito.pool(LambdaConfig={"UserMigration": arn})
            found = cognito.client(pool, **client)

            with refused("NotImplementedException"):
                cognito.call("ForgotPassword", ClientId=found, Username=a_name())
