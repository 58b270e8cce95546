"""boto3 in an application of users, without any key: the life of a user and of its sessions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.clients.application import Application, refusal
from tests.clients.running import FLOWS, NEW_PASSWORD, PASSWORD, Pool

pytestmark = pytest.mark.clients


@pytest.fixture(params=["without secret", "with secret"])
def application(request: pytest.FixtureRequest, public: Any, pool: Pool) -> Application:
    if request.param == "with secret":
        return Application(public, pool.server_client, pool.server_secret)
    return Application(public, pool.client)


class TestLifeOfAUser:
    def test_from_sign_up_to_deletion(self, latchkey, application):
        boto = application.boto
        name = "ada-secret" if application.secret else "ada"

        made = boto.sign_up(
            ClientId=application.client,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
            **application.proof(name),
        )
        assert not made["UserConfirmed"]
        assert made["CodeDeliveryDetails"]["AttributeName"] == "email"
        assert refusal(application.sign_in, name, PASSWORD) == "UserNotConfirmedException"

        confirmation = {"ConfirmationCode": latchkey.code(name), **application.proof(name)}
        boto.confirm_sign_up(ClientId=application.client, Username=name, **confirmation)
        tokens = application.sign_in(name, PASSWORD)
        user = boto.get_user(AccessToken=tokens["AccessToken"])
        attributes = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
        assert user["Username"] == name
        assert attributes == {"sub": made["UserSub"], "email": "ada@example.com", "email_verified": "true"}

        boto.change_password(
            PreviousPassword=PASSWORD, ProposedPassword=NEW_PASSWORD, AccessToken=tokens["AccessToken"]
        )
        assert refusal(application.sign_in, name, PASSWORD) == "NotAuthorizedException"
        tokens = application.sign_in(name, NEW_PASSWORD)

        boto.delete_user(AccessToken=tokens["AccessToken"])
        assert refusal(application.sign_in, name, NEW_PASSWORD) == "NotAuthorizedException"

    def test_a_forgotten_password_is_replaced_by_code(self, latchkey, application, user):
        name = user("grace-secret" if application.secret else "grace")

        sent = application.boto.forgot_password(ClientId=application.client, Username=name, **application.proof(name))
        application.boto.confirm_forgot_password(
            ClientId=application.client,
            Username=name,
            ConfirmationCode=latchkey.code(name),
            Password=NEW_PASSWORD,
            **application.proof(name),
        )

        assert sent["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
        assert application.sign_in(name, NEW_PASSWORD)["TokenType"] == "Bearer"

    def test_an_invited_user_chooses_a_password(self, latchkey, cognito, pool, application):
        name = "hedy-secret" if application.secret else "hedy"
        address = [{"Name": "email", "Value": "hedy@example.com"}]
        cognito.admin_create_user(UserPoolId=pool.id, Username=name, UserAttributes=address)

        challenge = application.sign_in(name, latchkey.code(name))
        tokens = application.answer(name, challenge, NEW_PASSWORD=NEW_PASSWORD)

        assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert application.boto.get_user(AccessToken=tokens["AccessToken"])["Username"] == name
        assert cognito.admin_get_user(UserPoolId=pool.id, Username=name)["UserStatus"] == "CONFIRMED"

    def test_a_client_of_old_manners_tells_who_is_unknown(self, cognito, public, pool):
        made = cognito.create_user_pool_client(UserPoolId=pool.id, ClientName="old", ExplicitAuthFlows=FLOWS)
        application = Application(public, made["UserPoolClient"]["ClientId"])

        assert refusal(application.sign_in, "nobody", PASSWORD) == "UserNotFoundException"

    def test_a_secret_left_out_or_wrong_is_refused(self, public, pool, user):
        name = user("mallory")

        without = Application(public, pool.server_client)
        wrong = Application(public, pool.server_client, "0" * 51)

        assert refusal(without.sign_in, name, PASSWORD) == "NotAuthorizedException"
        assert refusal(wrong.sign_in, name, PASSWORD) == "NotAuthorizedException"


class TestSessions:
    def test_a_refresh_token_gives_new_tokens_and_stays(self, application, user):
        name = user("rosa-secret" if application.secret else "rosa")
        tokens = application.sign_in(name, PASSWORD)

        renewed = application.refresh(name, tokens["RefreshToken"])

        assert renewed["AccessToken"] != tokens["AccessToken"]
        assert "RefreshToken" not in renewed
        assert application.boto.get_user(AccessToken=renewed["AccessToken"])["Username"] == name

    def test_a_rotated_refresh_token_is_spent(self, cognito, public, pool, user):
        name = user("rota")
        rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
        flows = [flow for flow in FLOWS if flow != "ALLOW_REFRESH_TOKEN_AUTH"]
        made = cognito.create_user_pool_client(
            UserPoolId=pool.id, ClientName="rotating", ExplicitAuthFlows=flows, RefreshTokenRotation=rotation
        )
        client = made["UserPoolClient"]["ClientId"]
        first = Application(public, client).sign_in(name, PASSWORD)["RefreshToken"]

        second = public.get_tokens_from_refresh_token(ClientId=client, RefreshToken=first)["AuthenticationResult"]
        spent = refusal(public.get_tokens_from_refresh_token, ClientId=client, RefreshToken=first)

        assert second["RefreshToken"] != first
        assert spent == "RefreshTokenReuseException"

    def test_a_server_may_rotate_with_its_secret(self, public, pool, user):
        application = Application(public, pool.server_client, pool.server_secret)
        tokens = application.sign_in(user("sera"), PASSWORD)
        asked = {"ClientId": pool.server_client, "RefreshToken": tokens["RefreshToken"]}

        given = public.get_tokens_from_refresh_token(**asked, ClientSecret=pool.server_secret)

        assert given["AuthenticationResult"]["AccessToken"]
        assert refusal(public.get_tokens_from_refresh_token, **asked) == "NotAuthorizedException"

    def test_a_revoked_token_ends_its_session_alone(self, application, user):
        name = user("rev-secret" if application.secret else "rev")
        ended, other = application.sign_in(name, PASSWORD), application.sign_in(name, PASSWORD)
        secret = {"ClientSecret": application.secret} if application.secret else {}

        application.boto.revoke_token(Token=ended["RefreshToken"], ClientId=application.client, **secret)

        assert refusal(application.refresh, name, ended["RefreshToken"]) == "NotAuthorizedException"
        assert refusal(application.boto.get_user, AccessToken=ended["AccessToken"]) == "NotAuthorizedException"
        assert application.boto.get_user(AccessToken=other["AccessToken"])["Username"] == name

    @pytest.mark.parametrize("by", ["user", "operator"])
    def test_a_global_sign_out_ends_all_sessions(self, cognito, public, pool, user, by):
        name = user(f"gone-by-{by}")
        application = Application(public, pool.client)
        sessions = [application.sign_in(name, PASSWORD) for _ in range(2)]

        if by == "user":
            public.global_sign_out(AccessToken=sessions[0]["AccessToken"])
        else:
            cognito.admin_user_global_sign_out(UserPoolId=pool.id, Username=name)

        for tokens in sessions:
            assert refusal(public.get_user, AccessToken=tokens["AccessToken"]) == "NotAuthorizedException"
            assert refusal(application.refresh, name, tokens["RefreshToken"]) == "NotAuthorizedException"
        assert application.sign_in(name, PASSWORD)["AccessToken"]


class TestAtOnce:
    def test_threads_sign_in_side_by_side(self, public, pool, user):
        application = Application(public, pool.client)
        names = [user(f"thread-{number}") for number in range(4)]

        with ThreadPoolExecutor(8) as threads:
            tokens = list(threads.map(lambda name: application.sign_in(name, PASSWORD), names * 4))

        owners = [public.get_user(AccessToken=one["AccessToken"])["Username"] for one in tokens]
        assert owners == names * 4
