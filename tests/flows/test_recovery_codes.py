"""Recovery codes: their form, what is kept of them, and that each of them counts once."""

import hashlib
import json
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chalicelib import errors
from chalicelib.flows import recovery_codes
from chalicelib.rules import quotas
from chalicelib.table import store
from chalicelib.table.items import User
from chalicelib.table.users import Account

NOW = 1_900_000_000.0
POOL = "us-east-1_Codes0002"


def new_account():
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
    return Account(user)


def given(account, now=NOW):
    texts = recovery_codes.fresh()
    store.together(recovery_codes.replacing(account.user, texts, now))
    return texts


def spend(account, text, now=NOW):
    store.together(*recovery_codes.spending(account, text, now))


@pytest.fixture
def account(application):
    return new_account()


class TestForm:
    def test_ten_different_ones_of_four_groups_are_drawn(self):
        texts = recovery_codes.fresh()

        assert len(set(texts)) == 10
        assert all(recovery_codes.is_form(text) for text in texts)
        assert {len(text) for text in texts} == {19}

    def test_the_case_of_letters_does_not_matter(self):
        assert recovery_codes.is_form("abcd-EFGH-2345-67ab")

    @pytest.mark.parametrize(
        "text",
        [
            "", "123456", "12345678", "ABCDEFGHIJKLMNOP", "ABCD-EFGH-IJKL", "ABCD-EFGH-IJKL-MNO1",
            "ABCD-EFGH-IJKL-MNOP\n", "ABCD EFGH IJKL MNOP", "-ABCD-EFGH-IJKL-MNO", "\u0131BCD-EFGH-IJKL-MNOP",
            "A" * 131_072,
        ],
        ids=range(11),
    )  # fmt: skip
    def test_what_is_something_else_is_not_taken_for_one(self, text):
        assert not recovery_codes.is_form(text)


class TestKept:
    def test_a_digest_alone_is(self, account):
        texts = given(account)

        kept = json.dumps(recovery_codes.of(account.user).digests)
        assert not any(text in kept or text.replace("-", "") in kept for text in texts)

    def test_it_is_bound_to_the_user_and_to_nothing_of_this_stage(self, account):
        texts = given(account)

        expected = hashlib.sha256(json.dumps([account.user.sub, texts[0]]).encode()).hexdigest()
        assert recovery_codes.of(account.user).digests[0] == expected

    def test_a_copy_opens_nothing_for_another_user(self, account):
        other = new_account()
        texts = given(account)
        given(other)
        item = recovery_codes.of(other.user)
        item.digests = recovery_codes.of(account.user).digests
        store.save(item)

        with pytest.raises(errors.CodeMismatchException):
            spend(other, texts[0])


class TestSpending:
    def test_each_counts_once(self, account):
        texts = given(account)

        for number, text in enumerate(texts, 1):
            spend(account, text)
            assert len(recovery_codes.of(account.user).digests) == 10 - number
        with pytest.raises(errors.CodeMismatchException):
            spend(account, texts[3])

    def test_it_may_be_typed_in_small_letters(self, account):
        spend(account, given(account)[0].lower())

        assert len(recovery_codes.of(account.user).digests) == 9

    def test_nothing_is_written_before_the_caller_writes(self, account):
        (write,) = recovery_codes.spending(account, given(account)[0], NOW)

        assert write.name == "recovery"
        assert len(recovery_codes.of(account.user).digests) == 10

    def test_a_wrong_one_is_told_and_counted(self, account):
        given(account)

        with pytest.raises(errors.CodeMismatchException, match=r"^Invalid code received for user$"):
            spend(account, recovery_codes.fresh()[0])
        assert recovery_codes.of(account.user).failures == 1

    def test_whoever_has_none_hears_the_same(self, account):
        with pytest.raises(errors.CodeMismatchException, match=r"^Invalid code received for user$"):
            spend(account, recovery_codes.fresh()[0])
        assert recovery_codes.of(account.user) is None

    def test_fresh_ones_take_the_place_of_those_before(self, account):
        old = given(account)
        new = given(account)

        with pytest.raises(errors.CodeMismatchException):
            spend(account, old[0])
        spend(account, new[0])

    def test_removed_ones_are_gone(self, account):
        texts = given(account)

        store.together(recovery_codes.removing(account.user))

        with pytest.raises(errors.CodeMismatchException):
            spend(account, texts[0])
        store.together(recovery_codes.removing(account.user))

    def test_after_too_many_wrong_ones_none_is_heard_for_an_hour(self, account):
        texts = given(account)
        for _ in range(quotas.TOKEN_GUESSES):
            with pytest.raises(errors.CodeMismatchException):
                spend(account, recovery_codes.fresh()[0])

        with pytest.raises(errors.TooManyRequestsException):
            spend(account, texts[0])
        spend(account, texts[0], NOW + quotas.COUNTING_TIME)

    def test_of_the_same_one_at_once_one_counts(self, account):
        text, gate = given(account)[0], Barrier(6)

        def answer(_):
            try:
                writes = recovery_codes.spending(account, text, NOW)
                gate.wait()
                store.together(*writes)
            except store.Conflict as conflict:
                return conflict.names
            return "done"

        with ThreadPoolExecutor(6) as threads:
            found = Counter(threads.map(answer, range(6)))

        assert found == {"done": 1, ("recovery",): 5}
        assert len(recovery_codes.of(account.user).digests) == 9
