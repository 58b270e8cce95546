"""Accounts that nobody confirmed: they go after the days that were set, with their names, and nobody else does."""

from __future__ import annotations

import time

import pytest

from chalicelib.jobs import unconfirmed
from chalicelib.table import keys, pools, store, users
from chalicelib.table.items import User
from tests.application import PASSWORD, Fault
from tests.callers import attribute

DAY = 86400.0


@pytest.fixture
def pool(cognito):
    return cognito.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture
def client(cognito, pool):
    return cognito.client(pool)


@pytest.fixture
def sign_up(cognito, client):
    def one(name):
        given = {"Password": PASSWORD, "UserAttributes": [attribute("email", f"{name}@example.com")]}
        return cognito.call("SignUp", ClientId=client, Username=name, **given)["UserSub"]

    return one


def names_in(pool):
    found = store.listed(keys.listing("User", pool=pool)).items
    return sorted(user.username for user in found if isinstance(user, User))


class TestUnconfirmed:
    def test_nobody_goes_unless_days_are_set(self, run, pool, sign_up):
        sign_up("ada")

        lines = run("unconfirmed", later=1000 * DAY).lines

        assert names_in(pool) == ["ada"]
        assert "off" in lines[0]

    def test_who_never_confirmed_goes_and_the_others_stay(
        self, run, given_settings, cognito, pool, client, sign_up, outbox
    ):
        given_settings(LATCHKEY_UNCONFIRMED_DAYS="7")
        sub = sign_up("ada")
        sign_up("bob")
        cognito.call("ConfirmSignUp", ClientId=client, Username="bob", ConfirmationCode=outbox.code("bob"))
        cognito.user(pool, "cleo")

        lines = run("unconfirmed", later=8 * DAY).lines

        assert names_in(pool) == ["bob", "cleo"]
        assert store.list(keys.key("User", pool=pool, sub=sub).pk).items == []
        assert any("accounts removed" in line for line in lines)
        sign_up("ada")  # the name is free again

    def test_who_signed_up_later_stays_for_now(self, run, given_settings, pool, sign_up):
        given_settings(LATCHKEY_UNCONFIRMED_DAYS="7")
        sign_up("ada")

        run("unconfirmed", later=6 * DAY)

        assert names_in(pool) == ["ada"]

    def test_it_is_done_once_a_day(self, run, given_settings, pool, sign_up):
        given_settings(LATCHKEY_UNCONFIRMED_DAYS="1")
        run("unconfirmed", later=2 * DAY)
        sign_up("ada")

        run("unconfirmed", later=2 * DAY)
        after_the_same_day = names_in(pool)
        run("unconfirmed", later=3 * DAY)

        assert after_the_same_day == ["ada"]
        assert names_in(pool) == []

    def test_who_confirms_at_that_moment_stays(self, cognito, pool, client, sign_up, outbox):
        sub = sign_up("ada")
        before = time.time() + DAY

        cognito.call("ConfirmSignUp", ClientId=client, Username="ada", ConfirmationCode=outbox.code("ada"))
        went = unconfirmed._remove(pool, sub, before)

        assert went is False
        assert cognito.sign_in(client, "ada")["AccessToken"]

    def test_who_confirms_between_reading_and_removing_stays(self, cognito, pool, client, sign_up, outbox, monkeypatch):
        sub = sign_up("ada")
        code = outbox.code("ada")
        read = users.by_sub

        def read_and_then_confirm(*given):
            monkeypatch.setattr(users, "by_sub", read)
            account = read(*given)
            cognito.call("ConfirmSignUp", ClientId=client, Username="ada", ConfirmationCode=code)
            return account

        monkeypatch.setattr(users, "by_sub", read_and_then_confirm)
        went = unconfirmed._remove(pool, sub, time.time() + DAY)

        assert went is False
        assert cognito.sign_in(client, "ada")["AccessToken"]

    def test_a_user_who_has_gone_is_no_trouble(self, pool):
        assert unconfirmed._remove(pool, "00000000-0000-4000-8000-000000000000", time.time()) is False

    def test_a_removed_account_cannot_be_confirmed(self, run, given_settings, cognito, client, sign_up, outbox):
        given_settings(LATCHKEY_UNCONFIRMED_DAYS="1")
        sign_up("ada")
        code = outbox.code("ada")

        run("unconfirmed", later=2 * DAY)
        pools.forget_all()

        with pytest.raises(Fault, match="UserNotFoundException"):
            cognito.call("ConfirmSignUp", ClientId=client, Username="ada", ConfirmationCode=code)
