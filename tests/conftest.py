"""The running application for tests: real table engine, real front door, real signatures; only the outside is a twin.

Settings are read once per process, so the environment is made here, before anything of the product is imported.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FOLDER = Path(tempfile.mkdtemp(prefix="latchkey-test-"))

os.environ.update({
    "LATCHKEY_TABLE": "latchkey-test",
    "LATCHKEY_LOCAL": "1",
    "LATCHKEY_BASE_URL": "http://latchkey.test",
    "LATCHKEY_KEY_FILE": str(_FOLDER / "key"),
    "LATCHKEY_OUTBOX": str(_FOLDER / "outbox.jsonl"),
    # The cheapest profile that argon2 takes, for tests only: hashing is not what they measure.
    "LATCHKEY_ARGON2_MEMORY_KIB": "8",
    "LATCHKEY_ARGON2_ITERATIONS": "1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
})  # fmt: skip
for _name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CHALICE_CLI_MODE"):
    os.environ.pop(_name, None)

from collections.abc import Iterator  # noqa: E402

import hypothesis  # noqa: E402
import pytest  # noqa: E402

from tests import engines  # noqa: E402
from tests.application import Cognito, Outbox, sign_in_operator  # noqa: E402
from tests.engines import Engine  # noqa: E402

hypothesis.settings.load_profile("ci")  # everywhere the same examples, and none judged by the clock of a busy machine


@pytest.fixture(scope="session")
def table_engine() -> Iterator[Engine]:
    """One engine for all tests of a process: dynoxide, or what LATCHKEY_TEST_ENGINE names."""
    with engines.running(os.environ.get("LATCHKEY_TEST_ENGINE", "dynoxide")) as engine:
        yield engine


@pytest.fixture(scope="module")
def application(table_engine: Engine) -> Iterator[tuple[str, str]]:
    """The product on that engine, remembering nothing of another one; the root operator's key."""
    with engines.in_use(table_engine):
        yield sign_in_operator()


@pytest.fixture
def cognito(application: tuple[str, str]) -> Cognito:
    """A caller of the API, signed as root operator where a signature is asked for."""
    return Cognito(*application)


@pytest.fixture
def outbox() -> Outbox:
    """What was sent by mail and SMS."""
    return Outbox(_FOLDER / "outbox.jsonl")
