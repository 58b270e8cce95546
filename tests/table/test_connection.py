"""Faults of DynamoDB and of the way to it, injected on the socket; the same on every engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.table import keys, store
from chalicelib.table.connection import Refused, send
from chalicelib.table.items import Attempts, Guard, Item, Once, User
from chalicelib.table.store import BadCursor, Change, Check, Conflict, Remove, Save
from tests import engines
from tests.engines import Engine
from tests.faults import Fault, Forward, Proxy, Reply, failed_after, hanging, lost_after, lost_before, refusal
from tests.table import samples

THROTTLED = refusal("ProvisionedThroughputExceededException")
UNANSWERED = [lost_before, lost_after, failed_after, refusal("InternalServerError", 500)]


def cancelled(*reasons: str) -> Fault:
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


def taken_by_another(body: bytes, forward: Forward) -> None:
    """The request is lost; meanwhile somebody else makes the very same write."""
    request = json.loads(body)
    request["Item"]["_w"] = {"S": "another"}
    assert forward(json.dumps(request).encode()).status == 200


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, engine: Engine, proxy: Proxy) -> Iterator[Proxy]:
    """The proxy, before a client that waits a fifth of a second only."""
    monkeypatch.setattr(Item.Meta, "read_timeout_seconds", 0.2)
    with engines.pointed_at(replace(engine, url=proxy.url)):
        yield proxy


class TestThrottling:
    @pytest.mark.parametrize(
        "code",
        ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
         "TransactionConflictException"],
    )  # fmt: skip
    def test_passes_by_itself(self, proxy: Proxy, pool: str, code: str) -> None:
        proxy.misbehave("PutItem", refusal(code), refusal(code))

        with store.counted() as trips:
            store.save(samples.guard(pool))

        assert trips.calls == ["PutItem"] * 3
        assert len(proxy.bodies("PutItem")) == 3

    def test_that_lasts_is_told_after_five_tries_and_four_seconds_at_most(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("GetItem", *[THROTTLED] * 9)
        start = time.monotonic()

        with pytest.raises(errors.TooManyRequestsException):
            store.get(User, pool=pool, sub="sub")

        assert len(proxy.bodies("GetItem")) == 5
        assert time.monotonic() - start < 4

    def test_of_a_part_of_a_batch_is_read_again(self, proxy: Proxy, pool: str) -> None:
        for name in ("a", "b", "c"):
            store.save(samples.guard(pool, name, sub=name))
        proxy.misbehave("BatchGetItem", first_key_only, first_key_only)

        found = store.get_many(*(Guard.at(pool=pool, kind="username", name=name) for name in ("a", "b", "c")))

        assert [guard.sub if isinstance(guard, Guard) else None for guard in found] == ["a", "b", "c"]
        assert [len(keys_of(body)) for body in proxy.bodies("BatchGetItem")] == [3, 2, 1]

    def test_of_a_part_of_a_clean_up_is_written_again(self, proxy: Proxy, pool: str) -> None:
        guards = [samples.guard(pool, str(n)) for n in range(27)]
        store.together(*map(Save, guards))
        proxy.misbehave("BatchWriteItem", first_delete_only)

        store.remove_all(guards)

        assert store.get_many(*(Guard.at(pool=pool, kind="username", name=str(n)) for n in range(27))) == [None] * 27

    def test_of_a_whole_batch_that_lasts_is_told(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("BatchGetItem", *[nothing_read] * 9)

        with pytest.raises(errors.TooManyRequestsException):
            store.get_many(Guard.at(pool=pool, kind="username", name="a"))

        assert len(proxy.bodies("BatchGetItem")) == 5


class TestConflicts:
    def test_of_transactions_pass_by_themselves_under_one_token(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave(
            "TransactWriteItems",
            cancelled("None", "TransactionConflict"),
            cancelled("ThrottlingError", "ProvisionedThroughputExceeded"),
            refusal("TransactionInProgressException"),
        )

        store.together(Save(samples.guard(pool, "a")), Save(samples.guard(pool, "b")))

        bodies = proxy.bodies("TransactWriteItems")
        assert len(bodies) == 4
        assert len({body["ClientRequestToken"] for body in bodies}) == 1
        assert store.get(Guard, pool=pool, kind="username", name="b") is not None

    def test_of_transactions_that_last_are_told(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("TransactWriteItems", *[cancelled("TransactionConflict", "None")] * 9)

        with pytest.raises(errors.TooManyRequestsException):
            store.together(Save(samples.guard(pool, "a")), Save(samples.guard(pool, "b")))

    def test_a_failed_condition_is_told_at_once_though_a_conflict_stands_beside_it(
        self, proxy: Proxy, pool: str
    ) -> None:
        proxy.misbehave("TransactWriteItems", cancelled("TransactionConflict", "ConditionalCheckFailed", "None"))

        with pytest.raises(Conflict) as caught:
            store.together(
                Save(samples.guard(pool, "a"), "a"), Save(samples.guard(pool, "b"), "b"), Save(samples.user(pool), "c")
            )

        assert caught.value.names == ("b",)
        assert len(proxy.bodies("TransactWriteItems")) == 1

    def test_a_wrong_transaction_is_our_error(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("TransactWriteItems", cancelled("ValidationError", "None"))

        with pytest.raises(Refused):
            store.together(Save(samples.guard(pool, "a")), Save(samples.guard(pool, "b")))


class TestLostAnswers:
    @pytest.mark.parametrize("fault", UNANSWERED)
    def test_of_a_first_save_are_no_conflict_with_ourselves(self, proxy: Proxy, pool: str, fault: Fault) -> None:
        proxy.misbehave("PutItem", fault)
        user = samples.user(pool)

        store.save(user)

        assert user.version == 1
        assert store.get(User, pool=pool, sub="sub").version == 1  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", UNANSWERED)
    def test_of_a_later_save_are_no_conflict_with_ourselves(self, proxy: Proxy, pool: str, fault: Fault) -> None:
        user = samples.user(pool)
        store.save(user)
        proxy.misbehave("PutItem", fault, fault)
        user.username = "new"

        store.save(user)

        assert user.version == 2
        assert store.get(User, pool=pool, sub="sub").username == "new"  # type: ignore[union-attr]

    def test_do_not_make_the_loser_of_a_race_believe_that_it_won(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("PutItem", taken_by_another)

        with pytest.raises(Conflict):
            store.save(samples.once(pool))

        assert store.get(Once, pool=pool, id="token") is not None

    def test_of_a_save_that_another_overwrote_are_a_conflict(self, proxy: Proxy, pool: str) -> None:
        user = samples.user(pool)
        store.save(user)
        proxy.misbehave("PutItem", taken_by_another)

        with pytest.raises(Conflict):
            store.save(user)

    @pytest.mark.parametrize("fault", UNANSWERED)
    def test_of_a_count_count_once(self, proxy: Proxy, pool: str, fault: Fault) -> None:
        key = Attempts.at(pool=pool, sub="sub")
        proxy.misbehave("UpdateItem", fault, fault)

        changed = store.change(key, Attempts, **samples.failure())

        assert changed.failures == 1
        assert store.get(Attempts, pool=pool, sub="sub").failures == 1  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", UNANSWERED)
    def test_of_a_conditional_change_are_no_conflict_with_ourselves(
        self, proxy: Proxy, pool: str, fault: Fault
    ) -> None:
        store.save(samples.user(pool))
        proxy.misbehave("UpdateItem", fault)

        changed = store.change(
            User.at(pool=pool, sub="sub"), User, set={"status": "DONE"}, condition=User.status == "CONFIRMED"
        )

        assert (changed.status, changed.version) == ("DONE", 2)

    @pytest.mark.parametrize("fault", UNANSWERED)
    def test_of_a_transaction_do_it_once(self, proxy: Proxy, pool: str, fault: Fault) -> None:
        counter = Attempts.at(pool=pool, sub="sub")
        proxy.misbehave("TransactWriteItems", fault)

        store.together(Save(samples.guard(pool)), Change(counter, Attempts, **samples.failure()))

        assert store.get(Attempts, pool=pool, sub="sub").failures == 1  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", UNANSWERED)
    def test_of_a_conditional_removal_are_no_conflict_with_ourselves(
        self, proxy: Proxy, pool: str, fault: Fault
    ) -> None:
        guard = samples.guard(pool)
        store.save(guard)
        for operation in ("TransactWriteItems", "DeleteItem"):
            proxy.misbehave(operation, fault)

        store.together(Remove(guard))

        assert store.get(Guard, pool=pool, kind="username", name="name") is None

    def test_of_a_removal_that_another_made_meanwhile_are_a_conflict(self, proxy: Proxy, pool: str) -> None:
        guard = samples.guard(pool)
        store.save(guard)

        def removed_by_another(body: bytes, forward: Forward) -> None:
            request = {**json.loads(body), "ClientRequestToken": "another"}
            assert forward(json.dumps(request).encode()).status == 200

        proxy.misbehave("TransactWriteItems", removed_by_another)

        with pytest.raises(Conflict):
            store.together(Remove(guard))

    @pytest.mark.parametrize("fault", UNANSWERED)
    def test_of_reads_and_deletions_are_asked_again(self, proxy: Proxy, pool: str, fault: Fault) -> None:
        store.save(samples.guard(pool))
        for operation in ("GetItem", "Query", "BatchGetItem", "DeleteItem", "BatchWriteItem"):
            proxy.misbehave(operation, fault)
        key = Guard.at(pool=pool, kind="username", name="name")

        assert store.get(Guard, pool=pool, kind="username", name="name") is not None
        assert len(store.list(key.pk).items) == len(store.get_many(key)) == 1
        store.together(Remove(key))
        store.remove_all([key])
        assert store.get_many(key) == [None]


class TestSilence:
    def test_a_late_answer_of_a_save_is_no_conflict_with_ourselves(self, impatient: Proxy, pool: str) -> None:
        impatient.misbehave("PutItem", hanging(0.6))

        store.save(samples.guard(pool))

        assert len(impatient.bodies("PutItem")) == 2

    def test_that_lasts_is_told_within_four_seconds(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("GetItem", *[hanging(2)] * 5)
        start = time.monotonic()

        with pytest.raises(errors.ServiceUnavailableException):
            store.get(User, pool=pool, sub="sub")

        assert 1.5 <= time.monotonic() - start < 4

    def test_of_an_address_where_nobody_listens_is_told(self, engine: Engine, pool: str) -> None:
        nowhere = replace(engine, url=f"http://127.0.0.1:{engines.free_port()}")

        with engines.pointed_at(nowhere), pytest.raises(errors.ServiceUnavailableException):
            store.get(User, pool=pool, sub="sub")


class TestOtherRefusals:
    def test_of_a_page_behind_a_cursor_blame_the_cursor(self, proxy: Proxy, pool: str) -> None:
        store.together(*(Save(samples.user(pool, f"sub{n}")) for n in range(2)))
        listing = keys.listing("User", pool=pool)
        cursor = store.listed(listing, 1).cursor
        proxy.misbehave("Query", refusal("ValidationException"), refusal("ValidationException"))

        with pytest.raises(BadCursor):
            store.listed(listing, 1, cursor)
        with pytest.raises(Refused):
            store.listed(listing, 1)

    def test_a_request_that_is_wrong_is_our_error(self, engine: Engine) -> None:
        with pytest.raises(Refused, match="ValidationException"):
            send("GetItem", {"TableName": Item.Meta.table_name, "Key": {"pk": {"S": "x"}}})

    def test_missing_permission_is_our_error(self, proxy: Proxy, pool: str) -> None:
        proxy.misbehave("GetItem", refusal("AccessDeniedException"))

        with pytest.raises(Refused, match="AccessDeniedException"):
            store.get(User, pool=pool, sub="sub")

        assert len(proxy.bodies("GetItem")) == 1


@pytest.mark.parametrize("name", engines.NAMES)
class TestMissingTable:
    def test_is_told_by_every_verb(self, name: str, pool: str) -> None:
        if reason := engines.missing(name):
            pytest.skip(reason)
        key = Attempts.at(pool=pool, sub="sub")

        with engines.running(name) as engine, engines.pointed_at(engine):
            for verb in (
                lambda: store.get(User, pool=pool, sub="sub"),
                lambda: store.get_many(key),
                lambda: store.list(key.pk),
                lambda: store.listed("LIST#pools"),
                lambda: store.count("LIST#pools", 5),
                lambda: store.save(samples.guard(pool)),
                lambda: store.change(key, Attempts, **samples.failure()),
                lambda: store.together(Save(samples.guard(pool)), Check(key, absent=True)),
                lambda: store.remove_all([key]),
            ):
                with pytest.raises(errors.ServiceUnavailableException, match="table does not exist"):
                    verb()


def keys_of(body: dict[str, Any]) -> list[Any]:
    found: list[Any] = body["RequestItems"][Item.Meta.table_name]["Keys"]
    return found


def first_key_only(body: bytes, forward: Forward) -> Reply:
    """A batch read that DynamoDB does in part."""
    request = json.loads(body)
    wanted = request["RequestItems"][Item.Meta.table_name]
    first, rest = wanted["Keys"][:1], wanted["Keys"][1:]
    reply = forward(json.dumps({"RequestItems": {Item.Meta.table_name: {**wanted, "Keys": first}}}).encode())
    left = {Item.Meta.table_name: {**wanted, "Keys": rest}}
    return Reply(reply.status, json.dumps({**json.loads(reply.body), "UnprocessedKeys": left}).encode())


def first_delete_only(body: bytes, forward: Forward) -> Reply:
    """A batch write that DynamoDB does in part."""
    wanted = json.loads(body)["RequestItems"][Item.Meta.table_name]
    forward(json.dumps({"RequestItems": {Item.Meta.table_name: wanted[:1]}}).encode())
    return Reply(200, json.dumps({"UnprocessedItems": {Item.Meta.table_name: wanted[1:]}}).encode())


def nothing_read(body: bytes, _forward: Forward) -> Reply:
    """A batch read of which DynamoDB does nothing."""
    return Reply(200, json.dumps({"Responses": {}, "UnprocessedKeys": json.loads(body)["RequestItems"]}).encode())
