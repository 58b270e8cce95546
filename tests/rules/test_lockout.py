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

    @pytest.mark.parametrize(("failures", "seconds"), [(1, 0), (2, 1), (3, 2), (6, 16), (8, 60), (100_000, 60)])
    def test_a_pool_may_have_numbers_of_its_own(self, failures, seconds):
        assert lockout.lock(failures, free=2, longest=60) == seconds


class TestIsLocked:
    def test_until_the_lock_ends_and_not_a_moment_longer(self):
        assert lockout.is_locked(2, failed_at=100.0, now=101.999)
        assert not lockout.is_locked(2, failed_at=100.0, now=102.0)

    def test_without_a_lock_nobody_is_even_if_the_failure_is_of_a_faster_clock(self):
        assert not lockout.is_locked(0, failed_at=100.0, now=99.0)

    def test_a_lock_holds_for_a_slower_clock(self):
        assert lockout.is_locked(1, failed_at=100.0, now=99.0)


class TestIsForgotten:
    def test_after_a_quarter_of_an_hour(self):
        assert not lockout.is_forgotten(failed_at=100.0, now=999.9)
        assert lockout.is_forgotten(failed_at=100.0, now=1000.0)

    def test_no_lock_outlives_the_count(self):
        assert lockout.LONGEST_LOCK <= lockout.FORGOTTEN_AFTER
