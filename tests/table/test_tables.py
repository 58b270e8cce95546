"""The table: one definition, made once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib import errors
from chalicelib.table import connection, store, tables
from chalicelib.table.connection import Refused
from chalicelib.table.items import Guard, Item
from tests import engines
from tests.engines import Engine
from tests.faults import Forward, Reply, proxied, refusal
from tests.table import samples


@pytest.fixture(scope="module", params=engines.NAMES)
def empty(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine of its own, in use by the product."""
    name = str(request.param)
    if reason := engines.missing(name):
        pytest.skip(reason)
    with engines.running(name) as engine, engines.pointed_at(engine):
        yield engine


@pytest.fixture
def bare(empty: Engine) -> Engine:
    """The same without a table."""
    if connection.send("ListTables", {})["TableNames"]:
        connection.send("DeleteTable", {"TableName": Item.Meta.table_name})
    return empty


def being_made(_body: bytes, _forward: Forward) -> Reply:
    """What DynamoDB tells of a table that is not ready."""
    return Reply(200, b'{"Table": {"TableStatus": "CREATING"}}')


class TestDefinition:
    def test_agrees_with_the_models(self) -> None:
        schema = Item._get_schema()
        [index] = tables.definition()["GlobalSecondaryIndexes"]

        by_name = {part["AttributeName"]: part["KeyType"] for part in tables.definition()["KeySchema"]}
        assert by_name == {part["AttributeName"]: part["KeyType"] for part in schema["key_schema"]}
        assert [index["IndexName"]] == [model["index_name"] for model in schema["global_secondary_indexes"]]
        assert index["Projection"] == {"ProjectionType": "ALL"}
        assert tables.expiry()["AttributeName"] == Item.expires.attr_name

    def test_names_each_key_attribute_once(self) -> None:
        definition = tables.definition()
        used = {part["AttributeName"] for part in definition["KeySchema"]}
        used |= {p["AttributeName"] for index in definition["GlobalSecondaryIndexes"] for p in index["KeySchema"]}

        assert sorted(used) == sorted(part["AttributeName"] for part in definition["AttributeDefinitions"])


class TestEnsure:
    def test_makes_the_table_once(self, bare: Engine) -> None:
        first, second = tables.ensure(), tables.ensure()

        assert (first, second) == (True, False)

    def test_leaves_a_table_that_can_be_used(self, bare: Engine) -> None:
        tables.ensure()

        store.save(samples.guard("pool"))

        assert store.get(Guard, pool="pool", kind="username", name="name") is not None

    def test_switches_expiry_on(self, bare: Engine) -> None:
        tables.ensure()

        told = connection.send("DescribeTimeToLive", {"TableName": Item.Meta.table_name})["TimeToLiveDescription"]

        assert (told["TimeToLiveStatus"], told["AttributeName"]) == ("ENABLED", "expires")

    def test_may_be_called_by_many_at_once_and_one_makes_it(self, bare: Engine) -> None:
        with ThreadPoolExecutor(6) as runners:
            made = list(runners.map(lambda _: tables.ensure(), range(6)))

        assert made.count(True) == 1

    def test_does_without_expiry_where_the_engine_does_not_know_it(self, bare: Engine) -> None:
        with proxied(bare.url) as proxy, engines.pointed_at(replace(bare, url=proxy.url)):
            proxy.misbehave("UpdateTimeToLive", refusal("UnknownOperationException"))

            assert tables.ensure()

        assert not tables.ensure()

    def test_waits_until_the_table_can_be_used(self, bare: Engine) -> None:
        tables.ensure()
        with proxied(bare.url) as proxy, engines.pointed_at(replace(bare, url=proxy.url)):
            proxy.misbehave("DescribeTable", being_made, being_made, being_made)

            assert not tables.ensure()

            assert len(proxy.bodies("DescribeTable")) == 4

    @pytest.mark.parametrize("operation", ["CreateTable", "UpdateTimeToLive"])
    def test_passes_on_what_it_may_not_do(self, bare: Engine, operation: str) -> None:
        with proxied(bare.url) as proxy, engines.pointed_at(replace(bare, url=proxy.url)):
            proxy.misbehave(operation, refusal("AccessDeniedException"))

            with pytest.raises(Refused, match="AccessDeniedException"):
                tables.ensure()

    def test_tells_when_nobody_answers(self, bare: Engine) -> None:
        nowhere = replace(bare, url=f"http://127.0.0.1:{engines.free_port()}")

        with engines.pointed_at(nowhere), pytest.raises(errors.ServiceUnavailableException, match="does not answer"):
            tables.ensure()
