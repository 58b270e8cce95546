"""Passwords at rest: accepted, checked in constant work, replaced, remembered, upgraded."""

import uuid

import pytest
from argon2 import low_level

from chalicelib.errors import InvalidPasswordException, PasswordHistoryPolicyViolationException
from chalicelib.flows import passwords, vault
from chalicelib.rules import hashes, srp
from chalicelib.table.items import Pool, User
from chalicelib.table.users import Account

NOW = 1_900_000_000.0
POOL = "us-east-1_Passw0rd1"
TEXT = "Correct-Horse-9"
STRICT = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
}


def a_pool(*, allows_srp=False, **policy):
    document = {"Policies": {"PasswordPolicy": STRICT | policy}}
    return Pool.new({"pool": POOL, "created": "0"}, document=document, allows_srp=allows_srp, secret=b"")


@pytest.fixture
def account(application):
    sub = str(uuid.uuid4())
    return Account(User.new({"pool": POOL, "sub": sub, "created": "0"}, pool_id=POOL, sub=sub, username="alice"))


class TestRequireValid:
    def test_the_first_rule_that_is_broken_is_named(self):
        with pytest.raises(InvalidPasswordException) as caught:
            passwords.require_valid(a_pool(), "alllower1!x")

        assert caught.value.message == "Password did not conform with policy: Password must have uppercase characters"

    def test_administrators_read_another_beginning(self):
        with pytest.raises(InvalidPasswordException) as caught:
            passwords.require_valid(a_pool(), "short", passwords.REFUSED_FOR_ADMINISTRATORS)

        assert caught.value.message == "Password does not conform to policy: Password not long enough"

    def test_a_common_one_is_refused_in_the_words_of_the_policy(self):
        for prefix in (passwords.REFUSED, passwords.REFUSED_FOR_ADMINISTRATORS):
            with pytest.raises(InvalidPasswordException) as caught:
                passwords.require_valid(a_pool(), "P@ssw0rd", prefix)

            assert caught.value.message == prefix + "Password is too common"

    def test_a_good_one_passes(self):
        passwords.require_valid(a_pool(), TEXT)


class TestIsRight:
    def test_the_password_is_right_and_nothing_else(self, account):
        account.password = passwords.replaced(a_pool(), account, TEXT, NOW)

        assert passwords.is_right(account, TEXT)
        for wrong in ("", TEXT + " ", TEXT.lower(), TEXT * 20):
            assert not passwords.is_right(account, wrong)

    def test_nobody_and_a_user_without_a_password_have_none(self, account):
        for somebody in (None, account):
            for text in ("", TEXT, "a" * 10_000):
                assert not passwords.is_right(somebody, text)

    def test_an_unknown_user_costs_the_work_of_a_wrong_password(self, account, monkeypatch):
        """The attack: measure which names are answered without a hash. Each question is one hash of one profile."""
        hashed, real = [], low_level.verify_secret
        monkeypatch.setattr(
            low_level, "verify_secret", lambda stored, *more: (hashed.append(stored), real(stored, *more))[1]
        )
        account.password = passwords.replaced(a_pool(), account, TEXT, NOW)

        for somebody, text in ((account, "wrong"), (None, "wrong"), (account, "a" * 100_000)):
            passwords.is_right(somebody, text)

        profiles = {stored.rpartition(b"p=")[0] for stored in hashed}
        assert (len(hashed), len(profiles)) == (3, 1)


class TestReplaced:
    def test_the_password_is_not_kept(self, account):
        item = passwords.replaced(a_pool(allows_srp=True), account, TEXT, NOW)

        assert item.hash.startswith("$argon2id$")
        assert TEXT.encode() not in repr(item.serialize()).encode()
        assert (item.set_at, item.valid_until) == (NOW, None)

    def test_a_verifier_is_kept_only_where_the_pool_allows_srp(self, account):
        assert passwords.verifier(passwords.replaced(a_pool(), account, TEXT, NOW)) is None

        pool = a_pool(allows_srp=True)
        salt, value = passwords.verifier(passwords.replaced(pool, account, TEXT, NOW))

        assert value == srp.verifier(pool.name_in_srp, "alice", TEXT, salt)

    def test_a_verifier_opens_for_its_own_user_only(self, account):
        item = passwords.replaced(a_pool(allows_srp=True), account, TEXT, NOW)
        item.pk = item.pk[:-1] + ("0" if item.pk[-1] != "0" else "1")

        with pytest.raises(vault.Unsealable):
            passwords.verifier(item)

    def test_a_new_password_has_a_new_salt(self, account):
        pool = a_pool(allows_srp=True)
        account.password = passwords.replaced(pool, account, TEXT, NOW)
        before = (account.password.salt, account.password.hash)

        again = passwords.replaced(pool, account, TEXT, NOW)

        assert again.salt != before[0]
        assert again.hash != before[1]

    def test_a_lasting_one_takes_the_end_of_a_temporary_one_away(self, account):
        account.password = passwords.temporary(a_pool(), account, TEXT, NOW)
        assert account.password.valid_until == NOW + 7 * 86_400

        assert passwords.replaced(a_pool(), account, TEXT, NOW).valid_until is None


class TestHistory:
    def chain(self, account, pool, texts):
        for text in texts:
            account.password = passwords.replaced(pool, account, text, NOW)

    def test_the_present_and_the_last_ones_are_refused(self, account):
        pool = a_pool(PasswordHistorySize=2)
        self.chain(account, pool, ["One-Horse-1", "Two-Horse-2", "Three-Horse-3"])

        for used in ("One-Horse-1", "Two-Horse-2", "Three-Horse-3"):
            with pytest.raises(PasswordHistoryPolicyViolationException):
                passwords.replaced(pool, account, used, NOW)

    def test_older_ones_are_forgotten(self, account):
        pool = a_pool(PasswordHistorySize=1)
        self.chain(account, pool, ["One-Horse-1", "Two-Horse-2", "Three-Horse-3"])

        assert len(account.password.history) == 1
        passwords.replaced(pool, account, "One-Horse-1", NOW)

    def test_without_a_history_nothing_is_remembered(self, account):
        pool = a_pool()
        self.chain(account, pool, ["One-Horse-1", "One-Horse-1"])

        assert account.password.history is None

    def test_a_temporary_password_counts_as_used(self, account):
        pool = a_pool(PasswordHistorySize=2)
        account.password = passwords.temporary(pool, account, TEXT, NOW)

        with pytest.raises(PasswordHistoryPolicyViolationException):
            passwords.replaced(pool, account, TEXT, NOW)

    def test_a_temporary_password_may_be_chosen_twice(self, account):
        pool = a_pool(PasswordHistorySize=2)
        account.password = passwords.temporary(pool, account, TEXT, NOW)

        passwords.temporary(pool, account, TEXT, NOW)


class TestUpgraded:
    def test_what_is_as_it_should_be_stays(self, account):
        for pool in (a_pool(), a_pool(allows_srp=True)):
            account.password = passwords.replaced(pool, account, TEXT, NOW)

            assert passwords.upgraded(pool, account, TEXT, NOW) is None

    def test_an_old_profile_is_replaced_and_the_password_stays_right(self, account):
        account.password = passwords.replaced(a_pool(), account, TEXT, NOW)
        account.password.hash = hashes.hashed(TEXT, hashes.Profile(16, 1, 1))

        item = passwords.upgraded(a_pool(), account, TEXT, NOW)

        assert not hashes.needs_rehash(item.hash, passwords.profile())
        assert passwords.is_right(account, TEXT)

    def test_a_verifier_is_added_when_the_pool_comes_to_allow_srp(self, account):
        account.password = passwords.replaced(a_pool(), account, TEXT, NOW)
        stored = account.password.hash

        item = passwords.upgraded(a_pool(allows_srp=True), account, TEXT, NOW)

        assert passwords.verifier(item) is not None
        assert item.hash == stored

    def test_a_verifier_is_dropped_when_the_pool_no_longer_allows_srp(self, account):
        account.password = passwords.replaced(a_pool(allows_srp=True), account, TEXT, NOW)

        item = passwords.upgraded(a_pool(), account, TEXT, NOW)

        assert (item.salt, item.verifier) == (None, None)

    def test_a_temporary_password_that_is_over_stays_as_it_is(self, account):
        account.password = passwords.temporary(a_pool(), account, TEXT, NOW)

        assert passwords.upgraded(a_pool(allows_srp=True), account, TEXT, NOW + 8 * 86_400) is None
