"""The list of common passwords: what is on it, how it is compared, and that it stays small and fast."""

import time
import tracemalloc
from pathlib import Path

import pytest

from chalicelib.rules import frequent_passwords

FILE = Path(frequent_passwords.__file__).with_name("frequent_passwords.bin")


class TestIsCommon:
    @pytest.mark.parametrize(
        "password", ["123456", "password", "12345678", "qwerty", "iloveyou", "letmein", "password1", "p@ssw0rd"]
    )
    def test_what_everybody_tries_first_is(self, password):
        assert frequent_passwords.is_common(password)

    @pytest.mark.parametrize("password", ["PASSWORD", "Password1", "P@ssw0rd", "QwErTy"])
    def test_case_makes_no_difference(self, password):
        assert frequent_passwords.is_common(password)

    @pytest.mark.parametrize(
        "password",
        ["", "\n", "password\n123456", "password ", "my password", "Correct-Horse-9", "Temporary-1", "pässword", "İ"],
    )
    def test_only_whole_passwords_count(self, password):
        assert not frequent_passwords.is_common(password)

    def test_a_look_takes_microseconds(self):
        frequent_passwords.is_common("warm")
        started = time.perf_counter()
        for number in range(10_000):
            frequent_passwords.is_common(f"Correct-Horse-{number}")

        assert time.perf_counter() - started < 1


class TestList:
    def test_is_long_sorted_and_free_of_what_no_policy_lets_through(self):
        listed = sorted(frequent_passwords._listed())

        assert len(listed) >= 10_000
        assert min(map(len, listed)) >= 6
        assert all(word == word.casefold() and word.isascii() and word.isprintable() for word in listed)

    def test_is_small_in_the_package_and_in_memory(self):
        assert FILE.stat().st_size < 100_000
        frequent_passwords._listed.cache_clear()
        tracemalloc.start()
        try:
            frequent_passwords._listed()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert kept < 5_000_000
