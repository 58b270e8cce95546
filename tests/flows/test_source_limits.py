"""Counting wrong first factors by client address: whose address counts, counts at once, and what the limit refuses."""

import time
from types import SimpleNamespace

import pytest

from chalicelib import errors
from chalicelib.call import Call, Caller, Origin
from chalicelib.flows import source_limits
from chalicelib.rules.source_limits import window_end
from chalicelib.table import store
from chalicelib.table.items import Pool
from chalicelib.table.pools import ClientRecord
from chalicelib.table.upkeep import Counter
from tests.contest import RUNNERS, on
from tests.entrance import at_once

pytestmark = pytest.mark.usefixtures("application")

HERE, THERE = "192.0.2.7", "198.51.100.7"
LIMIT, WINDOW = 10, 600
OURS = {"security": {"SourceLimitSettings": {"FailuresPerSource": LIMIT, "WindowSeconds": WINDOW}}}
NOW = (time.time() // WINDOW + 10) * WINDOW + 1  # in a window that does not end while these tests run
PROVED = {"AuthParameters": {"USERNAME": "tess", "SECRET_HASH": "aGFzaA=="}}


@pytest.fixture
def pool():
    name = f"us-east-1_{time.time_ns() % 10**12}"
    return Pool.new({"pool": name, "created": "0"}, document={}, secret=b"", ours=OURS)


def a_call(pool, address=HERE, *, operator="", secret=False, document=None, **given):
    call = Call(given, Caller(operator), Origin("", address, "request-1"), NOW)
    secrets = [SimpleNamespace()] if secret else []
    vars(call).update(pool=pool, client=ClientRecord("client", pool.id, document or {}, secrets))
    return call


def counted(call):
    """The counters of the call's pool that `count` makes, by source."""
    source_limits.count(call)
    end = window_end(call.now, WINDOW)
    places = {one: Counter.at(pool=call.pool.id, name=f"source#{end}#{one}") for one in (HERE, THERE)}
    found = zip(places, store.get_many(*places.values()), strict=True)
    return {source: int(item.total) for source, item in found if isinstance(item, Counter)}


class TestWhoseAddress:
    def test_a_clients_call_counts_by_its_own(self, pool):
        assert counted(a_call(pool)) == {HERE: 1}
        assert counted(a_call(pool, "::ffff:192.0.2.7")) == {HERE: 2}

    def test_what_a_client_says_of_itself_does_not_count(self, pool):
        call = a_call(pool, UserContextData={"IpAddress": THERE}, ContextData={"IpAddress": THERE})

        assert counted(call) == {HERE: 1}

    def test_an_administrators_server_counts_by_the_address_that_it_vouches_for(self, pool):
        assert counted(a_call(pool, operator="LKIA1", ContextData={"IpAddress": THERE})) == {THERE: 1}

    @pytest.mark.parametrize("given", [{}, {"ContextData": {}}, {"ContextData": {"IpAddress": "somewhere"}}], ids=repr)
    def test_or_not_at_all(self, pool, given):
        assert counted(a_call(pool, operator="LKIA1", **given)) == {}

    def test_a_client_that_proves_its_secret_is_a_server_too(self, pool):
        vouching = {"EnablePropagateAdditionalUserContextData": True}
        told = {"UserContextData": {"IpAddress": THERE}}

        assert counted(a_call(pool, secret=True, **PROVED)) == {}
        assert counted(a_call(pool, secret=True, **PROVED, **told)) == {}
        assert counted(a_call(pool, secret=True, document=vouching, **PROVED)) == {}
        assert counted(a_call(pool, secret=True, document=vouching, **PROVED, **told)) == {THERE: 1}

    def test_a_page_of_such_a_client_is_shown_to_a_browser(self, pool):
        assert counted(a_call(pool, secret=True)) == {HERE: 1}

    def test_a_hash_without_a_secret_changes_nothing(self, pool):
        assert counted(a_call(pool, **PROVED)) == {HERE: 1}

    def test_a_door_that_knows_no_address_counts_nothing(self, pool):
        assert counted(a_call(pool, "test-invoke-source-ip")) == {}
        source_limits.require_open(a_call(pool, ""))


class TestLimit:
    def exhaust(self, call):
        for _ in range(LIMIT):
            source_limits.require_open(call)
            source_limits.count(call)

    def test_the_address_is_shut_out_and_no_other(self, pool):
        self.exhaust(a_call(pool))

        with pytest.raises(errors.TooManyRequestsException, match="this address"):
            source_limits.require_open(a_call(pool))
        source_limits.require_open(a_call(pool, THERE))

    def test_another_pool_has_a_count_of_its_own(self, pool):
        other = Pool.new({"pool": f"{pool.id}x", "created": "0"}, document={}, secret=b"", ours=OURS)
        self.exhaust(a_call(pool))

        source_limits.require_open(a_call(other))

    def test_all_addresses_of_one_home_are_one(self, pool):
        for number in range(LIMIT):
            source_limits.count(a_call(pool, f"2001:db8:1:2::{number:x}"))

        with pytest.raises(errors.TooManyRequestsException):
            source_limits.require_open(a_call(pool, "2001:db8:1:2:ffff::1"))
        source_limits.require_open(a_call(pool, "2001:db8:1:3::1"))

    def test_the_next_window_is_open(self, pool):
        call = a_call(pool)
        self.exhaust(call)

        call.now = window_end(call.now, WINDOW) - 0.1
        with pytest.raises(errors.TooManyRequestsException):
            source_limits.require_open(call)
        call.now += 0.2
        source_limits.require_open(call)

    def test_the_count_ends_with_its_window(self, pool):
        call = a_call(pool)
        source_limits.count(call)

        end = window_end(call.now, WINDOW)
        assert store.get(Counter, pool=pool.id, name=f"source#{end}#{HERE}").expires == end

    def test_a_count_is_one_write_and_a_look_one_read(self, pool):
        with store.counted() as trips:
            source_limits.count(a_call(pool))
        assert trips.calls == ["UpdateItem"]

        with store.counted() as trips:
            source_limits.require_open(a_call(pool))
        assert trips.calls == ["BatchGetItem"]


class TestAlongside:
    def test_the_look_up_is_answered_and_nobody_waits_longer(self, pool):
        with store.counted() as trips:
            found = source_limits.alongside(a_call(pool), lambda: store.get(Pool, pool="us-east-1_Nobody") or "found")

        assert found == "found"
        assert (trips.calls, trips.beside) == (["GetItem"], ["BatchGetItem"])

    def test_what_is_found_is_of_no_use_over_the_limit(self, pool):
        for _ in range(LIMIT):
            source_limits.count(a_call(pool))

        with pytest.raises(errors.TooManyRequestsException):
            source_limits.alongside(a_call(pool), lambda: "found")

    def test_a_call_that_counts_nowhere_costs_no_read(self, pool):
        with store.counted() as trips:
            assert source_limits.alongside(a_call(pool, operator="LKIA1"), lambda: "found") == "found"

        assert (trips.calls, trips.beside) == ([], [])


class TestAtOnce:
    @pytest.mark.parametrize("engine", ["dynoxide", "dynamodb-local"])
    def test_no_failure_goes_uncounted(self, engine, pool):
        with on(engine):
            outcomes = at_once(*[lambda: [source_limits.count(a_call(pool)) for _ in range(10)]] * RUNNERS)

            assert all(isinstance(outcome, list) for outcome in outcomes)
            assert counted(a_call(pool)) == {HERE: 10 * RUNNERS + 1}
