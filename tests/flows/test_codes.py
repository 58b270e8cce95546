"""Codes: what is kept of them, how they are counted, and what many guesses at once get."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chalicelib import errors
from chalicelib.flows import codes
from chalicelib.rules import quotas
from chalicelib.table import store, users
from chalicelib.table.items import Code, Pool, User
from chalicelib.table.users import Account

NOW = 1_900_000_000.0
POOL = "us-east-1_Codes0001"


@pytest.fixture(scope="module")
def pool(application):
    """Its settings say how much is too much. It goes with these tests: others list all pools of the table."""
    store.save(Pool.new({"pool": POOL, "created": "0"}, document={}, secret=b""))
    yield
    store.together(store.Remove(Pool.at(pool=POOL)))


@pytest.fixture
def account(pool):
    return Account(new_user())


def new_user(**attributes):
    sub = str(uuid.uuid4())
    user = User.new(
        {"pool": POOL, "sub": sub, "created": "0"},
        pool_id=POOL,
        sub=sub,
        username="tess",
        attributes={"email": "tess@example.com", **attributes},
        status="UNCONFIRMED",
        guards=[],
        created_at=NOW,
        modified_at=NOW,
    )
    store.save(user)
    return user


def read(account):
    found = users.by_sub(POOL, account.user.sub)
    assert found is not None
    return found


def different(text):
    return f"{(int(text) + 1) % 1_000_000:06}"


class TestIssue:
    def test_a_code_has_six_digits_and_is_not_kept(self, account):
        issue = codes.asked(account, "reset", "email", NOW)

        kept = read(account).codes["reset"]
        assert len(issue.text) == 6
        assert issue.text.isdigit()
        assert issue.text.encode() not in bytes(kept.digest)
        assert issue.text not in repr(issue)

    def test_codes_differ(self, account):
        drawn = {codes.unasked(account, "sign_up", "email", NOW).text for _ in range(20)}

        assert len(drawn) > 15

    def test_the_same_code_has_another_digest_for_every_user_purpose_and_address(self, account):
        def digest(owner, purpose, attribute):
            issue = codes.unasked(owner, purpose, attribute, NOW)
            return codes._digest(issue.item, issue.to, "123456")

        digests = {
            digest(account, "reset", "email"),
            digest(account, "sign_up", "email"),
            digest(account, "reset", "phone_number"),
            digest(Account(new_user()), "reset", "email"),
        }
        account.user.attributes |= {"email": "other@example.com"}
        digests.add(digest(account, "reset", "email"))

        assert len(digests) == 5

    def test_an_unasked_code_is_not_counted_and_not_written(self, account):
        issue = codes.unasked(account, "sign_up", "email", NOW)

        assert issue.item.sends == 0
        assert read(account).codes == {}

    def test_more_than_the_limit_are_refused_until_the_hour_is_over(self, account):
        for _ in range(quotas.SENDS["reset"]):
            codes.asked(account, "reset", "email", NOW)

        with pytest.raises(errors.LimitExceededException):
            codes.asked(account, "reset", "email", NOW + 3599)
        codes.asked(account, "reset", "email", NOW + 3600)

    def test_the_item_outlives_code_and_count(self, account):
        codes.asked(account, "reset", "email", NOW)

        assert read(account).codes["reset"].expires > NOW + 3600

    def test_requests_at_once_are_all_counted(self, account):
        start = Barrier(12)

        def ask(_):
            mine = read(account)
            start.wait()
            try:
                codes.asked(mine, "reset", "email", NOW)
            except errors.LimitExceededException:
                return "refused"
            return "sent"

        with ThreadPoolExecutor(12) as threads:
            results = Counter(threads.map(ask, range(12)))

        assert results == {"sent": quotas.SENDS["reset"], "refused": 12 - quotas.SENDS["reset"]}


class TestOwnChanges:
    def test_ten_codes_an_hour_are_counted_with_what_sends_them(self, account):
        for sends in (2, 8):
            store.together(*codes.counted_changes(read(account), sends, NOW))

        with pytest.raises(errors.TooManyRequestsException):
            codes.counted_changes(read(account), 1, NOW + 3599)
        assert codes.counted_changes(read(account), 1, NOW + 3600)

    def test_a_change_without_codes_is_not_counted(self, account):
        assert codes.counted_changes(account, 0, NOW) == []

    def test_of_two_at_once_one_decides_again(self, account):
        writes = [codes.counted_changes(read(account), 1, NOW) for _ in range(2)]
        store.together(*writes[0])

        with pytest.raises(store.Conflict):
            store.together(*writes[1])


class TestDestination:
    def test_a_proof_goes_to_the_value_that_waits_and_all_else_to_the_present_one(self, account):
        account.user.pending = {"email": "next@example.com"}

        assert codes.destination(account.user, "email", "email") == "next@example.com"
        assert codes.destination(account.user, "reset", "email") == "tess@example.com"
        assert codes.destination(account.user, "sign_up", "email") == "tess@example.com"
        assert codes.destination(account.user, "phone_number", "phone_number") == ""

    def test_a_reset_code_outlives_a_change_that_waits(self, account):
        text = codes.asked(account, "reset", "email", NOW).text
        account.user.pending = {"email": "next@example.com"}

        assert codes.spending(account, "reset", text, NOW)

    def test_a_proof_of_the_present_value_does_for_no_other_that_waits(self, account):
        text = codes.asked(account, "email", "email", NOW).text
        account.user.pending = {"email": "victim@example.com"}

        with pytest.raises(errors.CodeMismatchException):
            codes.spending(account, "email", text, NOW)
        account.user.pending = None
        assert codes.spending(account, "email", text, NOW)


class TestSpending:
    def test_the_write_spends_the_code(self, account):
        issue = codes.asked(account, "reset", "email", NOW)

        spent = codes.spending(account, "reset", issue.text, NOW)
        store.together(spent)

        assert codes.proved_attribute(spent) == "email"
        with pytest.raises(errors.ExpiredCodeException):
            codes.spending(read(account), "reset", issue.text, NOW)

    def test_until_the_write_is_made_nothing_is_spent(self, account):
        issue = codes.asked(account, "reset", "email", NOW)
        codes.spending(read(account), "reset", issue.text, NOW)

        codes.spending(read(account), "reset", issue.text, NOW)

    def test_a_code_is_over_at_the_end_of_its_time(self, account):
        issue = codes.asked(account, "reset", "email", NOW)

        codes.spending(read(account), "reset", issue.text, NOW + 3599)
        with pytest.raises(errors.ExpiredCodeException):
            codes.spending(read(account), "reset", issue.text, NOW + 3600)

    def test_a_new_code_replaces_the_old_one(self, account):
        old = codes.asked(account, "reset", "email", NOW).text
        new = codes.asked(account, "reset", "email", NOW).text

        if old != new:
            with pytest.raises(errors.CodeMismatchException):
                codes.spending(read(account), "reset", old, NOW)
        codes.spending(read(account), "reset", new, NOW)

    @pytest.mark.parametrize("text", ["", "1", "12345", "abc!", "\ud800", "٣٣٣٣٣٣", "0" * 2048])
    def test_any_text_may_be_guessed(self, account, text):
        codes.asked(account, "reset", "email", NOW)

        with pytest.raises(errors.CodeMismatchException):
            codes.spending(account, "reset", text, NOW)

    def test_each_wrong_guess_is_counted_in_one_write(self, account):
        issue = codes.asked(account, "reset", "email", NOW)

        with store.counted() as trips, pytest.raises(errors.CodeMismatchException):
            codes.spending(account, "reset", different(issue.text), NOW)

        assert trips.calls == ["PutItem"]
        assert read(account).codes["reset"].guesses == 1

    def test_thirty_wrong_guesses_and_a_right_one_at_once(self, account):
        """The attack: all guesses read the count before any of them is written."""
        code = codes.asked(account, "reset", "email", NOW).text
        start = Barrier(31)

        def guess(number):
            mine = read(account)
            start.wait()
            try:
                store.together(codes.spending(mine, "reset", code if number == 0 else different(code), NOW))
            except store.Conflict:
                return "again"
            except errors.AwsError as refusal:
                return refusal.code
            return "right"

        with ThreadPoolExecutor(31) as threads:
            results = Counter(threads.map(guess, range(31)))

        most = quotas.GUESSES["reset"]
        assert results["CodeMismatchException"] == read(account).codes["reset"].guesses <= most
        assert results["right"] + results["again"] <= 1
        if not results["right"]:
            assert results["CodeMismatchException"] == most

    def test_a_right_guess_that_lost_to_a_wrong_one_is_decided_again(self, account):
        code = codes.asked(account, "reset", "email", NOW).text
        right, wrong = read(account), read(account)
        spent = codes.spending(right, "reset", code, NOW)
        with pytest.raises(errors.CodeMismatchException):
            codes.spending(wrong, "reset", different(code), NOW)

        with pytest.raises(store.Conflict):
            store.together(spent)


class TestWithheld:
    def test_nothing_can_be_answered(self, account):
        codes.withheld(account, "reset", NOW)

        assert read(account).codes["reset"].sends == 1
        with pytest.raises(errors.CodeMismatchException):
            codes.refuse(read(account), "reset", "123456", NOW)

    def test_a_right_code_is_refused_and_counted_like_a_wrong_one(self, account):
        code = codes.asked(account, "reset", "email", NOW).text

        with pytest.raises(errors.CodeMismatchException):
            codes.refuse(account, "reset", code, NOW)

        assert read(account).codes["reset"].guesses == 1

    def test_without_a_code_there_is_none(self, account):
        with pytest.raises(errors.ExpiredCodeException):
            codes.refuse(account, "reset", "123456", NOW)


class TestVoiding:
    def test_an_outstanding_code_becomes_useless(self, account):
        code = codes.asked(account, "reset", "email", NOW).text

        store.together(*codes.voiding(account, "reset"))

        with pytest.raises(errors.ExpiredCodeException):
            codes.spending(read(account), "reset", code, NOW)

    def test_counts_survive(self, account):
        codes.asked(account, "reset", "email", NOW)

        store.together(*codes.voiding(account, "reset"))

        assert read(account).codes["reset"].sends == 1

    def test_without_a_code_there_is_nothing_to_write(self, account):
        assert codes.voiding(account, "reset") == []


class TestCountedAttempt:
    def test_a_right_one_is_good_while_nobody_counts(self, account):
        check = codes.counted_attempt(account, NOW, is_right=True)
        with pytest.raises(errors.NotAuthorizedException):
            codes.counted_attempt(read(account), NOW, is_right=False)

        with pytest.raises(store.Conflict) as caught:
            store.together(check)
        assert caught.value.names == ("guesses",)

    def test_after_the_limit_right_and_wrong_are_refused_alike(self, account):
        for _ in range(quotas.GUESSES["change"]):
            with pytest.raises(errors.NotAuthorizedException):
                codes.counted_attempt(read(account), NOW, is_right=False)

        for is_right in (True, False):
            with pytest.raises(errors.LimitExceededException):
                codes.counted_attempt(read(account), NOW, is_right=is_right)
        codes.counted_attempt(read(account), NOW + 3600, is_right=True)


class TestItem:
    def test_a_spent_code_keeps_its_item_until_the_counts_are_over(self, account):
        issue = codes.asked(account, "sign_up", "email", NOW)
        store.together(codes.spending(account, "sign_up", issue.text, NOW))

        item = store.get(Code, pool=POOL, sub=account.user.sub, purpose="sign_up")

        assert item.digest is None
        assert NOW + 3600 <= item.expires < NOW + 3700
