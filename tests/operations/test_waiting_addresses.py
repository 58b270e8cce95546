"""Addresses that replace the present ones only when they are proved: what waits, what stays usable, what proves it."""

import pytest

from tests.application import Cognito, Fault
from tests.bearer import PROOF_FIRST, Bearer
from tests.callers import a_name, attribute, different, refused
from tests.entrance import at_once

WRONG = "Invalid verification code provided, please try again."
TAKEN = "An account with the given email already exists."


@pytest.fixture(scope="module")
def shared(application):
    return Bearer(Cognito(*application), **PROOF_FIRST, AliasAttributes=["email", "phone_number"])


@pytest.fixture
def bearer(shared):
    return shared.another()


@pytest.fixture(scope="module")
def shared_by_address(application):
    return Bearer(Cognito(*application), **PROOF_FIRST, UsernameAttributes=["email", "phone_number"])


@pytest.fixture
def by_address(shared_by_address):
    """Somebody whose sign-in name is an address."""
    return shared_by_address.another()


def an_address():
    return f"{a_name()}@example.com"


class TestAWaitingAddress:
    def test_is_not_there_until_it_is_proved(self, bearer, outbox):
        new = an_address()

        details = bearer.update(email=new, name="Alice")

        assert details == [{"Destination": "t***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}]
        assert outbox.lines(bearer.name)[-1]["to"] == new
        found = bearer.me()
        assert (found["email"], found["email_verified"], found["name"]) == (bearer.address, "true", "Alice")
        bearer.verify(outbox.code(bearer.name))

        assert (bearer.me()["email"], bearer.me()["email_verified"]) == (new, "true")
        assert not bearer.stored().pending

    def test_leaves_the_old_one_to_sign_in_and_to_recover(self, bearer, outbox):
        bearer.update(email=an_address())
        proof = outbox.code(bearer.name)

        bearer.cognito.sign_in(bearer.client, bearer.address)
        bearer.cognito.call("ForgotPassword", ClientId=bearer.client, Username=bearer.address)
        assert outbox.lines(bearer.name)[-1]["to"] == bearer.address
        bearer.cognito.call(
            "ConfirmForgotPassword",
            ClientId=bearer.client,
            Username=bearer.address,
            ConfirmationCode=outbox.code(bearer.name),
            Password="Fresh-Horse-11",
        )
        bearer.verify(proof)

        with refused("UserNotFoundException"):
            bearer.cognito.sign_in(bearer.client, bearer.address)
        bearer.cognito.sign_in(bearer.client, bearer.me()["email"], "Fresh-Horse-11")

    def test_is_no_name_and_shown_to_nobody(self, bearer):
        new = an_address()
        bearer.update(email=new)

        with refused("UserNotFoundException"):
            bearer.cognito.sign_in(bearer.client, new)
        assert new not in str(bearer.admin("AdminGetUser"))
        assert new not in str(bearer.call("GetUser"))

    def test_may_be_the_first_one(self, shared, outbox):
        bearer = shared.another(nickname="A")

        bearer.update(phone_number="+15550100")
        assert "phone_number" not in bearer.me()
        bearer.verify(outbox.code(bearer.name), "phone_number")

        assert bearer.me()["phone_number_verified"] == "true"

    def test_is_where_another_code_goes(self, bearer, outbox):
        new = an_address()
        bearer.update(email=new)

        bearer.ask()

        assert outbox.lines(bearer.name)[-1]["to"] == new
        bearer.verify(outbox.code(bearer.name))
        assert bearer.me()["email"] == new

    def test_is_proved_by_the_code_that_went_there_alone(self, bearer, outbox):
        """The attack: a code that came to an own address, answered while somebody else's waits."""
        bearer.update(email=an_address())
        own = outbox.code(bearer.name)
        bearer.update(email="victim@example.com")

        if own != outbox.code(bearer.name):
            with refused("CodeMismatchException", WRONG):
                bearer.verify(own)
        assert bearer.me()["email"] == bearer.address

    def test_is_not_proved_by_a_code_to_the_present_one(self, shared, outbox):
        bearer = shared.another(email=an_address())
        bearer.ask()
        own = outbox.code(bearer.name)
        bearer.update(email="victim@example.com")

        if own != outbox.code(bearer.name):
            with refused("CodeMismatchException", WRONG):
                bearer.verify(own)
        assert bearer.me()["email"] == bearer.address

    def test_is_given_up_by_a_change_to_the_present_one(self, bearer, outbox):
        bearer.update(email=an_address())
        code = outbox.code(bearer.name)

        assert bearer.update(email=bearer.address) == []

        with refused("CodeMismatchException", WRONG):
            bearer.verify(code)
        assert bearer.me()["email"] == bearer.address
        assert not bearer.stored().pending

    def test_goes_with_the_attribute(self, bearer, outbox):
        bearer.update(email=an_address())
        code = outbox.code(bearer.name)

        bearer.delete("email")

        with refused("CodeMismatchException", WRONG):
            bearer.verify(code)
        assert bearer.me().keys() == {"sub"}
        assert not bearer.stored().pending

    def test_waits_beside_one_of_the_other_kind(self, bearer, outbox):
        new = an_address()
        bearer.update(email=new, phone_number="+15550177")
        by_mail, by_sms = (line["code"] for line in outbox.lines(bearer.name))

        bearer.verify(by_sms, "phone_number")
        bearer.verify(by_mail)

        found = bearer.me()
        assert (found["email"], found["phone_number"]) == (new, "+15550177")

    def test_is_lost_to_another_who_proves_it_first(self, shared, outbox):
        first, second, new = shared.another(), shared.another(), an_address()
        for one in (first, second):
            one.update(email=new)
        first.verify(outbox.code(first.name))

        with refused("AliasExistsException", TAKEN):
            second.verify(outbox.code(second.name))
        assert second.me()["email"] == second.address
        second.cognito.sign_in(second.client, second.address)

    def test_counts_wrong_codes(self, bearer, outbox):
        bearer.update(email=an_address())
        code = outbox.code(bearer.name)
        for _ in range(15):
            with refused("CodeMismatchException"):
                bearer.verify(different(code))

        with refused("LimitExceededException"):
            bearer.verify(code)


class TestAdministrators:
    def test_wait_too_unless_they_vouch(self, bearer, outbox):
        new = an_address()

        bearer.change(attribute("email", new))

        assert bearer.me()["email"] == bearer.address
        bearer.verify(outbox.code(bearer.name))
        assert bearer.me()["email"] == new

    def test_who_say_that_an_address_is_unproved_do_not_vouch(self, bearer):
        bearer.change(attribute("email", an_address()), attribute("email_verified", "false"))

        assert (bearer.me()["email"], bearer.me()["email_verified"]) == (bearer.address, "true")

    def test_who_vouch_change_at_once_and_end_the_waiting(self, bearer, outbox):
        bearer.update(email=an_address())
        code, new = outbox.code(bearer.name), an_address()
        sent = len(outbox.lines(bearer.name))

        bearer.change(attribute("email", new), attribute("email_verified", "true"))

        assert (bearer.me()["email"], bearer.me()["email_verified"]) == (new, "true")
        assert len(outbox.lines(bearer.name)) == sent
        with refused("CodeMismatchException"):
            bearer.verify(code)
        bearer.cognito.sign_in(bearer.client, new)

    def test_who_vouch_for_the_present_address_leave_what_waits(self, bearer, outbox):
        new = an_address()
        bearer.update(email=new)

        bearer.change(attribute("email_verified", "true"))

        bearer.verify(outbox.code(bearer.name))
        assert bearer.me()["email"] == new

    def test_vouch_for_no_address_that_only_waits(self, shared):
        bearer = shared.another(nickname="A")
        bearer.update(email=an_address())

        with refused("InvalidParameterException", "Email is required to verify/un-verify email"):
            bearer.change(attribute("email_verified", "true"))


class TestAWaitingName:
    def test_moves_when_it_is_proved(self, by_address, outbox):
        old, new = by_address.address, an_address()
        by_address.update(email=new)
        by_address.cognito.sign_in(by_address.client, old)
        with refused("UserNotFoundException"):
            by_address.cognito.sign_in(by_address.client, new)

        by_address.verify(outbox.lines()[-1]["code"])

        by_address.cognito.sign_in(by_address.client, new)
        with refused("UserNotFoundException"):
            by_address.cognito.sign_in(by_address.client, old)

    def test_must_be_free_when_it_is_asked_for(self, by_address, shared_by_address):
        with refused("AliasExistsException", TAKEN):
            by_address.update(email=shared_by_address.address)

        assert not by_address.stored().pending

    def test_must_be_free_when_it_is_proved(self, by_address, outbox):
        new = an_address()
        by_address.update(email=new)
        code = outbox.lines()[-1]["code"]
        by_address.cognito.user(by_address.pool, new)

        with refused("AliasExistsException", TAKEN):
            by_address.verify(code)
        assert by_address.me()["email"] == by_address.address

    def test_of_two_who_prove_one_at_once_one_gets_it(self, shared_by_address, outbox):
        first, second, new = shared_by_address.another(), shared_by_address.another(), an_address()
        codes = []
        for one in (first, second):
            one.update(email=new)
            codes.append(outbox.lines()[-1]["code"])

        outcomes = at_once(lambda: first.verify(codes[0]), lambda: second.verify(codes[1]))

        assert outcomes.count({}) == 1
        assert [one.code for one in outcomes if isinstance(one, Fault)] == ["AliasExistsException"]
        winner, loser = (first, second) if outcomes[0] == {} else (second, first)
        assert winner.stored().guards == [["email", new]]
        assert loser.stored().guards == [["email", loser.address]]


class TestCase:
    def test_a_name_that_differs_from_the_own_by_case_alone_is_free(self, cognito, outbox):
        bearer = Bearer(
            cognito, **PROOF_FIRST, UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False}
        )
        new = bearer.address.upper()

        bearer.update(email=new)
        bearer.verify(outbox.lines()[-1]["code"])

        assert bearer.me()["email"] == new
        cognito.sign_in(bearer.client, bearer.address)
