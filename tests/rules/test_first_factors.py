"""What a person may begin to sign in with: every combination of what a pool allows and a user has."""

import itertools

import pytest

from chalicelib.rules import first_factors as rule
from chalicelib.rules.first_factors import EMAIL, PASSKEY, PASSWORD, SMS, SRP, Standing

EVERYTHING = [PASSWORD, EMAIL, SMS, PASSKEY]
STATES = ["CONFIRMED", "UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"]
CODES = {EMAIL, SMS}


def full(status="CONFIRMED", **changes):
    """A user who has everything, in a state."""
    has = {"has_password": True, "has_email": True, "has_phone": True, "has_passkey": True}
    return Standing(status, **has | changes)


def every_standing():
    """All of them."""
    for status, *flags in itertools.product(STATES, *[(False, True)] * 6):
        yield Standing(status, *flags)


class TestOffered:
    def test_everything_in_its_order(self):
        assert rule.offered(EVERYTHING, full()) == [SRP, PASSWORD, EMAIL, SMS, PASSKEY]

    @pytest.mark.parametrize(
        ("allowed", "offered"),
        [
            ([], []),
            ([PASSWORD], [SRP, PASSWORD]),
            ([EMAIL], [EMAIL]),
            ([SMS], [SMS]),
            ([PASSKEY], [PASSKEY]),
            ([PASSKEY, PASSWORD], [SRP, PASSWORD, PASSKEY]),
        ],
    )
    def test_is_what_the_pool_allows(self, allowed, offered):
        assert rule.offered(allowed, full()) == offered

    @pytest.mark.parametrize(
        ("missing", "gone"),
        [
            ("has_password", {SRP, PASSWORD}),
            ("has_email", {EMAIL}),
            ("has_phone", {SMS}),
            ("has_passkey", {PASSKEY}),
        ],
    )
    def test_is_what_the_user_has(self, missing, gone):
        assert set(rule.WORDS) - set(rule.offered(EVERYTHING, full(**{missing: False}))) == gone

    def test_a_user_with_nothing_gets_nothing(self):
        assert rule.offered(EVERYTHING, Standing("CONFIRMED")) == []

    @pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"])
    def test_whoever_must_change_the_password_begins_with_it(self, status):
        """The attack: a code leads past the temporary password, which an administrator wanted to be replaced."""
        assert rule.offered(EVERYTHING, full(status, passkey_is_enough=True)) == [SRP, PASSWORD]

    def test_an_unconfirmed_user_may_confirm_by_a_code_and_has_no_passkey_yet(self):
        assert rule.offered(EVERYTHING, full("UNCONFIRMED")) == [SRP, PASSWORD, EMAIL, SMS]

    def test_a_second_factor_leaves_codes_and_passkeys_out(self):
        """The attack: of a user with two factors one is left out by beginning with a code."""
        assert rule.offered(EVERYTHING, full(needs_second=True)) == [SRP, PASSWORD]

    def test_but_for_passkeys_that_are_both(self):
        standing = full(needs_second=True, passkey_is_enough=True)

        assert rule.offered(EVERYTHING, standing) == [SRP, PASSWORD, PASSKEY]

    def test_no_standing_gets_a_code_beside_a_second_factor_or_what_the_pool_does_not_allow(self):
        sizes = range(len(EVERYTHING) + 1)
        pools = [set(some) for size in sizes for some in itertools.combinations(EVERYTHING, size)]

        for allowed, standing in itertools.product(pools, every_standing()):
            offered = set(rule.offered(allowed, standing))
            assert offered - {SRP} <= allowed
            assert (SRP in offered) == (PASSWORD in offered)
            assert not (standing.needs_second and offered & CODES)
            assert not (standing.needs_second and not standing.passkey_is_enough and PASSKEY in offered)


class TestLeadingTo:
    @pytest.mark.parametrize(
        ("level", "seconds", "choices"),
        [
            (1, [], [SRP, PASSWORD, EMAIL, SMS, PASSKEY]),
            (2, [], [EMAIL, SMS, PASSKEY]),
            (3, [], [PASSKEY]),
            (4, [], []),
            (3, ["sms"], [SRP, PASSWORD, PASSKEY]),
            (4, ["sms"], []),
            (4, ["otp"], [SRP, PASSWORD]),
            (4, ["sms", "otp"], [SRP, PASSWORD]),
        ],
    )
    def test_are_choices_that_reach_a_level_alone_or_with_one_more(self, level, seconds, choices):
        assert rule.leading_to(level, list(rule.WORDS), seconds, ()) == choices

    def test_counts_what_was_proved_before(self):
        assert rule.leading_to(3, [PASSWORD, EMAIL], [], ("pwd",)) == [EMAIL]
        assert rule.leading_to(4, [PASSWORD, EMAIL], [], ("otp",)) == [PASSWORD]

    def test_no_choices_lead_nowhere(self):
        assert rule.leading_to(1, [], ["otp"], ("pwd",)) == []
