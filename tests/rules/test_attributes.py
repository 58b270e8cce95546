"""Values against a schema, in the service's sentences, and what clients may read and write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidParameterException, NotAuthorizedException
from chalicelib.rules import attributes, schema


def changed(name, **members):
    """The standard schema with one entry changed or added."""
    entry = {"Name": name, "AttributeDataType": "String", "Mutable": True, "Required": False} | members
    return [*(one for one in schema.STANDARD if one["Name"] != name), entry]


NUMBER = changed(
    "custom:age", AttributeDataType="Number", NumberAttributeConstraints={"MinValue": "-5", "MaxValue": "120"}
)
TEXT = changed("custom:code", StringAttributeConstraints={"MinLength": "2", "MaxLength": "4"})
FLAG = changed("custom:flag", AttributeDataType="Boolean")
TIME = changed("custom:when", AttributeDataType="DateTime")
FIXED = changed("custom:fixed", Mutable=False)
NEEDED = changed("given_name", Required=True)


def refusal(check, *arguments):
    with pytest.raises(InvalidParameterException) as caught:
        check(*arguments)
    return caught.value.message


class TestGiven:
    def test_a_value_that_is_left_out_is_an_empty_one(self):
        assert attributes.given([{"Name": "name"}, {"Name": "email", "Value": "a@b.c"}]) == {
            "name": "",
            "email": "a@b.c",
        }

    def test_the_last_of_two_values_of_a_name_counts(self):
        assert attributes.given([{"Name": "name", "Value": "a"}, {"Name": "name", "Value": "b"}]) == {"name": "b"}

    def test_the_wire_form_is_the_way_back(self):
        members = [{"Name": "name", "Value": "a"}]

        assert attributes.wire_form(attributes.given(members)) == members


class TestAccepted:
    def test_an_unknown_attribute_is_named(self):
        assert refusal(attributes.accepted, schema.STANDARD, {"custom:x": "1"}) == (
            "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema."
        )

    def test_a_missing_required_attribute_is_named(self):
        assert refusal(attributes.accepted_in_full, NEEDED, {}) == (
            "Attributes did not conform to the schema: given_name: The attribute is required"
        )

    def test_an_empty_required_attribute_is_missing(self):
        assert "given_name: The attribute is required" in refusal(
            attributes.accepted_in_full, NEEDED, {"given_name": ""}
        )

    def test_all_faults_come_at_once_a_line_each(self):
        message = refusal(attributes.accepted_in_full, NEEDED, {"custom:x": "1", "birthdate": "1"})

        assert message.split("\n") == [
            "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.",
            "birthdate: String must be no shorter than 10 characters",
            "given_name: The attribute is required",
        ]

    @pytest.mark.parametrize("check", [attributes.accepted, attributes.accepted_in_full, attributes.accepted_changes])
    def test_of_many_faults_a_hundred_are_named(self, check):
        """The attack: a small request whose refusal is many times as long."""
        values = {f"x{number}": "v" for number in range(5000)}

        assert refusal(check, schema.STANDARD, values).count("does not exist") == 100

    def test_an_administrator_may_leave_required_attributes_to_the_user(self):
        assert attributes.accepted(NEEDED, {"name": "Tess"}) == {"name": "Tess"}

    def test_empty_values_are_not_kept(self):
        assert attributes.accepted(schema.STANDARD, {"name": "", "nickname": "T"}) == {"nickname": "T"}

    def test_the_sub_is_ours_to_give(self):
        assert "sub: Attribute cannot be set." in refusal(attributes.accepted, schema.STANDARD, {"sub": "x"})

    def test_the_sub_is_never_missing(self):
        assert attributes.accepted_in_full(schema.STANDARD, {}) == {}

    @pytest.mark.parametrize("flag", ["true", "True", "TRUE"])
    def test_a_boolean_is_kept_in_lower_case(self, flag):
        assert attributes.accepted(schema.STANDARD, {"email": "a@b.c", "email_verified": flag}) == {
            "email": "a@b.c",
            "email_verified": "true",
        }

    @pytest.mark.parametrize(
        ("entries", "name", "value", "problem"),
        [
            (NUMBER, "custom:age", "-6", "Number must be no less than -5"),
            (NUMBER, "custom:age", "121", "Number must be no more than 120"),
            (NUMBER, "custom:age", "12.5", "Value must be an integer"),
            (NUMBER, "custom:age", "\u0663", "Value must be an integer"),
            (NUMBER, "custom:age", "9" * 41, "Value must be an integer"),
            (TEXT, "custom:code", "a", "String must be no shorter than 2 characters"),
            (TEXT, "custom:code", "abcde", "String must be no longer than 4 characters"),
            (FLAG, "custom:flag", "yes", "Value must be true or false"),
            (TIME, "custom:when", "tomorrow", "Value must be a date and time in ISO 8601"),
            (schema.STANDARD, "birthdate", "01.02.1999", "Date must be of the form YYYY-MM-DD"),
            (schema.STANDARD, "updated_at", "-1", "Number must be no less than 0"),
        ],
    )
    def test_a_value_out_of_bounds_is_refused(self, entries, name, value, problem):
        assert refusal(attributes.accepted, entries, {name: value}).endswith(f"{name}: {problem}")

    @pytest.mark.parametrize(
        ("entries", "name", "value"),
        [
            (NUMBER, "custom:age", "-5"),
            (NUMBER, "custom:age", "120"),
            (TEXT, "custom:code", "ab"),
            (TEXT, "custom:code", "abcd"),
            (TIME, "custom:when", "2026-11-03T04:05:06Z"),
            (schema.STANDARD, "birthdate", "1999-02-01"),
        ],
    )
    def test_a_value_on_the_bounds_is_kept(self, entries, name, value):
        assert attributes.accepted(entries, {name: value}) == {name: value}

    @pytest.mark.parametrize("address", ["tess", "tess@", "@example.com", "te ss@example.com", "a@b@c"])
    def test_what_is_no_address_is_no_email(self, address):
        assert refusal(attributes.accepted, schema.STANDARD, {"email": address}) == "Invalid email address format."

    @pytest.mark.parametrize("number", ["4915112345678", "+49 151", "+", "+1", "+abc"])
    def test_what_is_not_e_164_is_no_phone_number(self, number):
        assert refusal(attributes.accepted, schema.STANDARD, {"phone_number": number}) == "Invalid phone number format."

    @given(st.dictionaries(st.sampled_from([one["Name"] for one in schema.STANDARD]), st.text(max_size=20)))
    def test_whatever_comes_is_either_kept_or_refused(self, values):
        try:
            kept = attributes.accepted(schema.STANDARD, values)
        except InvalidParameterException:
            return

        assert kept.keys() <= values.keys()
        assert all(kept.values())


class TestAcceptedChanges:
    def test_an_unknown_attribute_ends_its_line(self):
        assert refusal(attributes.accepted_changes, schema.STANDARD, {"custom:foo": "1"}) == (
            "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n"
        )

    def test_two_faults_are_two_lines(self):
        message = refusal(attributes.accepted_changes, FIXED, {"custom:foo": "1", "custom:fixed": "2"})

        assert message == (
            "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n"
            "user.custom:fixed: Attribute cannot be updated. (changing an immutable attribute)"
        )

    @pytest.mark.parametrize("value", ["new", ""])
    def test_an_immutable_attribute_is_neither_changed_nor_deleted(self, value):
        assert refusal(attributes.accepted_changes, FIXED, {"custom:fixed": value}).endswith(
            "(changing an immutable attribute)"
        )

    def test_the_sub_is_immutable(self):
        assert "user.sub: Attribute cannot be updated." in refusal(
            attributes.accepted_changes, schema.STANDARD, {"sub": "x"}
        )

    def test_a_required_attribute_is_not_deleted(self):
        assert refusal(attributes.accepted_changes, NEEDED, {"given_name": ""}) == (
            "Invalid user attributes: given_name: Required attribute cannot be deleted."
        )

    def test_an_empty_value_is_kept_as_the_wish_to_delete(self):
        assert attributes.accepted_changes(schema.STANDARD, {"nickname": ""}) == {"nickname": ""}

    def test_the_form_of_addresses_is_checked_here_too(self):
        assert refusal(attributes.accepted_changes, schema.STANDARD, {"email": "x"}) == "Invalid email address format."

    def test_bounds_are_checked_here_too(self):
        assert "user.custom:age: Number must be no more than 120" in refusal(
            attributes.accepted_changes, NUMBER, {"custom:age": "121"}
        )


class TestRequireWritable:
    @pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "sub", "dev:custom:rank"])
    def test_what_we_vouch_for_is_never_written_by_a_client(self, name):
        with pytest.raises(NotAuthorizedException, match="A client attempted to write unauthorized attribute"):
            attributes.require_writable([name], [name])

    def test_a_list_is_exact(self):
        attributes.require_writable(["email"], ["email"])

        with pytest.raises(NotAuthorizedException):
            attributes.require_writable(["email", "name"], ["email"])

    def test_without_a_list_custom_attributes_may_be_written(self):
        attributes.require_writable(["custom:x", "name"], None)

    def test_the_profile_shorthand_stands_for_its_claims(self):
        attributes.require_writable(["nickname", "birthdate"], ["oidc:profile"])

        with pytest.raises(NotAuthorizedException):
            attributes.require_writable(["email"], ["oidc:profile"])


class TestReadable:
    def test_without_a_list_all_is_shown(self):
        assert attributes.readable({"sub": "1", "custom:x": "y"}, None) == {"sub": "1", "custom:x": "y"}

    def test_the_sub_is_shown_whatever_the_list_says(self):
        assert attributes.readable({"sub": "1", "name": "T", "email": "a@b.c"}, ["email"]) == {
            "sub": "1",
            "email": "a@b.c",
        }


class TestRequireKnown:
    def test_a_name_outside_the_schema_is_refused(self):
        assert "custom:x: Attribute does not exist in the schema." in refusal(
            attributes.require_known, schema.STANDARD, ["email", "custom:x"]
        )
