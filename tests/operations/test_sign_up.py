"""Signing up, confirming, asking for another code: what is promised, what strangers try, what it costs."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest

from chalicelib.table import store
from tests.application import PASSWORD, Fault
from tests.clock import DAY, HOUR, later

WRONG = "Invalid verification code provided, please try again."
OVER = "Invalid code provided, please request a code again."
UNKNOWN = "Username/client id combination not found."
SMS = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}
TOO_OFTEN = "Attempt limit exceeded, please try after some time."


def attribute(name, value):
    return {"Name": name, "Value": value}


def a_name():
    return f"tess-{uuid.uuid4().hex[:8]}"


@contextmanager
def refused(code, message=None):
    with pytest.raises(Fault) as caught:
        yield caught
    assert caught.value.code == code
    if message is not None:
        assert caught.value.message == message


class Door:
    """A pool, a client and the calls of a person who signs up."""

    def __init__(self, cognito, client=None, **settings):
        self.cognito = cognito
        self.pool = cognito.pool(**({"AutoVerifiedAttributes": ["email"]} | settings))
        self.client = cognito.client(self.pool, **(client or {}))

    def sign_up(self, name, *attributes, **given):
        if not attributes and "UserAttributes" not in given:
            attributes = (attribute("email", "tess@example.com"),)
        given = {"Password": PASSWORD, "UserAttributes": list(attributes), **given}
        return self.cognito.call("SignUp", ClientId=self.client, Username=name, **given)

    def confirm(self, name, code, **given):
        return self.cognito.call("ConfirmSignUp", ClientId=self.client, Username=name, ConfirmationCode=code, **given)

    def resend(self, name):
        return self.cognito.call("ResendConfirmationCode", ClientId=self.client, Username=name)

    def admin(self, operation, name, **given):
        return self.cognito.call(operation, UserPoolId=self.pool, Username=name, **given)

    def read(self, name):
        found = self.admin("AdminGetUser", name)
        return found | {"Attributes": {one["Name"]: one["Value"] for one in found["UserAttributes"]}}


@pytest.fixture
def door(cognito):
    return Door(cognito)


def different(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


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


class TestConfirmSignUp:
    def test_the_right_code_confirms_and_proves_the_address(self, door, outbox):
        name = a_name()
        door.sign_up(name)

        assert door.confirm(name, outbox.code(name)) == {}

        found = door.read(name)
        assert (found["UserStatus"], found["Attributes"]["email_verified"]) == ("CONFIRMED", "true")

    def test_a_wrong_code_is_refused(self, door, outbox):
        name = a_name()
        door.sign_up(name)

        with refused("CodeMismatchException", WRONG):
            door.confirm(name, different(outbox.code(name)))
        with refused("CodeMismatchException", WRONG):
            door.confirm(name, "abc!")
        assert door.read(name)["UserStatus"] == "UNCONFIRMED"

    def test_a_code_older_than_a_day_is_over(self, door, outbox):
        name = a_name()
        door.sign_up(name)

        with later(DAY + 1), refused("ExpiredCodeException", OVER):
            door.confirm(name, outbox.code(name))
        with later(DAY - 60):
            door.confirm(name, outbox.code(name))

    def test_a_spent_code_confirms_nobody_again(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        door.confirm(name, outbox.code(name))

        with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
            door.confirm(name, outbox.code(name))

    def test_a_user_to_whom_no_code_was_sent_has_none_to_guess(self, cognito):
        door = Door(cognito, AutoVerifiedAttributes=[])
        name = a_name()
        door.sign_up(name)

        with refused("ExpiredCodeException", OVER):
            door.confirm(name, "123456")

    def test_a_code_of_another_user_is_a_wrong_one(self, door, outbox):
        victim, other = a_name(), a_name()
        for name in (victim, other):
            door.sign_up(name)

        with refused("CodeMismatchException"):
            door.confirm(victim, outbox.code(other) if outbox.code(other) != outbox.code(victim) else "x")

    def test_a_code_proves_no_address_that_came_after_it(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        door.admin("AdminUpdateUserAttributes", name, UserAttributes=[attribute("email", "victim@example.com")])
        code = outbox.lines(name)[0]["code"]

        with refused("CodeMismatchException"):
            door.confirm(name, code)

    def test_after_fifteen_wrong_codes_the_right_one_is_refused_for_an_hour(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        code = outbox.code(name)
        for _ in range(15):
            with refused("CodeMismatchException"):
                door.confirm(name, different(code))

        with refused("LimitExceededException", TOO_OFTEN):
            door.confirm(name, code)
        with later(HOUR + 5):
            door.confirm(name, code)

    def test_a_new_code_buys_no_new_guesses(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        for _ in range(15):
            with refused("CodeMismatchException"):
                door.confirm(name, "wrong")

        door.resend(name)

        with refused("LimitExceededException"):
            door.confirm(name, outbox.code(name))

    def test_an_unknown_user_is_unknown(self, door):
        with refused("UserNotFoundException", UNKNOWN):
            door.confirm(a_name(), "123456")

    def test_of_two_confirmations_at_once_one_is_told_that_there_is_nothing_to_confirm(self, door, outbox):
        name, start = a_name(), Barrier(4)
        door.sign_up(name)
        code = outbox.code(name)

        def confirm(_):
            start.wait()
            try:
                return door.confirm(name, code)
            except Fault as fault:
                return (fault.code, fault.message)

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(confirm, range(4)))

        told = ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
        assert results.count({}) == 1
        assert results.count(told) == 3

    def test_it_costs_two_reads_and_one_write(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        code = outbox.code(name)

        with store.counted() as trips:
            door.confirm(name, code)

        assert trips.calls == ["BatchGetItem", "Query", "TransactWriteItems"]


class TestResendConfirmationCode:
    def test_the_new_code_replaces_the_old_one(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        old = outbox.code(name)

        answer = door.resend(name)

        assert answer["CodeDeliveryDetails"]["Destination"] == "t***@e***"
        if outbox.code(name) != old:
            with refused("CodeMismatchException"):
                door.confirm(name, old)
        door.confirm(name, outbox.code(name))

    def test_a_confirmed_user_needs_none(self, door, cognito):
        name = cognito.user(door.pool, email="tess@example.com")

        with refused("InvalidParameterException", "User is already confirmed."):
            door.resend(name)

    @pytest.mark.parametrize("verified", [[], ["email"]])
    def test_without_an_address_that_the_pool_verifies_there_is_nothing_to_send(self, cognito, verified):
        door = Door(cognito, AutoVerifiedAttributes=verified)
        name = a_name()
        door.sign_up(name, attribute("nickname", "T"))

        with refused("InvalidParameterException", "Cannot resend codes. Auto verification not turned on."):
            door.resend(name)

    def test_five_an_hour_are_sent(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        for _ in range(5):
            door.resend(name)

        with refused("LimitExceededException", TOO_OFTEN):
            door.resend(name)
        assert len(outbox.lines(name)) == 6
        with later(HOUR + 5):
            door.resend(name)

    def test_a_disabled_user_is_as_unknown_as_nobody(self, door):
        name = a_name()
        door.sign_up(name)
        door.admin("AdminDisableUser", name)

        for unknown in (name, a_name()):
            with refused("UserNotFoundException", UNKNOWN):
                door.resend(unknown)


class TestHiddenUsers:
    @pytest.fixture
    def door(self, cognito):
        return Door(cognito, client={"PreventUserExistenceErrors": "ENABLED"})

    def test_the_invented_place_stays_the_same(self, door):
        name = a_name()

        first, second = door.resend(name), door.resend(name)

        assert first == second
        assert first["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"

    def test_two_names_have_different_places(self, door):
        places = {door.resend(a_name())["CodeDeliveryDetails"]["Destination"] for _ in range(12)}

        assert len(places) > 1

    def test_nothing_is_sent(self, door, outbox):
        name = a_name()
        door.resend(name)

        assert outbox.lines(name) == []

    def test_nobody_is_told_by_the_code(self, door):
        name = a_name()
        with refused("ExpiredCodeException", OVER):
            door.confirm(name, "123456")

        door.resend(name)

        with refused("CodeMismatchException", WRONG):
            door.confirm(name, "123456")

    def test_nobody_runs_into_the_same_limits(self, door):
        name = a_name()
        for _ in range(5):
            door.resend(name)

        with refused("LimitExceededException", TOO_OFTEN):
            door.resend(name)
        for _ in range(15):
            with refused("CodeMismatchException"):
                door.confirm(name, "123456")
        with refused("LimitExceededException", TOO_OFTEN):
            door.confirm(name, "123456")

    def test_a_disabled_user_cannot_confirm_with_the_right_code(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        door.admin("AdminDisableUser", name)

        with refused("CodeMismatchException", WRONG):
            door.confirm(name, outbox.code(name))

    def test_somebody_and_nobody_cost_the_same_trips(self, door, outbox):
        somebody, nobody = a_name(), a_name()
        door.sign_up(somebody)
        door.resend(nobody)
        calls = []
        for name in (somebody, nobody):
            with store.counted() as trips:
                door.resend(name)
                with refused("CodeMismatchException"):
                    door.confirm(name, "wrong")
            calls.append(trips.calls)

        assert calls[0] == calls[1]

    def test_a_stand_in_never_becomes_a_user(self, door):
        name = a_name()
        door.resend(name)

        with refused("UserNotFoundException"):
            door.read(name)

    def test_the_sub_of_a_user_is_a_name_of_nobody_and_spends_nothing_of_theirs(self, door, outbox):
        name = a_name()
        sub = door.sign_up(name)["UserSub"]
        for _ in range(5):
            door.resend(sub)

        assert len(outbox.lines(name)) == 1
        door.resend(name)
        door.confirm(name, outbox.code(name))
