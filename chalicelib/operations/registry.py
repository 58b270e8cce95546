"""Which operations are built: each function that is marked `@operation`, by service and boto3's method name.

Owns that table and its loading. The modules of this package are found, not listed: a new file needs no second entry.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, overload

from chalicelib import operations
from chalicelib.call import Call

Operation = Callable[[Call], dict[str, Any] | None]

USER_POOLS = "cognito-idp"

_built: dict[tuple[str, str], Operation] = {}


@overload
def operation(function: Operation, /) -> Operation: ...
@overload
def operation(*, service: str) -> Callable[[Operation], Operation]: ...
def operation(
    function: Operation | None = None, /, *, service: str = USER_POOLS
) -> Operation | Callable[[Operation], Operation]:
    """Mark a function as the operation of its name: `@operation`, or `@operation(service="cognito-identity")`."""

    def register(marked: Operation) -> Operation:
        place = (service, marked.__name__)
        if _built.setdefault(place, marked) is not marked:
            raise ValueError(f"{service} has two operations named {marked.__name__}.")
        return marked

    return register if function is None else register(function)


def find(service: str, name: str) -> Operation | None:
    """The operation of a service ("cognito-idp") by boto3's method name ("create_user_pool"), if it is built."""
    return built().get((service, name))


@cache
def built() -> Mapping[tuple[str, str], Operation]:
    """All operations that are built, by (service, boto3's method name)."""
    load()
    return MappingProxyType(_built)


@cache
def load() -> None:
    """Import every module of the package, which registers what it holds."""
    for module in pkgutil.iter_modules(operations.__path__):
        importlib.import_module(f"{operations.__name__}.{module.name}")
