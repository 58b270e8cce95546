"""Forgotten passwords and changed ones: what is promised, what strangers try, what they learn."""

import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest

from chalicelib.flows import deliveries
from chalicelib.table import store
from tests.application import PASSWORD, Fault
from tests.clock import HOUR, later

NEW = "Fresh-Horse-11"
OVER = "Invalid code provided, please request a code again."
WRONG = "Invalid verification code provided, please try again."
UNKNOWN = "Username/client id combination not found."
TOO_OFTEN = "Attempt limit exceeded, please try after some time."
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
WRONG_STATE = "User password cannot be reset in the current state."


def a_name():
    return f"alice-{uuid.uuid4().hex[:8]}"


@contextmanager
def refused(code, message=None):
    with pytest.raises(Fault) as caught:
        yield caught
    assert caught.value.code == code
    if message is not None:
        assert caught.value.message == message


def recovering(*mechanisms):
    ordered = [{"Name": name, "Priority": place} for place, name in enumerate(mechanisms, 1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": ordered}}


class Desk:
    """A pool, a client, a user with a proved address, and what somebody does who forgot the password."""

    def __init__(self, cognito, client=None, **settings):
        self.cognito = cognito
        self.pool = cognito.pool(**settings)
        self.client = cognito.client(self.pool, **(client or {}))
        self.name = cognito.user(self.pool, email="alice@example.com", email_verified="true")

    def forgot(self, name=None):
        return self.cognito.call("ForgotPassword", ClientId=self.client, Username=name or self.name)

    def confirm(self, code, password=NEW, name=None):
        given = {"Username": name or self.name, "ConfirmationCode": code, "Password": password}
        return self.cognito.call("ConfirmForgotPassword", ClientId=self.client, **given)

    def change(self, token, old, new):
        return self.cognito.call("ChangePassword", AccessToken=token, PreviousPassword=old, ProposedPassword=new)

    def admin(self, operation, **given):
        return self.cognito.call(operation, **{"UserPoolId": self.pool, "Username": self.name} | given)

    def tokens(self, password=PASSWORD):
        return self.cognito.sign_in(self.client, self.name, password)


@pytest.fixture
def desk(cognito):
    return Desk(cognito)


@pytest.fixture
def hiding(cognito):
    return Desk(cognito, client={"PreventUserExistenceErrors": "ENABLED"})


def different(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


class TestForgottenPassword:
    def test_the_new_password_works_and_the_old_one_does_not(self, desk, outbox):
        answer = desk.forgot()
        assert answer["CodeDeliveryDetails"] == {
            "Destination": "a***@e***",
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        }

        assert desk.confirm(outbox.code(desk.name)) == {}

        desk.tokens(NEW)
        with refused("NotAuthorizedException", "Incorrect username or password."):
            desk.tokens(PASSWORD)

    def test_sessions_outlive_the_reset(self, desk, outbox):
        tokens = desk.tokens()
        desk.forgot()
        desk.confirm(outbox.code(desk.name))

        desk.cognito.call("GetUser", AccessToken=tokens["AccessToken"])

    def test_a_lock_after_wrong_passwords_ends(self, desk, outbox):
        for _ in range(5):
            with refused("NotAuthorizedException"):
                desk.tokens("wrong")
        desk.forgot()

        desk.confirm(outbox.code(desk.name))

        desk.tokens(NEW)

    def test_a_code_is_spent_by_its_use(self, desk, outbox):
        desk.forgot()
        code = outbox.code(desk.name)
        desk.confirm(code)

        with refused("ExpiredCodeException", OVER):
            desk.confirm(code, "Later-Horse-12")

    def test_a_code_lives_an_hour(self, desk, outbox):
        desk.forgot()

        with later(HOUR + 1), refused("ExpiredCodeException", OVER):
            desk.confirm(outbox.code(desk.name))

    def test_a_password_outside_the_policy_is_refused_and_spends_nothing(self, desk, outbox):
        desk.forgot()
        code = outbox.code(desk.name)

        with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
            desk.confirm(code, "short")
        desk.confirm(code)

    def test_wrong_codes_are_counted(self, desk, outbox):
        desk.forgot()
        code = outbox.code(desk.name)
        for _ in range(15):
            with refused("CodeMismatchException", WRONG):
                desk.confirm(different(code))

        with refused("LimitExceededException", TOO_OFTEN):
            desk.confirm(code)
        desk.tokens()

    def test_of_many_guesses_at_once_no_more_are_answered_than_one_after_the_other(self, desk, outbox):
        """The attack: send all guesses in the same moment, so that each finds none counted before it."""
        desk.forgot()
        code, start = outbox.code(desk.name), Barrier(31)

        def guess(number):
            start.wait()
            try:
                return desk.confirm(code if number == 15 else f"no-{number}")
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(31) as threads:
            results = list(threads.map(guess, range(31)))

        answered = results.count("CodeMismatchException")
        assert answered <= 15
        assert results.count({}) <= 1
        if results[15] != {}:
            assert answered == 15
        assert set(map(str, results)) <= {
            "{}", "CodeMismatchException", "LimitExceededException", "ExpiredCodeException", "TooManyRequestsException",
        }  # fmt: skip

    def test_of_two_uses_at_once_one_wins(self, desk, outbox):
        desk.forgot()
        code, start = outbox.code(desk.name), Barrier(4)
        passwords = [f"{NEW}{number}" for number in range(4)]

        def confirm(password):
            start.wait()
            try:
                return desk.confirm(code, password)
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(confirm, passwords))

        assert results.count({}) == 1
        assert results.count("ExpiredCodeException") == 3
        desk.tokens(passwords[results.index({})])

    def test_five_codes_an_hour_are_sent(self, desk, outbox):
        for _ in range(5):
            desk.forgot()

        with refused("LimitExceededException", TOO_OFTEN):
            desk.forgot()
        assert len(outbox.lines(desk.name)) == 5

    def test_a_password_chosen_meanwhile_makes_the_code_useless(self, desk, outbox):
        desk.forgot()
        token = desk.tokens()["AccessToken"]
        desk.change(token, PASSWORD, NEW)

        with refused("ExpiredCodeException", OVER):
            desk.confirm(outbox.code(desk.name), "Later-Horse-12")

    def test_a_code_is_good_for_its_own_user_only(self, desk, outbox):
        other = desk.cognito.user(desk.pool, email="other@example.com", email_verified="true")
        desk.forgot(other)
        desk.forgot()

        with refused("CodeMismatchException"):
            code = outbox.code(other)
            desk.confirm(code if code != outbox.code(desk.name) else "x")

    def test_a_sign_up_code_resets_no_password(self, cognito, outbox):
        desk = Desk(cognito, AutoVerifiedAttributes=["email"])
        name = a_name()
        given = [{"Name": "email", "Value": "eve@example.com"}]
        cognito.call("SignUp", ClientId=desk.client, Username=name, Password=PASSWORD, UserAttributes=given)
        cognito.call("AdminConfirmSignUp", UserPoolId=desk.pool, Username=name)

        with refused("ExpiredCodeException"):
            desk.confirm(outbox.code(name), name=name)

    def test_an_address_that_has_changed_gets_no_password_reset_by_the_old_code(self, desk, outbox):
        desk.forgot()
        changes = [{"Name": "email", "Value": "b@example.com"}, {"Name": "email_verified", "Value": "true"}]
        desk.admin("AdminUpdateUserAttributes", UserAttributes=changes)

        with refused("CodeMismatchException", WRONG):
            desk.confirm(outbox.code(desk.name))

    def test_a_remembered_password_is_refused_after_the_code_proved_right(self, cognito, outbox):
        desk = Desk(cognito, Policies={"PasswordPolicy": {"PasswordHistorySize": 3}})
        desk.forgot()

        with refused("PasswordHistoryPolicyViolationException"):
            desk.confirm(outbox.code(desk.name), PASSWORD)
        desk.confirm(outbox.code(desk.name), NEW)


class TestWhoMayReset:
    def test_nobody_is_unknown(self, desk):
        with refused("UserNotFoundException", UNKNOWN):
            desk.forgot(a_name())
        with refused("UserNotFoundException", UNKNOWN):
            desk.confirm("123456", name=a_name())

    def test_a_disabled_user_is_told_so(self, desk):
        desk.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "User is disabled."):
            desk.forgot()
        with refused("UserNotFoundException", UNKNOWN):
            desk.confirm("123456")

    def test_a_user_without_a_proved_address_cannot(self, desk):
        name = desk.cognito.user(desk.pool, email="unproved@example.com")

        with refused("InvalidParameterException", NO_ADDRESS):
            desk.forgot(name)

    def test_a_user_with_a_temporary_password_cannot(self, desk):
        name = a_name()
        desk.admin("AdminCreateUser", Username=name, MessageAction="SUPPRESS")

        with refused("NotAuthorizedException", WRONG_STATE):
            desk.forgot(name)

    def test_nobody_can_where_only_administrators_may(self, cognito):
        desk = Desk(cognito, **recovering("admin_only"))

        with refused("NotAuthorizedException", "Contact administrator to reset password."):
            desk.forgot()

    def test_an_unconfirmed_user_is_told_so_when_confirming(self, desk):
        name = a_name()
        desk.cognito.call("SignUp", ClientId=desk.client, Username=name, Password=PASSWORD)

        with refused("UserNotConfirmedException"):
            desk.confirm("123456", name=name)

    def test_the_pool_decides_which_address_is_asked(self, cognito, outbox):
        both = {"phone_number": "+12065550100", "phone_number_verified": "true"}
        media = []
        for settings in ({}, recovering("verified_email", "verified_phone_number")):
            desk = Desk(cognito, **settings)
            name = cognito.user(desk.pool, email="a@e.org", email_verified="true", **both)
            media.append(desk.forgot(name)["CodeDeliveryDetails"]["DeliveryMedium"])

        assert media == ["SMS", "EMAIL"]


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


class TestChangePassword:
    def test_the_new_password_works_and_the_old_one_does_not(self, desk):
        token = desk.tokens()["AccessToken"]

        assert desk.change(token, PASSWORD, NEW) == {}

        desk.tokens(NEW)
        with refused("NotAuthorizedException"):
            desk.tokens(PASSWORD)

    def test_a_wrong_present_password_is_refused(self, desk):
        token = desk.tokens()["AccessToken"]

        with refused("NotAuthorizedException", "Incorrect username or password."):
            desk.change(token, "wrong", NEW)
        with refused("NotAuthorizedException", "Incorrect username or password."):
            desk.cognito.call("ChangePassword", AccessToken=token, ProposedPassword=NEW)
        desk.tokens()

    def test_a_proposed_password_outside_the_policy_is_refused(self, desk):
        with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
            desk.change(desk.tokens()["AccessToken"], PASSWORD, "short")

    def test_the_present_password_is_in_the_history(self, cognito):
        desk = Desk(cognito, Policies={"PasswordPolicy": {"PasswordHistorySize": 3}})

        with refused("PasswordHistoryPolicyViolationException"):
            desk.change(desk.tokens()["AccessToken"], PASSWORD, PASSWORD)

    def test_without_a_history_it_may_stay(self, desk):
        desk.change(desk.tokens()["AccessToken"], PASSWORD, PASSWORD)

    def test_after_five_wrong_ones_the_right_one_is_refused_for_an_hour(self, desk):
        """The attack: an open session on a desk, and time to guess the password behind it."""
        token = desk.tokens()["AccessToken"]
        for _ in range(5):
            with refused("NotAuthorizedException"):
                desk.change(token, "wrong", NEW)

        with refused("LimitExceededException", TOO_OFTEN):
            desk.change(token, PASSWORD, NEW)

    def test_guesses_at_once_are_counted_like_guesses_in_a_row(self, desk):
        token, start = desk.tokens()["AccessToken"], Barrier(12)

        def guess(_):
            start.wait()
            try:
                return desk.change(token, "wrong", NEW)
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(12) as threads:
            results = list(threads.map(guess, range(12)))

        assert results.count("NotAuthorizedException") == 5
        assert results.count("LimitExceededException") == 7

    def test_a_user_without_a_password_sets_the_first_one(self, desk):
        token = desk.tokens()["AccessToken"]
        found = desk.cognito.call("GetUser", AccessToken=token)
        sub = next(one["Value"] for one in found["UserAttributes"] if one["Name"] == "sub")
        forget_password(desk.pool, sub)

        with refused("NotAuthorizedException"):
            desk.change(token, PASSWORD, NEW)
        desk.cognito.call("ChangePassword", AccessToken=token, ProposedPassword=NEW)

        desk.tokens(NEW)

    def test_a_junk_token_is_refused(self, desk):
        with refused("NotAuthorizedException"):
            desk.change("junk", PASSWORD, NEW)


def forget_password(pool, sub):
    """Make a user one who has no password, as those are who sign in by other means."""
    from chalicelib.table.items import Password

    store.together(store.Remove(Password.at(pool=pool, sub=sub)))
