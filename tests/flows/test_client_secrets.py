"""The secrets of an app client, against a table engine."""

import pytest

from chalicelib.errors import NotAuthorizedException
from chalicelib.flows import client_secrets
from chalicelib.outside.secrets import Unsealable
from chalicelib.rules.secret_hash import secret_hash
from chalicelib.table import pools
from chalicelib.table.items import ClientSecret
from tests.application import Cognito


def created(cognito, pool_id, **settings):
    return cognito.call("CreateUserPoolClient", UserPoolId=pool_id, ClientName="web", **settings)["UserPoolClient"]


@pytest.fixture(scope="module")
def shared_pool(application):
    """A pool for all tests; making one costs two RSA keys."""
    return Cognito(*application).pool()


class TestSecrets:
    def test_are_sealed_for_their_own_client(self, cognito, shared_pool):
        first, second = (created(cognito, shared_pool, GenerateSecret=True) for _ in range(2))
        stolen = pools.client(first["ClientId"]).secrets[0]
        moved = ClientSecret.new({"client": second["ClientId"], "id": "x"}, created_at=0, secret=stolen.secret)

        assert client_secrets.opened([stolen]) == [first["ClientSecret"]]
        assert first["ClientSecret"].encode() not in stolen.secret
        with pytest.raises(Unsealable):
            client_secrets.opened([moved])

    def test_open_oldest_first(self):
        newer, older = client_secrets.sealed("c", "newer", 2.0), client_secrets.sealed("c", "older", 1.0)

        assert client_secrets.opened([newer, older]) == ["older", "newer"]


class TestRequireHash:
    @pytest.fixture
    def client(self, cognito, shared_pool):
        made = created(cognito, shared_pool, ClientSecret="s" * 24)
        return pools.client(made["ClientId"])

    def test_takes_a_hash_over_one_of_the_names(self, client):
        client_secrets.require_hash(client, secret_hash("s" * 24, "alice", client.id), "alice@example.com", "alice")

    @pytest.mark.parametrize("name", ["bob", ""])
    def test_refuses_a_hash_over_another_name(self, client, name):
        with pytest.raises(NotAuthorizedException, match=f"Unable to verify secret hash for client {client.id}"):
            client_secrets.require_hash(client, secret_hash("s" * 24, name, client.id), "alice")

    def test_refuses_a_missing_hash(self, client):
        with pytest.raises(NotAuthorizedException) as refused:
            client_secrets.require_hash(client, None, "alice")

        assert refused.value.message == (
            f"Client {client.id} is configured with secret but SECRET_HASH was not received"
        )

    def test_refuses_a_hash_to_a_client_without_a_secret(self, cognito, shared_pool):
        client = pools.client(created(cognito, shared_pool)["ClientId"])

        client_secrets.require_hash(client, None, "alice")
        with pytest.raises(NotAuthorizedException, match="Unable to verify secret hash"):
            client_secrets.require_hash(client, secret_hash("", "alice", client.id), "alice")


class TestRequireSecret:
    def test_takes_the_secret_and_nothing_else(self, cognito, shared_pool):
        client = pools.client(created(cognito, shared_pool, ClientSecret="s" * 24)["ClientId"])

        client_secrets.require_secret(client, "s" * 24)
        for wrong in ("s" * 23, "", "\ud800"):
            with pytest.raises(NotAuthorizedException, match="Unable to verify secret for client"):
                client_secrets.require_secret(client, wrong)
        with pytest.raises(NotAuthorizedException, match="secret was not received"):
            client_secrets.require_secret(client, None)

    def test_asks_nothing_of_a_client_without_a_secret(self, cognito, shared_pool):
        client_secrets.require_secret(pools.client(created(cognito, shared_pool)["ClientId"]), None)
