"""Rounds of reading and writing settings that others change at the same time."""

import pytest

from chalicelib.errors import TooManyRequestsException
from chalicelib.flows import rounds
from chalicelib.table.store import Conflict


def failing(times, *names):
    """An attempt that conflicts so often, and then answers with the number of tries."""
    tries = []

    def attempt():
        tries.append(1)
        if len(tries) <= times:
            raise Conflict(*names)
        return len(tries)

    return attempt


class TestRetried:
    def test_answers_what_the_attempt_answers(self):
        assert rounds.retried(failing(0)) == 1

    def test_begins_again_when_somebody_else_was_faster(self):
        assert rounds.retried(failing(3, "pool"), "pool") == 4

    def test_hands_a_conflict_of_another_write_on(self):
        with pytest.raises(Conflict):
            rounds.retried(failing(1, "domain"), "pool")

    def test_gives_up_with_what_the_caller_may_read(self):
        with pytest.raises(TooManyRequestsException):
            rounds.retried(failing(99, "pool"), "pool")
