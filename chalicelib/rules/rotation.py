"""What happens to the signing keys of a pool at a moment: next, active, retired, gone.

A verifier keeps a key set for a while, and a process of ours keeps the keys of a pool for a while. So a key is
published for a lead before it signs, and it stays published after its last signature until the longest token is over.
Owns these times and the order of the steps; leaves making, writing and publishing of keys to others. All times are
seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeVar

LONGEST_TOKEN: Final = 86400.0
"""The longest lifetime that a client may give its ID and access tokens."""

SKEW: Final = 300.0
"""How far the clock of a verifier may be behind ours."""

Verb = Literal["publish", "activate", "retire", "remove"]


class Pair(Protocol):
    """What is asked of a key pair; `since` is when its state began, None for the state it was made in."""

    @property
    def kid(self) -> str:
        """The key id."""

    @property
    def purpose(self) -> str:
        """What it signs."""

    @property
    def state(self) -> str:
        """ "next", "active" or "retired"."""

    @property
    def created_at(self) -> float:
        """When it was made."""

    @property
    def since(self) -> float | None:
        """When its state began."""


P = TypeVar("P", bound=Pair)


class Policy(NamedTuple):
    """How long a key signs (0: for ever), how long it is published before, and how long after it was retired."""

    period: float
    lead: float
    kept: float


class Step(NamedTuple):
    """One thing to do: for a purpose, and to the key of an id where there is one already."""

    verb: Verb
    purpose: str
    kid: str = ""


def policy(period: float, lead: float, memory: float, max_age: float) -> Policy:
    """The times that are safe: `memory` is how long a process of ours remembers keys, `max_age` a verifier.

    A set that is fetched now may show what was true `memory` ago and is kept for `max_age`; both are over before a new
    key signs. A process may sign for `memory` with a key that is retired already, and that token lives its full time.
    """
    return Policy(period, max(lead, memory + max_age + SKEW), memory + LONGEST_TOKEN + SKEW)


def signing(pairs: Iterable[P], purpose: str) -> P | None:
    """The pair that signs: the newest active one.

    Reading several items is no snapshot: while one key takes over from another, both may seem not to be active. Then it
    is the one that has been published longest of those to come, which every verifier knows.
    """
    own = [pair for pair in pairs if pair.purpose == purpose]
    active = [pair for pair in own if pair.state == "active"]
    coming = [pair for pair in own if pair.state == "next"]
    return max(active, key=_age_order, default=None) or min(coming, key=_age_order, default=None)


def steps(pairs: Sequence[Pair], purposes: Iterable[str], policy: Policy, now: float) -> list[Step]:
    """What is due for the keys of a pool, to be done as one."""
    due = [step for purpose in purposes for step in _handover(pairs, purpose, policy, now)]
    over = [pair for pair in pairs if pair.state == "retired" and now >= began(pair) + policy.kept]
    return due + [Step("remove", pair.purpose, pair.kid) for pair in over]


def drop(pairs: Sequence[Pair], purposes: Iterable[str]) -> list[Step]:
    """What is to be done when the keys of a pool are in wrong hands: all that ever signed go at once.

    What is published as next takes over, because verifiers know it; where there is none, a fresh key signs at once.
    """
    due = [step for purpose in purposes for step in _takeover(pairs, purpose)]
    return due + [Step("remove", pair.purpose, pair.kid) for pair in pairs if pair.state != "next"]


def began(pair: Pair) -> float:
    """When the present state of a pair began."""
    return pair.created_at if pair.since is None else pair.since


def _handover(pairs: Sequence[Pair], purpose: str, policy: Policy, now: float) -> list[Step]:
    signer = signing(pairs, purpose)
    if signer is None or signer.state != "active":
        return _takeover(pairs, purpose)
    behind = [pair for pair in pairs if (pair.purpose, pair.state) == (purpose, "active") and pair is not signer]
    surplus = [Step("retire", purpose, pair.kid) for pair in behind]
    return surplus + (_next(pairs, signer, policy, now) if policy.period else [])


def _next(pairs: Sequence[Pair], signer: Pair, policy: Policy, now: float) -> list[Step]:
    coming = [pair for pair in pairs if (pair.purpose, pair.state) == (signer.purpose, "next")]
    ends = began(signer) + policy.period
    if not coming:
        return [Step("publish", signer.purpose)] if now >= ends - policy.lead else []
    first = min(coming, key=_age_order)
    if now < max(ends, began(first) + policy.lead):
        return []
    return [Step("activate", signer.purpose, first.kid), Step("retire", signer.purpose, signer.kid)]


def _takeover(pairs: Sequence[Pair], purpose: str) -> list[Step]:
    """A key that signs at once: the one that is published, else a fresh one (activated under no id: the one made)."""
    coming = [pair for pair in pairs if (pair.purpose, pair.state) == (purpose, "next")]
    first = min(coming, key=_age_order, default=None)
    return [Step("activate", purpose, first.kid if first else "")]


def _age_order(pair: Pair) -> tuple[float, str]:
    return pair.created_at, pair.kid
