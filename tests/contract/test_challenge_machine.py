"""The challenge machine under random pools, people, answers and interferences: tokens for what was proved, alone.

Each example is a play on one pool: sign-ins begin by any flow; their challenges are answered rightly, wrongly, with
another's secrets, in another's name, with another's or an older Session, too late, twice; and administrators change
passwords, states, factors and settings between any two answers. Who watches knows all secrets and follows what was
really proved (`tests.machine`). A failure tells the whole shrunk play. `LATCHKEY_TEST_PLAYS` sets how many there are.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.application import Cognito, Outbox
from tests.machine import model, scenes, strategies
from tests.machine.answers import CHALLENGES
from tests.machine.model import NO_SECOND, Person, PoolSettings, Proof
from tests.machine.people import Registry, nobody
from tests.machine.play import Play
from tests.machine.stage import OPEN, Stage

PLAYS = int(os.environ.get("LATCHKEY_TEST_PLAYS", "100"))
FACTORS = ("pwd", "otp", "sms", "email_otp", "passkey", "device", "own")
NEVER_ASKED = {"PASSWORD", "PASSWORD_SRP"}
"""Names under which the choice of a first factor may be answered; they are challenges of their own by choice alone."""


def performed(stage: Stage, seen: Counter[str], scene: dict[str, Any]) -> None:
    """One play: the people enter while the pool is open, and then the scenes follow."""
    stage.restart()
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
    @pytest.mark.timeout(1800)  # for the shrinking of a failure; the plays themselves take less than a minute
    def test_gives_tokens_for_what_was_proved_alone_and_always_for_that(self, cognito: Cognito, outbox: Outbox) -> None:
        stage, seen = Stage(cognito, outbox), Counter[str]()

        @settings(max_examples=PLAYS, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
        @given(
            pool=strategies.pools(),
            alice=strategies.traits(),
            mallory=strategies.traits(),
            flows=strategies.client_flows(),
            hides=st.booleans(),
            has_secret=st.booleans(),
            scenes=scenes.scenes(),
        )
        def play(**scene: Any) -> None:
            performed(stage, seen, scene)

        play()
        self.assert_everything_came_up(seen)

    def assert_everything_came_up(self, seen: Counter[str]) -> None:
        """Plays in which nobody comes in, or whole kinds of factors are never proved, would show nothing."""
        assert len([word for word in FACTORS if seen[f"tokens with {word}"]]) >= len(FACTORS) - 1
        assert len([name for name in CHALLENGES if seen[f"asked {name}"]]) >= len(CHALLENGES) - len(NEVER_ASKED) - 1
        assert seen["honest and in"] >= PLAYS // 4


class TestModel:
    """The model is the measure, so it is held against what the service says in words."""

    STRICT = PoolSettings("ON", frozenset({"SMS_MFA", "SOFTWARE_TOKEN_MFA"}), frozenset({"WEB_AUTHN"}))
    HERS = Person(addresses={"phone_number": "+15550001"}, switched_on={"SMS_MFA"})

    @pytest.mark.parametrize(
        ("proofs", "missing"),
        [
            ({Proof("pwd", 1), Proof("sms", second=True)}, []),
            ({Proof("pwd", 1)}, [NO_SECOND]),
            ({Proof("pwd", 1), Proof("otp", second=True)}, [NO_SECOND]),
            ({Proof("pwd", 1), Proof("device")}, [NO_SECOND]),
            ({Proof("sms", second=True)}, ["no first factor was proved"]),
            ({Proof("sms")}, ["no first factor was proved", NO_SECOND]),
            (set(), ["no first factor was proved", NO_SECOND]),
            ({Proof("pwd", 0), Proof("sms", second=True)}, ["the password that was proved has been replaced"]),
        ],
    )
    def test_two_factors_of_the_users_own_are_needed_where_the_pool_says_so(
        self, proofs: set[Proof], missing: list[str]
    ) -> None:
        assert model.objections(self.STRICT, self.HERS, "password", proofs) == missing

    def test_a_passkey_is_both_where_pool_and_person_say_so(self) -> None:
        pool = PoolSettings("ON", frozenset({"SMS_MFA"}), frozenset({"WEB_AUTHN"}), passkeys_are_both=True)
        person = Person(switched_on={"SMS_MFA"}, passkey_is_both=True)

        for is_unlocked, missing in ((True, []), (False, [NO_SECOND])):
            proofs = {Proof("passkey", unlocked=is_unlocked)}
            assert model.objections(pool, person, "choice WEB_AUTHN", proofs) == missing
