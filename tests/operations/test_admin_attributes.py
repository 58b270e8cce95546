"""Attributes that an administrator changes, and the names that hang on them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.application import PASSWORD, Fault
from tests.callers import Office, a_name, attribute, refused


@pytest.fixture
def office(cognito):
    return Office(cognito)


class TestAdminUpdateUserAttributes:
    def test_values_are_set_and_empty_ones_deleted(self, office):
        name = a_name()
        office.create(name, attribute("nickname", "A"))

        assert office.update(name, attribute("name", "Alice"), attribute("nickname", "")) == {}

        found = office.read(name)
        assert found["Attributes"] == {"sub": found["Attributes"]["sub"], "name": "Alice"}
        assert found["UserLastModifiedDate"] > found["UserCreateDate"]

    def test_an_unknown_attribute_is_refused(self, office):
        name = a_name()
        office.create(name)

        with refused(
            "InvalidParameterException",
            "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n",
        ):
            office.update(name, attribute("custom:foo", "1"))

    def test_an_immutable_attribute_is_refused(self, cognito):
        schema = [{"Name": "badge", "AttributeDataType": "String", "Mutable": False}]
        office = Office(cognito, Schema=schema)
        name = a_name()
        office.create(name, attribute("custom:badge", "1"))

        with refused("InvalidParameterException") as caught:
            office.update(name, attribute("custom:badge", "2"))

        assert caught.value.message.endswith("(changing an immutable attribute)")
        assert office.read(name)["Attributes"]["custom:badge"] == "1"

    def test_a_changed_address_is_unproved(self, office, outbox):
        name = a_name()
        office.create(name, attribute("email", "a@example.com"), attribute("email_verified", "true"))
        sent = len(outbox.lines(name))

        office.update(name, attribute("email", "b@example.com"))

        assert office.read(name)["Attributes"]["email_verified"] == "false"
        assert len(outbox.lines(name)) == sent

    def test_the_same_address_keeps_its_proof(self, office):
        name = a_name()
        office.create(name, attribute("email", "a@example.com"), attribute("email_verified", "true"))

        office.update(name, attribute("email", "a@example.com"))

        assert office.read(name)["Attributes"]["email_verified"] == "true"

    def test_a_deleted_address_takes_its_proof_along(self, office):
        name = a_name()
        office.create(name, attribute("email", "a@example.com"), attribute("email_verified", "true"))

        office.update(name, attribute("email", ""))

        assert "email_verified" not in office.read(name)["Attributes"]

    def test_an_administrator_may_vouch_for_an_address(self, office):
        name = a_name()
        office.create(name)

        office.update(name, attribute("email", "a@example.com"), attribute("email_verified", "true"))

        assert office.read(name)["Attributes"]["email_verified"] == "true"

    def test_a_code_goes_to_a_changed_address_that_the_pool_verifies(self, cognito, outbox):
        office = Office(cognito, AutoVerifiedAttributes=["email"])
        name = a_name()
        office.create(name)

        office.update(name, attribute("email", "a@example.com"))

        assert outbox.lines(name)[-1]["to"] == "a@example.com"

    def test_a_taken_alias_is_refused_and_nothing_changes(self, cognito):
        office = Office(cognito, AliasAttributes=["email"])
        proved = (attribute("email", "a@example.com"), attribute("email_verified", "true"))
        office.create(a_name(), *proved)
        second = a_name()
        office.create(second)

        with refused("AliasExistsException", "An account with the given email already exists."):
            office.update(second, *proved)

        assert "email" not in office.read(second)["Attributes"]

    def test_an_alias_signs_in_once_it_is_verified_and_no_longer_when_it_is_not(self, cognito):
        office = Office(cognito, AliasAttributes=["email"])
        cognito.user(office.pool, a_name(), email="a@example.com")
        with refused("UserNotFoundException"):
            office.challenge("a@example.com", PASSWORD)

        office.update(office.cognito.call("ListUsers", UserPoolId=office.pool)["Users"][0]["Username"],
                      attribute("email_verified", "true"))  # fmt: skip
        assert "AuthenticationResult" in office.challenge("a@example.com", PASSWORD)

        office.update("a@example.com", attribute("email_verified", "false"))
        with refused("UserNotFoundException"):
            office.challenge("a@example.com", PASSWORD)

    def test_where_addresses_are_names_the_name_moves_with_the_address(self, cognito):
        office = Office(cognito, UsernameAttributes=["email"])
        cognito.user(office.pool, "a@example.com")

        office.update("a@example.com", attribute("email", "b@example.com"))

        assert office.read("b@example.com")["Attributes"]["email"] == "b@example.com"
        with refused("UserNotFoundException"):
            office.read("a@example.com")
        office.create("a@example.com")

    def test_an_address_said_to_be_unproved_gets_a_code_like_one_of_which_nothing_is_said(self, cognito, outbox):
        office = Office(cognito, AutoVerifiedAttributes=["email"])
        name = a_name()
        office.create(name)

        office.update(name, attribute("email", "a@example.com"), attribute("email_verified", "false"))

        assert outbox.lines(name)[-1]["to"] == "a@example.com"
        assert office.read(name)["Attributes"]["email_verified"] == "false"

    def test_a_code_that_cannot_be_delivered_leaves_the_change(self, cognito, monkeypatch):
        from chalicelib.flows import messages
        from chalicelib.outside.outbox import DeliveryFailed

        def fail(_mail):
            raise DeliveryFailed("it was injected")

        office = Office(cognito, AutoVerifiedAttributes=["email"])
        name = a_name()
        office.create(name)
        monkeypatch.setattr(messages.mail, "send", fail)

        assert office.update(name, attribute("email", "a@example.com")) == {}
        assert office.read(name)["Attributes"]["email"] == "a@example.com"

    def test_no_address_is_verified_that_is_not_there(self, office):
        name = a_name()
        office.create(name)

        with refused("InvalidParameterException", "Email is required to verify/un-verify email"):
            office.update(name, attribute("email_verified", "true"))

    def test_a_change_made_at_the_same_moment_is_not_lost(self, office):
        name, start = a_name(), Barrier(4)
        office.create(name)

        def update(kind):
            start.wait()
            office.update(name, attribute(kind, "new"))

        kinds = ("name", "nickname", "locale", "website")
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(update, kinds))

        assert [office.read(name)["Attributes"].get(kind) for kind in kinds] == ["new"] * 4

    def test_of_two_who_take_an_alias_at_once_one_gets_it(self, cognito):
        office = Office(cognito, AliasAttributes=["preferred_username"])
        names, start, wanted = [a_name() for _ in range(4)], Barrier(4), a_name()
        for name in names:
            office.create(name)

        def take(name):
            start.wait()
            try:
                return office.update(name, attribute("preferred_username", wanted))
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(take, names))

        assert results.count({}) == 1
        assert results.count("AliasExistsException") == 3
        assert office.read(wanted)["Username"] == names[results.index({})]

    def test_nobody_prefers_the_username_of_another(self, cognito):
        office = Office(cognito, AliasAttributes=["preferred_username"])
        first, second = a_name(), a_name()
        for name in (first, second):
            office.create(name)

        with refused("AliasExistsException"):
            office.update(second, attribute("preferred_username", first))
        office.update(second, attribute("preferred_username", second))
