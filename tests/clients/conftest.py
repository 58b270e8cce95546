"""Latchkey as its users meet it: `scripts/dev` on both table engines, and clients that have never heard of it."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests import engines
from tests.clients.running import FLOWS, PASSWORD, Latchkey, Pool, Told

FOLDER = Path(__file__).resolve().parent
NODE_SECONDS = 120


@pytest.fixture(scope="session", params=engines.NAMES)
def latchkey(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Latchkey]:
    """A running scripts/dev: on its own table engine, then on another that the shell names. It ends when asked to."""
    name = str(request.param)
    with contextlib.ExitStack() as stack:
        variables = {} if name == "dynoxide" else stack.enter_context(engines.running(available(name))).environment
        running = Latchkey(tmp_path_factory.mktemp(name) / "data", **variables)
        stack.callback(running.discard)
        running.start()
        yield running
        assert running.end() == 0, running.printed()


def available(engine: str) -> str:
    if reason := engines.missing(engine):
        pytest.skip(reason)
    return engine


@pytest.fixture(scope="module")
def pasted_shell(latchkey: Latchkey) -> Iterator[None]:
    """This process as the shell into which the printed lines were pasted."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.delenv(name, raising=False)
        patch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the key of an earlier shell
        for name, value in latchkey.shell.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def cognito(latchkey: Latchkey, pasted_shell: None) -> Any:
    """boto3 as the operator."""
    return latchkey.cognito()


@pytest.fixture(scope="module")
def public(latchkey: Latchkey, pasted_shell: None) -> Any:
    """boto3 in an application of users, which has no key."""
    return latchkey.cognito(config=Config(signature_version=UNSIGNED))


@pytest.fixture(scope="module")
def pool(cognito: Any) -> Pool:
    """A pool of this file's own, so that no other file's users are in it."""
    made = cognito.create_user_pool(PoolName="clients", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]

    def client(**options: Any) -> dict[str, Any]:
        answer = cognito.create_user_pool_client(
            UserPoolId=made,
            ClientName="client",
            ExplicitAuthFlows=FLOWS,
            PreventUserExistenceErrors="ENABLED",
            **options,
        )
        return dict(answer["UserPoolClient"])

    server = client(GenerateSecret=True)
    return Pool(made, client()["ClientId"], server["ClientId"], server["ClientSecret"])


@pytest.fixture(scope="module")
def user(cognito: Any, pool: Pool) -> Callable[..., str]:
    """Makes a CONFIRMED user with the password `PASSWORD` and a verified address."""

    def make(name: str) -> str:
        address = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(UserPoolId=pool.id, Username=name, UserAttributes=address, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool.id, Username=name, Password=PASSWORD, Permanent=True)
        return name

    return make


@pytest.fixture(scope="module")
def node(latchkey: Latchkey) -> Callable[..., Told]:
    """Runs a script of this folder: what it reported, by step. A script that fails, fails the test with its words."""

    def run(script: str, **given: Any) -> Told:
        known = {"endpoint": latchkey.url, "outbox": str(latchkey.data / "outbox.jsonl"), **given}
        done = subprocess.run(
            ["node", FOLDER / script, json.dumps(known)],
            capture_output=True,
            text=True,
            check=False,
            timeout=NODE_SECONDS,
            env=latchkey.shell,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return {line["step"]: line["told"] for line in map(json.loads, done.stdout.splitlines())}

    return run
