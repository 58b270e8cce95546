"""Addresses as names and as aliases: who has them, and when."""

import pytest

from tests.callers import Door, a_name, attribute, refused


class TestNamesThatAreAddresses:
    @pytest.fixture
    def door(self, cognito):
        return Door(cognito, UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})

    def test_anything_else_is_refused(self, door):
        with refused("InvalidParameterException", "Username should be an email."):
            door.sign_up("bob")

    def test_the_username_is_the_sub_and_the_address_an_attribute(self, door):
        sub = door.sign_up("bob@example.com", UserAttributes=[])["UserSub"]

        found = door.read("bob@example.com")

        assert found["Username"] == sub
        assert found["Attributes"] == {"sub": sub, "email": "bob@example.com"}
        assert door.read(sub) == found

    def test_another_address_in_the_attributes_is_refused(self, door):
        with refused("InvalidParameterException"):
            door.sign_up("bob@example.com", attribute("email", "eve@example.com"))

    def test_a_taken_address_is_taken_before_it_is_verified(self, door):
        door.sign_up("bob@example.com", UserAttributes=[])

        with refused("UsernameExistsException", "An account with the given email already exists."):
            door.sign_up("BOB@example.com", UserAttributes=[])

    def test_the_code_confirms_by_address_or_sub(self, door, outbox):
        first = door.sign_up("bob@example.com", UserAttributes=[])["UserSub"]
        door.confirm("bob@example.com", outbox.code("bob@example.com"))
        second = door.sign_up("eve@example.com", UserAttributes=[])["UserSub"]
        door.confirm(second, outbox.code("eve@example.com"))

        for sub in (first, second):
            assert door.read(sub)["Attributes"]["email_verified"] == "true"


class TestAliases:
    @pytest.fixture
    def door(self, cognito):
        return Door(cognito, AliasAttributes=["email", "preferred_username"])

    def test_an_address_is_no_username(self, door):
        with refused(
            "InvalidParameterException",
            "Username cannot be of email format, since user pool is configured for email alias.",
        ):
            door.sign_up("bob@example.com")

    def test_a_preferred_name_comes_after_confirmation(self, door):
        with refused("InvalidParameterException"):
            door.sign_up(a_name(), attribute("preferred_username", a_name()))

    def test_two_may_claim_an_address_and_the_first_to_prove_it_has_it(self, door, outbox):
        first, second = a_name(), a_name()
        for name in (first, second):
            door.sign_up(name)

        door.confirm(first, outbox.code(first))

        with refused("AliasExistsException", "An account with the email already exists."):
            door.confirm(second, outbox.code(second))
        assert door.read(second)["UserStatus"] == "UNCONFIRMED"
        assert door.read("tess@example.com")["Username"] == first

    def test_an_alias_moves_by_force_and_the_holder_loses_the_proof(self, door, outbox):
        first, second = a_name(), a_name()
        for name in (first, second):
            door.sign_up(name)
        door.confirm(first, outbox.code(first))

        door.confirm(second, outbox.code(second), ForceAliasCreation=True)

        assert door.read("tess@example.com")["Username"] == second
        assert door.read(first)["Attributes"]["email_verified"] == "false"
        assert door.read(second)["Attributes"]["email_verified"] == "true"

    def test_the_one_who_lost_an_alias_can_still_be_deleted_and_the_other_keeps_it(self, door, outbox):
        first, second = a_name(), a_name()
        for name in (first, second):
            door.sign_up(name)
        door.confirm(first, outbox.code(first))
        door.confirm(second, outbox.code(second), ForceAliasCreation=True)

        door.admin("AdminDeleteUser", first)

        assert door.read("tess@example.com")["Username"] == second
