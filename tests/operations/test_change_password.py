"""Another password for whoever knows the present one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chalicelib.flows import passwords
from chalicelib.table import store
from tests.application import PASSWORD, Fault
from tests.callers import Desk, refused

NEW = "Fresh-Horse-11"
TOO_OFTEN = "Attempt limit exceeded, please try after some time."


@pytest.fixture
def desk(cognito):
    return Desk(cognito)


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

    def test_right_ones_count_towards_the_five_of_an_hour(self, desk):
        token = desk.tokens()["AccessToken"]
        for _ in range(5):
            desk.change(token, PASSWORD, PASSWORD)

        with refused("LimitExceededException", TOO_OFTEN):
            desk.change(token, PASSWORD, NEW)
        desk.tokens()

    def test_a_temporary_password_is_replaced_by_its_challenge_alone(self, desk):
        token = desk.tokens()["AccessToken"]
        desk.admin("AdminSetUserPassword", Password="Temporary-Horse-1")

        with refused("NotAuthorizedException", "User password cannot be changed in the current state."):
            desk.change(token, "Temporary-Horse-1", NEW)
        assert desk.admin("AdminGetUser")["UserStatus"] == "FORCE_CHANGE_PASSWORD"

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

    def test_a_right_one_among_guesses_that_used_up_the_limit_meanwhile_is_refused(self, desk, monkeypatch):
        """The attack: send the guesses together, so that the right one is looked at before the wrong ones count."""
        token, real = desk.tokens()["AccessToken"], passwords.replaced

        def after_wrong_guesses(*given):
            monkeypatch.setattr(passwords, "replaced", real)
            for _ in range(5):
                with refused("NotAuthorizedException"):
                    desk.change(token, "wrong", NEW)
            return real(*given)

        monkeypatch.setattr(passwords, "replaced", after_wrong_guesses)

        with refused("LimitExceededException", TOO_OFTEN):
            desk.change(token, PASSWORD, NEW)
        desk.tokens(PASSWORD)

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
