"""The attributes that a pool knows."""

import copy

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import schema


def attribute(attributes, name):
    return next(entry for entry in attributes if entry["Name"] == name)


def sentence(given):
    with pytest.raises(InvalidParameterException) as refusal:
        schema.created([given])
    return refusal.value.message


class TestStandardAttributes:
    def test_begin_with_sub_which_nobody_changes(self):
        first = schema.created([])[0]

        assert first == {
            "Name": "sub",
            "AttributeDataType": "String",
            "DeveloperOnlyAttribute": False,
            "Mutable": False,
            "Required": True,
            "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "2048"},
        }

    def test_come_in_the_order_of_the_service(self):
        names = " ".join(entry["Name"] for entry in schema.created([]))

        assert names == (
            "sub name given_name family_name middle_name nickname preferred_username profile picture website email "
            "email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at"
        )

    def test_have_the_limits_of_the_service(self):
        attributes = schema.created([])

        assert attribute(attributes, "birthdate")["StringAttributeConstraints"] == {
            "MinLength": "10",
            "MaxLength": "10",
        }
        assert attribute(attributes, "updated_at")["NumberAttributeConstraints"] == {"MinValue": "0"}
        assert attribute(attributes, "email")["StringAttributeConstraints"] == {"MinLength": "0", "MaxLength": "2048"}
        assert "StringAttributeConstraints" not in attribute(attributes, "email_verified")

    def test_are_not_shared_between_pools(self):
        before = copy.deepcopy(schema.STANDARD)

        schema.created([])[10]["StringAttributeConstraints"]["MaxLength"] = "1"

        assert before == schema.STANDARD


class TestOverrides:
    def test_make_an_attribute_required_and_fixed(self):
        email = attribute(schema.created([{"Name": "email", "Required": True, "Mutable": False}]), "email")

        assert (email["Required"], email["Mutable"]) == (True, False)

    def test_take_limits_beside_the_type(self):
        limits = {"MinLength": "5", "MaxLength": "100"}

        given = {"Name": "email", "AttributeDataType": "String", "StringAttributeConstraints": limits}

        assert attribute(schema.created([given]), "email")["StringAttributeConstraints"] == limits

    def test_ignore_limits_without_the_type(self):
        given = {"Name": "email", "StringAttributeConstraints": {"MaxLength": "100"}}

        limits = attribute(schema.created([given]), "email")["StringAttributeConstraints"]

        assert limits == {"MinLength": "0", "MaxLength": "2048"}

    def test_keep_the_limits_when_none_are_named(self):
        given = {"Name": "email", "AttributeDataType": "String", "StringAttributeConstraints": {}}

        limits = attribute(schema.created([given]), "email")["StringAttributeConstraints"]

        assert limits == {"MinLength": "0", "MaxLength": "2048"}

    def test_never_touch_sub(self):
        assert schema.created([{"Name": "sub", "Mutable": True, "Required": False}]) == schema.created([])

    @pytest.mark.parametrize("change", [{"AttributeDataType": "Number"}, {"DeveloperOnlyAttribute": True}])
    def test_cannot_change_type_or_audience(self, change):
        assert sentence({"Name": "email"} | change) == (
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"
        )

    def test_are_refused_twice_for_one_attribute(self):
        with pytest.raises(InvalidParameterException, match="email: Existing attribute already has name email"):
            schema.created([{"Name": "email"}, {"Name": "email", "Required": True}])

    def test_cannot_turn_limits_round(self):
        text = {"StringAttributeConstraints": {"MinLength": "2", "MaxLength": "1"}, "AttributeDataType": "String"}
        number = {"NumberAttributeConstraints": {"MinValue": "2", "MaxValue": "1"}, "AttributeDataType": "Number"}

        assert sentence({"Name": "email"} | text) == "user.email: Max length cannot be less than min length."
        assert sentence({"Name": "updated_at"} | number) == "user.updated_at: Max value cannot be less than min value."


class TestCustomAttributes:
    def test_get_the_prefix_and_the_defaults(self):
        added = schema.created([{"Name": "x", "AttributeDataType": "String"}])[-1]

        assert added == {
            "Name": "custom:x",
            "AttributeDataType": "String",
            "DeveloperOnlyAttribute": False,
            "Mutable": True,
            "Required": False,
            "StringAttributeConstraints": {},
        }

    @pytest.mark.parametrize(("given", "shown"), [("custom:x", "custom:x"), ("custom:", "custom:custom:")])
    def test_do_not_get_the_prefix_twice(self, given, shown):
        assert schema.created([{"Name": given, "AttributeDataType": "Boolean"}])[-1]["Name"] == shown

    @pytest.mark.parametrize(
        ("given", "shown"),
        [("dev:custom:x", "x"), ("custom:x", "x"), ("dev:x", "x"), ("dev:", "dev:"), ("dev:custom:", "dev:custom:")],
    )
    def test_for_developers_do_not_get_theirs_twice(self, given, shown):
        entry = {"Name": given, "AttributeDataType": "Boolean", "DeveloperOnlyAttribute": True}

        assert schema.created([entry])[-1]["Name"] == f"dev:custom:{shown}"

    def test_show_that_they_are_for_developers_only(self):
        given = {"Name": "x", "AttributeDataType": "Number", "DeveloperOnlyAttribute": True, "Mutable": False}

        added = schema.created([given])[-1]

        assert added["Name"] == "dev:custom:x"
        assert added["DeveloperOnlyAttribute"] is True
        assert added["Mutable"] is False
        assert added["NumberAttributeConstraints"] == {}

    @pytest.mark.parametrize("kind", ["Boolean", "DateTime"])
    def test_of_other_types_have_no_limits(self, kind):
        added = schema.created([{"Name": "x", "AttributeDataType": kind}])[-1]

        assert not [member for member in added if member.endswith("Constraints")]

    def test_keep_the_limits_that_say_something(self):
        given = {
            "Name": "x",
            "AttributeDataType": "String",
            "StringAttributeConstraints": {"MinLength": "", "MaxLength": "7"},
        }

        assert schema.created([given])[-1]["StringAttributeConstraints"] == {"MaxLength": "7"}

    def test_may_be_negative_numbers(self):
        limits = {"MinValue": "-5", "MaxValue": "5"}
        given = {"Name": "x", "AttributeDataType": "Number", "NumberAttributeConstraints": limits}

        assert schema.created([given])[-1]["NumberAttributeConstraints"] == limits

    def test_need_a_name(self):
        with pytest.raises(InvalidParameterException, match="needs a Name"):
            schema.extended(schema.created([]), [{"AttributeDataType": "String"}])

    def test_need_a_type(self):
        assert sentence({"Name": "x"}) == (
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
        )

    def test_cannot_be_required(self):
        given = {"Name": "x", "AttributeDataType": "String", "Required": True}

        assert sentence(given) == "Required custom attributes are not supported currently."

    def test_cannot_be_longer_than_a_value_may_be(self):
        given = {"Name": "x", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "2049"}}

        assert sentence(given) == "user.custom:x: String attributes cannot have a length of more than 2048"

    def test_cannot_end_before_they_begin(self):
        limits = {"MinLength": "5", "MaxLength": "3"}
        given = {"Name": "x", "AttributeDataType": "String", "StringAttributeConstraints": limits}

        assert sentence(given) == "user.custom:x: Max length cannot be less than min length."

    @pytest.mark.parametrize("limit", ["many", "-1", "1.5", "9" * 100_000, "٣"])
    def test_have_limits_that_are_numbers(self, limit):
        text = {"Name": "x", "AttributeDataType": "String", "StringAttributeConstraints": {"MinLength": limit}}

        assert sentence(text) == "Invalid StringAttributeConstraints for schema attribute custom:x"

    def test_have_limits_of_values_that_are_numbers(self):
        number = {"Name": "x", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "1e9"}}

        assert sentence(number) == "Invalid NumberAttributeConstraints for schema attribute custom:x"


class TestExtended:
    def test_puts_new_attributes_behind_the_old(self):
        before = schema.created([{"Name": "a", "AttributeDataType": "String"}])

        after = schema.extended(before, [{"Name": "b", "AttributeDataType": "Number"}])

        assert after[:-1] == before
        assert after[-1]["Name"] == "custom:b"

    def test_takes_the_name_of_a_standard_attribute_for_a_custom_one(self):
        after = schema.extended(schema.created([]), [{"Name": "email", "AttributeDataType": "String"}])

        assert after[-1]["Name"] == "custom:email"

    @pytest.mark.parametrize("developer_only", [True, False])
    def test_refuses_a_taken_name(self, developer_only):
        given = {"Name": "banana", "AttributeDataType": "String", "DeveloperOnlyAttribute": True}
        before = schema.created([given])

        with pytest.raises(InvalidParameterException) as refusal:
            schema.extended(before, [given | {"DeveloperOnlyAttribute": developer_only}])

        assert refusal.value.message == "custom:banana: Existing attribute already has name dev:custom:banana."

    def test_refuses_the_fifty_first(self):
        fifty = [{"Name": f"a{number}", "AttributeDataType": "String"} for number in range(50)]
        full = schema.created(fifty)

        with pytest.raises(InvalidParameterException, match="more than 50 custom attributes"):
            schema.extended(full, [{"Name": "one_more", "AttributeDataType": "String"}])
