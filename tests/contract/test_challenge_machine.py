"""The challenge machine under random pools, clients, people, answers and interferences: tokens only for what was proved.

Each example is a play on one pool: sign-ins begin by any flow; their challenges are answered rightly, wrongly, with
another's secrets, in another's name, with another's or an older Session, too late, twice; and administrators change
passwords, states, factors and settings between any two answers. Who watches knows all secrets and follows what was
really proved (`tests.machine`). `LATCHKEY_TEST_PLAYS` sets how many plays there are.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.application import Cognito, Outbox
from tests.machine import scenes, strategies
from tests.machine.model import PoolSettings
from tests.machine.people import Registry, Traits, nobody
from tests.machine.play import Play
from tests.machine.stage import OPEN, Stage

PLAYS = int(os.environ.get("LATCHKEY_TEST_PLAYS", "60"))
PHASES = [Phase.generate] if os.environ.get("NOSHRINK") else [Phase.generate, Phase.shrink]


def performed(stage: Stage, seen: Counter[str], scene: dict[str, Any]) -> None:
    """One play: the people enter while the pool is open, and then the scenes follow."""
    stage.offset = 0.0
    stage.configure(OPEN)
    registry = Registry(stage)
    people = {name: registry.enter(scene[name]) for name in ("alice", "mallory")}
    first = stage.client(scene["flows"], hides=scene["hides"], has_secret=scene["has_secret"])
    stage.configure(scene["pool"])
    play = Play(stage, scene["pool"], seen)
    for name, actor in people.items():
        play.tell(f"{name} is {actor.name}: {actor.is_}")
    cast = scenes.Cast(play, people | {"nobody": nobody()}, [first, stage.second], [])
    for one in scene["scenes"]:
        one.act(cast)


class TestMachine:
    def test_tokens_come_only_for_what_was_proved_and_always_for_it(
        self, cognito: Cognito, outbox: Outbox
    ) -> None:
        stage, seen = Stage(cognito, outbox), Counter[str]()

        @settings(max_examples=PLAYS, phases=PHASES, suppress_health_check=list(HealthCheck))
        @given(
            pool=strategies.pools(),
            alice=strategies.traits(),
            mallory=strategies.traits(),
            flows=strategies.client_flows(),
            hides=st.booleans(),
            has_secret=st.sampled_from([False, False, True]),
            scenes=scenes.scenes(),
        )
        def play(**scene: Any) -> None:
            performed(stage, seen, scene)

        play()
        print("\nSEEN", json.dumps(dict(sorted(seen.items())), indent=1))
