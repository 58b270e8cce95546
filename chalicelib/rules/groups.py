"""What groups mean in tokens, and how many of them a user may be in.

Pure: from the definitions of a user's groups to claims. Leaves who is in which group to `table.groups`. Claims and the
choice of the preferred role are those of Cognito; so is the order of importance: the lowest precedence number first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

MOST: Final = 1_000
"""Groups of one user; Cognito allows 100. They stand in the user's own item, which every sign-in reads."""

MOST_BYTES: Final = 36_000
"""Bytes that the names of a user's groups take in a token: with more, our own endpoints would find it too long.

What others carry in a header ends sooner: an API Gateway passes 10,240 bytes of headers in all.
"""

_LAST: Final = 1 << 31  # behind every precedence that the model allows


class Definition(NamedTuple):
    """What a token tells of a group. Without a precedence it is the least important."""

    name: str
    precedence: int | None = None
    role: str | None = None

    @property
    def rank(self) -> int:
        """The precedence as a number that compares."""
        return _LAST if self.precedence is None else self.precedence


def access_claims(groups: Iterable[Definition]) -> dict[str, Any]:
    """The claim of an access token: the names, the most important first; none of them without groups."""
    names = [group.name for group in _by_rank(groups)]
    return {"cognito:groups": names} if names else {}


def id_claims(groups: Iterable[Definition]) -> dict[str, Any]:
    """The claims of an ID token: the names, the distinct roles, and the role that is preferred if one is."""
    ranked = _by_rank(groups)
    claims = access_claims(ranked)
    roles = list(dict.fromkeys(group.role for group in ranked if group.role))
    preferred = _preferred(ranked)
    claims |= {"cognito:roles": roles} if roles else {}
    return claims | ({"cognito:preferred_role": preferred} if preferred else {})


def are_too_many(names: Sequence[str]) -> bool:
    """Whether nobody can be in all of these groups at once."""
    return len(names) > MOST or sum(len(json.dumps(name)) + 1 for name in names) > MOST_BYTES


def _by_rank(groups: Iterable[Definition]) -> list[Definition]:
    return sorted(groups, key=lambda group: (group.rank, group.name))


def _preferred(ranked: Sequence[Definition]) -> str | None:
    """The role of the most important group that has one; none when groups of one rank disagree."""
    having = [group for group in ranked if group.role]
    best = {group.role for group in having if group.rank == having[0].rank}
    return best.pop() if len(best) == 1 else None
