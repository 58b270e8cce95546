"""pycognito, given the endpoint by its own `boto3_client_kwargs`; it verifies our tokens with our published keys."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito import AWSSRP, Cognito
from pycognito.exceptions import ForceChangePasswordException, TokenVerificationException
from pycognito.utils import RequestsSrpAuth, TokenType

from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey, Pool

pytestmark = [pytest.mark.clients, pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")]

SECRETS = ["without secret", "with secret"]


class Users:
    """Makes pycognito's object for a user, for a client without a secret or with one."""

    def __init__(self, latchkey: Latchkey, pool: Pool, kind: str) -> None:
        self.latchkey = latchkey
        self.pool = pool
        self.kind = kind

    def __call__(self, name: str) -> Cognito:
        has_secret = self.kind == "with secret"
        return Cognito(
            self.pool.id,
            self.pool.server_client if has_secret else self.pool.client,
            client_secret=self.pool.server_secret if has_secret else None,
            username=name,
            boto3_client_kwargs={"endpoint_url": self.latchkey.url},
        )

    def own(self, name: str) -> str:
        """A name that the other kind of client does not use."""
        return f"{name}-{self.kind.replace(' ', '-')}"


@pytest.fixture(params=SECRETS)
def users(request: pytest.FixtureRequest, latchkey: Latchkey, pasted_shell: None, pool: Pool) -> Users:
    return Users(latchkey, pool, str(request.param))


def refusal(action: Any, *given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        action(*given)
    return str(refused.value.response["Error"]["Code"])


class TestSignUp:
    def test_a_user_registers_confirms_and_signs_in_by_srp(self, latchkey, users):
        name = users.own("ada")
        account = users(name)
        account.set_base_attributes(email="ada@example.com")

        account.register(name, PASSWORD)
        account.confirm_sign_up(latchkey.code(name))
        account.authenticate(PASSWORD)

        assert account.id_claims["email"] == "ada@example.com"
        assert account.id_claims["aud"] == account.client_id
        assert account.access_claims["username"] == name
        assert account.get_user().email_verified is True

    def test_a_second_code_is_sent(self, latchkey, users):
        name = users.own("twice")
        account = users(name)
        account.set_base_attributes(email="twice@example.com")
        account.register(name, PASSWORD)

        account.resend_confirmation_code(name)
        account.confirm_sign_up(latchkey.code(name))

        assert len(latchkey.messages(name)) == 2
        account.authenticate(PASSWORD)


class TestSignIn:
    def test_a_wrong_password_is_refused_by_srp(self, users, user):
        account = users(user(users.own("bob")))

        assert refusal(account.authenticate, NEW_PASSWORD) == "NotAuthorizedException"
        assert account.access_token is None

    def test_an_unknown_user_is_refused_like_a_wrong_password(self, users):
        assert refusal(users("nobody").authenticate, PASSWORD) == "NotAuthorizedException"

    def test_an_invited_user_sets_a_new_password(self, cognito, pool, users):
        name = users.own("hedy")
        cognito.admin_create_user(
            UserPoolId=pool.id, Username=name, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
        )
        account = users(name)

        with pytest.raises(ForceChangePasswordException):
            account.authenticate(PASSWORD)
        account.new_password_challenge(PASSWORD, NEW_PASSWORD)

        assert account.access_claims["username"] == name
        users(name).authenticate(NEW_PASSWORD)

    def test_the_bare_srp_class_signs_in(self, latchkey, pasted_shell, pool, user):
        client = latchkey.cognito()
        srp = AWSSRP(user("bare"), PASSWORD, pool.id, pool.client, client=client)

        assert srp.authenticate_user()["AuthenticationResult"]["RefreshToken"]

    def test_many_srp_exchanges_agree_whatever_their_leading_zeros(self, latchkey, pasted_shell, pool, user):
        client = latchkey.cognito()
        name = user("often")

        for _ in range(20):
            assert AWSSRP(name, PASSWORD, pool.id, pool.client, client=client).authenticate_user()

    def test_an_operator_signs_a_user_in(self, users, user):
        account = users(user(users.own("led")))

        account.admin_authenticate(PASSWORD)

        assert account.token_type == "Bearer"


class TestSession:
    def test_tokens_are_renewed_and_verified(self, users, user):
        account = users(user(users.own("rosa")))
        account.authenticate(PASSWORD)
        before = account.access_token

        account.renew_access_token()

        assert account.access_token != before
        account.verify_tokens()
        assert account.check_token() is False

    def test_an_altered_token_is_not_verified(self, users, user):
        account = users(user(users.own("eve")))
        account.authenticate(PASSWORD)
        head, claims, signature = account.access_token.split(".")
        altered = f"{head}.{claims}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"

        with pytest.raises(TokenVerificationException):
            account.verify_token(altered, "access_token", "access")

    def test_a_password_is_changed(self, users, user):
        account = users(user(users.own("grace")))
        account.authenticate(PASSWORD)

        account.change_password(PASSWORD, NEW_PASSWORD)

        users(account.username).authenticate(NEW_PASSWORD)
        assert refusal(users(account.username).authenticate, PASSWORD) == "NotAuthorizedException"

    def test_a_forgotten_password_is_replaced(self, latchkey, users, user):
        account = users(user(users.own("lost")))

        account.initiate_forgot_password()
        account.confirm_forgot_password(latchkey.code(account.username), NEW_PASSWORD)

        users(account.username).authenticate(NEW_PASSWORD)

    def test_logging_out_ends_every_session(self, users, user):
        name = user(users.own("gone"))
        here, there = users(name), users(name)
        here.authenticate(PASSWORD)
        there.authenticate(PASSWORD)

        here.logout()

        assert refusal(there.renew_access_token) == "NotAuthorizedException"
        assert refusal(there.get_user) == "NotAuthorizedException"

    def test_a_user_deletes_the_account(self, users, user):
        account = users(user(users.own("over")))
        account.authenticate(PASSWORD)

        account.delete_user()

        assert refusal(users(account.username).authenticate, PASSWORD) == "NotAuthorizedException"

    def test_an_operator_sees_the_users(self, users, user):
        name = user(users.own("seen"))

        assert name in [one.username for one in users(name).get_users()]
        assert users(name).admin_get_user().user_status == "CONFIRMED"


class TestRequests:
    def test_its_requests_plugin_gets_a_token_by_srp(self, latchkey, pasted_shell, pool, user):
        import requests

        auth = RequestsSrpAuth(
            username=user("web"),
            password=PASSWORD,
            user_pool_id=pool.id,
            client_id=pool.client,
            user_pool_region="us-east-1",
            auth_token_type=TokenType.ACCESS_TOKEN,
            boto3_client_kwargs={"endpoint_url": latchkey.url},
        )

        prepared = auth(requests.Request("GET", "http://example.com").prepare())

        assert prepared.headers["Authorization"].startswith("Bearer ey")
