"""Codes of authenticator apps against the vectors of RFC 6238, and what is not taken for one."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from chalicelib.rules import totp

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "totp.json").read_text("utf-8"))
SEED = bytes.fromhex(VECTORS["seed"])
CODES = VECTORS["codes"]  # of eight digits; of six digits a code is the end of that
NOW = 1_900_000_000.0


def by_hand(seed, step, algorithm=hashlib.sha1):
    """RFC 4226, 5.3, written down once more."""
    digest = hmac.new(seed, step.to_bytes(8), algorithm).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06}"


class TestCode:
    @pytest.mark.parametrize("vector", CODES, ids=lambda vector: str(vector["time"]))
    def test_is_that_of_the_rfc(self, vector):
        step = totp.step_at(vector["time"])

        assert step == int(vector["step"], 16)
        assert totp.code(SEED, step) == vector["code"][2:]

    @pytest.mark.parametrize("vector", CODES, ids=lambda vector: str(vector["time"]))
    def test_of_the_rfc_is_matched_at_its_time(self, vector):
        assert totp.matched(SEED, vector["code"][2:], vector["time"]) == int(vector["step"], 16)

    def test_of_a_long_seed_is_that_of_the_algorithm(self):
        seed = bytes(range(32))

        assert totp.code(seed, 63_333_333) == by_hand(seed, 63_333_333)


class TestSeed:
    def test_has_256_random_bits(self):
        drawn = {totp.new_seed() for _ in range(20)}

        assert len(drawn) == 20
        assert {len(seed) for seed in drawn} == {32}

    def test_is_52_letters_and_digits_as_text_and_comes_back(self):
        seed = totp.new_seed()

        text = totp.text_of(seed)

        assert len(text) == 52
        assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        assert totp.seed_of(text) == seed

    @pytest.mark.parametrize("text", ["a", "A1", "=" * 8, "\u00e9" * 8])
    def test_of_another_text_is_none(self, text):
        with pytest.raises(ValueError, match=r".+"):
            totp.seed_of(text)


class TestMatched:
    @pytest.mark.parametrize("offset", [-1, 0, 1])
    def test_the_step_before_and_the_one_after_do_too(self, offset):
        step = totp.step_at(NOW) + offset

        assert totp.matched(SEED, by_hand(SEED, step), NOW) == step

    @pytest.mark.parametrize("offset", [-3, -2, 2, 3])
    def test_no_other_does(self, offset):
        assert totp.matched(SEED, by_hand(SEED, totp.step_at(NOW) + offset), NOW) is None

    def test_a_step_lasts_half_a_minute(self):
        code = by_hand(SEED, totp.step_at(NOW))
        start = NOW // 30 * 30

        assert totp.matched(SEED, code, start - 30) is not None
        assert totp.matched(SEED, code, start - 30.001) is None
        assert totp.matched(SEED, code, start + 59.999) is not None
        assert totp.matched(SEED, code, start + 60) is None

    @pytest.mark.parametrize("algorithm", [hashlib.sha256, hashlib.sha512], ids=["sha256", "sha512"])
    def test_codes_of_other_hashes_are_refused(self, algorithm):
        code = by_hand(SEED, totp.step_at(NOW), algorithm)

        assert totp.matched(SEED, code, NOW) is None

    def test_a_code_of_another_seed_is_refused(self):
        assert totp.matched(bytes(32), by_hand(SEED, totp.step_at(NOW)), NOW) is None

    @pytest.mark.parametrize("text", ["", "0", "x" * 100_000, "\u0661\u0662\u0663\u0664\u0665\u0666", "\ud800"])
    def test_what_is_no_code_is_none(self, text):
        assert totp.matched(SEED, text, NOW) is None

    def test_digits_of_other_scripts_are_not_the_same_code(self):
        code = by_hand(SEED, totp.step_at(NOW))

        assert totp.matched(SEED, "".join(chr(0x0660 + int(digit)) for digit in code), NOW) is None

    def test_there_is_no_step_before_the_first(self):
        assert totp.matched(SEED, by_hand(SEED, 0), 5.0) == 0

    def test_of_two_steps_with_one_code_the_later_is_spent(self, monkeypatch):
        monkeypatch.setattr(totp, "code", lambda _seed, _step: "123456")

        assert totp.matched(SEED, "123456", NOW) == totp.step_at(NOW) + 1
