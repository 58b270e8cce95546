"""The count of wrong passwords under races, at the level of the flow."""

import time
import uuid

import pytest

from chalicelib import errors
from chalicelib.flows import lockout
from chalicelib.table import store
from chalicelib.table.items import Attempts, User
from chalicelib.table.users import Account

pytestmark = pytest.mark.usefixtures("application")
LOCKED = "Password attempts exceeded"


def account():
    sub = str(uuid.uuid4())
    user = User.new(
        {"pool": "us-east-1_Lock", "sub": sub, "created": "0"},
        pool_id="us-east-1_Lock", sub=sub, username="tess", attributes={}, status="CONFIRMED", guards=[],
        created_at=0, modified_at=0,
    )  # fmt: skip
    return Account(user)


def again(known):
    """The same account as another request reads it."""
    return Account(known.user, attempts=kept(known))


def kept(known):
    return store.get(Attempts, pool=known.user.pool_id, sub=known.user.sub)


def failed(known, times, now=None):
    for _ in range(times):
        lockout.count(known, now or time.time())
        known.attempts = kept(known)
    return known


class TestCount:
    def test_counts_up_and_remembers_when(self):
        known, now = account(), time.time()

        failed(known, 3, now)

        assert kept(known).failures == 3
        assert kept(known).failed_at == now

    def test_starts_again_once_the_row_is_forgotten(self):
        known, now = account(), time.time()
        failed(known, 4, now - 900)

        lockout.count(known, now)

        assert kept(known).failures == 1

    def test_counts_what_another_request_counted_in_the_meantime(self):
        known = account()
        late = again(known)
        failed(known, 2)

        lockout.count(late, time.time())

        assert kept(known).failures == 3

    def test_is_refused_where_others_locked_in_the_meantime(self):
        known = failed(account(), 4)
        late = again(known)
        failed(known, 1)

        with pytest.raises(errors.NotAuthorizedException, match=LOCKED):
            lockout.count(late, time.time())
        assert kept(known).failures == 5

    def test_gives_up_when_it_never_comes_through(self):
        known, now = failed(account(), 1), time.time()
        late = again(known)

        class Restless(Account):
            """Somebody clears the count before each look."""

            def __setattr__(self, name, value):
                super().__setattr__(name, value)
                if name == "attempts" and value is not None:
                    fresh = kept(known)
                    fresh.failures = 0
                    store.save(fresh)

        with pytest.raises(errors.TooManyRequestsException):
            lockout.count(Restless(late.user, attempts=late.attempts), now)


class TestHeard:
    def test_without_a_count_there_is_nothing_to_write(self):
        assert lockout.heard(account(), time.time(), lambda clearing: clearing) == []

    def test_a_count_is_cleared_with_what_is_written(self):
        known = failed(account(), 3)

        lockout.heard(known, time.time(), lambda clearing: store.together(*clearing))

        assert kept(known).failures == 0

    def test_a_cleared_count_is_checked(self):
        known = failed(account(), 3)
        lockout.heard(known, time.time(), lambda clearing: store.together(*clearing))
        late = again(known)
        failed(again(known), 5)

        with pytest.raises(errors.NotAuthorizedException, match=LOCKED):
            lockout.heard(late, time.time(), lambda clearing: store.together(*clearing))

    def test_is_refused_where_others_locked_in_the_meantime(self):
        known = failed(account(), 4)
        late, written = again(known), []
        failed(known, 1)

        def carry_out(clearing):
            store.together(*clearing)
            written.append(clearing)

        with pytest.raises(errors.NotAuthorizedException, match=LOCKED):
            lockout.heard(late, time.time(), carry_out)
        assert written == []

    def test_a_conflict_of_something_else_is_the_callers(self):
        known = failed(account(), 1)

        def carry_out(clearing):
            raise store.Conflict("session", lockout.NAME)

        with pytest.raises(store.Conflict):
            lockout.heard(known, time.time(), carry_out)

    def test_gives_up_when_it_never_comes_through(self):
        known = failed(account(), 1)

        def carry_out(clearing):
            raise store.Conflict(lockout.NAME)

        with pytest.raises(errors.TooManyRequestsException):
            lockout.heard(known, time.time(), carry_out)


class TestRequireOpen:
    def test_is_open_without_a_count_and_below_five(self):
        lockout.require_open(account(), time.time())
        lockout.require_open(failed(account(), 4), time.time())

    def test_is_locked_for_a_second_after_five(self):
        known, now = account(), time.time()
        failed(known, 5, now)

        with pytest.raises(errors.NotAuthorizedException, match=LOCKED):
            lockout.require_open(known, now + 0.9)
        lockout.require_open(known, now + 1.1)
