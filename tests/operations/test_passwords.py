"""Forgotten passwords: what is promised, and what strangers try."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.application import PASSWORD, Fault
from tests.callers import Desk, a_name, different, refused
from tests.clock import HOUR, later

NEW = "Fresh-Horse-11"
OVER = "Invalid code provided, please request a code again."
WRONG = "Invalid verification code provided, please try again."
UNKNOWN = "Username/client id combination not found."
TOO_OFTEN = "Attempt limit exceeded, please try after some time."
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
WRONG_STATE = "User password cannot be reset in the current state."


def recovering(*mechanisms):
    ordered = [{"Name": name, "Priority": place} for place, name in enumerate(mechanisms, 1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": ordered}}


@pytest.fixture
def desk(cognito):
    return Desk(cognito)


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
