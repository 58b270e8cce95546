"""Users whom an administrator makes and invites."""

import uuid

import pytest

from chalicelib.table import guards
from tests.application import PASSWORD
from tests.callers import Office, a_name, attribute, refused
from tests.clock import DAY, later

UNKNOWN = "User does not exist."
DEVELOPER = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com",
}


@pytest.fixture
def office(cognito):
    return Office(cognito)


class TestAdminCreateUser:
    def test_the_user_must_choose_a_password(self, office):
        name = a_name()

        user = office.create(name, attribute("email", "alice@example.com"), attribute("email_verified", "True"))

        assert (user["Username"], user["UserStatus"], user["Enabled"]) == (name, "FORCE_CHANGE_PASSWORD", True)
        assert {"Name": "email_verified", "Value": "true"} in user["Attributes"]
        assert user["UserCreateDate"] == user["UserLastModifiedDate"]

    def test_the_invitation_brings_a_password_that_works(self, office, outbox):
        name = a_name()
        office.create(name, attribute("email", "alice@example.com"))

        line = outbox.lines(name)[-1]

        assert (line["channel"], line["to"]) == ("EMAIL", "alice@example.com")
        assert office.challenge(name, line["code"])["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    def test_a_chosen_temporary_password_works(self, office):
        name = a_name()
        office.create(name, TemporaryPassword=PASSWORD)

        assert office.challenge(name, PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    def test_a_temporary_password_must_meet_the_policy(self, office):
        with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
            office.create(a_name(), TemporaryPassword="short")

    def test_suppressed_nothing_is_sent(self, office, outbox):
        name = a_name()
        office.create(name, attribute("email", "alice@example.com"), MessageAction="SUPPRESS")

        assert outbox.lines(name) == []

    def test_invitations_go_by_sms_unless_asked_otherwise(self, office, outbox):
        both = (attribute("email", "alice@example.com"), attribute("phone_number", "+12065550100"))
        by_default, by_mail, by_both = a_name(), a_name(), a_name()

        office.create(by_default, *both)
        office.create(by_mail, *both, DesiredDeliveryMediums=["EMAIL"])
        office.create(by_both, *both, DesiredDeliveryMediums=["EMAIL", "SMS"])

        assert [line["channel"] for line in outbox.lines(by_default)] == ["SMS"]
        assert [line["channel"] for line in outbox.lines(by_mail)] == ["EMAIL"]
        assert sorted(line["channel"] for line in outbox.lines(by_both)) == ["EMAIL", "SMS"]

    def test_a_user_without_address_is_made_and_nothing_is_sent(self, office, outbox):
        name = a_name()
        office.create(name)

        assert outbox.lines(name) == []

    def test_a_taken_name_is_refused(self, office):
        name = a_name()
        office.create(name)

        with refused("UsernameExistsException", "User account already exists"):
            office.create(name)

    def test_required_attributes_may_wait_for_the_user(self, cognito):
        office = Office(cognito, Schema=[{"Name": "given_name", "Required": True, "AttributeDataType": "String"}])

        assert office.create(a_name())["UserStatus"] == "FORCE_CHANGE_PASSWORD"

    def test_an_unknown_attribute_is_refused(self, office):
        with refused(
            "InvalidParameterException",
            "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.",
        ):
            office.create(a_name(), attribute("custom:x", "1"))

    def test_no_address_is_verified_that_is_not_there(self, office):
        with refused("InvalidParameterException"):
            office.create(a_name(), attribute("email_verified", "true"))

    def test_where_addresses_are_names_the_invitation_speaks_of_the_address(self, cognito, outbox):
        office = Office(cognito, UsernameAttributes=["email"])
        address = f"{a_name()}@example.com"

        user = office.create(address)

        assert uuid.UUID(user["Username"])
        assert address in outbox.lines(address)[-1]["body"]
        with refused("UsernameExistsException", "An account with the given email already exists."):
            office.create(address)

    def test_a_verified_alias_of_another_moves_only_by_force(self, cognito):
        office = Office(cognito, AliasAttributes=["email"])
        proved = (attribute("email", "alice@example.com"), attribute("email_verified", "true"))
        first, second = a_name(), a_name()
        office.create(first, *proved)

        with refused("UsernameExistsException", "An account with the given email already exists."):
            office.create(second, *proved)
        office.create(second, *proved, ForceAliasCreation=True)

        assert office.read("alice@example.com")["Username"] == second
        assert office.read(first)["Attributes"]["email_verified"] == "false"

    def test_two_aliases_of_one_holder_move_together(self, cognito):
        office = Office(cognito, AliasAttributes=["email", "phone_number"])
        proved = (
            attribute("email", "alice@example.com"),
            attribute("email_verified", "true"),
            attribute("phone_number", "+12065550100"),
            attribute("phone_number_verified", "true"),
        )
        office.create(a_name(), *proved)
        second = a_name()

        office.create(second, *proved, ForceAliasCreation=True)

        assert office.read("+12065550100")["Username"] == office.read("alice@example.com")["Username"] == second

    def test_a_holder_who_changes_in_the_same_moment_loses_the_alias_all_the_same(self, cognito, monkeypatch):
        office = Office(cognito, AliasAttributes=["email"])
        proved = (attribute("email", "alice@example.com"), attribute("email_verified", "true"))
        first, second, real = a_name(), a_name(), guards.reguarded
        office.create(first, *proved)

        def while_the_holder_changes(*given):
            monkeypatch.setattr(guards, "reguarded", real)
            writes = real(*given)
            office.update(first, attribute("nickname", "Al"))
            return writes

        monkeypatch.setattr(guards, "reguarded", while_the_holder_changes)
        office.create(second, *proved, ForceAliasCreation=True)

        assert office.read("alice@example.com")["Username"] == second
        assert office.read(first)["Attributes"]["email_verified"] == "false"
        assert office.read(first)["Attributes"]["nickname"] == "Al"

    def test_a_name_that_is_taken_stays_taken(self, cognito):
        office = Office(cognito, AliasAttributes=["email"])
        office.create(name := a_name())

        with refused("UsernameExistsException", "User account already exists"):
            office.create(name, ForceAliasCreation=True)


class TestResend:
    def test_a_new_password_comes_and_the_old_one_is_gone(self, office, outbox):
        name = a_name()
        office.create(name, attribute("email", "alice@example.com"), TemporaryPassword=PASSWORD)

        office.create(name, MessageAction="RESEND")

        with refused("NotAuthorizedException", "Incorrect username or password."):
            office.challenge(name, PASSWORD)
        assert office.challenge(name, outbox.code(name))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    def test_only_who_has_yet_to_choose_a_password_is_invited_again(self, office):
        name = office.cognito.user(office.pool)

        with refused(
            "UnsupportedUserStateException", f"Resend not possible. {name} status is not FORCE_CHANGE_PASSWORD"
        ):
            office.create(name, MessageAction="RESEND")

    def test_nobody_is_not_invited(self, office):
        with refused("UserNotFoundException", UNKNOWN):
            office.create(a_name(), MessageAction="RESEND")


class TestTemporaryPassword:
    def test_it_is_over_after_the_days_of_the_policy(self, cognito):
        policy = {"PasswordPolicy": {"TemporaryPasswordValidityDays": 2}}
        office = Office(cognito, Policies=policy)
        name = a_name()
        office.create(name, TemporaryPassword=PASSWORD)

        with later(2 * DAY - 60):
            office.challenge(name, PASSWORD)
        with (
            later(2 * DAY + 60),
            refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."),
        ):
            office.challenge(name, PASSWORD)


class TestPasswordlessPool:
    def test_a_user_without_a_password_is_confirmed_at_once(self, cognito):
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        office = Office(cognito, Policies=factors, EmailConfiguration=DEVELOPER)

        user = office.create(a_name(), attribute("email", "alice@example.com"))

        assert user["UserStatus"] == "CONFIRMED"
        with refused("InvalidParameterException"):
            office.create(a_name())
