"""What the tests of the outside share: settings made for one test, and AWS as a process beside it."""

from __future__ import annotations

import pytest

from chalicelib import settings
from chalicelib.outside import aws
from tests.outside import ministack


@pytest.fixture
def configured(monkeypatch):
    """A function that sets variables of the environment for one test, settings and clients read anew."""

    def configure(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        settings.current.cache_clear()
        aws.forget()

    for name in ("LATCHKEY_LOCAL", "LATCHKEY_OUTBOX", "LATCHKEY_SMTP_URL", "LATCHKEY_KMS_KEY", "LATCHKEY_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    configure(AWS_REGION="us-east-1")
    yield configure
    monkeypatch.undo()
    settings.current.cache_clear()
    aws.forget()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    if reason := ministack.missing():
        pytest.skip(reason)
    with ministack.running(tmp_path_factory.mktemp("ministack")) as found:
        yield found


@pytest.fixture
def in_aws(configured, emulator):
    """The environment of a function in AWS, with the emulator in the place of AWS."""
    configured(**emulator.environment)
    return emulator
