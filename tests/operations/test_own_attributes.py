"""A user's own attributes: set and deleted with an access token."""

import pytest

from tests.application import Fault
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import Office, a_name, attribute, refused
from tests.clock import HOUR, later
from tests.entrance import at_once

FAULTY = "Invalid user attributes: "
UNWRITABLE = "A client attempted to write unauthorized attribute"


@pytest.fixture(scope="module")
def shared(application):
    from tests.application import Cognito

    return Bearer(Cognito(*application))


@pytest.fixture
def bearer(shared):
    return shared.another()


class TestUpdateUserAttributes:
    def test_values_are_set_and_empty_ones_deleted(self, bearer):
        bearer.update(nickname="A")

        assert bearer.update(name="Alice", nickname="") == []

        found = bearer.me()
        assert found["name"] == "Alice"
        assert "nickname" not in found

    def test_a_changed_address_is_unproved_and_gets_a_code(self, bearer, outbox):
        details = bearer.update(email="next@example.com")

        assert details == [{"Destination": "n***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}]
        assert bearer.me()["email"] == "next@example.com"
        assert bearer.me()["email_verified"] == "false"
        assert outbox.lines(bearer.name)[-1]["to"] == "next@example.com"
        assert outbox.lines(bearer.name)[-1]["client"] == bearer.client

    def test_an_address_that_the_pool_does_not_verify_gets_none(self, bearer, outbox):
        assert bearer.update(phone_number="+15550100") == []
        assert bearer.me()["phone_number_verified"] == "false"
        assert outbox.lines(bearer.name) == []

    def test_the_present_address_keeps_its_proof(self, bearer, outbox):
        assert bearer.update(email=bearer.address) == []

        assert bearer.me()["email_verified"] == "true"
        assert outbox.lines(bearer.name) == []

    def test_two_changed_addresses_get_a_code_each(self, cognito, outbox):
        bearer = Bearer(cognito, **BY_SMS_TOO)

        details = bearer.update(email="next@example.com", phone_number="+15550100")

        assert [one["AttributeName"] for one in details] == ["email", "phone_number"]
        assert [line["to"] for line in outbox.lines(bearer.name)] == ["next@example.com", "+15550100"]

    @pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "sub"])
    def test_nobody_vouches_for_himself(self, bearer, name):
        with refused("NotAuthorizedException", UNWRITABLE):
            bearer.update(**{name: "true"})

    def test_what_only_developers_write_is_refused(self, cognito):
        schema = [{"Name": "rank", "AttributeDataType": "String", "DeveloperOnlyAttribute": True, "Mutable": True}]
        bearer = Bearer(cognito, Schema=schema)

        with refused("NotAuthorizedException", UNWRITABLE):
            bearer.update(dev__custom__rank="1")
        with refused("NotAuthorizedException", UNWRITABLE):
            bearer.delete("dev:custom:rank")
        bearer.change(attribute("dev:custom:rank", "1"))

    def test_what_the_client_may_not_write_is_refused(self, cognito):
        bearer = Bearer(cognito, {"WriteAttributes": ["name", "email"]})

        with refused("NotAuthorizedException", UNWRITABLE):
            bearer.update(name="Alice", nickname="A")
        assert "name" not in bearer.me()
        with refused("NotAuthorizedException", UNWRITABLE):
            bearer.delete("nickname")
        bearer.update(name="Alice")

    def test_an_unknown_attribute_is_refused(self, bearer):
        sentence = "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n"
        with refused("InvalidParameterException", sentence):
            bearer.update(custom__foo="1")

    def test_an_immutable_attribute_is_refused(self, cognito):
        schema = [{"Name": "badge", "AttributeDataType": "String", "Mutable": False}]
        bearer = Bearer(cognito, Schema=schema)

        with refused("InvalidParameterException") as caught:
            bearer.update(custom__badge="2")
        assert caught.value.message.endswith("(changing an immutable attribute)")

    def test_a_required_attribute_is_changed_and_not_removed(self, cognito):
        bearer = Bearer(cognito, Schema=[{"Name": "email", "Required": True}])
        sentence = "Invalid user attributes: email: Required attribute cannot be deleted."

        with refused("InvalidParameterException", sentence):
            bearer.update(email="")
        with refused("InvalidParameterException", sentence):
            bearer.delete("email")
        bearer.update(email="next@example.com")

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("email", "nobody", "Invalid email address format."),
            ("phone_number", "5550100", "Invalid phone number format."),
            ("birthdate", "1-1-1", FAULTY + "user.birthdate: String must be no shorter than 10 characters"),
        ],
    )
    def test_a_value_has_the_form_of_its_attribute(self, bearer, name, value, sentence):
        with refused("InvalidParameterException", sentence):
            bearer.update(**{name: value})

    def test_a_junk_token_changes_nobody(self, cognito):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.call("UpdateUserAttributes", AccessToken="junk", UserAttributes=[attribute("name", "A")])

    def test_a_code_that_cannot_be_delivered_is_told_and_the_change_stands(self, bearer, monkeypatch):
        from chalicelib.flows import messages
        from chalicelib.outside.outbox import DeliveryFailed

        def fail(_mail):
            raise DeliveryFailed("it was injected")

        monkeypatch.setattr(messages.mail, "send", fail)
        with refused("CodeDeliveryFailureException"):
            bearer.update(email="next@example.com")

        assert bearer.me()["email"] == "next@example.com"

    def test_one_code_that_cannot_be_delivered_does_not_keep_back_the_other(self, cognito, outbox, monkeypatch):
        from chalicelib.flows import messages
        from chalicelib.outside.outbox import DeliveryFailed

        def fail(_mail):
            raise DeliveryFailed("it was injected")

        bearer = Bearer(cognito, **BY_SMS_TOO)
        monkeypatch.setattr(messages.mail, "send", fail)
        with refused("CodeDeliveryFailureException"):
            bearer.update(email="next@example.com", phone_number="+15550100")

        bearer.verify(outbox.code(bearer.name), "phone_number")
        assert bearer.me()["phone_number_verified"] == "true"

    def test_nobody_has_any_number_of_strangers_written_to(self, bearer, outbox):
        """The attack: one account takes address after address, and the pool's owner pays for a message to each."""
        for number in range(10):
            bearer.update(email=f"{number}@example.com")

        with refused("TooManyRequestsException", "Attempt limit exceeded, please try after some time."):
            bearer.update(email="eleventh@example.com")
        assert len(outbox.lines(bearer.name)) == 10
        assert bearer.me()["email"] == "9@example.com"
        bearer.update(name="Alice")
        bearer.ask()

    def test_the_count_starts_again_after_an_hour(self, cognito):
        bearer = Bearer(cognito, {"AccessTokenValidity": 5})
        for number in range(10):
            bearer.update(email=f"{number}@example.com")

        with later(HOUR + 1):
            assert len(bearer.update(email="eleventh@example.com")) == 1

    def test_an_alias_works_no_longer_until_the_new_address_is_proved(self, cognito, outbox):
        bearer = Bearer(cognito, AliasAttributes=["email"])
        old = bearer.address

        bearer.update(email="moved@example.com")

        for name in (old, "moved@example.com"):
            with refused("UserNotFoundException"):
                cognito.sign_in(bearer.client, name)
        bearer.verify(outbox.code(bearer.name))
        assert cognito.sign_in(bearer.client, "moved@example.com")
        assert bearer.another(email=old, email_verified="true").me()["email"] == old

    def test_where_addresses_are_names_the_name_moves_at_once_and_must_be_free(self, cognito):
        bearer = Bearer(cognito, UsernameAttributes=["email"])
        old = bearer.address
        cognito.user(bearer.pool, "taken@example.com")

        with refused("AliasExistsException", "An account with the given email already exists."):
            bearer.update(email="taken@example.com")
        assert bearer.me()["email"] == old
        bearer.update(email="moved@example.com")

        assert cognito.sign_in(bearer.client, "moved@example.com")
        with refused("UserNotFoundException"):
            cognito.sign_in(bearer.client, old)

    def test_a_preferred_username_is_a_name_of_its_own(self, cognito):
        bearer = Bearer(cognito, AliasAttributes=["preferred_username", "email"])
        other = bearer.another()
        bearer.update(preferred_username="alice")
        assert cognito.sign_in(bearer.client, "alice")

        for wanted in ("alice", bearer.name):
            with refused("AliasExistsException", "An account with the given preferred_username already exists."):
                other.update(preferred_username=wanted)
        with refused("InvalidParameterException"):
            other.update(preferred_username="somebody@example.com")
        bearer.delete("preferred_username")
        other.update(preferred_username="alice")

    def test_changes_of_one_user_at_once_are_all_kept(self, bearer):
        kinds = ("name", "nickname", "locale", "website")

        outcomes = at_once(*(lambda kind=kind: bearer.update(**{kind: "new"}) for kind in kinds))

        assert outcomes == [[]] * 4
        assert [bearer.me().get(kind) for kind in kinds] == ["new"] * 4


class TestDeleteUserAttributes:
    def test_the_attributes_are_gone(self, bearer):
        bearer.update(nickname="A", name="Alice")

        assert bearer.delete("nickname", "locale") == {}

        assert "nickname" not in bearer.me()
        assert bearer.me()["name"] == "Alice"

    def test_an_address_takes_its_proof_and_its_name_along(self, cognito):
        bearer = Bearer(cognito, AliasAttributes=["email"])

        bearer.delete("email")

        assert bearer.me().keys() == {"sub"}
        with refused("UserNotFoundException"):
            cognito.sign_in(bearer.client, bearer.address)

    def test_the_last_address_to_sign_in_with_stays(self, cognito):
        bearer = Bearer(cognito, **BY_SMS_TOO, UsernameAttributes=["email", "phone_number"])
        sentence = "The last address by which the user can sign in cannot be deleted."
        with refused("InvalidParameterException", sentence):
            bearer.delete("email")
        with refused("InvalidParameterException", sentence):
            bearer.admin("AdminDeleteUserAttributes", UserAttributeNames=["email"])
        bearer.change(attribute("phone_number", "+15550100"))

        bearer.delete("email")

        assert cognito.sign_in(bearer.client, "+15550100")
        with refused("InvalidParameterException", sentence):
            bearer.update(phone_number="")

    @pytest.mark.parametrize("name", ["email_verified", "sub"])
    def test_what_we_vouch_for_is_not_deleted(self, bearer, name):
        with refused("NotAuthorizedException", UNWRITABLE):
            bearer.delete(name)

    def test_an_unknown_attribute_is_refused(self, bearer):
        with refused("InvalidParameterException"):
            bearer.delete("custom:foo")


class TestAdminDeleteUserAttributes:
    def test_the_attributes_are_gone_whatever_a_client_may_write(self, cognito):
        bearer = Bearer(cognito, {"WriteAttributes": ["name"]})

        assert bearer.admin("AdminDeleteUserAttributes", UserAttributeNames=["email"]) == {}

        assert bearer.me().keys() == {"sub"}

    def test_a_deleted_proof_makes_the_address_unproved(self, bearer):
        bearer.admin("AdminDeleteUserAttributes", UserAttributeNames=["email_verified"])

        assert bearer.me().keys() == {"sub", "email"}

    def test_nobody_is_not_found(self, cognito):
        office = Office(cognito)

        with refused("UserNotFoundException", "User does not exist."):
            office.call("AdminDeleteUserAttributes", a_name(), UserAttributeNames=["name"])

    @pytest.mark.parametrize("name", ["sub", "custom:foo"])
    def test_what_cannot_be_deleted_is_refused(self, bearer, name):
        with pytest.raises(Fault) as caught:
            bearer.admin("AdminDeleteUserAttributes", UserAttributeNames=[name])

        assert caught.value.code == "InvalidParameterException"
