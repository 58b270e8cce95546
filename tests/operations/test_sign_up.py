"""Signing up: what is promised, what strangers try, what it costs."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chalicelib.outside import mail
from chalicelib.outside.outbox import DeliveryFailed
from chalicelib.table import store
from tests.application import PASSWORD, Fault
from tests.callers import Door, a_name, attribute, refused

WIDE = (
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "zoneinfo", "locale", "address",
)  # fmt: skip
SMS = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}


@pytest.fixture
def door(cognito):
    return Door(cognito)


class TestSignUp:
    def test_the_answer_tells_where_the_code_went_and_no_more(self, door):
        answer = door.sign_up(a_name())

        assert answer["UserConfirmed"] is False
        assert uuid.UUID(answer["UserSub"]).version == 4
        assert answer["CodeDeliveryDetails"] == {
            "Destination": "t***@e***",
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        }

    def test_the_user_is_there_and_unconfirmed(self, door):
        name = a_name()

        sub = door.sign_up(name)["UserSub"]

        found = door.read(name)
        assert (found["Username"], found["UserStatus"], found["Enabled"]) == (name, "UNCONFIRMED", True)
        assert found["Attributes"] == {"sub": sub, "email": "tess@example.com"}

    def test_a_pool_that_verifies_nothing_sends_nothing(self, cognito):
        door = Door(cognito, AutoVerifiedAttributes=[])

        assert "CodeDeliveryDetails" not in door.sign_up(a_name())

    def test_an_address_that_the_pool_does_not_verify_gets_nothing(self, door):
        assert "CodeDeliveryDetails" not in door.sign_up(a_name(), attribute("phone_number", "+12065550100"))

    def test_of_two_addresses_the_phone_gets_the_one_message(self, cognito, outbox):
        door = Door(cognito, AutoVerifiedAttributes=["email", "phone_number"], **SMS)
        name = a_name()

        answer = door.sign_up(name, attribute("email", "t@e.org"), attribute("phone_number", "+12065550100"))

        assert answer["CodeDeliveryDetails"] == {
            "Destination": "+*******0100",
            "DeliveryMedium": "SMS",
            "AttributeName": "phone_number",
        }
        assert [line["channel"] for line in outbox.lines(name)] == ["SMS"]

    def test_a_taken_name_is_refused(self, door):
        name = a_name()
        door.sign_up(name)

        with refused("UsernameExistsException", "User already exists"):
            door.sign_up(name)

    def test_a_name_that_differs_by_case_is_another_one_unless_the_pool_folds(self, cognito):
        strict, folding = Door(cognito), Door(cognito, UsernameConfiguration={"CaseSensitive": False})
        for door in (strict, folding):
            door.sign_up("Bob")

        strict.sign_up("bOB")
        with refused("UsernameExistsException"):
            folding.sign_up("bOB")
        assert folding.read("BOB")["Username"] == "bob"

    def test_only_an_administrator_may_make_users_where_the_pool_says_so(self, cognito):
        door = Door(cognito, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})

        with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
            door.sign_up(a_name())

    @pytest.mark.parametrize(
        ("password", "tail"),
        [
            ("short", "Password not long enough"),
            ("alllower1!x", "Password must have uppercase characters"),
            ("ALLUPPER1!X", "Password must have lowercase characters"),
            ("NoNumbers!!", "Password must have numeric characters"),
            ("NoSymbols11", "Password must have symbol characters"),
        ],
    )
    def test_a_password_outside_the_policy_is_refused_by_its_first_fault(self, door, password, tail):
        with refused("InvalidPasswordException", f"Password did not conform with policy: {tail}"):
            door.sign_up(a_name(), Password=password)

    def test_a_password_is_needed(self, door):
        with refused("InvalidParameterException") as caught:
            door.cognito.call("SignUp", ClientId=door.client, Username=a_name())

        assert "at 'password' failed to satisfy constraint: Member must not be null" in caught.value.message

    def test_a_missing_required_attribute_is_named(self, cognito):
        door = Door(cognito, Schema=[{"Name": "given_name", "Required": True, "AttributeDataType": "String"}])

        with refused(
            "InvalidParameterException",
            "Attributes did not conform to the schema: given_name: The attribute is required",
        ):
            door.sign_up(a_name())

    def test_an_unknown_attribute_is_named(self, door):
        with refused(
            "InvalidParameterException",
            "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.",
        ):
            door.sign_up(a_name(), attribute("custom:x", "1"))

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("email", "nobody", "Invalid email address format."),
            ("phone_number", "0151 123", "Invalid phone number format."),
        ],
    )
    def test_a_malformed_address_is_refused(self, door, name, value, sentence):
        with refused("InvalidParameterException", sentence):
            door.sign_up(a_name(), attribute(name, value))

    def test_nobody_signs_up_as_verified(self, door):
        with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
            door.sign_up(a_name(), attribute("email", "victim@example.com"), attribute("email_verified", "true"))

    def test_a_client_writes_only_what_its_list_names(self, cognito):
        door = Door(cognito, client={"WriteAttributes": ["email"]})
        door.sign_up(a_name())

        with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
            door.sign_up(a_name(), attribute("email", "t@e.org"), attribute("nickname", "T"))

    def test_a_configured_gate_that_cannot_be_asked_stays_shut(self, cognito):
        arn = "arn:aws:lambda:us-east-1:000000000000:function:gate"
        door = Door(cognito, LambdaConfig={"PreSignUp": arn})
        name = a_name()

        with refused("NotImplementedException") as caught:
            door.sign_up(name)

        assert "PreSignUp" in caught.value.message
        with refused("UserNotFoundException"):
            door.read(name)

    def test_a_link_needs_a_domain_and_nobody_is_made_without(self, cognito):
        door = Door(cognito, VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"})
        name = a_name()

        with refused("InvalidParameterException"):
            door.sign_up(name)

        with refused("UserNotFoundException"):
            door.read(name)

    def test_a_message_that_cannot_leave_leaves_the_user_there(self, door, monkeypatch, outbox):
        name = a_name()

        def lost(_):
            raise DeliveryFailed("The line is down.")

        with monkeypatch.context() as broken, refused("CodeDeliveryFailureException"):
            broken.setattr(mail, "send", lost)
            door.sign_up(name)

        assert door.read(name)["UserStatus"] == "UNCONFIRMED"
        door.resend(name)
        door.confirm(name, outbox.code(name))

    def test_attributes_that_are_together_too_large_to_keep_are_refused(self, door):
        wide = [attribute(kind, "\U0001f600" * 2048) for kind in WIDE]

        with refused("InvalidParameterException"):
            door.sign_up(a_name(), *wide)

    def test_a_name_that_is_the_sub_of_another_is_taken(self, door):
        """Administrators may name users by sub: an impostor with that name would get what is meant for the other."""
        sub = door.sign_up(a_name())["UserSub"]

        with refused("UsernameExistsException"):
            door.sign_up(sub)
        door.sign_up(str(uuid.uuid4()))

    def test_a_name_that_is_the_preferred_one_of_another_is_taken(self, cognito):
        door = Door(cognito, AliasAttributes=["preferred_username"])
        name, wanted = a_name(), a_name()
        cognito.user(door.pool, name, preferred_username=wanted)

        with refused("UsernameExistsException"):
            door.sign_up(wanted)

    def test_of_two_sign_ups_of_one_name_at_once_exactly_one_wins(self, door):
        name, start = a_name(), Barrier(8)

        def sign_up(number):
            start.wait()
            try:
                return door.sign_up(name, attribute("email", f"t{number}@example.com"))["UserSub"]
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(sign_up, range(8)))

        assert results.count("UsernameExistsException") == 7
        winner = next(result for result in results if result != "UsernameExistsException")
        assert door.read(name)["Attributes"]["sub"] == winner

    def test_it_costs_one_transaction(self, door):
        door.sign_up(a_name())

        with store.counted() as trips:
            door.sign_up(a_name())

        assert trips.calls == ["TransactWriteItems"]


class TestClientSecret:
    @pytest.mark.parametrize(
        ("operation", "given"),
        [
            ("SignUp", {"Password": PASSWORD}),
            ("ConfirmSignUp", {"ConfirmationCode": "123456"}),
            ("ResendConfirmationCode", {}),
            ("ForgotPassword", {}),
            ("ConfirmForgotPassword", {"ConfirmationCode": "123456", "Password": PASSWORD}),
        ],
    )
    def test_a_client_with_a_secret_must_prove_it(self, cognito, operation, given):
        door = Door(cognito, client={"GenerateSecret": True})

        with refused(
            "NotAuthorizedException", f"Client {door.client} is configured with secret but SECRET_HASH was not received"
        ):
            cognito.call(operation, ClientId=door.client, Username="tess", **given)
        with refused("NotAuthorizedException", f"Unable to verify secret hash for client {door.client}"):
            cognito.call(operation, ClientId=door.client, Username="tess", SecretHash="AAAA", **given)

    def test_an_unknown_client_is_unknown(self, cognito):
        with refused("ResourceNotFoundException", "User pool client nobody does not exist."):
            cognito.call("SignUp", ClientId="nobody", Username="tess", Password=PASSWORD)
