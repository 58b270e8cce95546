"""Confirming a sign-up, and asking for another code."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chalicelib.table import store
from tests.application import Fault
from tests.callers import Door, a_name, attribute, different, refused
from tests.clock import DAY, HOUR, later

WRONG = "Invalid verification code provided, please try again."
OVER = "Invalid code provided, please request a code again."
UNKNOWN = "Username/client id combination not found."
TOO_OFTEN = "Attempt limit exceeded, please try after some time."


@pytest.fixture
def door(cognito):
    return Door(cognito)


class TestConfirmSignUp:
    def test_the_right_code_confirms_and_proves_the_address(self, door, outbox):
        name = a_name()
        door.sign_up(name)

        assert door.confirm(name, outbox.code(name)) == {}

        found = door.read(name)
        assert (found["UserStatus"], found["Attributes"]["email_verified"]) == ("CONFIRMED", "true")

    def test_a_wrong_code_is_refused(self, door, outbox):
        name = a_name()
        door.sign_up(name)

        with refused("CodeMismatchException", WRONG):
            door.confirm(name, different(outbox.code(name)))
        with refused("CodeMismatchException", WRONG):
            door.confirm(name, "abc!")
        assert door.read(name)["UserStatus"] == "UNCONFIRMED"

    def test_a_code_older_than_a_day_is_over(self, door, outbox):
        name = a_name()
        door.sign_up(name)

        with later(DAY + 1), refused("ExpiredCodeException", OVER):
            door.confirm(name, outbox.code(name))
        with later(DAY - 60):
            door.confirm(name, outbox.code(name))

    def test_a_spent_code_confirms_nobody_again(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        door.confirm(name, outbox.code(name))

        with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
            door.confirm(name, outbox.code(name))

    def test_a_user_to_whom_no_code_was_sent_has_none_to_guess(self, cognito):
        door = Door(cognito, AutoVerifiedAttributes=[])
        name = a_name()
        door.sign_up(name)

        with refused("ExpiredCodeException", OVER):
            door.confirm(name, "123456")

    def test_a_code_of_another_user_is_a_wrong_one(self, door, outbox):
        victim, other = a_name(), a_name()
        for name in (victim, other):
            door.sign_up(name)

        with refused("CodeMismatchException"):
            door.confirm(victim, outbox.code(other) if outbox.code(other) != outbox.code(victim) else "x")

    def test_a_code_proves_no_address_that_came_after_it(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        door.admin("AdminUpdateUserAttributes", name, UserAttributes=[attribute("email", "victim@example.com")])
        code = outbox.lines(name)[0]["code"]

        with refused("CodeMismatchException"):
            door.confirm(name, code)

    def test_after_fifteen_wrong_codes_the_right_one_is_refused_for_an_hour(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        code = outbox.code(name)
        for _ in range(15):
            with refused("CodeMismatchException"):
                door.confirm(name, different(code))

        with refused("LimitExceededException", TOO_OFTEN):
            door.confirm(name, code)
        with later(HOUR + 5):
            door.confirm(name, code)

    def test_a_new_code_buys_no_new_guesses(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        for _ in range(15):
            with refused("CodeMismatchException"):
                door.confirm(name, "wrong")

        door.resend(name)

        with refused("LimitExceededException"):
            door.confirm(name, outbox.code(name))

    def test_a_trigger_that_cannot_be_called_keeps_users_unconfirmed(self, cognito, outbox):
        arn = "arn:aws:lambda:us-east-1:000000000000:function:after"
        door = Door(cognito, LambdaConfig={"PostConfirmation": arn})
        name = a_name()
        door.sign_up(name)

        for confirm in (
            lambda: door.confirm(name, outbox.code(name)),
            lambda: door.admin("AdminConfirmSignUp", name),
        ):
            with refused("NotImplementedException"):
                confirm()
        assert door.read(name)["UserStatus"] == "UNCONFIRMED"

    def test_an_unknown_user_is_unknown(self, door):
        with refused("UserNotFoundException", UNKNOWN):
            door.confirm(a_name(), "123456")

    def test_of_two_confirmations_at_once_one_is_told_that_there_is_nothing_to_confirm(self, door, outbox):
        name, start = a_name(), Barrier(4)
        door.sign_up(name)
        code = outbox.code(name)

        def confirm(_):
            start.wait()
            try:
                return door.confirm(name, code)
            except Fault as fault:
                return (fault.code, fault.message)

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(confirm, range(4)))

        told = ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
        assert results.count({}) == 1
        assert results.count(told) == 3

    def test_it_costs_two_reads_and_one_write(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        code = outbox.code(name)

        with store.counted() as trips:
            door.confirm(name, code)

        assert trips.calls == ["BatchGetItem", "Query", "TransactWriteItems"]


class TestResendConfirmationCode:
    def test_the_new_code_replaces_the_old_one(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        old = outbox.code(name)

        answer = door.resend(name)

        assert answer["CodeDeliveryDetails"]["Destination"] == "t***@e***"
        if outbox.code(name) != old:
            with refused("CodeMismatchException"):
                door.confirm(name, old)
        door.confirm(name, outbox.code(name))

    def test_a_confirmed_user_needs_none(self, door, cognito):
        name = cognito.user(door.pool, email="tess@example.com")

        with refused("InvalidParameterException", "User is already confirmed."):
            door.resend(name)

    @pytest.mark.parametrize("verified", [[], ["email"]])
    def test_without_an_address_that_the_pool_verifies_there_is_nothing_to_send(self, cognito, verified):
        door = Door(cognito, AutoVerifiedAttributes=verified)
        name = a_name()
        door.sign_up(name, attribute("nickname", "T"))

        with refused("InvalidParameterException", "Cannot resend codes. Auto verification not turned on."):
            door.resend(name)

    def test_five_an_hour_are_sent(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        for _ in range(5):
            door.resend(name)

        with refused("LimitExceededException", TOO_OFTEN):
            door.resend(name)
        assert len(outbox.lines(name)) == 6
        with later(HOUR + 5):
            door.resend(name)

    def test_a_disabled_user_is_as_unknown_as_nobody(self, door):
        name = a_name()
        door.sign_up(name)
        door.admin("AdminDisableUser", name)

        for unknown in (name, a_name()):
            with refused("UserNotFoundException", UNKNOWN):
                door.resend(unknown)
