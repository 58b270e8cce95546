"""Pools, clients and signing keys as they are looked up: remembered for a while, and forgotten on a change."""

import pytest

from chalicelib.table import pools, store
from chalicelib.table.items import Client, ClientSecret, Pool, SigningKey

ODD = ["", "#", "x" * 56, "x" * 5000, "us-east-1_Tést", "a b", "\ud800", "a\n"]


@pytest.fixture(autouse=True)
def afresh(engine):
    pools.forget_all()


def a_pool(pool_id):
    item = Pool.new({"pool": pool_id, "created": "0"}, document={"Name": "one"}, secret=b"sealed")
    store.save(item)
    return item


def a_client(client_id, pool_id):
    item = Client.new({"client": client_id, "pool": pool_id, "created": "0"}, pool_id=pool_id, document={"a": 1})
    store.save(item)
    return item


def calls(look_up):
    with store.counted() as trips:
        look_up()
    return trips.calls


class TestPool:
    def test_is_read_once(self, pool):
        a_pool(pool)

        assert calls(lambda: pools.pool(pool)) == ["GetItem"]
        assert calls(lambda: pools.pool(pool)) == []
        assert pools.pool(pool).id == pool

    def test_is_read_again_when_it_was_changed(self, pool):
        item = a_pool(pool)
        pools.pool(pool)
        item.document = {"Name": "two"}
        store.save(item)

        assert pools.pool(pool).document == {"Name": "one"}
        pools.forget_pool(pool)
        assert pools.pool(pool).document == {"Name": "two"}

    def test_one_that_is_made_later_is_found_at_once(self, pool):
        assert pools.pool(pool) is None
        a_pool(pool)

        assert pools.pool(pool) is not None

    @pytest.mark.parametrize("odd", ODD)
    def test_an_id_that_cannot_be_costs_no_trip(self, odd):
        assert calls(lambda: pools.pool(odd)) == calls(lambda: pools.signing_keys(odd)) == []
        assert pools.pool(odd) is None
        assert pools.signing_keys(odd) == []


class TestClient:
    def test_comes_with_its_secrets_in_one_trip(self, pool):
        client = a_client(f"c{pool}", pool)
        for place in ("1", "2"):
            store.save(ClientSecret.new({"client": client.id, "id": place}, secret=b"sealed", created_at=0))

        assert calls(lambda: pools.client(client.id)) == ["Query"]
        found = pools.client(client.id)
        assert (found.id, found.pool_id, found.document, len(found.secrets)) == (client.id, pool, {"a": 1}, 2)
        assert calls(lambda: pools.client(client.id)) == []

    def test_shows_no_secret_in_its_text(self, pool):
        client = a_client(f"c{pool}", pool)
        store.save(ClientSecret.new({"client": client.id, "id": "1"}, secret=b"hidden", created_at=0))

        assert "hidden" not in repr(pools.client(client.id))

    def test_secrets_alone_are_no_client(self, pool):
        store.save(ClientSecret.new({"client": f"c{pool}", "id": "1"}, secret=b"sealed", created_at=0))

        assert pools.client(f"c{pool}") is None

    def test_is_read_again_when_it_was_changed(self, pool):
        client = a_client(f"c{pool}", pool)
        pools.client(client.id)
        store.together(store.Remove(client))

        assert pools.client(client.id) is not None
        pools.forget_client(client.id)
        assert pools.client(client.id) is None


class TestSigningKeys:
    def test_are_read_once_and_again_when_the_pool_was_changed(self, pool):
        key = SigningKey.new(
            {"pool": pool, "kid": "k1"},
            kid="k1", purpose="id", state="active", algorithm="RS256", public_jwk={}, private_key=b"sealed",
            created_at=0,
        )  # fmt: skip
        store.save(key)

        assert [item.kid for item in pools.signing_keys(pool)] == ["k1"]
        assert calls(lambda: pools.signing_keys(pool)) == []
        pools.forget_pool(pool)
        assert calls(lambda: pools.signing_keys(pool)) == ["Query"]

    def test_none_are_not_remembered(self, pool):
        assert pools.signing_keys(pool) == []
        assert calls(lambda: pools.signing_keys(pool)) == ["Query"]
