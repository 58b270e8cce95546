"""Every kind of damage is named, a table at work is not accused, and what only waits for its end is no damage."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from chalicelib.flows import pool_removal, sealed_values
from chalicelib.table import bonds, connection, groups, guards, invariants, keys, search, store, users
from chalicelib.table.directory import ActiveImport, Group, ImportLines, Member
from chalicelib.table.documents import Branding, BrandingAsset, Domain
from chalicelib.table.items import Client, Guard, Item, Password, Pool, User
from tests.application import Fault
from tests.pool_changes import applied, begun, brought_to
from tests.table import samples


@pytest.fixture
def pool(cognito):
    """A pool with a client and a user `ada` who is signed in and in a group."""
    pool_id = cognito.pool(AliasAttributes=["email"], UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"})
    client = cognito.client(pool_id)
    cognito.user(pool_id, "ada", email="ada@example.com", email_verified="true")
    cognito.call("CreateGroup", UserPoolId=pool_id, GroupName="poets")
    cognito.call("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="poets", Username="ada")
    cognito.sign_in(client, "ada")
    yield pool_id
    forget(pool_id)


def forget(pool_id: str) -> None:
    """Removes all rows of a pool as they are: other tests read the whole table, and could not read the damaged ones."""
    request = {
        "TableName": Item.Meta.table_name,
        "FilterExpression": "contains(pk, :p)",
        "ExpressionAttributeValues": {":p": {"S": pool_id}},
    }
    while True:
        reply = connection.send("Scan", request)
        store.remove_all([keys.Key(row["pk"]["S"], row["sk"]["S"]) for row in reply["Items"]])
        if "LastEvaluatedKey" not in reply:
            return
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


@pytest.fixture
def user(pool):
    return store.get(User, pool=pool, sub=users.sub_of(store.get(Pool, pool=pool), "ada"))


def put(item: Item, **changes: dict) -> None:
    """Writes an item over whatever stands there, as a hand at a console would."""
    row = store.Save(item).request()["Item"] | changes
    connection.send("PutItem", {"TableName": Item.Meta.table_name, "Item": row})


def damage(pool_id: str) -> str:
    """The one thing that is found broken in a pool."""
    found = invariants.broken(pool_id)
    assert len(found) == 1, found
    return found[0]


class TestAWholeTable:
    def test_has_nothing_broken(self, pool):
        assert invariants.broken(pool) == []

    def test_is_whole_with_everything_that_a_pool_may_have(self, cognito, pool):
        client = cognito.client(pool, GenerateSecret=True)
        cognito.call("CreateUserPoolDomain", UserPoolId=pool, Domain=f"whole-{pool[-8:].lower()}")
        cognito.call("CreateResourceServer", UserPoolId=pool, Identifier="https://api", Name="api")
        cognito.call("SetUICustomization", UserPoolId=pool, CSS=".label-customizable {font-weight: 400;}")
        cognito.call("SetRiskConfiguration", UserPoolId=pool, ClientId=client)
        cognito.call("GetSigningCertificate", UserPoolId=pool)

        assert invariants.broken(pool) == []

    def test_is_read_to_the_end(self, pool):
        store.together(*(store.Save(samples.once(pool, f"{number}{'x' * 900}")) for number in range(90)))

        before = invariants.checked(pool).items
        store.together(*(store.Save(samples.once(pool, f"more {number}")) for number in range(90)))

        assert invariants.checked(pool).items == before + 90

    @pytest.mark.parametrize("name", sorted(keys.ENTITIES))
    def test_of_every_entity_it_is_known_whether_it_has_a_head(self, name):
        assert keys.ENTITIES[name].pk in set(bonds.HEADS) | bonds.HEADLESS


class TestNames:
    def test_a_user_without_its_guard(self, pool, user):
        store.remove_all([guards.key(pool, ("username", "ada"))])

        assert damage(pool) == f"U#{pool}#{user.sub} .: its username guard is not there or is another's"

    def test_a_guard_that_leads_to_another(self, pool, user):
        put(guards.item(pool, ("email", "ada@example.com"), "somebody"))

        found = invariants.broken(pool)

        assert f"U#{pool}#{user.sub} .: its email guard is not there or is another's" in found
        assert f"N#{pool}#email#ada@example.com .: no user holds this name" in found

    def test_a_guard_without_a_user(self, pool):
        put(guards.item(pool, ("username", "ghost"), "7f9c24e8-3b12-4fef-91a8-3c2f1f2a6f11"))

        assert damage(pool) == f"N#{pool}#username#ghost .: no user holds this name"

    def test_guards_that_are_not_those_of_the_names(self, pool, user):
        user.attributes = user.attributes | {"email_verified": "false"}
        put(user)

        assert damage(pool) == f"U#{pool}#{user.sub} .: its guards are not those of its names"


class TestParts:
    def test_a_password_without_its_user(self, pool):
        put(samples.password(pool, "nobody"))

        assert damage(pool) == f"U#{pool}#nobody .PASSWORD: it belongs to a user that is not there"

    def test_a_user_without_its_pool_takes_its_parts_along(self, cognito):
        stray = samples.user("us-east-1_Nowhere1", "stray")
        stray.guards = []
        put(stray)

        found = invariants.broken("us-east-1_Nowhere1")
        store.remove_all([stray])

        assert found == ["U#us-east-1_Nowhere1#stray .: it belongs to a pool that is not there"]

    def test_a_client_without_its_pool(self, pool):
        stray = Client.new({"client": "stray", "pool": "us-east-1_Nowhere2", "created": "0" * 15},
                           pool_id="us-east-1_Nowhere2", document={})  # fmt: skip
        put(stray)

        found = invariants.broken("us-east-1_Nowhere2")
        store.remove_all([stray])

        assert found == ["C#stray .: it belongs to a pool that is not there"]

    def test_a_secret_without_its_client(self, cognito, pool):
        client = cognito.client(pool, GenerateSecret=True)
        secret = next(item for item in store.list(f"C#{client}").items if not isinstance(item, Client))
        store.remove_all([keys.key("Client", client=client)])

        found = [line for line in invariants.broken() if line.startswith(f"C#{client} ")]
        store.remove_all([secret])

        assert found == [f"C#{client} {secret.sk}: it belongs to a client that is not there"]

    def test_a_client_that_was_made_with_a_secret_and_has_none(self, cognito, pool):
        client = cognito.client(pool, GenerateSecret=True)
        store.remove_all(item for item in store.list(f"C#{client}").items if not isinstance(item, Client))

        assert damage(pool) == f"C#{client} .: it was made with a secret and has none"

    def test_a_client_whose_secrets_were_exchanged_meanwhile(self, cognito, pool, monkeypatch):
        client = cognito.client(pool, GenerateSecret=True)
        scanned = invariants.walks.scanned

        def before() -> list:
            return [[row for row in part if row["_t"]["S"] != "ClientSecret"] for part in scanned()]

        monkeypatch.setattr(invariants.walks, "scanned", before)

        assert [line for line in invariants.broken(pool) if client in line] == []


class TestGroups:
    def test_a_member_whom_the_user_does_not_know_of(self, pool, user):
        member = Member.new({"pool": pool, "group": "gone", "sub": user.sub}, sub=user.sub, added_at=1.0)
        put(member)

        assert damage(pool).endswith("its user is not there or does not say that it is in the group")

    def test_a_user_who_is_not_among_the_members(self, pool, user):
        store.remove_all(groups.member_keys(pool, user.sub, groups.held(user)))

        assert damage(pool) == f"U#{pool}#{user.sub} .: it is in the group poets, but not among its members"

    def test_a_group_that_went_without_a_mark(self, pool, user):
        store.remove_all([Group.at(pool=pool, name="poets")])

        assert damage(pool) == f"U#{pool}#{user.sub} .: it is in a group poets that is not there"

    def test_a_deleted_group_is_none(self, pool):
        group = store.get(Group, pool=pool, name="poets")
        store.together(*groups.deletion(group, groups.mark(pool, group, time.time())))

        assert invariants.broken(pool) == []


class TestSearches:
    def test_a_user_who_is_not_found(self, pool, user):
        entry = next(one for one in search.entries(store.get(Pool, pool=pool), user) if one[0] == "email")
        store.remove_all([search.key(pool, entry)])

        assert damage(pool) == f"U#{pool}#{user.sub} .: it is not found by email"

    def test_an_entry_that_nobody_has(self, pool, user):
        place = search.key(pool, ("email", f"old@example.com\0{user.sub}"))
        connection.send("PutItem", {"TableName": Item.Meta.table_name, "Item": {
            "pk": {"S": place.pk}, "sk": {"S": place.sk}, "_t": {"S": "SearchEntry"}, "_v": {"N": "1"},
            "sub": {"S": user.sub},
        }})  # fmt: skip

        assert damage(pool).endswith("no user has this value")

    def test_an_attribute_that_is_becoming_searchable_is_not_missed_yet(self, pool):
        changed = store.get(Pool, pool=pool)
        changed.ours = {**(changed.ours or {}), "becoming_searchable": ["email_verified"]}
        store.save(changed)

        assert invariants.broken(pool) == []


class TestDocuments:
    def test_a_domain_that_its_pool_does_not_know(self, pool):
        host = f"stray-{pool[-8:].lower()}"
        put(Domain.new({"host": host}, pool_id=pool, document={"Domain": host}))

        assert damage(pool) == f"D#{host} .: its pool is not there or has another domain"

    def test_a_pool_whose_domain_is_not_there(self, pool):
        changed = store.get(Pool, pool=pool)
        changed.document = changed.document | {"Domain": "gone"}
        store.save(changed)

        assert damage(pool) == f"P#{pool} .: its domain gone is not there or is another's"

    def test_a_branding_without_the_bytes_that_it_names(self, pool):
        put(Branding.new({"pool": pool, "client": "c"}, id="b", client_id="c",
                         document={"Assets": [{"Id": "image", "Size": 1}]}))  # fmt: skip

        assert damage(pool) == f"P#{pool} BRANDING#c: the bytes of its asset image are not there"

    def test_a_running_import_without_its_job(self, pool):
        put(ActiveImport.new({"pool": pool, "created": "0" * 15}, pool_id=pool, job="import-1"))

        assert damage(pool) == f"P#{pool} IMPORTING: it belongs to an import job that is not there"


class TestRows:
    def test_a_kind_that_is_not_known(self, pool):
        put(samples.once(pool, "x"), _t={"S": "Riddle"}, pk={"S": f"T#{pool}#riddle"})

        assert damage(pool) == f"T#{pool}#riddle .: it cannot be read as an item of the kind 'Riddle'"

    def test_an_item_that_lacks_what_it_needs(self, pool, user):
        put(user, guards={"S": "no JSON"})

        assert any("cannot be read as an item of the kind 'User'" in line for line in invariants.broken(pool))

    def test_an_item_of_another_form(self, pool, user):
        put(user, guards={"S": '["username"]'})

        assert any("it has not the form of a User" in line for line in invariants.broken(pool))

    def test_a_key_of_another_kind(self, pool):
        put(Guard(f"U#{pool}#x", ".", sub="x"))

        assert damage(pool) == f"U#{pool}#x .: its key is not that of a Guard"

    def test_a_place_in_the_list_that_is_not_its_own(self, pool, user):
        user.gsi1sk = f"{keys.sortable(user.created_at + 1)}#{user.sub}"
        put(user)

        assert damage(pool) == f"U#{pool}#{user.sub} .: its place in the list index is wrong"

    def test_a_place_in_the_list_that_is_missing(self, pool, user):
        user.gsi1pk = user.gsi1sk = None
        put(user)

        assert damage(pool) == f"U#{pool}#{user.sub} .: its place in the list index is wrong"

    def test_an_item_that_stands_in_a_list_although_its_kind_has_none(self, pool):
        put(guards.item(pool, ("username", "ada"), "x"), gsi1pk={"S": "LIST#operators"}, gsi1sk={"S": "0#x"})

        assert any("it stands in the list index" in line for line in invariants.broken(pool))

    def test_a_sub_that_is_not_that_of_the_key(self, pool, user):
        user.sub = "another"
        put(user)

        assert any("its sub is not that of its key" in line for line in invariants.broken(pool))

    def test_a_sealed_value_that_does_not_open_is_found_by_who_looks(self, pool, user):
        password = store.get(Password, pool=pool, sub=user.sub)
        password.verifier = b"\x01" + bytes(80)
        put(password)

        looked = invariants.checked(pool, look=sealed_values.fault)

        assert invariants.broken(pool) == []
        assert len(looked.broken) == 1
        assert "its verifier does not open" in looked.broken[0]


class TestWhatPasses:
    def test_an_expired_item_is_counted(self, pool):
        put(samples.session(pool, "over", expires=1.0, sub="nobody"))

        found = invariants.checked(pool)

        assert found.broken == []
        assert found.expired >= 1

    def test_a_session_without_its_user_goes_by_itself(self, pool):
        put(samples.session(pool, "late", expires=time.time() + 600, sub="nobody"))

        found = invariants.checked(pool)

        assert [line for line in found.broken if "list index" not in line] == []
        assert found.leftovers >= 1

    def test_the_lines_of_a_job_that_is_gone_go_by_themselves(self, pool):
        put(ImportLines.new({"pool": pool, "job": "gone", "line": "1"}, lines=[], expires=time.time() + 600))

        assert invariants.checked(pool).broken == []

    def test_a_branding_image_that_a_crash_left_is_counted(self, pool):
        place = BrandingAsset.at(pool=pool, client="c", asset="a", part="00")
        put(BrandingAsset(place.pk, place.sk, content=b"x"))

        found = invariants.checked(pool)

        assert found.broken == []
        assert found.leftovers == 1

    def test_what_a_deleted_pool_has_left_is_counted(self, cognito, pool):
        store.together(store.Remove(keys.key("Pool", pool=pool)), pool_removal.mark(pool, time.time()))

        found = invariants.checked(pool)

        assert found.broken == []
        assert found.leftovers > 5


class TestAPoolThatIsChanged:
    STEPS = ("announced", "checking", "checked", "offered", "switched", "released", "finishing", "clearing")

    @pytest.mark.parametrize("step", STEPS)
    def test_is_whole_at_every_step(self, cognito, pool, step):
        applied(cognito, pool, SearchableAttributes=["nickname"])
        change = begun(cognito, pool, CaseSensitive=False, SearchableAttributes=["locale"])
        brought_to(change, step)

        assert invariants.broken(pool) == []

    @pytest.mark.parametrize("step", ["checking", "released"])
    def test_is_broken_all_the_same_when_a_guard_is_gone(self, cognito, pool, user, step):
        brought_to(begun(cognito, pool, CaseSensitive=False), step)
        user = store.get(User, pool=pool, sub=user.sub)
        store.remove_all([guards.key(pool, tuple(user.guards[0]))])

        assert damage(pool).endswith("guard is not there or is another's")

    @pytest.mark.parametrize("step", ["withdrawn", "removing"])
    def test_is_whole_while_a_change_is_taken_back(self, cognito, pool, step):
        cognito.user(pool, "ADA")
        change = begun(cognito, pool, CaseSensitive=False)
        brought_to(change, step)

        assert invariants.broken(pool) == []


class TestBounds:
    def test_no_more_is_told_than_was_asked_for(self, pool):
        for number in range(6):
            put(guards.item(pool, ("username", f"ghost {number}"), "nobody"))

        found = invariants.checked(pool, most=2)

        assert len(found.broken) == 2
        assert found.more == 4

    def test_progress_is_told(self, pool):
        heard: list[int] = []

        invariants.checked(pool, told=heard.append)

        assert heard[-1] > 5
        assert heard == sorted(heard)


class TestATableAtWork:
    def test_is_not_accused(self, cognito):
        pool_id = cognito.pool(AliasAttributes=["email"])
        cognito.call("CreateGroup", UserPoolId=pool_id, GroupName="poets")
        is_over = threading.Event()
        rounds = [0, 0]

        def work(place: int) -> None:
            while not is_over.is_set():
                name = f"worker-{place}-{rounds[place] % 3}"
                with contextlib.suppress(Fault):
                    cognito.user(pool_id, name, email=f"{name}@example.com", email_verified="true")
                with contextlib.suppress(Fault):
                    cognito.call("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="poets", Username=name)
                with contextlib.suppress(Fault):
                    cognito.call("AdminDeleteUser", UserPoolId=pool_id, Username=name)
                rounds[place] += 1

        workers = [threading.Thread(target=work, args=(place,)) for place in range(2)]
        for worker in workers:
            worker.start()
        try:
            found = [invariants.broken(pool_id) for _ in range(8)]
        finally:
            is_over.set()
            for worker in workers:
                worker.join()

        assert found == [[]] * 8
        assert min(rounds) > 2
        assert invariants.broken(pool_id) == []
