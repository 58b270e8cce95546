"""The password policy in the service's order and words, and temporary passwords that meet it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules import passwords

STRICT = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
}
DOCUMENTED_SYMBOLS = list("^$*.[]{}()?") + list('"!@#%&/\\') + list(",><':;|_~`=+-")
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "MinimumLength": st.integers(min_value=6, max_value=99),
        "RequireUppercase": st.booleans(),
        "RequireLowercase": st.booleans(),
        "RequireNumbers": st.booleans(),
        "RequireSymbols": st.booleans(),
        "TemporaryPasswordValidityDays": st.integers(min_value=0, max_value=365),
    },
)


class TestProblem:
    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("", "Password not long enough"),
            ("Aa1!aaa", "Password not long enough"),
            ("        ", "Password must have uppercase characters"),
            ("alllower1!x", "Password must have uppercase characters"),
            ("ALLUPPER1!X", "Password must have lowercase characters"),
            ("NoDigits!xx", "Password must have numeric characters"),
            ("NoSymbols1x", "Password must have symbol characters"),
            ("Aa1!" + "a" * 253, "Password too long"),
        ],
    )
    def test_the_first_broken_rule_is_named(self, password: str, reason: str) -> None:
        assert passwords.problem(password, STRICT) == reason

    @pytest.mark.parametrize("password", ["Aa1!aaaa", "Aa1!" + "a" * 252, "Correct-Horse-9", "Pass word 1"])
    def test_a_password_that_keeps_all_rules_has_none(self, password: str) -> None:
        assert passwords.problem(password, STRICT) is None

    @pytest.mark.parametrize("symbol", DOCUMENTED_SYMBOLS)
    def test_each_documented_symbol_counts(self, symbol: str) -> None:
        assert passwords.problem(f"Passwor1{symbol}", STRICT) is None

    def test_no_other_printable_sign_is_a_symbol(self) -> None:
        assert set(string.punctuation) - passwords.SYMBOLS == set()
        assert len(passwords.SYMBOLS) == len(DOCUMENTED_SYMBOLS) == 32

    @pytest.mark.parametrize("password", [" Password1", "Password1 ", "Password1§", "Password1€", "Pass\u00a0word1"])
    def test_a_blank_at_an_end_and_signs_beyond_the_list_do_not_count(self, password: str) -> None:
        assert passwords.problem(password, STRICT) == "Password must have symbol characters"

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("äÄaaaaa1!", "uppercase"),
            ("ÄäAAAAA1!", "lowercase"),
            ("Aaaaaaa\u0661!", "numeric"),
        ],
    )
    def test_letters_and_digits_beyond_ascii_do_not_count(self, password: str, reason: str) -> None:
        assert passwords.problem(password, STRICT) == f"Password must have {reason} characters"

    @pytest.mark.parametrize("rule", ["RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols"])
    def test_a_rule_holds_only_where_it_is_asked_for(self, rule: str) -> None:
        assert passwords.problem("\u4e00" * 8, {rule: True}) is not None
        assert passwords.problem("\u4e00" * 8, {rule: False}) is None
        assert passwords.problem("\u4e00" * 8, {}) is None

    @pytest.mark.parametrize(("length", "fits"), [(5, False), (6, True)])
    def test_the_length_is_that_of_the_policy(self, length: int, fits: bool) -> None:
        assert (passwords.problem("a" * length, {"MinimumLength": 6}) is None) is fits


class TestGenerated:
    @given(POLICIES)
    def test_it_meets_every_valid_policy(self, policy: dict) -> None:
        password = passwords.generated(policy)

        assert passwords.problem(password, policy) is None
        assert passwords.problem(password, STRICT | {"MinimumLength": 12}) is None
        assert len(password) == max(12, policy.get("MinimumLength", 0))

    def test_it_has_no_blank_and_no_sign_that_is_mistaken_for_another(self) -> None:
        drawn = "".join(passwords.generated(STRICT) for _ in range(300))

        assert set(drawn).isdisjoint("0O1lI <>&'\"\\`$ ")

    def test_no_two_are_alike_and_every_sign_is_used(self) -> None:
        drawn = [passwords.generated(STRICT) for _ in range(500)]

        assert len(set(drawn)) == 500
        assert len(set("".join(drawn))) == 66
