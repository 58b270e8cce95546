"""The security settings of a pool: defaults, what is kept, and how it is read."""

import dataclasses

import pytest

from chalicelib.rules import lockout, quotas, security_settings
from chalicelib.rules.security_settings import MEMBERS, SecuritySettings

DEFAULTS = {
    "ReproveFactors": False,
    "LockoutSettings": {"FreeFailures": 5, "LongestLockSeconds": 900},
    "SourceLimitSettings": {"FailuresPerSource": 100, "WindowSeconds": 600},
    "CodeLimitSettings": {
        "Sends": 5,
        "Guesses": 15,
        "AddressChangeSends": 10,
        "PasswordChanges": 5,
        "SignInSends": 20,
        "SignInSendsPerSource": 5,
        "SignInGuesses": 15,
        "SignInGuessesPerSession": 5,
        "AuthenticatorGuesses": 10,
    },
    "BreachCheckMode": "ENFORCED",
}
OTHERS = {
    "ReproveFactors": True,
    "LockoutSettings": {"FreeFailures": 3, "LongestLockSeconds": 60},
    "SourceLimitSettings": {"FailuresPerSource": 20, "WindowSeconds": 120},
    "CodeLimitSettings": {name: place for place, name in enumerate(DEFAULTS["CodeLimitSettings"], 1)},
    "BreachCheckMode": "AUDIT",
}


class TestDefaults:
    @pytest.mark.parametrize("ours", [None, {}, {"names": {}}, {"security": {}}], ids=repr)
    def test_a_pool_that_set_nothing_has_them(self, ours):
        assert security_settings.of(ours) == SecuritySettings()
        assert security_settings.shown(security_settings.of(ours)) == DEFAULTS

    def test_are_what_holds_without_any_settings(self):
        settings = SecuritySettings()

        assert {purpose: settings.sends(purpose) for purpose in quotas.SENDS} == quotas.SENDS
        assert {purpose: settings.guesses(purpose) for purpose in quotas.GUESSES} == quotas.GUESSES
        assert (settings.free_failures, settings.longest_lock) == (lockout.FREE_FAILURES, lockout.LONGEST_LOCK)


class TestAccepted:
    def test_what_was_given_is_kept_in_full(self):
        assert security_settings.accepted(OTHERS) == OTHERS

    @pytest.mark.parametrize("member", sorted(OTHERS))
    def test_what_is_left_out_returns_to_its_default(self, member):
        assert security_settings.accepted({member: OTHERS[member]}) == DEFAULTS | {member: OTHERS[member]}

    def test_a_group_may_be_given_in_part(self):
        found = security_settings.accepted({"LockoutSettings": {"FreeFailures": 9}})

        assert found["LockoutSettings"] == {"FreeFailures": 9, "LongestLockSeconds": 900}


class TestOf:
    def test_what_is_kept_is_read_again(self):
        found = security_settings.of({"security": OTHERS})

        assert security_settings.shown(found) == OTHERS
        assert found.reproves_factors
        assert (found.source_failures, found.source_window) == (20, 120)

    def test_every_setting_has_its_place_and_every_place_its_setting(self):
        assert {field.name for field in dataclasses.fields(SecuritySettings)} == MEMBERS.keys()
        assert len(set(MEMBERS.values())) == len(MEMBERS)
