"""The life of a change: one at a time, stopped, cut off anywhere, run twice at once, in a pool that goes on living."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import pool_change_steps as steps
from chalicelib.flows import pool_change_walks as walks
from chalicelib.table import keys, pools, store
from chalicelib.table.directory import ActiveImport, OpenChange
from tests.application import Fault
from tests.callers import Door, Office, attribute, refused
from tests.pool_changes import (
    WAIT,
    ask,
    assert_whole,
    begun,
    brought_to,
    described,
    guards_of,
    is_open,
    opens,
    settled,
    step_of,
)

NAMES = {"AliasAttributes": ["email"], "CaseSensitive": False}
PROVEN = {"email_verified": "true"}


@pytest.fixture
def office(cognito):
    made = Office(cognito)
    for name in ("Ada", "Bob", "Cleo", "Dora", "Emil"):
        cognito.user(made.pool, name, email=f"{name}@example.com", **PROVEN)
    return made


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(walks, "_PAGE", 2)


def stop(cognito, change):
    place = {"UserPoolId": change["UserPoolId"], "ChangeId": change["ChangeId"]}
    return ask(cognito, "StopUserPoolChange", **place)["Change"]


class TestOneAtATime:
    def test_a_second_one_is_refused_until_the_first_is_over(self, cognito, office):
        first = begun(cognito, office.pool, **NAMES)

        with refused("ConcurrentModificationException"):
            begun(cognito, office.pool, SearchableAttributes=["nickname"])
        settled(cognito, first)

        assert settled(cognito, begun(cognito, office.pool, SearchableAttributes=["nickname"]))["Status"] == "APPLIED"

    def test_of_many_that_begin_at_once_one_does(self, cognito, office):
        def attempt(_):
            try:
                return begun(cognito, office.pool, **NAMES)["ChangeId"]
            except Fault as fault:
                assert fault.code == "ConcurrentModificationException"
                return None

        with ThreadPoolExecutor(6) as hands:
            made = [one for one in hands.map(attempt, range(6)) if one]

        assert len(made) == 1
        listed = ask(cognito, "ListUserPoolChanges", UserPoolId=office.pool)["Changes"]
        assert [one["ChangeId"] for one in listed] == made

    def test_what_the_index_still_shows_of_a_finished_one_opens_no_door(self, cognito, office):
        first = begun(cognito, office.pool, DryRun=True, SearchableAttributes=["nickname"])
        settled(cognito, first)
        begun(cognito, office.pool, **NAMES)

        assert steps.advance(office.pool, first["ChangeId"], time.time() + WAIT) is False
        assert is_open(office.pool)

    def test_not_while_users_are_imported(self, cognito, office):
        parts = {"pool": office.pool, "created": keys.sortable(1.0)}
        mark = ActiveImport.new(parts, pool_id=office.pool, job="import-1")
        store.save(mark)

        with refused("PreconditionNotMetException"):
            begun(cognito, office.pool, **NAMES)
        store.together(store.Remove(mark))

        assert begun(cognito, office.pool, **NAMES)


class TestStop:
    @pytest.mark.parametrize("step", ["announced", "checking", "checked", "offered"])
    def test_nothing_has_changed_then(self, cognito, office, small_pages, step):
        before, document = guards_of(office.pool), pools.fresh_pool(office.pool).document
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, step)
        if step == "checking":
            steps.advance(office.pool, change["ChangeId"], time.time() + later)

        assert stop(cognito, change)["Status"] == "TAKING_BACK"
        ended = settled(cognito, change, later)

        assert (ended["Status"], ended["Message"]) == ("STOPPED", "Nothing was changed.")
        assert guards_of(office.pool) == before
        assert pools.fresh_pool(office.pool).document == document
        assert_whole(office.pool)

    @pytest.mark.parametrize("step", ["switched", "released", "finishing", "clearing", "withdrawn", "removing"])
    def test_not_once_it_is_decided(self, cognito, office, step):
        if step in ("withdrawn", "removing"):
            cognito.user(office.pool, "bob")
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, step)

        with refused("PreconditionNotMetException"):
            stop(cognito, change)

        assert settled(cognito, change, later)["Status"] in ("APPLIED", "CLASHED")
        assert_whole(office.pool)

    def test_what_needs_no_names_is_over_at_once(self, cognito, office):
        change = begun(cognito, office.pool, SearchableAttributes=["nickname"])

        assert stop(cognito, change)["Status"] == "STOPPED"
        assert not is_open(office.pool)
        with refused("PreconditionNotMetException"):
            stop(cognito, change)

    def test_what_is_not_there_is_not_found(self, cognito, office):
        for operation in ("StopUserPoolChange", "DescribeUserPoolChange"):
            with refused("ResourceNotFoundException"):
                ask(cognito, operation, UserPoolId=office.pool, ChangeId="change-none")


class Killed(BaseException):
    """As abrupt as the end of a process: nothing of the product catches it."""


def mortal(monkeypatch):
    """Lets the process die right after four of ten writes; how often it has."""
    real, chance, lock, deaths = store.together, random.Random(7), threading.Lock(), []

    def together(*given):
        with lock:
            is_last = chance.random() < 0.4
        real(*given)
        if is_last:
            deaths.append(True)
            raise Killed

    monkeypatch.setattr(store, "together", together)
    return deaths


class TestCutOff:
    @pytest.mark.parametrize("clashes", [0, 1], ids=["applied", "taken back"])
    def test_anywhere_it_goes_on_where_it_was(self, cognito, office, small_pages, monkeypatch, clashes):
        for _ in range(clashes):
            cognito.user(office.pool, "bob")
        change, later = begun(cognito, office.pool, **NAMES), 0.0
        deaths = mortal(monkeypatch)

        while step_of(change):
            with contextlib.suppress(Killed):
                if not steps.advance(office.pool, change["ChangeId"], time.time() + later):
                    later += WAIT
        monkeypatch.undo()

        ended = described(cognito, change)
        assert ended["Status"] == ("CLASHED" if clashes else "APPLIED")
        assert len(deaths) > 5
        assert (ended["UsersChecked"], ended["ClashCount"]) == (5 + clashes, clashes)
        assert opens(cognito, office.client, "Ada")
        assert_whole(office.pool)

    def test_two_runs_at_once_count_each_user_once(self, cognito, office, small_pages):
        change = begun(cognito, office.pool, **NAMES)
        later = [0.0]

        def run():
            while step_of(change):
                if not steps.advance(office.pool, change["ChangeId"], time.time() + later[0]):
                    later[0] += WAIT

        runs = [threading.Thread(target=run) for _ in range(3)]
        for one in runs:
            one.start()
        for one in runs:
            one.join()

        ended = described(cognito, change)
        assert (ended["Status"], ended["UsersChecked"], ended["UsersRewritten"]) == ("APPLIED", 5, 5)
        assert_whole(office.pool)


STEPS = ["announced", "checking", "checked", "offered", "switched", "released", "finishing", "clearing"]


class TestLifeGoesOn:
    @pytest.mark.parametrize("step", STEPS)
    def test_users_come_change_and_go_at_every_step(self, cognito, office, small_pages, step):
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, step)

        cognito.user(office.pool, "Frida", email="Frida@example.com", **PROVEN)
        office.update("Ada", attribute("email", "New@example.com"), attribute("email_verified", "true"))
        office.update("Bob", attribute("nickname", "bobby"))
        office.call("AdminDeleteUser", "Cleo")
        ended = settled(cognito, change, later)

        assert (ended["Status"], ended["ClashCount"]) == ("APPLIED", 0)
        for name in ("frida", "frida@EXAMPLE.com", "ada", "new@example.com", "bob", "bob@example.com"):
            assert opens(cognito, office.client, name)
        for name in ("ada@example.com", "cleo", "cleo@example.com"):
            assert not opens(cognito, office.client, name)
        cognito.user(office.pool, "cleo", email="cleo@example.com", **PROVEN)
        assert_whole(office.pool)

    @pytest.mark.parametrize("step", ["announced", "checking", "checked", "withdrawn", "removing"])
    def test_who_would_clash_is_refused_nothing_meanwhile(self, cognito, office, small_pages, step):
        cognito.user(office.pool, "bob", email="BOB@example.com", **PROVEN)
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, step)

        for name in ("Bob", "bob"):
            office.update(name, attribute("nickname", "b"))
            assert opens(cognito, office.client, name)
        ended = settled(cognito, change, later)

        assert (ended["Status"], ended["ClashCount"]) == ("CLASHED", 2)
        assert_whole(office.pool)

    @pytest.mark.parametrize("step", ["announced", "checked", "offered", "switched"])
    def test_a_new_name_that_clashes_is_taken_already(self, cognito, office, step):
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, step)
        if step == "announced":
            steps.advance(office.pool, change["ChangeId"], time.time() + later + WAIT)
            steps.advance(office.pool, change["ChangeId"], time.time() + later + WAIT)

        with refused("UsernameExistsException"):
            office.create("BOB", MessageAction="SUPPRESS")
        with refused("AliasExistsException"):
            office.update("Ada", attribute("email", "bob@example.com"), attribute("email_verified", "true"))

        assert settled(cognito, change, later)["Status"] == "APPLIED"
        assert_whole(office.pool)

    @pytest.mark.parametrize("step", ["announced", "checked", "offered", "switched"])
    def test_a_new_name_that_looks_like_an_address_is_refused_already(self, cognito, office, step):
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, step)

        with refused("InvalidParameterException"):
            office.create("victim@example.com", MessageAction="SUPPRESS")

        assert settled(cognito, change, later)["Status"] == "APPLIED"

    @pytest.mark.parametrize("step", STEPS)
    def test_people_confirm_and_take_their_address_over(self, cognito, outbox, small_pages, step):
        door = Door(cognito, AliasAttributes=["email"])
        cognito.user(door.pool, "Ada", email="Tess@example.com", **PROVEN)
        door.sign_up("Tess", attribute("email", "Tess@example.com"))
        change = begun(cognito, door.pool, CaseSensitive=False)
        later = brought_to(change, step)

        with refused("AliasExistsException"):
            door.confirm("Tess", outbox.code("Tess"))
        door.confirm("Tess", outbox.code("Tess"), ForceAliasCreation=True)
        ended = settled(cognito, change, later)

        assert ended["Status"] == "APPLIED"
        assert door.read("tess@example.com")["Username"] == "Tess"
        assert door.read("Ada")["Attributes"]["email_verified"] == "false"
        assert_whole(door.pool)

    @pytest.mark.parametrize("step", STEPS[2:])
    def test_nobody_is_left_without_the_address_that_becomes_the_name(self, cognito, outbox, step):
        door = Door(cognito, AliasAttributes=["email"])
        cognito.user(door.pool, "Ada", email="tess@example.com", **PROVEN)
        change = begun(cognito, door.pool, AliasAttributes=[], UsernameAttributes=["email"])
        later = brought_to(change, step)
        with refused("UsernameExistsException"):
            door.sign_up("tess@example.com" if step in STEPS[4:] else "Tess", attribute("email", "tess@example.com"))

        assert settled(cognito, change, later)["Status"] == "APPLIED"
        assert opens(cognito, door.client, "tess@example.com")
        assert_whole(door.pool)

    def test_an_alias_is_not_moved_away_from_whom_it_becomes_the_name_of(self, cognito, outbox):
        """While the change lasts nothing moves by force: the owner would be left without a name in the coming era."""
        door = Door(cognito, AliasAttributes=["email"])
        cognito.user(door.pool, "Ada", email="tess@example.com", **PROVEN)
        change = begun(cognito, door.pool, AliasAttributes=[], UsernameAttributes=["email"])
        later = brought_to(change, "checked")
        fields = {"email": "tess@example.com", "email_verified": "true"}
        attributes = [attribute(name, value) for name, value in fields.items()]

        with refused("TooManyRequestsException"):
            door.admin(
                "AdminCreateUser", "Tess", UserAttributes=attributes, MessageAction="SUPPRESS", ForceAliasCreation=True
            )

        assert door.read("Ada")["Attributes"]["email_verified"] == "true"
        assert settled(cognito, change, later)["Status"] == "APPLIED"
        assert_whole(door.pool)

    def test_settings_that_are_updated_meanwhile_stay(self, cognito, office):
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, "offered")

        cognito.call("UpdateUserPool", UserPoolId=office.pool, DeletionProtection="ACTIVE")
        cognito.call(
            "AddCustomAttributes",
            UserPoolId=office.pool,
            CustomAttributes=[{"Name": "late", "AttributeDataType": "String"}],
        )
        settled(cognito, change, later)

        pool = cognito.call("DescribeUserPool", UserPoolId=office.pool)["UserPool"]
        assert (pool["DeletionProtection"], pool["AliasAttributes"]) == ("ACTIVE", ["email"])
        assert "custom:late" in [entry["Name"] for entry in pool["SchemaAttributes"]]

    def test_what_makes_no_sense_any_more_fails_and_is_taken_back(self, cognito, office):
        cognito.call(
            "AddCustomAttributes",
            UserPoolId=office.pool,
            CustomAttributes=[{"Name": "age", "AttributeDataType": "String"}],
        )
        change = begun(
            cognito, office.pool, AttributeTypes=[{"Name": "custom:age", "AttributeDataType": "Number"}], **NAMES
        )
        later = brought_to(change, "offered")
        pool = pools.fresh_pool(office.pool)
        pool.document = pool.document | {"SchemaAttributes": pool.document["SchemaAttributes"][:-1]}
        store.save(pool)

        ended = settled(cognito, change, later)

        assert ended["Status"] == "FAILED"
        assert "custom:age" in ended["Message"]
        assert_whole(office.pool)

    @pytest.mark.parametrize("step", ["announced", "checking", "released"])
    def test_a_pool_can_be_deleted_meanwhile(self, cognito, office, small_pages, step):
        change = begun(cognito, office.pool, **NAMES)
        later = brought_to(change, step)

        cognito.call("DeleteUserPool", UserPoolId=office.pool)

        assert steps.advance(office.pool, change["ChangeId"], time.time() + later + WAIT) is False
        assert store.get(OpenChange, pool=office.pool) is None
        assert store.list(keys.key("Pool", pool=office.pool).pk).items == []


class TestMany:
    def test_a_hundred_clashes_are_named_and_all_are_counted(self, cognito):
        office = Office(cognito)

        def make(number):
            cognito.user(office.pool, f"user-{number}", email=f"one-{number % 3}@example.com", **PROVEN)

        with ThreadPoolExecutor(4) as hands:
            list(hands.map(make, range(110)))
        change = settled(cognito, begun(cognito, office.pool, AliasAttributes=["email"]))

        assert (change["ClashCount"], len(change["Clashes"]), change["UsersChecked"]) == (107, 100, 110)
        assert_whole(office.pool)
