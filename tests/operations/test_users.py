"""Users in the hands of administrators."""

import uuid

import pytest

from chalicelib.table import keys, store
from tests import crowd
from tests.application import PASSWORD
from tests.callers import Office, a_name, attribute, refused

OTHER = "Other-Horse-10"
UNKNOWN = "User does not exist."


@pytest.fixture
def office(cognito):
    return Office(cognito)


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

    def test_doing_it_twice_changes_nothing(self, office):
        name = office.cognito.user(office.pool)

        for operation, enabled in (("AdminDisableUser", False), ("AdminEnableUser", True)):
            for _ in range(2):
                office.call(operation, name)
            assert office.read(name)["Enabled"] is enabled
            assert crowd.entries(office.pool) == crowd.due_entries(office.pool)

    def test_a_user_whose_status_changes_meanwhile_is_disabled_with_the_new_one(self, office, monkeypatch):
        name = office.create(a_name())["Username"]
        together = store.together

        def late(*writes):
            monkeypatch.undo()
            office.call("AdminSetUserPassword", name, Password=PASSWORD, Permanent=True)
            together(*writes)

        monkeypatch.setattr(store, "together", late)
        office.call("AdminDisableUser", name)

        found = office.read(name)
        assert (found["Enabled"], found["UserStatus"]) == (False, "CONFIRMED")
        assert crowd.entries(office.pool) == crowd.due_entries(office.pool)

    def test_no_change_of_attributes_gets_in_the_way(self, office, monkeypatch):
        name = office.create(a_name())["Username"]
        together = store.together

        def late(*writes):
            if len(writes) == 3:
                monkeypatch.setattr(store, "together", together)
                office.update(name, attribute("name", a_name()))
                monkeypatch.setattr(store, "together", late)
            together(*writes)

        monkeypatch.setattr(store, "together", late)
        office.call("AdminDisableUser", name)

        assert office.read(name)["Enabled"] is False
        assert crowd.entries(office.pool) == crowd.due_entries(office.pool)

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
