"""The table code on both engines: every test of this folder that touches a table runs on each of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests import engines
from tests.engines import Engine
from tests.faults import Proxy, proxied


@pytest.fixture(scope="session", params=engines.NAMES)
def started(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One process of each engine for all tests."""
    name = str(request.param)
    if name == "dynamodb-local" and (reason := engines.missing(name)):
        pytest.skip(reason)
    with engines.running(name) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine(started: Engine) -> Iterator[Engine]:
    """An engine with its table, in use by the product."""
    with engines.in_use(started):
        yield started


@pytest.fixture(scope="module")
def way(engine: Engine) -> Iterator[Proxy]:
    """The same engine behind a proxy."""
    with proxied(engine.url) as before, engines.pointed_at(replace(engine, url=before.url)):
        yield before


@pytest.fixture
def proxy(way: Proxy) -> Iterator[Proxy]:
    """The proxy, which misbehaves on demand; nothing is left over for another test."""
    way.seen.clear()
    yield way
    way.faults.clear()


@pytest.fixture
def pool() -> str:
    """A pool id that no other test uses, so that all tests share one table."""
    return uuid.uuid4().hex
