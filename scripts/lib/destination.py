"""The table that a script works on: a laptop's data folder, or that of a deployed stage.

Prepares the environment that the application reads, so nothing of it may be imported before `reached` is entered.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chalicelib.laptop import engine, environment  # noqa: E402
from chalicelib.laptop.folder import Folder, FolderInUse  # noqa: E402

_PATIENCE_SECONDS = 5.0
_FUNCTION = "APIHandler"


class Unreachable(Exception):
    """There is no such table, or we may not use it; the message says why."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a command line name the table."""
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--data", metavar="DIR", help="the data folder of scripts/dev (this checkout's own)")
    place.add_argument("--stage", metavar="NAME", help="a deployed stage, reached with your AWS credentials and region")
    parser.add_argument("--stack", metavar="NAME", help="the CloudFormation stack of the stage (latchkey-STAGE)")


@contextmanager
def reached(options: argparse.Namespace) -> Iterator[None]:
    """The application's code in this process works on the table that the options name. Raises Unreachable."""
    if options.stage:
        os.environ.update(_stage_variables(options.stack or f"latchkey-{options.stage}"))
        yield
        return
    if options.data:
        os.environ["LATCHKEY_DATA"] = str(Path(options.data).expanduser().absolute())
    folder = Folder.of(os.environ)
    environment.adapt(os.environ, folder, environment.DEFAULT_PORT)
    if os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"):
        yield
        return
    if not folder.table.exists():
        raise Unreachable(f"{folder.path} holds no table; start scripts/dev on it first, or name another --data")
    with _engine_on(folder) as url:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = url
        yield


@contextmanager
def _engine_on(folder: Folder) -> Iterator[str]:
    """The engine of a running scripts/dev, else one of our own for the time of a block."""
    try:
        lock = folder.hold()
    except FolderInUse:
        yield _other(folder)
        return
    with lock:
        try:
            running = engine.start(folder)
        except (engine.EngineMissing, engine.EngineFailed) as error:
            raise Unreachable(str(error)) from error
        try:
            yield running.url
        finally:
            running.stop()


def _other(folder: Folder) -> str:
    try:
        return engine.await_other(folder, _PATIENCE_SECONDS)
    except engine.EngineFailed as error:
        raise Unreachable(str(error)) from error


def _stage_variables(stack: str) -> dict[str, str]:
    """The variables with which the deployed function itself runs: one truth about table and key."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import get_session

    session: Any = get_session()
    try:
        found = session.create_client("cloudformation").describe_stack_resource(
            StackName=stack, LogicalResourceId=_FUNCTION
        )
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        client = session.create_client("lambda")
        variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    except (BotoCoreError, ClientError, KeyError) as error:
        raise Unreachable(f"the function {_FUNCTION} of the stack {stack} cannot be read: {error}") from error
    ours = {key: value for key, value in variables.items() if key.startswith("LATCHKEY_")}
    return {**ours, "AWS_REGION": client.meta.region_name, "AWS_DEFAULT_REGION": client.meta.region_name}
