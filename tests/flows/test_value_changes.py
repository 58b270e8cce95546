"""Changing what attributes are: required, of another type, mutable, searchable; on a living pool."""

from __future__ import annotations

import pytest

from chalicelib.flows import pool_change_walks as walks
from chalicelib.table import keys, pools, search, store
from chalicelib.table.items import User
from tests.application import PASSWORD
from tests.callers import Door, Office, attribute, refused
from tests.pool_changes import applied, ask, assert_whole, begun, brought_to, described, opens, settled

AGE = {"Name": "age", "AttributeDataType": "String", "Mutable": True}
NOTE = {"Name": "note", "AttributeDataType": "String", "Mutable": True}


def reasons(change):
    return sorted((clash["Attribute"], clash["Reason"]) for clash in change["Clashes"])


def definition(cognito, pool, name):
    described = cognito.call("DescribeUserPool", UserPoolId=pool)["UserPool"]
    return next(entry for entry in described["SchemaAttributes"] if entry["Name"] == name)


def found(cognito, pool, condition):
    answer = cognito.call("ListUsers", UserPoolId=pool, Filter=condition)
    return sorted(user["Username"] for user in answer["Users"])


class TestRequired:
    def test_new_users_must_give_it_and_old_ones_go_on(self, cognito):
        door = Door(cognito, Schema=[AGE])
        cognito.user(door.pool, "bob")

        change = applied(
            cognito,
            door.pool,
            RequiredAttributes=[{"Name": "given_name", "Required": True}, {"Name": "custom:age", "Required": True}],
        )

        assert (change["MissingCount"], change["ClashCount"]) == (2, 0)
        assert {(lack["Username"], lack["Attribute"]) for lack in change["Missing"]} == {
            ("bob", "given_name"),
            ("bob", "custom:age"),
        }
        assert opens(cognito, door.client, "bob")
        with refused("InvalidParameterException") as refusal:
            door.sign_up("carl", attribute("email", "carl@example.com"), attribute("given_name", "Carl"))
        assert "custom:age: The attribute is required" in refusal.value.message
        assert door.sign_up(
            "carl", attribute("email", "carl@example.com"), attribute("given_name", "C"), attribute("custom:age", "7")
        )

    def test_it_can_be_left_out_once_it_is_required_no_longer(self, cognito):
        door = Door(cognito, Schema=[{"Name": "given_name", "Required": True, "Mutable": True}])
        with refused("InvalidParameterException"):
            door.sign_up("bob")

        applied(cognito, door.pool, RequiredAttributes=[{"Name": "given_name", "Required": False}])

        assert door.sign_up("bob")
        assert definition(cognito, door.pool, "given_name")["Required"] is False

    def test_clients_that_may_not_write_it_are_named_first(self, cognito):
        office = Office(cognito)
        narrow = cognito.client(office.pool, WriteAttributes=["email"])

        change = settled(
            cognito, begun(cognito, office.pool, RequiredAttributes=[{"Name": "given_name", "Required": True}])
        )

        assert (change["Status"], reasons(change)) == ("CLASHED", [("given_name", "CLIENT_CANNOT_WRITE")])
        assert change["Clashes"][0]["ClientId"] == narrow
        assert definition(cognito, office.pool, "given_name")["Required"] is False

    def test_a_client_that_came_while_names_were_offered_is_named_too(self, cognito):
        office = Office(cognito)
        wanted = {"CaseSensitive": False, "RequiredAttributes": [{"Name": "given_name", "Required": True}]}
        change = begun(cognito, office.pool, **wanted)
        brought_to(change, "offered")
        cognito.client(office.pool, WriteAttributes=["email"])

        assert settled(cognito, change)["Status"] == "CLASHED"
        assert_whole(office.pool)


class TestTypes:
    def test_values_that_fit_stay_and_new_ones_must(self, cognito):
        office = Office(cognito, Schema=[AGE])
        cognito.user(office.pool, "bob", **{"custom:age": "7"})

        applied(
            cognito,
            office.pool,
            AttributeTypes=[
                {
                    "Name": "custom:age",
                    "AttributeDataType": "Number",
                    "NumberAttributeConstraints": {"MinValue": "0", "MaxValue": "150"},
                }
            ],
        )

        assert definition(cognito, office.pool, "custom:age")["AttributeDataType"] == "Number"
        assert office.read("bob")["Attributes"]["custom:age"] == "7"
        with refused("InvalidParameterException"):
            office.update("bob", attribute("custom:age", "seven"))
        with refused("InvalidParameterException"):
            office.update("bob", attribute("custom:age", "151"))
        office.update("bob", attribute("custom:age", "8"))
        assert_whole(office.pool)

    def test_values_that_do_not_fit_are_named_and_nothing_changes(self, cognito):
        office = Office(cognito, Schema=[AGE])
        cognito.user(office.pool, "bob", **{"custom:age": "a secret"})
        cognito.user(office.pool, "carl", **{"custom:age": "7"})

        change = settled(
            cognito,
            begun(cognito, office.pool, AttributeTypes=[{"Name": "custom:age", "AttributeDataType": "Number"}]),
        )

        assert (change["Status"], reasons(change)) == ("CLASHED", [("custom:age", "VALUE_DOES_NOT_FIT")])
        assert change["Clashes"][0]["Username"] == "bob"
        assert "a secret" not in str(change)
        assert definition(cognito, office.pool, "custom:age")["AttributeDataType"] == "String"

    def test_any_text_fits_when_it_is_a_string_again(self, cognito):
        office = Office(cognito, Schema=[AGE | {"AttributeDataType": "Number"}])
        cognito.user(office.pool, "bob", **{"custom:age": "7"})

        applied(cognito, office.pool, AttributeTypes=[{"Name": "custom:age", "AttributeDataType": "String"}])

        office.update("bob", attribute("custom:age", "seven"))
        assert office.read("bob")["Attributes"]["custom:age"] == "seven"

    def test_values_are_written_as_their_type_writes_them(self, cognito):
        office = Office(cognito, Schema=[NOTE])
        cognito.user(office.pool, "bob", **{"custom:note": "TRUE"})

        change = applied(cognito, office.pool, AttributeTypes=[{"Name": "custom:note", "AttributeDataType": "Boolean"}])

        assert change["UsersRewritten"] == 1
        assert office.read("bob")["Attributes"]["custom:note"] == "true"
        assert_whole(office.pool)

    def test_a_value_that_came_between_check_and_switch_is_reported(self, cognito):
        office = Office(cognito, Schema=[AGE])
        cognito.user(office.pool, "bob", **{"custom:age": "7"})
        cognito.user(office.pool, "carl", **{"custom:age": "8"})
        change = begun(cognito, office.pool, AttributeTypes=[{"Name": "custom:age", "AttributeDataType": "Number"}])
        later = brought_to(change, "checked")
        office.update("bob", attribute("custom:age", "seven"))

        change = settled(cognito, change, later)

        assert (change["Status"], reasons(change)) == ("APPLIED", [("custom:age", "VALUE_DOES_NOT_FIT")])
        assert "1 " in change["Message"]
        assert opens(cognito, office.client, "bob")

    def test_what_may_be_changed_may_be_changed(self, cognito):
        office = Office(cognito, Schema=[AGE])
        cognito.user(office.pool, "bob", name="Bob", **{"custom:age": "7"})

        entries = [{"Name": "custom:age", "Mutable": False}, {"Name": "name", "Mutable": False}]
        applied(cognito, office.pool, AttributeTypes=entries)

        for one in ("custom:age", "name"):
            with refused("InvalidParameterException"):
                office.update("bob", attribute(one, "8"))
        applied(cognito, office.pool, AttributeTypes=[{"Name": "name", "Mutable": True}])
        office.update("bob", attribute("name", "Rob"))


class TestSearchable:
    def test_old_and_new_users_are_found_and_nobody_before_all_are(self, cognito):
        office = Office(cognito, Schema=[NOTE])
        cognito.user(office.pool, "bob", **{"custom:note": "Red"})
        change = begun(cognito, office.pool, SearchableAttributes=["custom:note"])
        later = brought_to(change, "finishing")

        with refused("InvalidParameterException", "Invalid search attribute: custom:note"):
            found(cognito, office.pool, 'custom:note = "Red"')
        cognito.user(office.pool, "carl", **{"custom:note": "Red"})
        assert settled(cognito, change, later)["Status"] == "APPLIED"

        cognito.user(office.pool, "dora", **{"custom:note": "Green"})
        assert found(cognito, office.pool, 'custom:note = "Red"') == ["bob", "carl"]
        assert found(cognito, office.pool, 'custom:note ^= "G"') == ["dora"]
        office.update("bob", attribute("custom:note", "Grey"))
        assert found(cognito, office.pool, 'custom:note ^= "G"') == ["bob", "dora"]
        assert ask(cognito, "ListUserPoolChanges", UserPoolId=office.pool)["SearchableAttributes"] == ["custom:note"]
        assert_whole(office.pool)

    def test_the_list_is_the_whole_list_and_leaves_nothing_behind(self, cognito):
        office = Office(cognito, Schema=[NOTE, AGE])
        cognito.user(office.pool, "bob", nickname="b", **{"custom:note": "red", "custom:age": "7"})
        applied(cognito, office.pool, SearchableAttributes=["custom:note", "custom:age"])

        applied(cognito, office.pool, SearchableAttributes=["nickname", "custom:age"])

        assert found(cognito, office.pool, 'nickname = "b"') == ["bob"]
        assert found(cognito, office.pool, 'custom:age = "7"') == ["bob"]
        with refused("InvalidParameterException"):
            found(cognito, office.pool, 'custom:note = "red"')
        assert store.list(search.partition(office.pool, "custom:note")).items == []
        pool = pools.fresh_pool(office.pool)
        assert pool is not None
        assert pool.ours == {"searchable": ["nickname", "custom:age"]}
        assert_whole(office.pool)

    def test_a_user_who_changes_while_entries_are_written_leaves_no_old_one(self, cognito):
        office = Office(cognito, Schema=[NOTE])
        cognito.user(office.pool, "bob", **{"custom:note": "red"})
        cognito.user(office.pool, "carl", **{"custom:note": "red"})
        change = begun(cognito, office.pool, SearchableAttributes=["custom:note"])
        later = brought_to(change, "finishing")

        office.update("bob", attribute("custom:note", "green"))
        office.call("AdminDeleteUser", "carl")
        settled(cognito, change, later)

        assert found(cognito, office.pool, 'custom:note = "red"') == []
        assert found(cognito, office.pool, 'custom:note = "green"') == ["bob"]
        assert len(store.list(search.partition(office.pool, "custom:note")).items) == 1
        assert_whole(office.pool)

    def test_who_changes_while_the_entry_is_on_its_way_is_found_by_the_new_value_alone(self, cognito, monkeypatch):
        office = Office(cognito, Schema=[NOTE])
        cognito.user(office.pool, "bob", **{"custom:note": "red"})
        change = begun(cognito, office.pool, SearchableAttributes=["custom:note"])
        later = brought_to(change, "finishing")
        real, changed = walks._writes, []

        def late(*given):
            writes = real(*given)
            if not changed:
                changed.append(office.update("bob", attribute("custom:note", "green")))
            return writes

        monkeypatch.setattr(walks, "_writes", late)
        settled(cognito, change, later)

        assert changed
        assert found(cognito, office.pool, 'custom:note = "green"') == ["bob"]
        assert len(store.list(search.partition(office.pool, "custom:note")).items) == 1
        assert_whole(office.pool)


class TestAllAtOnce:
    def test_a_change_of_everything_is_one_change(self, cognito):
        office = Office(cognito, Schema=[AGE])
        cognito.user(office.pool, "Bob", email="Bob@example.com", **{"custom:age": "7"})

        change = applied(
            cognito,
            office.pool,
            UsernameAttributes=["email"],
            CaseSensitive=False,
            RequiredAttributes=[{"Name": "name", "Required": True}],
            AttributeTypes=[{"Name": "custom:age", "AttributeDataType": "Number"}],
            SearchableAttributes=["custom:age"],
        )

        assert (change["UsersChecked"], change["UsersRewritten"], change["MissingCount"]) == (1, 1, 1)
        assert opens(cognito, office.client, "bob@EXAMPLE.com")
        assert found(cognito, office.pool, 'custom:age = "7"') == ["Bob"]
        assert definition(cognito, office.pool, "name")["Required"] is True
        assert_whole(office.pool)

    @pytest.mark.parametrize(
        "wanted",
        [
            {"RequiredAttributes": [{"Name": "name", "Required": True}]},
            {"AttributeTypes": [{"Name": "custom:age", "AttributeDataType": "Number"}]},
            {"SearchableAttributes": ["custom:age"]},
            {"CaseSensitive": False, "AliasAttributes": ["email"]},
        ],
        ids=lambda wanted: "+".join(wanted),
    )
    def test_a_trial_changes_nothing(self, cognito, wanted):
        office = Office(cognito, Schema=[AGE])
        cognito.user(office.pool, "bob", **{"custom:age": "7"})
        before, user = pools.fresh_pool(office.pool), store.listed(keys.listing("User", pool=office.pool)).items[0]

        change = settled(cognito, begun(cognito, office.pool, DryRun=True, **wanted))

        assert (change["Status"], change["DryRun"], change["UsersChecked"]) == ("CHECKED", True, 1)
        after = pools.fresh_pool(office.pool)
        assert before is not None
        assert after is not None
        assert after.document == before.document
        assert not (after.ours or {}).get("searchable")
        now = store.listed(keys.listing("User", pool=office.pool)).items[0]
        assert isinstance(now, User)
        assert isinstance(user, User)
        assert (now.guards, now.generation, now.attributes) == (user.guards, user.generation, user.attributes)
        assert described(cognito, change)["Message"] == "Nothing clashes."
        assert cognito.sign_in(office.client, "bob", PASSWORD)
        assert_whole(office.pool)
