"""The doubling back-off after wrong passwords."""

import pytest

from chalicelib.rules import lockout


class TestLock:
    @pytest.mark.parametrize(
        ("failures", "seconds"),
        [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (16, 900), (100_000, 900)],
    )
    def test_doubles_from_the_fifth_on_up_to_a_quarter_of_an_hour(self, failures, seconds):
        assert lockout.lock(failures) == seconds


class TestIsLocked:
    def test_until_the_lock_ends_and_not_a_moment_longer(self):
        assert lockout.is_locked(6, failed_at=100.0, now=101.999)
        assert not lockout.is_locked(6, failed_at=100.0, now=102.0)

    def test_few_failures_lock_nobody_even_if_they_are_of_a_faster_clock(self):
        assert not lockout.is_locked(4, failed_at=100.0, now=99.0)

    def test_a_lock_holds_for_a_slower_clock(self):
        assert lockout.is_locked(5, failed_at=100.0, now=99.0)


class TestIsForgotten:
    def test_after_a_quarter_of_an_hour(self):
        assert not lockout.is_forgotten(failed_at=100.0, now=999.9)
        assert lockout.is_forgotten(failed_at=100.0, now=1000.0)

    def test_no_lock_outlives_the_count(self):
        assert lockout.LONGEST_LOCK <= lockout.FORGOTTEN_AFTER
