"""Keys of our own pools, as the table has them now."""

from __future__ import annotations

import time

import pytest

from chalicelib.authorizer import own_pools
from chalicelib.flows import signing_keys
from chalicelib.outside.key_sets import KeySets, KeysUnavailable
from chalicelib.rules import jwt
from chalicelib.table import connection, store
from chalicelib.table.items import SigningKey
from tests.application import Cognito
from tests.authorizer import minting
from tests.engines import Engine
from tests.faults import proxied, refusal


class TestKeys:
    def test_are_those_with_which_the_pool_signs(self, pool: str) -> None:
        assert minting.kid(pool) in own_pools.keys(f"{minting.BASE_URL}/{pool}")

    def test_are_read_now_whatever_this_process_remembers(self, pool: str) -> None:
        remembered = set(signing_keys.key_set(pool))

        store.save(rotated_in(pool))

        assert set(own_pools.keys(f"{minting.BASE_URL}/{pool}")) - remembered == {"rotated-in"}

    @pytest.mark.parametrize("name", ["us-east-1_nowhere", "", "a" * 5000])
    def test_of_a_pool_that_does_not_exist_cannot_be_had(self, pool: str, name: str) -> None:
        with pytest.raises(KeysUnavailable):
            own_pools.keys(f"{minting.BASE_URL}/{name}")

    def test_of_a_pool_that_was_deleted_are_withdrawn_and_serve_no_longer(self, cognito: Cognito) -> None:
        clock = [time.time()]
        kept = KeySets(own_pools.keys, fresh=60.0, clock=lambda: clock[0])
        gone = cognito.pool()
        issuer, kid = f"{minting.BASE_URL}/{gone}", minting.kid(gone)
        assert kid in kept.of(issuer, kid)

        cognito.call("DeleteUserPool", UserPoolId=gone)
        clock[0] += 60.0

        with pytest.raises(KeysUnavailable):
            kept.of(issuer, kid)

    def test_of_a_table_that_does_not_answer_cannot_be_had(
        self, pool: str, table_engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with proxied(table_engine.url) as proxy:
            proxy.misbehave("Query", *[refusal("ProvisionedThroughputExceededException")] * 20)
            monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxy.url)
            connection.reset()

            with pytest.raises(KeysUnavailable):
                own_pools.keys(f"{minting.BASE_URL}/{pool}")

        monkeypatch.undo()
        connection.reset()


def rotated_in(pool: str) -> SigningKey:
    """A further key of the pool, published and not yet signing."""
    public = jwt.public_jwk(jwt.new_private_key("RS256"), "rotated-in", "RS256")
    return SigningKey.new(
        {"pool": pool, "kid": "rotated-in"},
        kid="rotated-in", purpose="access", state="next", algorithm="RS256", public_jwk=public, private_key=b"",
        created_at=time.time(),
    )  # fmt: skip
