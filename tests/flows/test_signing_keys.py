"""The key pairs of a pool."""

import time

import pytest

from chalicelib import errors
from chalicelib.flows import signing_keys, vault
from chalicelib.rules import jwt
from chalicelib.table import pools, store
from tests.callers import a_name


@pytest.fixture
def pool(application):
    pool_id = f"us-east-1_{a_name().replace('-', '')}"
    store.together(*(store.Save(item, item.kid) for item in signing_keys.create(pool_id, time.time())))
    return pool_id


class TestCreate:
    def test_makes_a_pair_for_each_purpose(self):
        made = signing_keys.create("us-east-1_Made", 5.0)

        assert [item.purpose for item in made] == ["id", "access"]
        assert len({item.kid for item in made}) == 2
        assert all(item.state == "active" and item.created_at == 5.0 for item in made)

    def test_publishes_nothing_private(self):
        for item in signing_keys.create("us-east-1_Made", 5.0):
            assert item.public_jwk.keys() == {"kty", "alg", "use", "kid", "n", "e"}

    def test_seals_the_private_half_for_its_place(self):
        one, other = signing_keys.create("us-east-1_Made", 5.0)

        assert b"PRIVATE" not in one.private_key
        with pytest.raises(vault.Unsealable):
            vault.open(one.private_key, f"{other.pk}|{other.sk}")


class TestSigner:
    def test_signs_for_its_purpose_alone(self, pool):
        one, other = signing_keys.signer(pool, "id"), signing_keys.signer(pool, "access")

        assert one.kid != other.kid
        assert jwt.header(one.sign({"a": 1})) == {"kid": one.kid, "alg": "RS256"}

    def test_is_opened_once(self, pool):
        assert signing_keys.signer(pool, "id") is signing_keys.signer(pool, "id")

    def test_there_is_none_for_an_unknown_pool(self, application):
        for pool_id in ("us-east-1_Unknown", "x" * 5000, "", "#"):
            with pytest.raises(errors.ResourceNotFoundException):
                signing_keys.signer(pool_id, "id")


class TestKeySet:
    def test_verifies_what_the_signers_sign(self, pool):
        for purpose in signing_keys.PURPOSES:
            token = signing_keys.signer(pool, purpose).sign({"purpose": purpose})

            assert jwt.verified(token, signing_keys.key_set(pool)) == {"purpose": purpose}

    def test_is_made_once_until_the_keys_are_read_again(self, pool):
        known = signing_keys.key_set(pool)

        assert signing_keys.key_set(pool) is known
        pools.forget_pool(pool)
        assert signing_keys.key_set(pool) is not known

    def test_of_an_unknown_pool_is_empty(self, application):
        for pool_id in ("us-east-1_Unknown", "x" * 5000, "", "\ud800"):
            assert signing_keys.key_set(pool_id) == {}
            assert signing_keys.jwks(pool_id) == {"keys": []}

    def test_is_published_in_full(self, pool):
        assert {key["kid"] for key in signing_keys.jwks(pool)["keys"]} == set(signing_keys.key_set(pool))

    def test_a_retired_pair_still_verifies_and_signs_no_more(self, pool):
        old = signing_keys.signer(pool, "access")
        token = old.sign({"a": 1})
        retired = next(item for item in pools.fresh_signing_keys(pool) if item.kid == old.kid)
        retired.state = "retired"
        replacement = signing_keys.create(pool, time.time() + 1)[1]
        store.together(store.Save(retired, "old"), store.Save(replacement, "new"))
        pools.forget_pool(pool)

        assert signing_keys.signer(pool, "access").kid == replacement.kid
        assert jwt.verified(token, signing_keys.key_set(pool)) == {"a": 1}


class TestWhatIsKeptOpen:
    def test_is_bounded(self, monkeypatch, application):
        monkeypatch.setattr(signing_keys, "_MOST_OPEN", 3)
        kept = {"a": 1, "b": 2, "c": 3, "d": 4}

        assert signing_keys._bounded(kept) == {"c": 3, "d": 4}
