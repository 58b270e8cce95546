"""The stories in process, in rounds: stories, floors and bare SDK take turns, so that all meet the same weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import trips
from bench.callers import accepted
from bench.clocks import Readings, read
from bench.floors import floors
from bench.stories import STORIES, Story, World
from bench.trips import Footprint

WARM_UP = 3


@dataclass
class Result:
    """One story: what it took, what it sent, and what the SDK alone takes for that, tuned as ours and as it comes."""

    story: Story
    footprint: Footprint
    taken: Readings = field(default_factory=Readings)
    lean: Readings = field(default_factory=Readings)
    stock: Readings = field(default_factory=Readings)
    floor_ms: float = 0.0

    @property
    def sdk_ms(self) -> float:
        """CPU of the story's requests on the bare client, 0 without requests."""
        return self.lean.cpu_ms if self.footprint.requests else 0.0

    @property
    def stock_ms(self) -> float:
        """The same on botocore's client as it comes."""
        return self.stock.cpu_ms if self.footprint.requests else 0.0

    @property
    def own_ms(self) -> float:
        """What is left for us."""
        return self.taken.cpu_ms - self.floor_ms - self.sdk_ms

    @property
    def ratio(self) -> float | None:
        """How much more it takes than cryptography and SDK; None where these are nothing."""
        below = self.floor_ms + self.sdk_ms
        return self.taken.cpu_ms / below if below else None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds, calls of each story in a round, calls of the stories that cost much to prepare."""

    rounds: int
    calls: int
    dear: int


_DEAR = ("CreateUserPool", "SignUp", "ConfirmSignUp", "refresh, rotating", "sign-in, TOTP")


def measured(world: World, sizes: Sizes) -> tuple[list[Result], dict[str, Readings]]:
    """Every story and every floor."""
    results = [_begun(world, story) for story in STORIES]
    pieces = {name: (call, Readings()) for name, call in floors().items()}
    clients = trips.lean_client(), trips.stock_client()
    replays = [_replays(result, *clients) for result in results]
    for _ in range(sizes.rounds):
        for result, ways in zip(results, replays, strict=True):
            _one_round(world, result, sizes)
            for way, readings in ways:
                read([way] * sizes.calls, readings)
        for call, readings in pieces.values():
            read([call] * sizes.dear, readings)
    found = {name: readings for name, (_, readings) in pieces.items()}
    for result in results:
        result.floor_ms = sum(found[name].cpu_ms for name in result.story.crypto)
    return results, found


def _begun(world: World, story: Story) -> Result:
    """Warm up, then note what one call sends."""
    *warm, last = [world.caller.door.ready(ask) for ask in story.prepare(world, WARM_UP + 1)]
    for call in warm:
        accepted(call())
    return Result(story, trips.footprint(last))


def _replays(result: Result, lean: Any, stock: Any) -> list[tuple[Callable[[], None], Readings]]:
    requests = result.footprint.requests
    if not requests:
        return []
    ways = [(trips.replay(lean, requests), result.lean), (trips.replay(stock, requests), result.stock)]
    for way, _ in ways:
        way()
    return ways


def _one_round(world: World, result: Result, sizes: Sizes) -> None:
    number = sizes.dear if result.story.name in _DEAR else sizes.calls
    calls = [world.caller.door.ready(ask) for ask in result.story.prepare(world, number)]
    for answer in read(calls, result.taken):
        accepted(answer)  # type: ignore[arg-type]
