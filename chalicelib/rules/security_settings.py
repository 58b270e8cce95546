"""A pool's own settings of safety, for which Cognito has none: their names, their bounds and their defaults.

They lie in `Pool.ours` under "security", in the spelling of our own operations. A pool that never set them has the
defaults, with which no client of Cognito notices any difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAME = "security"


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """What holds in a pool."""

    reproves_factors: bool = False
    """Whether a factor is dropped only from a session that has just proved itself."""


def of(ours: Mapping[str, Any] | None) -> SecuritySettings:
    """The settings of a pool from `Pool.ours`."""
    given = (ours or {}).get(NAME, {})
    return SecuritySettings(reproves_factors=bool(given.get("ReproveFactors", False)))
