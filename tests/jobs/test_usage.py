"""The daily figures of a pool: users, active users of the month, sign-ins, failures."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import activity
from chalicelib.jobs import runner
from chalicelib.rules import usage
from chalicelib.table import figures, keys, store
from chalicelib.table.items import User
from chalicelib.table.upkeep import Usage
from tests.application import Fault
from tests.table import samples

DAY = 86400.0


@pytest.fixture
def pool(cognito):
    return cognito.pool()


@pytest.fixture
def client(cognito, pool):
    return cognito.client(pool)


def figures_of(pool, later=0.0):
    """The figures of the day that lies so many seconds ahead, as they were kept."""
    item = store.get(Usage, pool=pool, day=usage.day(time.time() + later))
    return item and {name: getattr(item, name) for name in ("users", "active", "sign_ins", "failures")}


def stored(pool, name):
    found = store.listed(keys.listing("User", pool=pool)).items
    return next(user for user in found if isinstance(user, User) and user.username == name)


def set_month(pool, name, month, before=None):
    user = stored(pool, name)
    store.change(User.at(pool=pool, sub=user.sub), User, set={"active_month": month, "active_before": before})


def wrongly(cognito, client, name):
    with pytest.raises(Fault, match="NotAuthorizedException"):
        cognito.sign_in(client, name, "Wrong-Horse-9")


class TestFigures:
    def test_of_a_day_are_those_of_that_pool_and_day(self, run, cognito, pool, client):
        ada, bob = cognito.user(pool), cognito.user(pool)
        other = cognito.pool()
        cognito.user(other)
        for _ in range(3):
            cognito.sign_in(client, ada)
        cognito.sign_in(client, bob)
        wrongly(cognito, client, bob)
        wrongly(cognito, client, ada)

        lines = run("usage", later=DAY).lines

        assert figures_of(pool) == {"users": 2, "active": 2, "sign_ins": 4, "failures": 2}
        assert figures_of(other) == {"users": 1, "active": 1, "sign_ins": 0, "failures": 0}
        day = usage.day(time.time())
        assert f"usage: {pool} on {day}: users 2, active 2, sign-ins 4, failures 2" in lines

    def test_are_counted_once_a_day(self, run, cognito, pool):
        run("usage", later=DAY)

        assert run("usage", later=DAY).lines == ["usage: nothing to do"]

    def test_of_an_empty_pool_are_zeros(self, run, pool):
        run("usage", later=DAY)

        assert figures_of(pool) == {"users": 0, "active": 0, "sign_ins": 0, "failures": 0}

    def test_are_kept_day_by_day(self, run, pool):
        for days in (1, 2, 3):
            run("usage", later=days * DAY)

        months = {usage.month(time.time() + days * DAY) for days in (0, 1, 2)}
        kept = [item.day for month in sorted(months) for item in figures.of_month(pool, month)]
        assert kept == [usage.day(time.time() + days * DAY) for days in (0, 1, 2)]

    def test_a_count_that_runs_out_of_time_goes_on_with_the_next_run(self, application, cognito, pool, client, run):
        name = cognito.user(pool)
        cognito.sign_in(client, name)

        runs = 1
        while not runner.run("usage", time.time() + DAY, seconds=0.0).is_done:
            runs += 1

        assert runs > 3
        assert figures_of(pool) == {"users": 1, "active": 1, "sign_ins": 1, "failures": 0}

    def test_more_users_than_one_reply_holds_are_all_counted(self, run, pool):
        padded = [samples.user(pool, f"sub-{number}") for number in range(400)]
        for user in padded:
            user.attributes |= {"profile": "x" * 4000}
        for first in range(0, 400, 100):
            store.together(*(store.Save(user) for user in padded[first : first + 100]))

        run("usage", later=DAY)

        assert figures_of(pool)["users"] == 400


class TestActiveUsers:
    def test_of_last_month_are_counted_although_they_came_back_in_this_one(self, run, cognito, pool):
        ada, bob, cleo = (cognito.user(pool) for _ in range(3))
        this = usage.month(time.time())
        set_month(pool, ada, "2999-01", before=this)
        set_month(pool, bob, "2020-01")
        set_month(pool, cleo, this, before="2020-01")

        run("usage", later=DAY)

        assert figures_of(pool)["active"] == 2

    def test_a_sign_in_marks_a_user_once_a_month(self, cognito, pool, client):
        name = cognito.user(pool)
        set_month(pool, name, "2020-01")

        with store.counted() as first:
            cognito.sign_in(client, name)
        with store.counted() as second:
            cognito.sign_in(client, name)

        assert (stored(pool, name).active_month, stored(pool, name).active_before) == (
            usage.month(time.time()), "2020-01",
        )  # fmt: skip
        assert first.calls.count("UpdateItem") == 1
        assert second.calls.count("UpdateItem") == 0

    def test_a_refresh_marks_too(self, cognito, pool, client):
        name = cognito.user(pool)
        token = cognito.sign_in(client, name)["RefreshToken"]
        set_month(pool, name, "2020-01")

        cognito.call("InitiateAuth", ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH",
                     AuthParameters={"REFRESH_TOKEN": token})  # fmt: skip

        assert stored(pool, name).active_month == usage.month(time.time())

    @pytest.mark.parametrize(
        ("operation", "given"),
        [
            ("AdminSetUserPassword", {"Password": "Correct-Horse-10", "Permanent": True}),
            ("AdminUpdateUserAttributes", {"UserAttributes": [{"Name": "name", "Value": "Ada"}]}),
        ],
    )
    def test_a_change_of_the_user_marks_in_the_same_write(self, cognito, pool, operation, given):
        name = cognito.user(pool)
        set_month(pool, name, "2020-01")

        with store.counted() as counted:
            cognito.call(operation, UserPoolId=pool, Username=name, **given)

        assert stored(pool, name).active_month == usage.month(time.time())
        assert "UpdateItem" not in counted.calls

    def test_looking_at_users_marks_nobody(self, cognito, pool):
        name = cognito.user(pool)
        set_month(pool, name, "2020-01")

        cognito.call("ListUsers", UserPoolId=pool)
        cognito.call("AdminDisableUser", UserPoolId=pool, Username=name)

        assert stored(pool, name).active_month == "2020-01"

    def test_a_user_who_is_deleted_at_that_moment_is_no_trouble(self, pool):
        activity.mark(samples.user(pool, "gone"), time.time())

        assert store.get(User, pool=pool, sub="gone") is None


class TestFailures:
    def test_are_counted_in_full_when_many_come_at_once(self, application, pool):
        with ThreadPoolExecutor(8) as runners:
            list(runners.map(lambda _: [activity.failed(pool, time.time()) for _ in range(25)], range(8)))

        assert activity.failures(pool, usage.day(time.time())) == 200

    def test_of_names_that_nobody_has_count_too(self, cognito, pool):
        client = cognito.client(pool, PreventUserExistenceErrors="ENABLED")

        wrongly(cognito, client, "nobody")

        assert activity.failures(pool, usage.day(time.time())) == 1

    def test_of_another_day_count_for_that_day(self, application, pool):
        activity.failed(pool, time.time())
        activity.failed(pool, time.time() - DAY)

        assert activity.failures(pool, usage.day(time.time() - DAY)) == 1


class TestEstimatedNumberOfUsers:
    def test_is_counted_where_there_are_few(self, run, cognito, pool):
        cognito.user(pool)
        figures.keep(
            pool, usage.day(time.time() - DAY), {"users": 7, "active": 1, "sign_ins": 0, "failures": 0}, time.time()
        )

        assert cognito.call("DescribeUserPool", UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"] == 1

    def test_is_the_last_figure_where_there_are_many(self, cognito, pool):
        made = [samples.user(pool, f"sub-{number}") for number in range(1000)]
        for first in range(0, 1000, 100):
            store.together(*(store.Save(user) for user in made[first : first + 100]))
        before = cognito.call("DescribeUserPool", UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"]
        for days, number in ((1, 5000), (2, 4000)):
            counted = {"users": number, "active": 1, "sign_ins": 0, "failures": 0}
            figures.keep(pool, usage.day(time.time() - days * DAY), counted, time.time())

        after = cognito.call("DescribeUserPool", UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"]

        assert before == 1000
        assert after == 5000


class TestKeeping:
    def test_a_second_count_of_a_day_takes_the_place_of_the_first(self, application, pool):
        for users in (1, 2):
            figures.keep(pool, "2026-11-21", {"users": users, "active": 0, "sign_ins": 0, "failures": 0}, time.time())

        [kept] = figures.of_month(pool, "2026-11")
        assert kept.users == 2
