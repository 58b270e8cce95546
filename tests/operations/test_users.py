"""Users in the hands of administrators."""

import uuid
from contextlib import contextmanager

import pytest

from chalicelib.table import keys, store
from tests.application import PASSWORD, Fault
from tests.clock import DAY, later

OTHER = "Other-Horse-10"
UNKNOWN = "User does not exist."


def attribute(name, value):
    return {"Name": name, "Value": value}


def a_name():
    return f"alice-{uuid.uuid4().hex[:8]}"


@contextmanager
def refused(code, message=None):
    with pytest.raises(Fault) as caught:
        yield caught
    assert caught.value.code == code
    if message is not None:
        assert caught.value.message == message


class Office:
    """A pool, a client, and an administrator's calls about one user at a time."""

    def __init__(self, cognito, **settings):
        self.cognito = cognito
        self.pool = cognito.pool(**settings)
        self.client = cognito.client(self.pool)

    def call(self, operation, name, **given):
        return self.cognito.call(operation, UserPoolId=self.pool, Username=name, **given)

    def create(self, name, *attributes, **given):
        return self.call("AdminCreateUser", name, UserAttributes=list(attributes), **given)["User"]

    def update(self, name, *attributes):
        return self.call("AdminUpdateUserAttributes", name, UserAttributes=list(attributes))

    def read(self, name):
        found = self.call("AdminGetUser", name)
        return found | {"Attributes": {one["Name"]: one["Value"] for one in found["UserAttributes"]}}

    def challenge(self, name, password):
        parameters = {"USERNAME": name, "PASSWORD": password}
        return self.cognito.call(
            "InitiateAuth", ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )


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


DEVELOPER = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com",
}


class TestAdminGetUser:
    def test_what_is_not_set_is_not_shown(self, office):
        name = a_name()
        office.create(name)

        assert office.call("AdminGetUser", name).keys() == {
            "Username", "UserAttributes", "UserCreateDate", "UserLastModifiedDate", "Enabled", "UserStatus",
        }  # fmt: skip

    def test_a_sub_is_as_good_as_a_name(self, office):
        name = a_name()
        office.create(name)
        found = office.read(name)

        assert office.read(found["Attributes"]["sub"]) == found

    def test_nobody_is_not_found(self, office):
        for unknown in (a_name(), str(uuid.uuid4())):
            with refused("UserNotFoundException", UNKNOWN):
                office.read(unknown)

    def test_an_unknown_pool_is_unknown(self, cognito):
        with refused("ResourceNotFoundException", "User pool us-east-1_nowhere99 does not exist."):
            cognito.call("AdminGetUser", UserPoolId="us-east-1_nowhere99", Username="alice")

    def test_it_costs_two_trips(self, office):
        name = a_name()
        office.create(name)

        with store.counted() as trips:
            office.call("AdminGetUser", name)

        assert trips.calls == ["BatchGetItem", "Query"]


class TestAdminConfirmSignUp:
    def test_the_user_is_confirmed_and_the_address_not_verified(self, cognito):
        office = Office(cognito, AutoVerifiedAttributes=["email"])
        name = a_name()
        given = [attribute("email", "alice@example.com")]
        cognito.call("SignUp", ClientId=office.client, Username=name, Password=PASSWORD, UserAttributes=given)

        office.call("AdminConfirmSignUp", name)

        found = office.read(name)
        assert found["UserStatus"] == "CONFIRMED"
        assert found["Attributes"].get("email_verified") != "true"
        office.challenge(name, PASSWORD)

    def test_there_must_be_something_to_confirm(self, office):
        name = a_name()
        office.create(name)

        with refused("NotAuthorizedException", "User cannot be confirmed. Current status is FORCE_CHANGE_PASSWORD"):
            office.call("AdminConfirmSignUp", name)


class TestAdminSetUserPassword:
    def test_for_good_the_user_is_confirmed_and_signs_in(self, office):
        name = a_name()
        office.create(name)

        assert office.call("AdminSetUserPassword", name, Password=OTHER, Permanent=True) == {}

        assert office.read(name)["UserStatus"] == "CONFIRMED"
        assert "AuthenticationResult" in office.challenge(name, OTHER)

    def test_otherwise_the_user_must_choose_another(self, office):
        name = office.cognito.user(office.pool)

        office.call("AdminSetUserPassword", name, Password=OTHER)

        assert office.read(name)["UserStatus"] == "FORCE_CHANGE_PASSWORD"
        assert office.challenge(name, OTHER)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    def test_the_policy_is_stated_in_words_of_its_own(self, office):
        with refused("InvalidPasswordException", "Password does not conform to policy: Password not long enough"):
            office.call("AdminSetUserPassword", a_name(), Password="short")

    def test_a_lock_after_wrong_passwords_ends(self, office):
        name = office.cognito.user(office.pool)
        for _ in range(5):
            with refused("NotAuthorizedException"):
                office.challenge(name, "wrong")
        with refused("NotAuthorizedException", "Password attempts exceeded"):
            office.challenge(name, PASSWORD)

        office.call("AdminSetUserPassword", name, Password=OTHER, Permanent=True)

        assert "AuthenticationResult" in office.challenge(name, OTHER)

    def test_a_lasting_one_may_not_be_used_again_while_the_pool_remembers_it(self, cognito):
        office = Office(cognito, Policies={"PasswordPolicy": {"PasswordHistorySize": 2}})
        name = cognito.user(office.pool)

        with refused("PasswordHistoryPolicyViolationException"):
            office.call("AdminSetUserPassword", name, Password=PASSWORD, Permanent=True)
        for number in range(3):
            office.call("AdminSetUserPassword", name, Password=f"{OTHER}{number}", Permanent=True)
        office.call("AdminSetUserPassword", name, Password=PASSWORD, Permanent=True)


class TestDisabling:
    def test_a_disabled_user_is_told_so_only_with_the_right_password(self, office):
        name = office.cognito.user(office.pool)

        assert office.call("AdminDisableUser", name) == {}

        assert office.read(name)["Enabled"] is False
        with refused("NotAuthorizedException", "User is disabled."):
            office.challenge(name, PASSWORD)

    def test_sessions_of_before_stay_dead_when_the_user_is_enabled_again(self, office):
        name = office.cognito.user(office.pool)
        tokens = office.cognito.sign_in(office.client, name)
        office.call("AdminDisableUser", name)

        assert office.call("AdminEnableUser", name) == {}

        assert office.read(name)["Enabled"] is True
        parameters = {"REFRESH_TOKEN": tokens["RefreshToken"]}
        with refused("NotAuthorizedException"):
            office.cognito.call(
                "InitiateAuth", ClientId=office.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
            )
        with refused("NotAuthorizedException"):
            office.cognito.call("GetUser", AccessToken=tokens["AccessToken"])
        assert "AuthenticationResult" in office.challenge(name, PASSWORD)

    def test_nobody_is_neither_disabled_nor_enabled(self, office):
        for operation in ("AdminDisableUser", "AdminEnableUser"):
            with refused("UserNotFoundException", UNKNOWN):
                office.call(operation, a_name())


class TestAdminDeleteUser:
    def test_nothing_of_the_user_is_left(self, office):
        name = office.cognito.user(office.pool, email="alice@example.com", email_verified="true")
        sub = office.read(name)["Attributes"]["sub"]
        office.cognito.sign_in(office.client, name)
        office.cognito.call("ForgotPassword", ClientId=office.client, Username=name)

        office.call("AdminDeleteUser", name)

        assert store.list(keys.key("User", pool=office.pool, sub=sub).pk).items == []
        with refused("UserNotFoundException", UNKNOWN):
            office.read(name)

    def test_the_name_is_free_and_gets_another_sub(self, office):
        name = office.cognito.user(office.pool)
        first = office.read(name)["Attributes"]["sub"]
        office.call("AdminDeleteUser", name)

        office.create(name)

        assert office.read(name)["Attributes"]["sub"] != first

    def test_nobody_is_not_deleted(self, office):
        with refused("UserNotFoundException", UNKNOWN):
            office.call("AdminDeleteUser", a_name())


class TestListUsers:
    def test_pages_lead_to_everybody_once(self, office):
        names = {office.create(a_name())["Username"] for _ in range(3)}

        first = office.cognito.call("ListUsers", UserPoolId=office.pool, Limit=2)
        rest = office.cognito.call(
            "ListUsers", UserPoolId=office.pool, Limit=2, PaginationToken=first["PaginationToken"]
        )

        assert (len(first["Users"]), len(rest["Users"])) == (2, 1)
        assert "PaginationToken" not in rest
        assert {user["Username"] for user in first["Users"] + rest["Users"]} == names

    def test_users_of_other_pools_are_not_among_them(self, office):
        office.create(a_name())

        assert office.cognito.call("ListUsers", UserPoolId=office.cognito.pool())["Users"] == []

    def test_a_cursor_of_another_pool_is_refused(self, office):
        for _ in range(2):
            office.create(a_name())
        cursor = office.cognito.call("ListUsers", UserPoolId=office.pool, Limit=1)["PaginationToken"]

        for pool, token in ((office.cognito.pool(), cursor), (office.pool, "garbage")):
            with refused("InvalidParameterException", "Invalid pagination token"):
                office.cognito.call("ListUsers", UserPoolId=pool, PaginationToken=token)

    def test_only_the_wanted_attributes_are_shown(self, office):
        office.create(a_name(), attribute("email", "alice@example.com"), attribute("nickname", "A"))

        users = office.cognito.call("ListUsers", UserPoolId=office.pool, AttributesToGet=["email", "name"])["Users"]

        assert users[0]["Attributes"] == [attribute("email", "alice@example.com")]

    def test_a_wanted_attribute_must_exist(self, office):
        with refused("InvalidParameterException"):
            office.cognito.call("ListUsers", UserPoolId=office.pool, AttributesToGet=["custom:x"])

    def test_a_filter_is_not_ignored(self, office):
        with refused("NotImplementedException"):
            office.cognito.call("ListUsers", UserPoolId=office.pool, Filter='email = "a@b.c"')
        office.cognito.call("ListUsers", UserPoolId=office.pool, Filter="")

    def test_more_than_sixty_are_refused(self, office):
        with refused("InvalidParameterException") as caught:
            office.cognito.call("ListUsers", UserPoolId=office.pool, Limit=61)

        assert "less than or equal to 60" in caught.value.message


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

    def test_a_pool_that_wants_the_proof_first_is_not_served_without(self, cognito):
        settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
        office = Office(cognito, AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=settings)
        name = a_name()
        office.create(name)

        with refused("NotImplementedException"):
            office.update(name, attribute("email", "a@example.com"))
        office.update(name, attribute("email", "a@example.com"), attribute("email_verified", "true"))
