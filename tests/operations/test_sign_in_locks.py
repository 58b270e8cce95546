"""The back-off after wrong passwords: fact 131."""

import pytest

from tests.application import PASSWORD, Cognito
from tests.callers import refused
from tests.clock import later
from tests.entrance import WRONG, Entrance

MINUTE = 60


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


class TestLockOut:
    def test_after_five_wrong_passwords_the_right_one_is_refused_until_the_lock_ends(self, entrance):
        entrance.wrongly(5)

        with refused("NotAuthorizedException", "Password attempts exceeded"):
            entrance.by_password()
        with later(1.5):
            assert entrance.tokens()
        assert entrance.failures() == 0

    def test_four_do_not_lock(self, entrance):
        entrance.wrongly(4)

        assert entrance.tokens()

    def test_what_comes_during_the_lock_is_not_counted(self, entrance):
        entrance.wrongly(6)

        for password in ("wrong", PASSWORD):
            with refused("NotAuthorizedException", "Password attempts exceeded"):
                entrance.by_password(password)
        assert entrance.failures() == 6

    def test_each_further_one_locks_twice_as_long(self, entrance):
        entrance.wrongly(8)

        with later(7), refused("NotAuthorizedException", "Password attempts exceeded"):
            entrance.by_password()
        with later(8.5):
            assert entrance.tokens()

    def test_a_quarter_of_an_hour_forgets(self, entrance):
        entrance.wrongly(9)

        with later(15 * MINUTE + 1), refused("NotAuthorizedException", WRONG):
            entrance.by_password("wrong")
        assert entrance.failures() == 1

    def test_srp_is_locked_by_passwords_and_counts_like_them(self, entrance):
        entrance.wrongly(4)
        with refused("NotAuthorizedException", WRONG):
            entrance.by_srp("wrong")

        with refused("NotAuthorizedException", "Password attempts exceeded"):
            entrance.by_srp()
        with refused("NotAuthorizedException", "Password attempts exceeded"):
            entrance.by_password()

    def test_one_user_locks_no_other(self, entrance):
        entrance.wrongly(5)
        other = entrance.cognito.user(entrance.pool)

        assert entrance.tokens(name=other)
