"""Guessing passwords and codes, one after the other and all in one moment."""

import pytest

from tests.application import PASSWORD, Cognito
from tests.callers import Door, a_name, different, refused
from tests.clock import HOUR, later
from tests.entrance import WRONG, Entrance, at_once, faults

LOCKED = "Password attempts exceeded"


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


class TestGuessedPasswords:
    def guesses(self, entrance, texts):
        return [lambda text=text: entrance.by_password(text) for text in texts]

    def test_a_burst_on_a_count_hears_no_more_than_one_after_the_other(self, entrance):
        entrance.wrongly(4)

        outcomes = at_once(*self.guesses(entrance, [f"wrong-{place}" for place in range(12)]))

        told = [one.message for one in faults(outcomes)]
        assert told.count(WRONG) == 1
        assert told.count(LOCKED) == 11
        assert entrance.failures() == 5

    def test_a_burst_does_not_tell_the_right_one_from_the_wrong_ones(self, entrance):
        for _ in range(4):
            entrance.wrongly(5 - entrance.failures())
            entrance.backdate(600)

            *others, right = at_once(*self.guesses(entrance, ["wrong"] * 7 + [PASSWORD]))

            self.assert_heard_like_any(others, right)

    def assert_heard_like_any(self, others, right):
        """The right one came in, and so ended the count for those behind it, or it was not heard at all."""
        if right in faults([right]):
            assert right.message == LOCKED
            assert [one.message for one in others].count(WRONG) == 1
        assert {one.message for one in others} <= {WRONG, LOCKED}

    def test_a_burst_is_counted_in_full_until_it_locks(self, entrance):
        outcomes = at_once(*self.guesses(entrance, [f"wrong-{place}" for place in range(12)]))

        told = [one.message for one in faults(outcomes)]
        assert told.count(WRONG) == 5 == entrance.failures()
        assert told.count(LOCKED) == 7

    def test_a_burst_on_a_temporary_password_learns_no_more(self, entrance):
        name = entrance.invited(a_name(), "Temporary-1")
        entrance.wrongly(5, name)
        entrance.backdate(600, name)
        burst = [lambda text=text: entrance.by_password(text, name) for text in ["wrong"] * 7 + ["Temporary-1"]]

        *others, right = at_once(*burst)

        self.assert_heard_like_any(others, right)

    def test_right_passwords_at_once_all_sign_in(self, entrance):
        entrance.wrongly(2)

        outcomes = at_once(*self.guesses(entrance, [PASSWORD] * 5))

        assert faults(outcomes) == []
        assert entrance.failures() == 0


class TestGuessedCodes:
    def test_guesses_are_bounded_whether_one_after_the_other_or_at_once(self, cognito, outbox):
        door = Door(cognito)
        name = a_name()
        door.sign_up(name)
        wrong = different(outbox.code(name))

        outcomes = at_once(*[lambda: door.confirm(name, wrong)] * 20)
        for _ in range(16):
            outcomes += at_once(lambda: door.confirm(name, wrong))

        codes = [one.code for one in faults(outcomes)]
        assert len(codes) == len(outcomes)
        assert codes.count("CodeMismatchException") == 15
        with refused("LimitExceededException"):
            door.confirm(name, outbox.code(name))

    def test_a_spent_and_an_expired_code_are_worth_nothing(self, cognito, outbox):
        door = Door(cognito)
        spent, expired = a_name(), a_name()
        for name in (spent, expired):
            door.sign_up(name)
        door.confirm(spent, outbox.code(spent))

        with refused("NotAuthorizedException"):
            door.confirm(spent, outbox.code(spent))
        with later(24 * HOUR + 1), refused("ExpiredCodeException"):
            door.confirm(expired, outbox.code(expired))
