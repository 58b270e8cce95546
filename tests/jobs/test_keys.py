"""The rotation of signing keys, pool by pool, through all its states; and keys in wrong hands."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from chalicelib import errors
from chalicelib.flows import key_rotation, signing_keys
from chalicelib.jobs import keys, runner
from chalicelib.rules import rotation
from chalicelib.table import connection, pools, store
from chalicelib.table.items import SigningKey
from tests.application import Fault, respond

HOUR = 3600.0
DAY = 24 * HOUR
PERIOD = 90 * DAY


def published(pool: str) -> list[str]:
    """The key ids of a pool's key set, as a verifier gets it."""
    answer = respond("GET", f"/{pool}/.well-known/jwks.json", {})
    return sorted(key["kid"] for key in json.loads(answer["body"])["keys"])


def states(pool: str) -> dict[str, list[str]]:
    """The key ids of a pool by purpose and state."""
    found: dict[str, list[str]] = {}
    for item in pools.fresh_signing_keys(pool):
        found.setdefault(f"{item.purpose} {item.state}", []).append(item.kid)
    return found


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@pytest.fixture
def pool(cognito):
    return cognito.pool()


@pytest.fixture
def client(cognito, pool):
    return cognito.client(pool)


class TestStates:
    def test_a_young_pool_keeps_its_keys(self, run, pool):
        before = published(pool)

        run("keys", later=PERIOD - DAY - HOUR)

        assert published(pool) == before

    def test_from_next_to_active_to_retired_to_gone(self, run, cognito, pool, client):
        user = cognito.user(pool)
        first = states(pool)

        run("keys", later=PERIOD - DAY)
        both = states(pool)
        token_of_first = cognito.sign_in(client, user)["AccessToken"]
        run("keys", later=PERIOD)
        after = states(pool)
        token_of_second = cognito.sign_in(client, user)["AccessToken"]
        at_last_moment = PERIOD + DAY
        run("keys", later=at_last_moment)
        still = published(pool)
        run("keys", later=at_last_moment + HOUR)

        assert set(both) == {"id active", "id next", "access active", "access next"}
        assert kid(token_of_first) in first["access active"]
        assert after["access active"] == both["access next"]
        assert after["access retired"] == first["access active"]
        assert kid(token_of_second) in after["access active"]
        assert set(first["access active"] + first["id active"]) < set(still)
        assert states(pool) == {"id active": after["id active"], "access active": after["access active"]}

    def test_next_and_retired_keys_are_published_and_verify(self, run, cognito, pool, client):
        user = cognito.user(pool)
        token = cognito.sign_in(client, user)["AccessToken"]

        run("keys", later=PERIOD - DAY)
        assert len(published(pool)) == 4
        run("keys", later=PERIOD)

        assert len(published(pool)) == 4
        assert cognito.call("GetUser", AccessToken=token)["Username"] == user

    def test_the_job_tells_what_it_did(self, run, pool):
        lines = run("keys", later=PERIOD - DAY).lines

        assert sum(line.startswith(f"keys: {pool}: a fresh key for") and "published" in line for line in lines) == 2
        assert any("keys published" in line for line in lines)

    def test_without_a_period_nothing_is_published(self, run, given_settings, pool):
        given_settings(LATCHKEY_KEY_DAYS="0")

        run("keys", later=10 * PERIOD)

        assert len(published(pool)) == 2

    def test_the_times_come_from_the_settings(self, given_settings):
        given_settings(LATCHKEY_KEY_DAYS="30", LATCHKEY_KEY_LEAD_HOURS="48", LATCHKEY_CACHE_SECONDS="10")

        assert keys.policy() == rotation.policy(30 * DAY, 2 * DAY, 10.0, signing_keys.MAX_AGE)


class TestManyPools:
    def test_a_run_without_time_stops_and_the_next_ones_go_on(self, cognito, run):
        made = [cognito.pool() for _ in range(12)]
        later = time.time() + PERIOD - DAY

        first = runner.run("keys", later, seconds=0.0)
        unfinished = [pool for pool in made if len(pools.fresh_signing_keys(pool)) != 4]
        while not runner.run("keys", later, seconds=0.0).is_done:
            pass

        assert not first.is_done
        assert "more is left" in first.lines[-1]
        assert unfinished
        assert all(len(pools.fresh_signing_keys(pool)) == 4 for pool in made)

    def test_a_pool_in_trouble_keeps_no_other_waiting_and_is_told(self, cognito, run, damaged, caplog):
        well = cognito.pool()

        with pytest.raises(runner.JobFailed, match="trouble with 1"):
            run("keys", later=PERIOD - DAY)

        assert len(pools.fresh_signing_keys(well)) == 4
        assert damaged in caplog.text

    @pytest.fixture
    def damaged(self, pool):
        """A pool with a row that no version of the product has written: an active key without a time."""
        key = SigningKey.at(pool=pool, kid="damaged")
        texts = {"pk": key.pk, "sk": key.sk, "_t": "SigningKey", "kid": "damaged", "purpose": "id", "state": "active"}
        item = {name: {"S": text} for name, text in texts.items()}
        connection.send("PutItem", {"TableName": SigningKey.Meta.table_name, "Item": item})
        yield pool
        store.remove_all([key])


class TestAtOnce:
    def test_of_many_who_turn_the_keys_of_a_pool_one_does(self, pool):
        now = time.time() + PERIOD - DAY

        def turn(_number):
            try:
                return len(key_rotation.turn(pool, keys.policy(), now))
            except store.Conflict:
                return 0

        with ThreadPoolExecutor(8) as runners:
            done = list(runners.map(turn, range(8)))

        assert sum(done) == 2
        assert {name: len(kids) for name, kids in states(pool).items()} == {
            "id active": 1, "id next": 1, "access active": 1, "access next": 1,
        }  # fmt: skip

    def test_keys_of_a_pool_that_is_gone_are_not_made(self, cognito, pool):
        items = pools.fresh_signing_keys(pool)
        cognito.call("DeleteUserPool", UserPoolId=pool)
        steps = [rotation.Step("publish", "id")]

        with pytest.raises(store.Conflict):
            key_rotation._carried_out(pool, items, steps, time.time())

        assert pools.fresh_signing_keys(pool) == []


class TestDropping:
    def test_what_signed_is_gone_and_its_tokens_are_refused_but_refresh_tokens_stand(self, cognito, pool, client):
        user = cognito.user(pool)
        held = cognito.sign_in(client, user)
        before = published(pool)

        keys.drop(pool, time.time())

        assert len(published(pool)) == 2
        assert not set(published(pool)) & set(before)
        with pytest.raises(Fault, match="NotAuthorizedException"):
            cognito.call("GetUser", AccessToken=held["AccessToken"])
        fresh = cognito.call("InitiateAuth", ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH",
                             AuthParameters={"REFRESH_TOKEN": held["RefreshToken"]})  # fmt: skip
        assert cognito.call("GetUser", AccessToken=fresh["AuthenticationResult"]["AccessToken"])["Username"] == user

    def test_published_keys_take_over_and_a_second_time_they_go_too(self, run, pool):
        run("keys", later=PERIOD - DAY)
        coming = states(pool)["id next"] + states(pool)["access next"]

        told = keys.drop(pool, time.time())
        assert published(pool) == sorted(coming)
        keys.drop(pool, time.time())

        assert "2 of them published before" in told[0]
        assert len(published(pool)) == 2
        assert not set(published(pool)) & set(coming)

    def test_of_an_unknown_pool_is_refused(self, application):
        with pytest.raises(errors.ResourceNotFoundException):
            keys.drop("us-east-1_nobody", time.time())
