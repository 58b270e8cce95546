"""What an API requires of its callers, and how it wants to be answered: the environment, then its own stage variables.

Owns the names of the options: `LATCHKEY_AUTHORIZER_POOLS` in the environment is `latchkey_pools` as a stage variable,
which counts for the API that has it. Whatever is misspelt raises ValueError, so that the gateway answers 500: an
authorizer that passes over an option it does not know has dropped a requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chalicelib import settings
from chalicelib.rules.bearer import LEEWAY, Requirement

NAMES = (
    "pools", "audiences", "resources", "scopes", "groups", "token_use", "leeway",
    "sessions", "keys", "response", "source",
)  # fmt: skip
_STAGE_PREFIX = "latchkey_"


@dataclass(frozen=True, slots=True)
class Options:
    """`checks_sessions`: ask the table whether the session stands. `reads_table`: keys come from the table.

    `is_simple`: payload 2.0 is answered simply, not by a policy. `source`: where the token stands, see `bearer`.
    """

    required: Requirement
    checks_sessions: bool
    reads_table: bool
    is_simple: bool
    source: str


def options(event: Mapping[str, Any]) -> Options:
    """The options for the API of an event; ValueError for one that is unknown, malformed or missing."""
    current = settings.current()
    stage = event.get("stageVariables") or {}
    given = dict(current.authorizer) | {
        name.removeprefix(_STAGE_PREFIX): str(value) for name, value in stage.items() if name.startswith(_STAGE_PREFIX)
    }
    return _parsed(tuple(sorted(given.items())), current.base_url)


@lru_cache(maxsize=256)
def _parsed(given: tuple[tuple[str, str], ...], base_url: str) -> Options:
    values = dict(given)
    if unknown := sorted(set(values) - set(NAMES)):
        raise ValueError(f"unknown options of the authorizer: {', '.join(unknown)}")
    return Options(
        _requirement(values, base_url),
        _choice(values, "sessions", ("off", "on")) == "on",
        _choice(values, "keys", ("table", "https")) == "table",
        _choice(values, "response", ("simple", "policy")) == "simple",
        _source(values.get("source", "")),
    )


def _requirement(values: Mapping[str, str], base_url: str) -> Requirement:
    pools = _names(values, "pools")
    if not pools or not base_url:
        # Any pool of ours would do otherwise, and in some of them anybody may sign up and name groups.
        raise ValueError(
            "the authorizer needs LATCHKEY_BASE_URL and pools: LATCHKEY_AUTHORIZER_POOLS or latchkey_pools"
        )
    return Requirement(
        issuers=[f"{base_url}/{pool}" for pool in pools],
        token_use=values.get("token_use") or "access",
        audiences=_names(values, "audiences"),
        resources=_names(values, "resources"),
        scopes=_names(values, "scopes"),
        groups=_names(values, "groups"),
        leeway=float(values.get("leeway") or LEEWAY),
    )


def _names(values: Mapping[str, str], name: str) -> list[str]:
    return values.get(name, "").replace(",", " ").split()


def _choice(values: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    chosen = values.get(name) or allowed[0]
    if chosen not in allowed:
        raise ValueError(f"the authorizer's {name} must be one of {', '.join(allowed)}")
    return chosen


def _source(text: str) -> str:
    place, _, name = text.partition(".")
    if text and (place not in ("header", "query") or not name):
        raise ValueError("the authorizer's source must be header.NAME or query.NAME")
    return text
