"""Changes of pools: what may be wanted, what the schema is then, and what does not fit."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import pool_changes, schema
from chalicelib.rules.pool_changes import Person

SUB = "0f9a4f4e-7d0a-4c8e-9f43-2d6f0c1d2e3f"


def document(*custom, **settings):
    return {"SchemaAttributes": schema.created(custom), **settings}


def refused(given, pool=None, ours=None):
    with pytest.raises(InvalidParameterException) as refusal:
        pool_changes.wanted(pool or document(), ours, given)
    return refusal.value.message


def definition(entries, name):
    return next(entry for entry in entries if entry["Name"] == name)


class TestWanted:
    def test_takes_over_what_is_given_and_each_name_once(self):
        given = {"UserPoolId": "x", "AliasAttributes": ["email", "email"], "CaseSensitive": False, "DryRun": True}

        assert pool_changes.wanted(document(), None, given) == {"AliasAttributes": ["email"], "CaseSensitive": False}

    def test_is_refused_when_nothing_is_wanted(self):
        assert "At least one" in refused({"UserPoolId": "x", "DryRun": True})

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"UsernameAttributes": ["email"], "AliasAttributes": ["email"]}, "Only one of"),
            ({"RequiredAttributes": [{"Name": "custom:x", "Required": True}]}, "does not exist"),
            ({"RequiredAttributes": [{"Name": "sub", "Required": False}]}, "cannot be changed"),
            ({"RequiredAttributes": [{"Name": "email_verified", "Required": True}]}, "cannot be changed"),
            ({"AttributeTypes": [{"Name": "email", "AttributeDataType": "Number"}]}, "You can not change"),
            ({"AttributeTypes": [{"Name": "sub", "Mutable": True}]}, "cannot be changed"),
            ({"AttributeTypes": [{"Name": "nothing", "Mutable": True}]}, "does not exist"),
            ({"SearchableAttributes": ["email"]}, "Every user pool can search"),
            ({"SearchableAttributes": ["custom:x"]}, "does not exist"),
        ],
    )
    def test_is_refused_when_it_makes_no_sense(self, given, words):
        assert words in refused(given)

    def test_bounds_of_another_type_are_refused(self):
        entry = {"Name": "custom:x", "AttributeDataType": "Number", "StringAttributeConstraints": {"MaxLength": "1"}}

        assert "do not belong" in refused(
            {"AttributeTypes": [entry]}, document({"Name": "x", "AttributeDataType": "String"})
        )

    def test_aliases_must_be_emptied_before_addresses_are_names(self):
        pool = document(AliasAttributes=["email"])

        assert "Only one of" in refused({"UsernameAttributes": ["email"]}, pool)
        assert pool_changes.wanted(pool, None, {"UsernameAttributes": ["email"], "AliasAttributes": []})

    def test_what_clients_never_write_cannot_be_required(self):
        pool = document({"Name": "x", "AttributeDataType": "String", "DeveloperOnlyAttribute": True})

        assert "nobody could sign up" in refused(
            {"RequiredAttributes": [{"Name": "dev:custom:x", "Required": True}]}, pool
        )

    def test_preferred_username_is_not_required_and_an_alias(self):
        required = {"RequiredAttributes": [{"Name": "preferred_username", "Required": True}]}

        assert "cannot be both" in refused(required | {"AliasAttributes": ["preferred_username"]})
        assert "cannot be both" in refused(required, document(AliasAttributes=["preferred_username"]))
        assert pool_changes.wanted(
            document(AliasAttributes=["preferred_username"]), None, required | {"AliasAttributes": []}
        )

    def test_searchable_attributes_are_counted_with_those_of_before(self):
        pool = document(*({"Name": f"x{number}", "AttributeDataType": "String"} for number in range(30)))
        some = [f"custom:x{number}" for number in range(20)]

        assert pool_changes.wanted(pool, None, {"SearchableAttributes": some})
        assert "At most 20" in refused({"SearchableAttributes": ["custom:x29"]}, pool, {"searchable": some})


class TestNames:
    @pytest.mark.parametrize(
        ("before", "asked"),
        [
            ({}, {"CaseSensitive": True}),
            ({}, {"UsernameAttributes": [], "AliasAttributes": []}),
            ({"UsernameConfiguration": {"CaseSensitive": False}}, {"CaseSensitive": False}),
            ({"AliasAttributes": ["email", "phone_number"]}, {"AliasAttributes": ["phone_number", "email"]}),
            ({"UsernameAttributes": ["email"]}, {"RequiredAttributes": []}),
        ],
    )
    def test_stay_when_the_same_is_wanted_in_other_words(self, before, asked):
        assert pool_changes.names_after(document(**before), asked) is None

    def test_change_as_far_as_they_are_given(self):
        pool = document(AliasAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})

        assert pool_changes.names_after(pool, {"AliasAttributes": []}) == {
            "UsernameConfiguration": {"CaseSensitive": False}
        }
        assert pool_changes.names_after(pool, {"CaseSensitive": True}) == {
            "AliasAttributes": ["email"],
            "UsernameConfiguration": {"CaseSensitive": True},
        }


class TestSchema:
    POOL = document(
        {
            "Name": "age",
            "AttributeDataType": "String",
            "StringAttributeConstraints": {"MaxLength": "3"},
            "Mutable": False,
        },
        {"Name": "note", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
    )

    def test_a_new_type_has_new_bounds_and_the_rest_of_before(self):
        asked = {"AttributeTypes": [{"Name": "custom:age", "AttributeDataType": "Number"}]}

        entry = definition(pool_changes.schema_after(self.POOL, asked), "custom:age")
        assert entry == {
            "Name": "custom:age",
            "AttributeDataType": "Number",
            "DeveloperOnlyAttribute": False,
            "Mutable": False,
            "Required": False,
            "NumberAttributeConstraints": {},
        }

    def test_bounds_stay_while_the_type_does(self):
        asked = {"AttributeTypes": [{"Name": "custom:age", "Mutable": True}]}

        entry = definition(pool_changes.schema_after(self.POOL, asked), "custom:age")
        assert entry["StringAttributeConstraints"] == {"MaxLength": "3"}
        assert entry["Mutable"] is True
        assert pool_changes.retyped(self.POOL, asked) == []

    def test_a_developers_attribute_keeps_its_name(self):
        asked = {"AttributeTypes": [{"Name": "dev:custom:note", "AttributeDataType": "Boolean"}]}

        entry = definition(pool_changes.schema_after(self.POOL, asked), "dev:custom:note")
        assert (entry["AttributeDataType"], entry["DeveloperOnlyAttribute"]) == ("Boolean", True)

    def test_bounds_of_a_standard_attribute_change(self):
        asked = {
            "AttributeTypes": [{"Name": "name", "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "9"}}]
        }

        (entry,) = pool_changes.retyped(self.POOL, asked)
        assert (entry["Name"], entry["StringAttributeConstraints"]["MaxLength"]) == ("name", "9")

    def test_custom_attributes_can_be_required_too_and_released(self):
        asked = {"RequiredAttributes": [{"Name": "custom:age", "Required": True}, {"Name": "email", "Required": False}]}

        assert definition(pool_changes.schema_after(self.POOL, asked), "custom:age")["Required"] is True
        assert pool_changes.newly_required(self.POOL, asked) == ["custom:age"]

    def test_the_order_and_the_rest_stay(self):
        asked = {"AttributeTypes": [{"Name": "custom:age", "AttributeDataType": "Number"}]}

        after = pool_changes.after(self.POOL | {"Name": "p"}, asked, 5.0)
        assert [one["Name"] for one in after["SchemaAttributes"]] == [
            one["Name"] for one in self.POOL["SchemaAttributes"]
        ]
        assert (after["Name"], after["LastModifiedDate"]) == ("p", 5.0)


class TestValues:
    NUMBER = schema.created([{"Name": "age", "AttributeDataType": "Number"}])[-1]
    BOOLEAN = schema.created([{"Name": "on", "AttributeDataType": "Boolean"}])[-1]

    def test_what_does_not_fit_is_told_without_the_value(self):
        (fault,) = pool_changes.value_faults([self.NUMBER], Person(SUB, "bob", {"custom:age": "secret"}))

        assert fault == ("custom:age", "VALUE_DOES_NOT_FIT", "Value must be an integer")

    def test_what_is_not_there_fits(self):
        assert pool_changes.value_faults([self.NUMBER, self.BOOLEAN], Person(SUB, "bob", {"custom:age": "7"})) == []

    def test_is_rewritten_where_the_type_writes_it_otherwise(self):
        person = Person(SUB, "bob", {"custom:on": "TRUE", "custom:age": "x"})

        assert pool_changes.normal([self.BOOLEAN, self.NUMBER], person) == {"custom:on": "true"}


class TestNameFaults:
    def test_who_has_no_address_cannot_sign_in_by_one(self):
        (fault,) = pool_changes.name_faults({"UsernameAttributes": ["email", "phone_number"]}, Person(SUB, "bob", {}))

        assert (fault.attribute, fault.reason) == ("email", "ADDRESS_MISSING")

    def test_any_of_the_addresses_does(self):
        settings = {"UsernameAttributes": ["email", "phone_number"]}

        assert pool_changes.name_faults(settings, Person(SUB, "bob", {"phone_number": "+15550100"})) == []

    def test_names_that_look_like_others_are_told(self):
        settings = {"AliasAttributes": ["email", "preferred_username"]}
        person = Person(SUB, "v@example.com", {"preferred_username": "w@example.com"})

        faults = pool_changes.name_faults(settings, person)

        assert [fault.attribute for fault in faults] == ["username", "preferred_username"]
        assert {fault.reason for fault in faults} == {pool_changes.LOOKS_LIKE_ANOTHER}

    @pytest.mark.parametrize(
        ("settings", "attributes", "is_nameless"),
        [
            ({}, {"email": "a@b.c"}, True),
            ({"AliasAttributes": ["email"]}, {"email": "a@b.c"}, True),
            ({"AliasAttributes": ["email"]}, {"email": "a@b.c", "email_verified": "true"}, False),
            ({"UsernameAttributes": ["email"]}, {"phone_number": "+15550100"}, False),
        ],
    )
    def test_who_is_left_with_the_sub_alone_is_nameless(self, settings, attributes, is_nameless):
        assert pool_changes.is_left_nameless(settings, Person(SUB, SUB, attributes)) is is_nameless
        assert not pool_changes.is_left_nameless(settings, Person(SUB, "bob", attributes))


class TestTaken:
    def test_tells_which_name(self):
        assert pool_changes.taken("email")[:2] == ("email", "NAME_TAKEN")


class TestClients:
    def test_a_list_without_the_attribute_clashes(self):
        (fault,) = pool_changes.unwritable(["name", "email"], ["name"])

        assert (fault.attribute, fault.reason) == ("email", "CLIENT_CANNOT_WRITE")

    def test_no_list_and_the_shorthand_do_not(self):
        assert pool_changes.unwritable(["name"], None) == []
        assert pool_changes.unwritable(["name"], ["oidc:profile"]) == []
