"""One deployment for all tests of this folder, by scripts/deploy itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.clients.conftest import *  # noqa: F403 - the fixtures of the clients, on our `latchkey`
from tests.deployed import cloud as clouds
from tests.deployed import relay as relays
from tests.deployed.cloud import SENDER, Cloud, Deployed
from tests.deployed.relay import Relay

STACK = "latchkey-trial"


@dataclass(frozen=True)
class First:
    """The first run of scripts/deploy: a look, then the deployment."""

    look: subprocess.CompletedProcess[str]
    stacks_after_look: list[str]
    buckets_after_look: list[str]
    run: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An empty account."""
    with clouds.running(tmp_path_factory.mktemp("cloud")) as account:
        yield account


@pytest.fixture(scope="session")
def relay() -> Iterator[Relay]:
    """The address that the stage is told it has."""
    with relays.running() as address:
        yield address


@pytest.fixture(scope="session")
def first(cloud: Cloud, relay: Relay) -> First:
    """The account after the first deployment."""
    options = ["--stage", "trial", "--set", f"BaseUrl={relay.url}", "--set", f"MailFrom={SENDER}"]
    look = cloud.deploy(*options, "--dry-run")
    stacks = cloud.client("cloudformation").list_stacks()["StackSummaries"]
    living = [stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    buckets = [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    run = cloud.deploy(*options, "--yes")
    assert run.returncode == 0, run.stdout + run.stderr
    cloud.widen(STACK)
    relay.lead_to(cloud.port, cloud.outputs(STACK)["RestAPIId"])
    return First(look, living, buckets, run)


@pytest.fixture(scope="session")
def latchkey(cloud: Cloud, relay: Relay, first: First, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """What was deployed, in the place of the scripts/dev that the tests of clients otherwise have."""
    return Deployed(cloud, relay, first.run.stdout, tmp_path_factory.mktemp("user"))
