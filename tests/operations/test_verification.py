"""Proving an address with a code: asking for it, answering it, and what strangers would like to prove."""

import pytest

from tests.application import Fault
from tests.bearer import Bearer
from tests.callers import Door, a_name, attribute, different, refused
from tests.clock import DAY, HOUR, later
from tests.entrance import at_once

LONG = {"AccessTokenValidity": 24}
OVER = "Invalid code provided, please request a code again."
WRONG = "Invalid verification code provided, please try again."
TOO_OFTEN = "Attempt limit exceeded, please try after some time."
TAKEN = "An account with the given email already exists."


@pytest.fixture(scope="module")
def shared(application):
    from tests.application import Cognito

    return Bearer(Cognito(*application), LONG, AutoVerifiedAttributes=[], AliasAttributes=["email"])


@pytest.fixture
def bearer(shared):
    return shared.another()


@pytest.fixture
def rivals(shared):
    """Two who have the same address, which neither has proved."""
    address = f"{a_name()}@example.com"
    return shared.another(email=address), shared.another(email=address)


class TestGetUserAttributeVerificationCode:
    def test_a_code_goes_to_the_address(self, bearer, outbox):
        details = bearer.ask()

        assert details == {
            "Destination": f"{bearer.address[0]}***@e***",
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        }
        assert outbox.lines(bearer.name)[-1]["to"] == bearer.address

    def test_or_to_the_phone(self, shared, outbox):
        bearer = shared.another(phone_number="+15550100")

        assert bearer.ask("phone_number")["DeliveryMedium"] == "SMS"
        bearer.verify(outbox.code(bearer.name), "phone_number")

        assert bearer.me()["phone_number_verified"] == "true"

    @pytest.mark.parametrize("name", ["nickname", "sub", "email_verified", "custom:foo"])
    def test_nothing_else_can_be_verified(self, bearer, name):
        sentence = "Invalid attribute name. Only phone_number and email can be verified."
        with refused("InvalidParameterException", sentence):
            bearer.ask(name)
        with refused("InvalidParameterException", sentence):
            bearer.verify("123456", name)

    def test_an_address_that_is_not_there_gets_none(self, bearer):
        with refused("InvalidParameterException"):
            bearer.ask("phone_number")

    def test_five_an_hour_are_sent(self, bearer, outbox):
        for _ in range(5):
            bearer.ask()

        with refused("LimitExceededException", TOO_OFTEN):
            bearer.ask()
        assert len(outbox.lines(bearer.name)) == 5
        with later(HOUR + 1):
            bearer.ask()


class TestVerifyUserAttribute:
    def test_the_right_code_verifies_the_address_once(self, shared, outbox):
        bearer = shared.another(email="one@example.com")
        bearer.ask()
        code = outbox.code(bearer.name)

        assert bearer.verify(code) == {}

        assert bearer.me()["email_verified"] == "true"
        with refused("ExpiredCodeException", OVER):
            bearer.verify(code)

    def test_an_address_that_is_verified_may_be_verified_again(self, bearer, outbox):
        bearer.ask()

        bearer.verify(outbox.code(bearer.name))

        assert bearer.me()["email_verified"] == "true"

    def test_it_is_an_alias_from_then_on(self, shared, outbox):
        bearer = shared.another(email=f"{a_name()}@example.com")
        with refused("UserNotFoundException"):
            shared.cognito.sign_in(shared.client, bearer.address)
        bearer.ask()

        bearer.verify(outbox.code(bearer.name))

        assert shared.cognito.sign_in(shared.client, bearer.address)

    def test_a_wrong_code_is_refused_and_after_fifteen_the_right_one_too(self, bearer, outbox):
        bearer.ask()
        code = outbox.code(bearer.name)
        for _ in range(15):
            with refused("CodeMismatchException", WRONG):
                bearer.verify(different(code))

        with refused("LimitExceededException", TOO_OFTEN):
            bearer.verify(code)
        with later(HOUR + 1):
            bearer.verify(code)

    def test_a_code_lives_a_day(self, bearer, outbox):
        with later(2 * HOUR):
            bearer.token = bearer.cognito.sign_in(bearer.client, bearer.name)["AccessToken"]
        bearer.ask()
        code = outbox.code(bearer.name)

        with later(DAY + 1), refused("ExpiredCodeException", OVER):
            bearer.verify(code)
        with later(DAY - 60):
            bearer.verify(code)

    def test_without_a_code_there_is_nothing_to_guess(self, bearer):
        with refused("ExpiredCodeException", OVER):
            bearer.verify("123456")

    def test_a_code_proves_no_address_that_came_after_it(self, bearer, outbox):
        """The attack: a code for an own address, answered when the address is somebody else's."""
        bearer.ask()
        code = outbox.code(bearer.name)
        bearer.update(email="victim@example.com")

        with refused("CodeMismatchException", WRONG):
            bearer.verify(code)
        assert bearer.me()["email_verified"] == "false"

    def test_a_code_proves_its_own_attribute_only(self, shared, outbox):
        bearer = shared.another(email=f"{a_name()}@example.com", phone_number="+15550100")
        bearer.ask("email")

        with refused("ExpiredCodeException", OVER):
            bearer.verify(outbox.code(bearer.name), "phone_number")

    def test_a_code_of_another_user_is_a_wrong_one(self, rivals, outbox):
        first, second = rivals
        first.ask()
        second.ask()
        code = outbox.code(first.name)

        if code != outbox.code(second.name):
            with refused("CodeMismatchException", WRONG):
                second.verify(code)

    def test_a_reset_code_verifies_nothing(self, bearer, outbox):
        bearer.cognito.call("ForgotPassword", ClientId=bearer.client, Username=bearer.name)

        with refused("ExpiredCodeException", OVER):
            bearer.verify(outbox.code(bearer.name))

    def test_what_another_has_proved_is_taken_and_the_code_waits(self, rivals, outbox):
        first, second = rivals
        for one in rivals:
            one.ask()
        first.verify(outbox.code(first.name))

        for _ in range(2):
            with refused("AliasExistsException", TAKEN):
                second.verify(outbox.code(second.name))
        assert second.me().get("email_verified") != "true"
        first.delete("email")
        second.verify(outbox.code(second.name))

        assert second.me()["email_verified"] == "true"

    def test_a_junk_token_verifies_nothing(self, cognito):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.call("VerifyUserAttribute", AccessToken="junk", AttributeName="email", Code="123456")


class TestAtOnce:
    def test_of_two_who_verify_one_address_one_owns_it(self, rivals, outbox):
        for one in rivals:
            one.ask()
        codes = [outbox.code(one.name) for one in rivals]

        outcomes = at_once(
            *(lambda one=one, code=code: one.verify(code) for one, code in zip(rivals, codes, strict=True))
        )

        winner = outcomes.index({})
        loser = outcomes[1 - winner]
        assert isinstance(loser, Fault)
        assert (loser.code, loser.message) == ("AliasExistsException", TAKEN)
        owned = [one.stored() for one in rivals]
        assert [["email", one.address] in user.guards for one, user in zip(rivals, owned, strict=True)].count(True) == 1
        found = rivals[0].cognito.call("AdminGetUser", UserPoolId=rivals[0].pool, Username=rivals[0].address)
        assert found["Username"] == rivals[winner].name

    def test_of_two_uses_of_one_code_one_is_told_that_it_is_spent(self, bearer, outbox):
        bearer.ask()
        code = outbox.code(bearer.name)

        outcomes = at_once(*[lambda: bearer.verify(code)] * 2)

        assert outcomes.count({}) == 1
        assert [one.code for one in outcomes if isinstance(one, Fault)] == ["ExpiredCodeException"]

    def test_of_many_guesses_no_more_are_answered_than_one_after_the_other(self, bearer, outbox):
        bearer.ask()
        code = different(outbox.code(bearer.name))

        outcomes = at_once(*[lambda: bearer.verify(code)] * 20)

        answered = [one.code for one in outcomes]
        assert answered.count("CodeMismatchException") == 15
        assert answered.count("LimitExceededException") == 5


class TestAddressesThatAdministratorsChange:
    def test_an_unconfirmed_user_asks_for_a_code_to_the_new_address(self, cognito, outbox):
        door, name = Door(cognito), a_name()
        door.sign_up(name)
        first = outbox.code(name)
        door.admin("AdminUpdateUserAttributes", name, UserAttributes=[attribute("email", "right@example.com")])
        mailed = outbox.code(name)

        for code in {first, mailed}:
            with refused("CodeMismatchException"):
                door.confirm(name, code)
        assert door.resend(name)["CodeDeliveryDetails"]["Destination"] == "r***@e***"
        assert outbox.lines(name)[-1]["to"] == "right@example.com"
        door.confirm(name, outbox.code(name))

        assert door.read(name)["Attributes"]["email_verified"] == "true"

    def test_also_where_an_address_must_be_proved_before_it_replaces_the_present_one(self, cognito, outbox):
        wanted = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
        door, name = Door(cognito, UserAttributeUpdateSettings=wanted), a_name()
        door.sign_up(name)

        door.admin("AdminUpdateUserAttributes", name, UserAttributes=[attribute("email", "right@example.com")])

        assert door.read(name)["Attributes"]["email"] == "right@example.com"
        door.resend(name)
        door.confirm(name, outbox.code(name))
        assert door.read(name)["Attributes"]["email_verified"] == "true"

    def test_the_code_that_came_with_the_change_verifies_once_the_user_is_in(self, cognito, outbox):
        door, name = Door(cognito), a_name()
        door.sign_up(name)
        door.admin("AdminUpdateUserAttributes", name, UserAttributes=[attribute("email", "right@example.com")])
        mailed = outbox.code(name)
        door.admin("AdminConfirmSignUp", name)
        token = cognito.sign_in(door.client, name)["AccessToken"]

        cognito.call("VerifyUserAttribute", AccessToken=token, AttributeName="email", Code=mailed)

        assert door.read(name)["Attributes"]["email_verified"] == "true"

    def test_an_unconfirmed_user_gets_no_preferred_username_as_alias(self, cognito):
        door, name = Door(cognito, AliasAttributes=["preferred_username"]), a_name()
        door.sign_up(name)
        wanted = [attribute("preferred_username", "alice")]

        with refused("InvalidParameterException", "preferred_username cannot be set before the user is confirmed."):
            door.admin("AdminUpdateUserAttributes", name, UserAttributes=wanted)
        door.admin("AdminConfirmSignUp", name)
        door.admin("AdminUpdateUserAttributes", name, UserAttributes=wanted)
