"""What is over goes, what was written anew stays, and nothing of a deleted pool is left in the end."""

from __future__ import annotations

import time
import uuid

import pytest

from chalicelib.flows import memberships, pool_removal
from chalicelib.jobs import sweep
from chalicelib.table import connection, groups, guards, keys, store, surveys, users
from chalicelib.table.directory import DeletedGroup
from chalicelib.table.items import Item, Once, Pool
from chalicelib.table.keys import Key
from chalicelib.table.upkeep import DeletedPool
from tests.societies import Society, disagreements
from tests.table import samples

HOUR = 3600.0


def exists(key: Key) -> bool:
    """Whether the table holds an item, its time over or not."""
    place = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    return "Item" in connection.send("GetItem", {"TableName": Item.Meta.table_name, "Key": place})


def spent(expires: float) -> Key:
    """The mark of something that was spent, with the end of its time."""
    name = uuid.uuid4().hex
    store.save(Once.new({"pool": "pool", "id": name}, expires=expires))
    return Once.at(pool="pool", id=name)


def all_expired() -> list[Key]:
    """Every item whose time is over, found part by part."""
    found, cursor = surveys.expired(time.time(), None).keys, surveys.expired(time.time(), None).cursor
    while cursor:
        part = surveys.expired(time.time(), cursor)
        found, cursor = found + part.keys, part.cursor
    return found


class TestExpiredItems:
    def test_go_when_their_time_is_well_over_and_the_others_stay(self, run):
        now = time.time()
        over = spent(now - sweep.GRACE - 5)
        just_over = spent(now - 5)
        living = spent(now + HOUR)
        lasting = samples.guard(uuid.uuid4().hex)
        store.save(lasting)

        lines = run("sweep").lines

        assert not exists(over)
        assert exists(just_over)
        assert exists(living)
        assert exists(Key(lasting.pk, lasting.sk))
        assert any("expired items removed" in line for line in lines)

    def test_that_were_written_anew_meanwhile_stay(self, application):
        key = spent(time.time() - HOUR)
        found = all_expired()
        fresh = Once.new({"pool": "pool", "id": key.pk.rpartition("#")[2]}, expires=time.time() + HOUR)
        store.save(fresh)

        removed = {place: surveys.remove_expired(place) for place in found}

        assert removed[key] is False
        assert exists(key)

    def test_are_found_part_by_part_in_a_large_table(self, application, run):
        over = [spent(time.time() - HOUR) for _ in range(3)]
        padding = [Once.new({"pool": "pool", "id": f"{uuid.uuid4().hex}{'x' * 1900}"}, expires=time.time() + HOUR)
                   for _ in range(600)]  # fmt: skip
        for first in range(0, 600, 100):
            store.together(*(store.Save(item) for item in padding[first : first + 100]))

        pages, cursor = 1, surveys.expired(time.time(), None).cursor
        while cursor:
            pages, cursor = pages + 1, surveys.expired(time.time(), cursor).cursor
        run("sweep")

        assert pages > 1
        assert not any(exists(key) for key in over)
        store.remove_all(padding)

    def test_are_left_to_dynamodb_in_the_cloud(self, run, given_settings):
        given_settings(LATCHKEY_LOCAL="0")
        over = spent(time.time() - HOUR)

        run("sweep")

        assert exists(over)


class TestDeletedPools:
    @pytest.fixture
    def deleted(self, cognito):
        """A pool that was deleted, and a user whom a late request has written into it."""
        pool = cognito.pool()
        cognito.call("DeleteUserPool", UserPoolId=pool)
        late = samples.user(pool, "late")
        late.guards = [["username", "late"]]
        guard = guards.item(pool, ("username", "late"), "late")
        store.together(store.Save(late), store.Save(guard), store.Save(samples.password(pool, "late")))
        return pool

    def test_leave_a_mark_until_nobody_can_remember_them(self, deleted, run):
        run("sweep", later=HOUR / 2)

        assert store.get(DeletedPool, pool=deleted)

    def test_are_gone_with_all_that_came_late(self, deleted, run):
        lines = run("sweep", later=2 * HOUR).lines

        assert store.get(DeletedPool, pool=deleted) is None
        assert store.list(keys.key("User", pool=deleted, sub="late").pk).items == []
        assert not exists(guards.key(deleted, ("username", "late")))
        assert any("deleted pools finished" in line for line in lines)

    def test_whose_mark_was_taken_by_a_restore_since_it_was_listed_are_left_alone(self, deleted):
        listed = store.get(DeletedPool, pool=deleted)
        taken = store.get(DeletedPool, pool=deleted)

        assert sweep._stands(listed)
        store.save(taken)

        assert not sweep._stands(listed)

    def test_that_were_cut_short_are_finished(self, cognito, run):
        pool = cognito.pool()
        client = cognito.client(pool, GenerateSecret=True)
        names = [cognito.user(pool) for _ in range(3)]
        store.together(store.Remove(keys.key("Pool", pool=pool)), pool_removal.mark(pool, time.time()))
        assert pool_removal.clear(pool, seconds=0.0) is False

        run("sweep", later=2 * HOUR)

        assert store.list(keys.key("Client", client=client).pk).items == []
        assert store.listed(keys.listing("User", pool=pool)).items == []
        assert not any(exists(guards.key(pool, ("username", name))) for name in names)

    def test_may_be_cut_off_after_every_step_and_nothing_is_lost(self, cognito):
        pool = cognito.pool()
        client = cognito.client(pool, GenerateSecret=True)
        names = [cognito.user(pool) for _ in range(2)]
        subs = [users.sub_of(store.get(Pool, pool=pool), name) for name in names]
        cognito.sign_in(cognito.client(pool), names[0])
        store.remove_all([keys.key("Pool", pool=pool)])

        rounds = 1
        while not pool_removal.clear(pool, seconds=0.0):
            rounds += 1

        left = [keys.key("Client", client=client).pk, *(keys.key("User", pool=pool, sub=sub).pk for sub in subs)]
        assert rounds > 3
        assert [store.list(partition).items for partition in left] == [[], [], []]
        assert not any(exists(guards.key(pool, ("username", name))) for name in names)


class TestDeletedGroups:
    @pytest.fixture
    def society(self, cognito):
        return Society(cognito)

    @pytest.fixture
    def deleted(self, society):
        """A group that was deleted by a request that had no time for its members."""
        name = society.group("admins")
        for _ in range(3):
            society.user(name)
        group = society.stored_group(name)
        store.together(*groups.deletion(group, groups.mark(society.pool, group, time.time())))
        return group

    def test_are_left_by_all_who_were_in_them(self, society, deleted, run):
        society.group("admins")
        member = society.user("admins")

        lines = run("sweep").lines

        assert store.get(DeletedGroup, pool=society.pool, id=deleted.id) is None
        assert disagreements(society.pool) == []
        assert society.members("admins") == [member]
        assert any("deleted groups finished" in line for line in lines)

    def test_may_be_cut_off_after_every_step(self, society, deleted, monkeypatch):
        monkeypatch.setattr(memberships, "_BATCH", 1)
        mark = store.get(DeletedGroup, pool=society.pool, id=deleted.id)

        rounds = 1
        while not memberships.clear(mark, seconds=0.0):
            rounds += 1
            assert disagreements(society.pool, is_settled=False) == []

        assert rounds == 4
        assert disagreements(society.pool) == []

    def test_of_a_deleted_pool_are_finished_too(self, society, deleted, cognito, run):
        cognito.call("DeleteUserPool", UserPoolId=society.pool)

        run("sweep")

        assert store.get(DeletedGroup, pool=society.pool, id=deleted.id) is None
        assert groups.some_members(society.pool, deleted.id, 10) == []
