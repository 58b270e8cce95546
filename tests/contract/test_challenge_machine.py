"""The challenge machine under random pools, clients, people, answers and interferences: tokens only for what was proved.

Each example is a play on one pool: sign-ins begin by any flow; their challenges are answered rightly, wrongly, with
another's secrets, in another's name, with another's or an older Session, too late, twice; and administrators change
passwords, states, factors and settings between any two answers. Who watches knows all secrets and follows what was
really proved (`tests.machine`). `LATCHKEY_TEST_PLAYS` sets how many plays there are.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule, run_state_machine_as_test

from tests.application import Cognito, Fault, Outbox
from tests.machine import honesty, interference, model, strategies
from tests.machine.answers import CHALLENGES, Attempt, Handle, SignIn
from tests.machine.model import METHODS, PoolSettings
from tests.machine.people import Registry, Traits, nobody
from tests.machine.play import Play
from tests.machine.stage import LIFETIME, OPEN, Stage

PLAYS = int(os.environ.get("LATCHKEY_TEST_PLAYS", "60"))
SCENES = 24
PHASES = [Phase.generate] if os.environ.get("NOSHRINK") else [Phase.generate, Phase.shrink]
WHO = st.sampled_from(["alice", "alice", "alice", "mallory"])


class Machine(RuleBasedStateMachine):
    """A play that hypothesis directs."""

    stage: ClassVar[Stage]
    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.stage.offset = 0.0

    @initialize(
        pool=strategies.pools(),
        alice=strategies.traits(),
        mallory=strategies.traits(),
        flows=strategies.client_flows(),
        hides=st.booleans(),
        has_secret=st.sampled_from([False, False, True]),
    )
    def scene(
        self, pool: PoolSettings, alice: Traits, mallory: Traits, flows: frozenset[str], hides: bool, has_secret: bool
    ) -> None:
        stage = self.stage
        stage.configure(OPEN)
        registry = Registry(stage)
        self.people = {"alice": registry.enter(alice), "mallory": registry.enter(mallory), "nobody": nobody()}
        self.clients = [stage.client(flows, hides=hides, has_secret=has_secret), stage.second]
        stage.configure(pool)
        self.play = Play(stage, pool)
        self.play.tell(f"alice: {self.people['alice'].is_}")
        self.play.tell(f"mallory: {self.people['mallory'].is_}")

    def sign_in(self, who: str, flow: str, client: int) -> SignIn:
        self.play.tell(f"{who} begins by {flow} with client {client}")
        return SignIn(self.people[who], self.clients[client], flow, self.stage.pool)

    def said(self, handle: Handle | None) -> Any:
        return multiple() if handle is None else handle

    @rule(
        target=handles,
        who=st.sampled_from(["alice", "alice", "alice", "alice", "mallory", "nobody"]),
        flow=strategies.FLOW,
        client=st.sampled_from([1, 1, 0]),
        password=st.sampled_from(["right"] * 5 + ["former", "another's"]),
        device=st.sampled_from([None, None, "alice", "mallory"]),
        proves=st.sampled_from([True] * 6 + [False]),
    )
    def begin(self, who: str, flow: str, client: int, password: str, device: str | None, proves: bool) -> Any:
        """A sign-in begins, rightly or not."""
        of = self.sign_in(who, flow, client)
        other = self.people["mallory" if who == "alice" else "alice"]
        text = {"right": of.actor.password, "former": of.actor.former, "another's": f"{other.password}x"}[password]
        owner = self.people[device] if device else None
        return self.said(self.play.begin(of, text, owner, proves=proves))

    @rule(target=handles, handle=handles)
    def go_on(self, handle: Handle) -> Any:
        """The right answer."""
        return self.said(honesty.answer(self.play, handle))

    @rule(target=handles, handle=handles)
    def go_on_again(self, handle: Handle) -> Any:
        """The right answer, likewise: most answers are."""
        return self.said(honesty.answer(self.play, handle))

    @rule(target=handles, handle=handles, source=handles, owner=WHO, named=WHO, client=st.sampled_from([1, 0]))
    def mix(self, handle: Handle, source: Handle, owner: str, named: str, client: int) -> Any:
        """An answer to one challenge with the Session of another, whosever they are."""
        attempt = Attempt(
            handle, source, source.challenge, self.people[named], self.people[owner], self.clients[client]
        )
        return self._tried(attempt)

    @rule(target=handles, handle=handles, owner=WHO)
    def impersonate(self, handle: Handle, owner: str) -> Any:
        """Secrets of one person in the sign-in of whoever it is."""
        attempt = honesty.rightly(handle)
        attempt.owner = self.people[owner]
        return self._tried(attempt)

    @rule(target=handles, handle=handles)
    def answer_wrongly(self, handle: Handle) -> Any:
        """A wrong secret, the former password, a spent code."""
        attempt = honesty.rightly(handle)
        attempt.is_wrong = True
        return self._tried(attempt)

    @rule(target=handles, handle=handles, challenge=st.sampled_from(CHALLENGES))
    def skip(self, handle: Handle, challenge: str) -> Any:
        """A right answer to a challenge that was not asked."""
        attempt = honesty.rightly(handle)
        attempt.challenge = challenge
        return self._tried(attempt)

    @rule(
        target=handles,
        handle=handles,
        choice=st.sampled_from(["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", *METHODS]),
    )
    def choose(self, handle: Handle, choice: str) -> Any:
        """Another choice than what a good client would take."""
        attempt = honesty.rightly(handle)
        if handle.challenge not in ("SELECT_CHALLENGE", "SELECT_MFA_TYPE"):
            return multiple()
        attempt.responses = {"ANSWER": choice}
        return self._tried(attempt)

    @rule(target=handles, handle=handles)
    def come_too_late(self, handle: Handle) -> Any:
        """The right answer after the session's time."""
        self.stage.offset += LIFETIME + 60
        try:
            return self.said(self.play.answer(honesty.rightly(handle)))
        finally:
            self.stage.offset -= LIFETIME + 60

    @rule(target=handles, place=st.integers(0, 20))
    def repeat(self, place: int) -> Any:
        """An earlier answer once more, word by word."""
        attempts = self.play.attempts
        if not attempts:
            return multiple()
        return self.said(self.play.answer(replace(attempts[place % len(attempts)], is_repeated=True)))

    def _tried(self, attempt: Attempt) -> Any:
        return self.said(self.play.answer(attempt))

    @rule(target=handles, client=st.sampled_from([1, 0]))
    def sign_up_through(self, client: int) -> Any:
        """Somebody new confirms a sign-up and goes on to sign in by the session of that."""
        return self.said(self.play.signed_up(self.clients[client]))

    @rule(who=WHO, flow=strategies.FLOW, client=st.sampled_from([1, 1, 0]))
    def honestly(self, who: str, flow: str, client: int) -> None:
        """Whoever answers everything rightly comes in, unless the model knows why not."""
        of = self.sign_in(who, flow, client)
        why_not = model.stuck(self.play.pool, of.actor.is_, flow)
        why_not = why_not or ("" if of.client.allows(flow) else "the client does not allow it")
        is_limited = honesty.is_limited(of)
        is_in = honesty.sign_in(self.play, of)
        if not is_in and not why_not and not is_limited:
            raise self.play.broken("Everything was answered rightly, and no tokens came.")
        if is_in and why_not:
            raise self.play.broken(f"Tokens came although {why_not}.")

    @rule(who=WHO, change=st.sampled_from(sorted(interference.ALL)))
    def interfere(self, who: str, change: str) -> None:
        """An administrator changes somebody."""
        actor = self.people[who]
        self.play.tell(f"an administrator: {change} {who}")
        try:
            interference.ALL[change](self.stage, actor)
        except Fault as fault:
            self.play.tell(f"  refused: {fault}")

    @rule(pool=strategies.pools())
    def reconfigure(self, pool: PoolSettings) -> None:
        """The pool gets other settings."""
        self.play.tell(f"the pool becomes {pool}")
        self.stage.configure(pool)
        self.play.pool = pool


class TestMachine:
    def test_tokens_come_only_for_what_was_proved_and_always_for_it(
        self, cognito: Cognito, outbox: Outbox
    ) -> None:
        Machine.stage = Stage(cognito, outbox)

        run_state_machine_as_test(
            Machine, settings=settings(max_examples=PLAYS, stateful_step_count=SCENES, phases=PHASES)
        )
