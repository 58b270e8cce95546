"""Codes of authenticator apps at sign-in: spent once, counted when wrong, and what many at once get."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chalicelib import errors
from chalicelib.flows import software_tokens, vault
from chalicelib.rules import quotas, totp
from chalicelib.table import store, users
from chalicelib.table.factors import Totp
from chalicelib.table.items import User
from chalicelib.table.users import Account

NOW = 1_900_000_000.0
STEP = totp.step_at(NOW)
POOL = "us-east-1_Totp00001"
SEED = bytes(range(32))


def new_user():
    sub = str(uuid.uuid4())
    user = User.new(
        {"pool": POOL, "sub": sub, "created": "0"},
        pool_id=POOL,
        sub=sub,
        username="tess",
        attributes={},
        status="CONFIRMED",
        guards=[],
        created_at=NOW,
        modified_at=NOW,
    )
    store.save(user)
    return user


def with_app(seed=SEED):
    user = new_user()
    item = Totp.new({"pool": POOL, "sub": user.sub})
    item.seed = vault.seal_for(item, seed)
    store.save(item)
    return read(Account(user))


def read(account):
    found = users.by_sub(POOL, account.user.sub)
    assert found is not None
    return found


def right(offset=0, seed=SEED):
    return totp.code(seed, STEP + offset)


def wrong():
    near = {right(offset) for offset in range(-2, 3)}
    return next(text for text in (f"{number:06}" for number in range(6)) if text not in near)


def spend(account, text, now=NOW):
    store.together(*software_tokens.spending(account, text, now))


@pytest.fixture
def account(application):
    return with_app()


class TestIsReady:
    def test_an_app_counts_once_it_was_proved(self, account):
        assert software_tokens.is_ready(account)

    def test_one_that_waits_for_its_first_code_does_not(self, account):
        account.totp.seed, account.totp.pending = None, account.totp.seed

        assert not software_tokens.is_ready(account)
        assert not software_tokens.is_ready(Account(account.user))


class TestSpending:
    @pytest.mark.parametrize("offset", [-1, 0, 1])
    def test_a_right_code_is_spent_by_the_write(self, account, offset):
        (write,) = software_tokens.spending(account, right(offset), NOW)

        assert write.name == "totp"
        assert read(account).totp.last_step == 0
        store.together(write)
        assert read(account).totp.last_step == STEP + offset

    def test_the_same_code_does_not_do_again(self, account):
        spend(account, right())

        with pytest.raises(errors.ExpiredCodeException, match=r"^Your software token has already been used once.$"):
            spend(read(account), right())

    def test_neither_does_an_earlier_one_that_nobody_used(self, account):
        spend(account, right())

        with pytest.raises(errors.ExpiredCodeException):
            spend(read(account), right(-1))
        spend(read(account), right(1))

    def test_a_wrong_code_is_told_and_counted(self, account):
        with pytest.raises(errors.CodeMismatchException, match=r"^Invalid code received for user$"):
            spend(account, wrong())

        assert read(account).totp.failures == 1
        spend(read(account), right())

    @pytest.mark.parametrize("text", ["", "1", "x" * 131_072, "\u0661\u0662\u0663\u0664\u0665\u0666"])
    def test_what_is_no_code_is_a_wrong_one(self, account, text):
        with pytest.raises(errors.CodeMismatchException):
            spend(account, text)

    def test_a_code_of_another_users_app_is_a_wrong_one(self, account):
        other = with_app(bytes(32))

        with pytest.raises(errors.CodeMismatchException):
            spend(other, right())
        spend(account, right())

    def test_a_seed_copied_to_another_user_opens_nothing(self, account):
        """Attack: whoever can write one item copies the sealed seed of an app of their own onto another user."""
        other = with_app()
        other.totp.seed = account.totp.seed

        with pytest.raises(vault.Unsealable):
            spend(other, right())

    def test_a_user_without_an_app_is_told_so(self, application):
        with pytest.raises(errors.SoftwareTokenMFANotFoundException):
            spend(Account(new_user()), right())

    def test_so_is_one_whose_app_still_waits(self, account):
        account.totp.seed, account.totp.pending = None, account.totp.seed
        store.save(account.totp)

        with pytest.raises(errors.SoftwareTokenMFANotFoundException):
            spend(read(account), right())

    def test_a_stand_in_has_none_whatever_lies_in_its_partition(self, account):
        stand_in = User(account.user.pk, account.user.sk, pool_id=POOL, sub=account.user.sub, username="tess")

        with pytest.raises(errors.SoftwareTokenMFANotFoundException):
            spend(Account(stand_in, totp=account.totp), right())


class TestLimit:
    def guess(self, account, times, now=NOW):
        for _ in range(times):
            with pytest.raises(errors.CodeMismatchException):
                spend(account, wrong(), now)

    def test_over_it_the_right_code_is_refused_too(self, account):
        self.guess(account, quotas.TOKEN_GUESSES)

        with pytest.raises(errors.TooManyRequestsException, match=r"^Attempt limit exceeded, please try after"):
            spend(read(account), right())
        with pytest.raises(errors.TooManyRequestsException):
            spend(read(account), wrong())

    def test_it_is_over_after_an_hour(self, account):
        self.guess(account, quotas.TOKEN_GUESSES)
        later = NOW + quotas.COUNTING_TIME

        with pytest.raises(errors.TooManyRequestsException):
            spend(read(account), right(), later - 1)
        spend(read(account), totp.code(SEED, totp.step_at(later)), later)
        assert read(account).totp.failures == 0

    def test_a_right_code_does_not_start_it_again(self, account):
        """Attack: a guesser who waits for the owner's own sign-ins would have ever new tries."""
        self.guess(account, quotas.TOKEN_GUESSES - 1)
        spend(read(account), right(-1))

        self.guess(read(account), 1)

        with pytest.raises(errors.TooManyRequestsException):
            spend(read(account), right())

    def test_guessing_at_it_takes_years_for_an_even_chance(self):
        right_at_once, a_year = 1 + 2 * totp.WINDOW, 24 * 365

        assert quotas.TOKEN_GUESSES * right_at_once * a_year * 2 < 10**totp.DIGITS / 1.4


class TestAtOnce:
    def outcomes(self, account, text, threads):
        gate = Barrier(threads)

        def answer(_):
            mine = read(account)
            gate.wait()
            try:
                spend(mine, text)
            except store.Conflict as conflict:
                return ",".join(conflict.names)
            except errors.AwsError as refusal:
                return refusal.code
            return "done"

        with ThreadPoolExecutor(threads) as pool:
            return Counter(pool.map(answer, range(threads)))

    def test_of_the_same_right_code_one_counts(self, account):
        found = self.outcomes(account, right(), 6)

        assert found["done"] == 1
        assert set(found) <= {"done", "totp", "ExpiredCodeException"}

    def test_of_wrong_ones_no_more_are_answered_than_in_a_row(self, account):
        threads = quotas.TOKEN_GUESSES + 4

        found = self.outcomes(account, wrong(), threads)

        assert found["CodeMismatchException"] <= quotas.TOKEN_GUESSES
        assert found["CodeMismatchException"] == read(account).totp.failures
        assert set(found) <= {"CodeMismatchException", "TooManyRequestsException"}

    def test_a_right_code_is_not_heard_beside_a_guess_that_was_counted_meanwhile(self, account):
        """Attack: a burst of guesses of which the right one slips through with the count of before."""
        stale = read(account)
        (write,) = software_tokens.spending(stale, right(), NOW)
        with pytest.raises(errors.CodeMismatchException):
            spend(account, wrong())

        with pytest.raises(store.Conflict) as caught:
            store.together(write)
        assert caught.value.names == ("totp",)
