"""Lifetimes and counts as the service publishes them."""

import pytest

from chalicelib.rules import quotas


class TestCodes:
    def test_a_sign_up_code_lives_a_day_and_a_reset_code_an_hour(self):
        assert quotas.CODE_LIFETIME["sign_up"] == 86_400
        assert quotas.CODE_LIFETIME["reset"] == 3_600

    def test_guessing_at_the_limit_takes_years(self):
        guesses_a_year = quotas.GUESSES["sign_up"] * 24 * 365

        assert guesses_a_year < 10**quotas.CODE_DIGITS / 5

    def test_every_purpose_with_a_lifetime_has_its_limits(self):
        assert quotas.CODE_LIFETIME.keys() | {"addresses"} == quotas.SENDS.keys()
        assert quotas.CODE_LIFETIME.keys() <= quotas.GUESSES.keys()


class TestTemporaryPasswordLifetime:
    @pytest.mark.parametrize(
        ("policy", "days"),
        [({}, 7), ({"TemporaryPasswordValidityDays": 0}, 7), ({"TemporaryPasswordValidityDays": 30}, 30)],
    )
    def test_days_of_the_policy_or_seven(self, policy, days):
        assert quotas.temporary_password_lifetime({"Policies": {"PasswordPolicy": policy}}) == days * 86_400

    def test_a_pool_without_policies_has_seven_days(self):
        assert quotas.temporary_password_lifetime({}) == 7 * 86_400
