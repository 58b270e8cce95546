"""pycognito as a user who keeps a profile, and as an administrator of users and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito import Cognito

from tests.clients.application import refusal
from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey, Pool

pytestmark = [pytest.mark.clients, pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")]


@pytest.fixture
def account(latchkey: Latchkey, pasted_shell: None, pool: Pool) -> Callable[..., Cognito]:
    """Makes pycognito's object for a user, signed in if there is a password."""

    def make(name: str, password: str | None = None) -> Cognito:
        made = Cognito(pool.id, pool.client, username=name, boto3_client_kwargs={"endpoint_url": latchkey.url})
        if password:
            made.authenticate(password)
        return made

    return make


class TestProfile:
    def test_a_user_updates_it(self, account, user) -> None:
        me = account(user("grace"), PASSWORD)

        me.update_profile({"given_name": "Grace", "family_name": "Hopper"}, attr_map={})
        shown = me.get_user(attr_map={"given_name": "first_name"})

        assert (shown.first_name, shown.family_name) == ("Grace", "Hopper")

    def test_a_user_object_is_saved_whole(self, account, user) -> None:
        me = account(user("saver"), PASSWORD)
        me.update_profile({"name": "Before"})
        shown = me.get_user()

        shown.name = "After"
        shown.save()

        again = me.get_user()
        assert (again.name, again.email, again.email_verified) == ("After", "saver@example.com", True)

    def test_a_changed_address_is_verified_by_code(self, latchkey, account, user) -> None:
        me = account(user("mover"), PASSWORD)
        me.update_profile({"email": "moved@example.com"})
        assert me.get_user().email_verified is False

        me.send_verification("email")
        me.validate_verification(latchkey.code("mover"), "email")

        assert latchkey.messages("mover")[-1]["to"] == "moved@example.com"
        assert (me.get_user().email, me.get_user().email_verified) == ("moved@example.com", True)

    def test_a_wrong_code_verifies_nothing(self, latchkey, account, user) -> None:
        me = account(user("guesser"), PASSWORD)
        me.update_profile({"email": "guessed@example.com"})
        wrong = "000000" if latchkey.code("guesser") != "000000" else "000001"

        with pytest.raises(ClientError, match="CodeMismatchException"):
            me.validate_verification(wrong)


class TestUsers:
    def test_an_operator_invites_one_with_attributes(self, latchkey, account) -> None:
        made = account("").admin_create_user("invited", email="invited@example.com", name="In Vited")

        assert made["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
        assert latchkey.messages("invited")[-1]["to"] == "invited@example.com"
        shown = account("invited").admin_get_user()
        assert (shown.name, shown.enabled) == ("In Vited", True)

    def test_an_operator_updates_a_profile(self, account, user) -> None:
        other = account(user("updated"))

        other.admin_update_profile({"email": "up@example.com", "email_verified": True})

        shown = other.admin_get_user()
        assert (shown.email, shown.email_verified) == ("up@example.com", True)

    def test_all_users_are_listed_beyond_a_page(self, latchkey, cognito, pool) -> None:
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        full = cognito.create_user_pool(PoolName="full", Policies=policies)["UserPool"]["Id"]
        names = {f"many-{number}" for number in range(61)}  # without passwords, which take their time
        for name in names:
            address = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "email_verified", "Value": "true"}]
            cognito.admin_create_user(UserPoolId=full, Username=name, UserAttributes=address, MessageAction="SUPPRESS")

        listed = Cognito(full, pool.client, boto3_client_kwargs={"endpoint_url": latchkey.url}).get_users()

        assert len(listed) == len(names)
        assert {one.username for one in listed} == names

    def test_one_whose_password_is_reset_chooses_another(self, latchkey, account, user) -> None:
        name = user("reset")

        account("").admin_reset_password(name)
        assert account(name).admin_get_user().user_status == "RESET_REQUIRED"
        with pytest.raises(ClientError, match="PasswordResetRequiredException"):
            account(name, PASSWORD)
        account(name).confirm_forgot_password(latchkey.code(name), NEW_PASSWORD)

        assert account(name, NEW_PASSWORD).access_token

    def test_one_is_disabled_enabled_and_deleted(self, account, user) -> None:
        name = user("brief")
        operator = account(name)

        operator.admin_disable_user(name)
        assert operator.admin_get_user().enabled is False
        operator.admin_enable_user(name)
        assert operator.admin_get_user().enabled is True
        operator.admin_delete_user()

        assert refusal(operator.admin_get_user) == "UserNotFoundException"


class TestGroups:
    def test_users_come_and_go(self, cognito, pool, account, user) -> None:
        operator, name = account(""), user("member")
        for precedence, group in enumerate(("admins", "readers")):
            cognito.create_group(UserPoolId=pool.id, GroupName=group, Description=group.title(), Precedence=precedence)

        for group in ("admins", "readers"):
            operator.admin_add_user_to_group(name, group)
        joined = account(name, PASSWORD)
        operator.admin_remove_user_from_group(name, "admins")

        assert sorted(joined.id_claims["cognito:groups"]) == ["admins", "readers"]
        assert operator.admin_list_groups_for_user(name) == ["readers"]
        assert account(name, PASSWORD).access_claims["cognito:groups"] == ["readers"]

    def test_they_are_shown(self, cognito, pool, account) -> None:
        role = "arn:aws:iam::123456789012:role/writers"
        cognito.create_group(UserPoolId=pool.id, GroupName="writers", Precedence=3, RoleArn=role)

        one = account("").get_group("writers")

        assert (one.group_name, one.precedence, one.role_arn) == ("writers", 3, role)
        assert "writers" in [group.group_name for group in account("").get_groups()]


class TestClients:
    def test_one_is_described_and_changed(self, cognito, pool, account) -> None:
        client: Any = cognito.create_user_pool_client(UserPoolId=pool.id, ClientName="before")["UserPoolClient"]
        operator = account("")

        operator.admin_update_user_pool_client(pool.id, client["ClientId"], ClientName="after", AccessTokenValidity=2)

        shown = operator.describe_user_pool_client(pool.id, client["ClientId"])
        assert (shown["ClientName"], shown["AccessTokenValidity"]) == ("after", 2)
