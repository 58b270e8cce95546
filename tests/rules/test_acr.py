"""Levels of authentication and their names."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import acr

FACTORS = ("pwd", "otp", "sms", "email_otp", "swk", "hwk", "mfa")
RENAMED = {"Level2": {"AcrValue": "silver"}, "Level4": {"AcrValue": "gold"}}


class TestLevel:
    @pytest.mark.parametrize(
        ("proved", "level"),
        [
            ((), 0),
            (("pwd",), 1),
            (("sms",), 2),
            (("email_otp",), 2),
            (("sms", "email_otp"), 2),
            (("swk",), 3),
            (("hwk",), 3),
            (("hwk", "mfa"), 3),
            (("pwd", "hwk"), 3),
            (("pwd", "sms"), 3),
            (("email_otp", "pwd"), 3),
            (("pwd", "otp"), 4),
            (("otp", "hwk"), 3),
            (("otp",), 0),
            (("mfa",), 0),
            (("fed", "anything"), 0),
        ],
    )
    def test_follows_from_what_was_proved(self, proved, level):
        assert acr.level(proved) == level

    @given(st.sets(st.sampled_from(FACTORS)), st.sampled_from(FACTORS))
    def test_never_falls_by_one_more_factor(self, proved, more):
        assert acr.level({*proved, more}) >= acr.level(proved)

    def test_does_not_depend_on_the_order(self):
        for proved in itertools.permutations(("pwd", "sms", "otp")):
            assert acr.level(proved) == 4


class TestAmr:
    @pytest.mark.parametrize(
        ("proved", "told"),
        [
            ((), []),
            (("pwd",), ["pwd"]),
            (("pwd", "otp"), ["pwd", "otp", "mfa"]),
            (("email_otp", "email_otp"), ["email_otp"]),
            (("hwk", "mfa"), ["hwk", "mfa"]),
            (("mfa", "pwd", "sms"), ["pwd", "sms", "mfa"]),
        ],
    )
    def test_tells_each_factor_once_and_whether_there_were_several(self, proved, told):
        assert acr.amr(proved) == told


class TestName:
    def test_is_the_services_own_until_the_pool_has_another(self):
        assert [acr.name(level, {}) for level in (1, 2, 3, 4)] == [f"urn:cognito:loa:{level}" for level in (1, 2, 3, 4)]
        assert [acr.name(level, RENAMED) for level in (1, 2, 3, 4)] == [
            "urn:cognito:loa:1", "silver", "urn:cognito:loa:3", "gold",
        ]  # fmt: skip


class TestTarget:
    def test_is_the_first_name_that_the_pool_has(self):
        assert acr.target("urn:cognito:loa:4 urn:cognito:loa:1", {}) == (4, "urn:cognito:loa:4")
        assert acr.target("urn:cognito:loa:1 urn:cognito:loa:4", {}) == (1, "urn:cognito:loa:1")
        assert acr.target("phr urn:cognito:loa:2", {}) == (2, "urn:cognito:loa:2")
        assert acr.target("silver gold", RENAMED) == (2, "silver")

    def test_falls_back_to_what_is_within_reach(self):
        assert acr.target("gold urn:cognito:loa:3 urn:cognito:loa:1", RENAMED, 3) == (3, "urn:cognito:loa:3")

    def test_is_the_least_when_nothing_is_within_reach(self):
        assert acr.target("gold urn:cognito:loa:3", RENAMED, 1) == (3, "urn:cognito:loa:3")

    @pytest.mark.parametrize("text", ["", " ", "phr", "urn:cognito:loa:2", "urn:cognito:loa:5", "GOLD", "gold\tsilver"])
    def test_without_a_name_of_the_pool_is_refused(self, text):
        with pytest.raises(InvalidParameterException, match="None of the TARGET_ACR_VALUES"):
            acr.target(text, RENAMED)

    def test_of_a_text_without_end_is_not_read(self):
        with pytest.raises(InvalidParameterException, match="2048"):
            acr.target("gold " * 1000, RENAMED)
