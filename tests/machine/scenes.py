"""The scenes that a play is made of: each is a few drawn values, and says what it does to the play."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.application import Fault
from tests.machine import honesty, interference, model, strategies
from tests.machine.answers import CHALLENGES, Attempt, Handle, SignIn
from tests.machine.model import BY_CODE, BY_PASSKEY, FLOWS, METHODS, PoolSettings
from tests.machine.people import Actor
from tests.machine.play import Play
from tests.machine.stage import LIFETIME, Client

ALICE, MALLORY, NOBODY = "alice", "mallory", "nobody"


@dataclass
class Cast:
    """A play under way: the people, the clients, and the challenges that wait for an answer, newest first."""

    play: Play
    people: dict[str, Actor]
    clients: list[Client]
    waiting: list[Handle]

    def handle(self, back: int) -> Handle | None:
        """A waiting challenge, so many before the newest."""
        return self.waiting[min(back, len(self.waiting) - 1)] if self.waiting else None

    def got(self, handle: Handle | None) -> None:
        """What an answer led to waits now."""
        if handle is not None:
            self.waiting.insert(0, handle)

    def sign_in(self, who: str, flow: str, client: int) -> SignIn:
        """A sign-in that is about to begin."""
        self.play.tell(f"{who} begins by {flow} with client {client}")
        return SignIn(self.people[who], self.clients[client], flow, self.play.stage.pool)


@dataclass(frozen=True)
class Begin:
    """A sign-in begins, rightly or not."""

    who: str
    flow: str
    client: int
    password: str
    device: str
    has_hash: bool
    is_possible: bool

    def act(self, cast: Cast) -> None:
        flow = open_way(cast, self.who, self.flow) if self.is_possible else self.flow
        of = cast.sign_in(self.who, flow, self.client)
        text = {"right": of.actor.password, "former": of.actor.former, "wrong": "Wrong-Horse-9"}[self.password]
        device = cast.people.get(self.device)
        cast.got(cast.play.begin(of, text, device, proves=self.has_hash))


@dataclass(frozen=True)
class GoOn:
    """The right answer."""

    back: int

    def act(self, cast: Cast) -> None:
        if handle := cast.handle(self.back):
            cast.got(honesty.answer(cast.play, handle))


@dataclass(frozen=True)
class Answer:
    """The right answer but for what is changed: a wrong secret, another's, another challenge, choice or client."""

    back: int
    is_wrong: bool = False
    owner: str = ""
    named: str = ""
    challenge: str = ""
    choice: str = ""
    is_elsewhere: bool = False

    def act(self, cast: Cast) -> None:
        handle = cast.handle(self.back)
        if handle is None or (self.choice and not handle.challenge.startswith("SELECT")):
            return
        attempt = honesty.rightly(handle)
        attempt.is_wrong = self.is_wrong
        attempt.owner = cast.people.get(self.owner, attempt.owner)
        attempt.named = cast.people.get(self.named, attempt.named)
        attempt.challenge = self.challenge or attempt.challenge
        if self.is_elsewhere:
            attempt.client = cast.clients[attempt.client is cast.clients[0]]
        attempt.responses = {"ANSWER": self.choice} if self.choice else {}
        cast.got(cast.play.answer(attempt))


@dataclass(frozen=True)
class Mix:
    """An answer to one challenge with the Session of another, whosever they are, perhaps by another client."""

    back: int
    source: int
    owner: str
    named: str
    client: int

    def act(self, cast: Cast) -> None:
        handle, source = cast.handle(self.back), cast.handle(self.source)
        is_begin = handle and not handle.session and source and source.challenge == "CONFIRMED_SIGN_UP"
        if handle and source and not is_begin:
            people = cast.people[self.named], cast.people[self.owner]
            cast.got(cast.play.answer(Attempt(handle, source, source.challenge, *people, cast.clients[self.client])))


@dataclass(frozen=True)
class Late:
    """The right answer after the session's time."""

    back: int

    def act(self, cast: Cast) -> None:
        if handle := cast.handle(self.back):
            cast.play.tell("a quarter of an hour later:")
            cast.play.stage.offset += LIFETIME + 60
            try:
                cast.got(cast.play.answer(honesty.rightly(handle)))
            finally:
                cast.play.stage.offset -= LIFETIME + 60


@dataclass(frozen=True)
class Repeat:
    """An earlier answer once more, word by word."""

    back: int

    def act(self, cast: Cast) -> None:
        attempts = cast.play.attempts
        if attempts:
            cast.got(cast.play.answer(replace(attempts[-1 - self.back % len(attempts)], is_repeated=True)))


@dataclass(frozen=True)
class SignUp:
    """Somebody new confirms a sign-up and may go on by the session of that."""

    client: int

    def act(self, cast: Cast) -> None:
        cast.got(cast.play.signed_up(cast.clients[self.client]))


@dataclass(frozen=True)
class Honest:
    """Whoever answers everything rightly comes in, unless the model knows why not."""

    who: str
    flow: str
    client: int
    is_possible: bool

    def act(self, cast: Cast) -> None:
        play, person = cast.play, cast.people[self.who].is_
        of = cast.sign_in(self.who, open_way(cast, self.who, self.flow) if self.is_possible else self.flow, self.client)
        why_not = model.stuck(play.pool, person, of.flow)
        why_not = why_not or ("" if of.client.allows(of.flow) else "the client does not allow it")
        is_limited = honesty.is_limited(of)
        is_in = honesty.sign_in(play, of)
        play.seen["honest and in" if is_in else "honest and limited" if is_limited and not why_not else "stuck"] += 1
        if not is_in and not why_not and not is_limited:
            raise play.broken("Everything was answered rightly, and no tokens came.")
        if is_in and why_not:
            raise play.broken(f"Tokens came although {why_not}.")


@dataclass(frozen=True)
class Interfere:
    """An administrator changes somebody."""

    who: str
    change: str

    def act(self, cast: Cast) -> None:
        cast.play.tell(f"an administrator: {self.change} ({self.who})")
        try:
            interference.ALL[self.change](cast.play.stage, cast.people[self.who])
        except Fault as fault:
            cast.play.tell(f"  refused: {fault}")


@dataclass(frozen=True)
class Reconfigure:
    """The pool gets other settings."""

    pool: PoolSettings

    def act(self, cast: Cast) -> None:
        cast.play.tell(f"the pool becomes {self.pool}")
        cast.play.stage.configure(self.pool)
        cast.play.pool = self.pool


@dataclass(frozen=True)
class Interrupted:
    """Somebody goes on honestly, and between two answers something changes."""

    who: str
    flow: str
    steps: int
    change: str
    pool: PoolSettings | None

    def act(self, cast: Cast) -> None:
        handle = come_as_far(cast, self.who, self.flow, self.steps)
        (Reconfigure(self.pool) if self.pool else Interfere(self.who, self.change)).act(cast)
        cast.got(handle)
        for _ in range(2):
            handle = honesty.answer(cast.play, handle) if handle else None
            cast.got(handle)


@dataclass(frozen=True)
class Twisted:
    """Somebody goes on honestly, and then one answer is wrong in one way; after that the right one is tried."""

    who: str
    flow: str
    steps: int
    twist: str

    def act(self, cast: Cast) -> None:
        handle = come_as_far(cast, self.who, self.flow, self.steps)
        if handle is None:
            return
        attempt = honesty.rightly(handle)
        other = cast.people[MALLORY if self.who == ALICE else ALICE]
        attempt.is_wrong = self.twist == "wrong"
        attempt.owner = other if self.twist == "another's secret" else attempt.owner
        attempt.named = other if self.twist == "another's name" else attempt.named
        attempt.client = cast.clients[0] if self.twist == "another client" else attempt.client
        if self.twist == "another sign-in":
            attempt.source = come_as_far(cast, self.who, self.flow, self.steps) or handle
        cast.got(cast.play.answer(attempt))
        cast.got(honesty.answer(cast.play, handle))
        if self.twist == "repeated":
            cast.got(cast.play.answer(replace(cast.play.attempts[-1], is_repeated=True)))


def come_as_far(cast: Cast, who: str, flow: str, steps: int) -> Handle | None:
    """A sign-in that is answered rightly so many times, or as often as it goes."""
    of = cast.sign_in(who, open_way(cast, who, flow), 1)
    handle = cast.play.begin(of, of.actor.password, honesty.device_of(cast.play, of))
    for _ in range(steps):
        following = honesty.answer(cast.play, handle) if handle else None
        handle = following or handle
    return handle


def open_way(cast: Cast, who: str, flow: str) -> str:
    """The flow if somebody can come in by it now, else one by which that is possible, if any."""
    person = cast.people[who].is_
    ways = [one for one in FLOWS if not model.stuck(cast.play.pool, person, one)]
    return flow if flow in ways or not ways else ways[FLOWS.index(flow) % len(ways)]


TWISTS = ("wrong", "wrong", "repeated", "another sign-in", "another client", "another's name", "another's secret")
BACK = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 5])
WHO = st.sampled_from([ALICE, ALICE, ALICE, MALLORY])
CLIENT = st.sampled_from([1, 1, 0])
CHOICE = st.sampled_from(["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", *METHODS])
BEGIN = st.builds(
    Begin,
    who=st.sampled_from([ALICE] * 6 + [MALLORY, MALLORY, NOBODY]),
    flow=strategies.FLOW,
    client=CLIENT,
    password=st.sampled_from(["right"] * 6 + ["former", "wrong"]),
    device=st.sampled_from(["", "", ALICE, ALICE, MALLORY]),
    has_hash=st.sampled_from([True] * 4 + [False]),
    is_possible=st.booleans(),
)
ANSWER = st.one_of(
    st.builds(Answer, BACK, is_wrong=st.just(True)),
    st.builds(Answer, BACK, owner=WHO),
    st.builds(Answer, BACK, named=WHO),
    st.builds(Answer, BACK, challenge=st.sampled_from(CHALLENGES)),
    st.builds(Answer, BACK, choice=CHOICE),
    st.builds(Answer, BACK, is_elsewhere=st.just(True)),
    st.builds(Late, BACK),
    st.builds(Repeat, BACK),
    st.builds(Mix, BACK, BACK, WHO, WHO, CLIENT),
)
HONEST = st.builds(Honest, WHO, strategies.FLOW, CLIENT, st.sampled_from([True, True, True, False]))
CHANGE: st.SearchStrategy[Any] = st.one_of(
    st.builds(Interfere, WHO, st.sampled_from(sorted(interference.ALL))),
    st.builds(Interfere, WHO, st.sampled_from(sorted(interference.MILD))),
    st.builds(Reconfigure, strategies.pools()),
)

INTERRUPTED = st.builds(
    Interrupted,
    WHO,
    st.sampled_from([*FLOWS, *BY_CODE, BY_PASSKEY]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([*sorted(interference.ALL), *["change the email", "change the phone", "set a password"] * 3]),
    st.one_of(st.none(), st.none(), strategies.pools()),
)


def scenes() -> st.SearchStrategy[list[Any]]:
    """The scenes of a play: most of them begin or go on, or try something."""
    weighted = [BEGIN] * 4 + [st.builds(GoOn, BACK)] * 6 + [ANSWER] * 6 + [HONEST] * 3 + [CHANGE]
    twisted = st.builds(Twisted, WHO, strategies.FLOW, st.integers(0, 2), st.sampled_from(TWISTS))
    weighted += [INTERRUPTED] * 5 + [twisted] * 5 + [st.builds(SignUp, CLIENT)]
    return st.lists(st.integers(0, len(weighted) - 1).flatmap(weighted.__getitem__), min_size=9, max_size=14)
