"""The verbs of the store, the same on every engine."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.table import connection, keys, store
from chalicelib.table.items import Attempts, Guard, Item, Pool, Session, User
from chalicelib.table.store import BadCursor, Change, Check, Conflict, Remove, Save
from tests.table import samples

pytestmark = pytest.mark.usefixtures("engine")

PAST, FUTURE = 1000.0, time.time() + 3600


def put_raw(**cells: Any) -> None:
    """Write a row as another program would."""
    connection.send("PutItem", {"TableName": Item.Meta.table_name, "Item": cells})


class TestGet:
    def test_gives_what_was_saved(self, pool: str) -> None:
        store.save(samples.user(pool))

        user = store.get(User, pool=pool, sub="sub")

        assert user is not None
        assert (user.username, user.attributes, user.version) == ("name of sub", {"email": "sub@example.com"}, 1)

    def test_gives_nothing_for_what_is_not_there(self, pool: str) -> None:
        assert store.get(User, pool=pool, sub="nobody") is None

    def test_gives_nothing_for_what_is_over_though_the_table_still_holds_it(self, pool: str) -> None:
        store.save(samples.session(pool, "one", PAST))

        assert store.get(Session, pool=pool, sub="sub", id="one") is None

    def test_keeps_bytes_as_they_are(self, pool: str) -> None:
        store.save(samples.password(pool))

        [password] = store.list(keys.key("Password", pool=pool, sub="sub").pk).items

        assert password.attribute_values["verifier"] == bytes(range(256))

    def test_refuses_an_item_of_another_kind(self, pool: str) -> None:
        put_raw(pk={"S": f"P#{pool}"}, sk={"S": "."}, _t={"S": "Guard"}, sub={"S": "s"})

        with pytest.raises(TypeError):
            store.get(Pool, pool=pool)


class TestGetMany:
    def test_keeps_the_order_asked_for_with_gaps_and_repeats(self, pool: str) -> None:
        for name in ("a", "b"):
            store.save(samples.guard(pool, name, sub=name))
        here = {name: Guard.at(pool=pool, kind="username", name=name) for name in ("a", "b", "c")}

        found = store.get_many(here["b"], here["c"], here["a"], here["b"])

        assert [guard.sub if isinstance(guard, Guard) else None for guard in found] == ["b", None, "a", "b"]

    def test_takes_one_trip(self, pool: str) -> None:
        with store.counted() as trips:
            store.get_many(*(Guard.at(pool=pool, kind="username", name=str(n)) for n in range(100)))

        assert trips.calls == ["BatchGetItem"]

    def test_gives_nothing_for_what_is_over(self, pool: str) -> None:
        store.save(samples.session(pool, "one", PAST))

        assert store.get_many(Session.at(pool=pool, sub="sub", id="one")) == [None]

    def test_of_nothing_is_nothing_without_a_trip(self) -> None:
        with store.counted() as trips:
            assert store.get_many() == []

        assert trips.calls == []

    def test_refuses_more_than_one_trip_can_carry(self, pool: str) -> None:
        with pytest.raises(ValueError, match="100"):
            store.get_many(*(Guard.at(pool=pool, kind="k", name=str(n)) for n in range(101)))


class TestSave:
    def test_of_a_fresh_item_is_refused_when_it_exists(self, pool: str) -> None:
        store.save(samples.guard(pool, sub="first"))

        with pytest.raises(Conflict) as caught:
            store.save(samples.guard(pool, sub="second"), name="username")

        assert caught.value.names == ("username",)
        assert store.get(Guard, pool=pool, kind="username", name="name").sub == "first"  # type: ignore[union-attr]

    def test_of_a_read_item_is_refused_when_it_was_changed_since(self, pool: str) -> None:
        user = samples.user(pool)
        store.save(user)
        stale = store.get(User, pool=pool, sub="sub")
        user.username = "new"
        store.save(user)

        with pytest.raises(Conflict):
            store.save(stale)  # type: ignore[arg-type]

        assert store.get(User, pool=pool, sub="sub").username == "new"  # type: ignore[union-attr]

    def test_of_a_read_item_is_refused_when_it_was_removed_since(self, pool: str) -> None:
        user = samples.user(pool)
        store.save(user)
        store.together(Remove(user.at(pool=pool, sub="sub")))

        with pytest.raises(Conflict):
            store.save(user)

    def test_may_follow_a_save_of_the_same_object(self, pool: str) -> None:
        user = samples.user(pool)

        for number in range(3):
            user.username = f"name {number}"
            store.save(user)

        assert user.version == 3

    def test_takes_the_place_of_what_is_over_but_still_stored(self, pool: str) -> None:
        store.save(samples.session(pool, "one", PAST))

        store.save(samples.session(pool, "one", FUTURE))

        assert store.get(Session, pool=pool, sub="sub", id="one") is not None

    def test_of_too_large_an_item_tells_so(self, pool: str) -> None:
        user = samples.user(pool)
        user.attributes = {"custom:essay": "x" * 420_000}

        with pytest.raises(errors.LimitExceededException, match="too large"):
            store.save(user)
        with pytest.raises(errors.LimitExceededException, match="too large"):
            store.together(Save(user), Save(samples.guard(pool)))

        assert store.get(User, pool=pool, sub="sub") is None


class TestChange:
    def test_sets_adds_and_unsets_in_one_trip_and_gives_the_item_as_it_is_then(self, pool: str) -> None:
        session = samples.session(pool, "one", FUTURE)
        session.device_key = "device"
        store.save(session)

        with store.counted() as trips:
            changed = store.change(
                Session.at(pool=pool, sub="sub", id="one"), Session,
                set={"refresh_digest": b"new", "rotated_at": 5.5}, add={"generation": 2}, unset=("device_key",),
            )  # fmt: skip

        assert trips.calls == ["UpdateItem"]
        assert (changed.refresh_digest, changed.rotated_at, changed.generation) == (b"new", 5.5, 2)
        assert (changed.device_key, changed.scope, changed.version) == (None, "openid", 2)

    def test_setting_none_unsets(self, pool: str) -> None:
        store.save(samples.session(pool, "one", FUTURE))

        changed = store.change(Session.at(pool=pool, sub="sub", id="one"), Session, set={"expires": None})

        assert changed.expires is None

    def test_of_what_is_missing_is_refused_and_makes_nothing(self, pool: str) -> None:
        with pytest.raises(Conflict) as caught:
            store.change(User.at(pool=pool, sub="nobody"), User, set={"username": "x"}, name="user")

        assert caught.value.names == ("user",)
        assert store.list(keys.key("User", pool=pool, sub="nobody").pk).items == []

    def test_of_what_is_over_is_refused(self, pool: str) -> None:
        store.save(samples.session(pool, "one", PAST))

        with pytest.raises(Conflict):
            store.change(Session.at(pool=pool, sub="sub", id="one"), Session, set={"revoked_at": 1})

    def test_is_refused_under_the_name_of_its_condition(self, pool: str) -> None:
        store.save(samples.session(pool, "one", FUTURE))
        key = Session.at(pool=pool, sub="sub", id="one")
        condition = Session.generation == 0

        store.change(key, Session, add={"generation": 1}, condition=condition, name="rotation")
        with pytest.raises(Conflict) as caught:
            store.change(key, Session, add={"generation": 1}, condition=condition, name="rotation")

        assert caught.value.names == ("rotation",)

    def test_makes_a_later_save_of_what_was_read_before_stale(self, pool: str) -> None:
        user = samples.user(pool)
        store.save(user)
        store.change(User.at(pool=pool, sub="sub"), User, set={"enabled": False})

        with pytest.raises(Conflict):
            store.save(user)

    def test_of_what_another_kind_holds_is_an_error(self, pool: str) -> None:
        store.save(samples.user(pool))

        with pytest.raises(TypeError):
            store.change(keys.key("User", pool=pool, sub="sub"), Attempts, add={"failures": 1})


class TestUpsert:
    def test_makes_an_item_that_lists_and_reads_like_any_other(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")

        made = store.change(key, Attempts, **samples.failure(expires=FUTURE))

        assert (made.failures, made.failed_at, made.version) == (1, 1.0, 1)
        assert store.get(Attempts, pool=pool, sub="sub") is not None
        assert [type(item) for item in store.list(key.pk, ".").items] == [Attempts]
        assert [type(item) for item in store.get_many(key)] == [Attempts]

    def test_starts_anew_when_the_stored_one_is_over(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")
        store.change(key, Attempts, **samples.failure(9, expires=PAST))

        changed = store.change(key, Attempts, **samples.failure(expires=FUTURE))

        assert changed.failures == 1

    def test_starts_anew_inside_a_transaction_too(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")
        store.change(key, Attempts, **samples.failure(9, expires=PAST))

        store.together(Change(key, Attempts, **samples.failure(), unset=("expires",)),
                       Save(samples.guard(pool)))  # fmt: skip

        assert store.get(Attempts, pool=pool, sub="sub").failures == 1  # type: ignore[union-attr]

    def test_can_be_refused_by_its_condition(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")
        condition = Attempts.failures.does_not_exist() | (Attempts.failures < 2)
        for _ in range(2):
            store.change(key, Attempts, condition=condition, **samples.failure())

        with pytest.raises(Conflict):
            store.change(key, Attempts, condition=condition, **samples.failure())

    def test_can_be_refused_by_its_condition_after_starting_anew(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")
        store.change(key, Attempts, **samples.failure(9, expires=PAST))

        with pytest.raises(Conflict) as caught:
            store.change(key, Attempts, condition=Attempts.failures == 9, name="count", **samples.failure())

        assert caught.value.names == ("count",)

    def test_that_leaves_out_what_the_model_needs_is_an_error(self, pool: str) -> None:
        with pytest.raises(ValueError, match="sub"):
            store.change(Guard.at(pool=pool, kind="k", name="n"), Guard, upsert=True)

    def test_of_a_listed_kind_must_give_its_place_in_the_list(self, pool: str) -> None:
        with pytest.raises(ValueError, match="gsi1pk, gsi1sk"):
            Change(Pool.at(pool=pool), Pool, set={"document": {}, "secret": b""}, upsert=True)


class TestTogether:
    def test_of_nothing_does_nothing(self) -> None:
        with store.counted() as trips:
            store.together()

        assert trips.calls == []

    def test_writes_all(self, pool: str) -> None:
        gone = samples.guard(pool, "gone")
        store.save(gone)
        user, counter = samples.user(pool), Attempts.at(pool=pool, sub="sub")

        with store.counted() as trips:
            store.together(
                Save(user),
                Save(samples.guard(pool, "new")),
                Remove(gone),
                Check(Guard.at(pool=pool, kind="k", name="n"), absent=True),
                Change(counter, Attempts, **samples.failure()),
            )

        assert trips.calls == ["TransactWriteItems"]
        assert user.version == 1
        assert store.get(User, pool=pool, sub="sub") is not None
        assert store.get(Guard, pool=pool, kind="username", name="new") is not None
        assert store.get(Guard, pool=pool, kind="username", name="gone") is None
        assert store.get(Attempts, pool=pool, sub="sub").failures == 1  # type: ignore[union-attr]

    def test_writes_nothing_when_one_condition_fails(self, pool: str) -> None:
        store.save(samples.guard(pool, "taken"))
        user = samples.user(pool)

        with pytest.raises(Conflict):
            store.together(Save(user), Save(samples.guard(pool, "free")), Save(samples.guard(pool, "taken")))

        assert user.version is None
        assert store.get(User, pool=pool, sub="sub") is None
        assert store.get(Guard, pool=pool, kind="username", name="free") is None

    def test_names_all_failed_conditions_in_the_order_of_the_writes(self, pool: str) -> None:
        taken, there = samples.guard(pool, "taken"), samples.guard(pool, "there")
        store.together(Save(taken), Save(there))
        stale = samples.guard(pool, "stale")
        store.save(stale)
        store.change(Guard.at(pool=pool, kind="username", name="stale"), Guard, set={"sub": "other"})
        nobody = Attempts.at(pool=pool, sub="nobody")

        with pytest.raises(Conflict) as caught:
            store.together(
                Change(nobody, Attempts, add={"failures": 1}, name="change"),
                Save(samples.guard(pool, "taken"), "put"),
                Save(samples.guard(pool, "fine"), "fine"),
                Remove(stale, "remove"),
                Check(there, "unchanged"),
                Check(User.at(pool=pool, sub="nobody"), "check"),
            )

        assert caught.value.names == ("change", "put", "remove", "check")

    @pytest.mark.parametrize("absent", [True, False])
    def test_a_lone_check_holds_or_is_refused(self, pool: str, absent: bool) -> None:
        guard = samples.guard(pool)
        key = Guard.at(pool=pool, kind="username", name="name")
        if not absent:
            store.save(guard)

        store.together(Check(key, absent=absent))
        with pytest.raises(Conflict):
            store.together(Check(key, "check", absent=not absent))

    def test_a_check_takes_what_is_over_for_absent(self, pool: str) -> None:
        store.save(samples.session(pool, "one", PAST))
        key = Session.at(pool=pool, sub="sub", id="one")

        store.together(Check(key, absent=True))
        with pytest.raises(Conflict):
            store.together(Check(key))

    def test_removes_a_key_whether_or_not_it_is_there(self, pool: str) -> None:
        store.save(samples.guard(pool))
        key = Guard.at(pool=pool, kind="username", name="name")

        for _ in range(2):
            with store.counted() as trips:
                store.together(Remove(key))
            assert trips.calls == ["DeleteItem"]

        assert store.get_many(key) == [None]

    def test_removes_a_read_item_once(self, pool: str) -> None:
        guard = samples.guard(pool)
        store.save(guard)

        store.together(Remove(guard))
        with pytest.raises(Conflict):
            store.together(Remove(guard))

    def test_refuses_more_than_a_transaction_can_carry(self, pool: str) -> None:
        with pytest.raises(ValueError, match="100"):
            store.together(*(Save(samples.guard(pool, str(n))) for n in range(101)))

    def test_carries_a_hundred(self, pool: str) -> None:
        store.together(*(Save(samples.guard(pool, str(n))) for n in range(100)))

        assert store.get(Guard, pool=pool, kind="username", name="99") is not None


class TestRemoveAll:
    def test_deletes_items_and_keys_in_batches_and_does_not_mind_repeats(self, pool: str) -> None:
        guards = [samples.guard(pool, str(n)) for n in range(30)]
        store.together(*map(Save, guards))

        with store.counted() as trips:
            store.remove_all([*guards, Guard.at(pool=pool, kind="username", name="0")])

        assert trips.calls == ["BatchWriteItem"] * 2
        assert store.get_many(*(Guard.at(pool=pool, kind="username", name=str(n)) for n in range(30))) == [None] * 30

    def test_of_nothing_does_nothing(self) -> None:
        with store.counted() as trips:
            store.remove_all([])

        assert trips.calls == []


class TestBadCursor:
    def test_is_a_value_error(self) -> None:
        assert issubclass(BadCursor, ValueError)
