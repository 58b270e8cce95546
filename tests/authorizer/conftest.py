"""A pool of the running application, and authorizers that remember nothing of the test before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chalicelib import settings
from chalicelib.authorizer import lambda_door
from tests.application import Cognito


@pytest.fixture(scope="module")
def pool(application: tuple[str, str]) -> str:
    """The id of a pool."""
    return Cognito(*application).pool()


@pytest.fixture(autouse=True)
def without_keys() -> Iterator[None]:
    """A process that has no keys yet."""
    lambda_door.forget()
    yield
    lambda_door.forget()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets options of the authorizer in the environment of this process, for one test."""

    def configure(**options: str) -> None:
        for name, value in options.items():
            monkeypatch.setenv(f"LATCHKEY_AUTHORIZER_{name.upper()}", value)
        settings.current.cache_clear()

    yield configure
    monkeypatch.undo()
    settings.current.cache_clear()
