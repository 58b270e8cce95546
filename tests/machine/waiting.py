"""Sign-ins that wait at one challenge, of every kind, whose right answer is the last that is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.machine import honesty
from tests.machine.answers import Attempt, Handle, SignIn, fill
from tests.machine.model import APP, EMAIL, SMS, PoolSettings
from tests.machine.people import Actor, Registry, Traits
from tests.machine.play import Play
from tests.machine.stage import OPEN, Client, Stage

_STRICT = PoolSettings("ON", frozenset({APP}), frozenset({"WEB_AUTHN"}), "trusted", True)
_BY_MAIL = PoolSettings("ON", frozenset({EMAIL}))


@dataclass(frozen=True)
class Kind:
    """How one comes to wait at a challenge: by which flow, as whom, in which pool."""

    challenge: str
    flow: str = "password"
    traits: dict[str, Any] = field(default_factory=dict)
    pool: PoolSettings = OPEN


KINDS = {
    "srp": Kind("PASSWORD_VERIFIER", "srp"),
    "choice of a password": Kind("SELECT_CHALLENGE", "choice"),
    "srp by choice": Kind("PASSWORD_VERIFIER", "choice PASSWORD_SRP"),
    "new password": Kind("NEW_PASSWORD_REQUIRED", traits={"status": "FORCE_CHANGE_PASSWORD"}),
    "sms": Kind("SMS_MFA", traits={"has_phone": True, "switched_on": frozenset({SMS})}),
    "mail": Kind("EMAIL_OTP", traits={"switched_on": frozenset({EMAIL})}),
    "app": Kind(APP, traits={"has_app": True, "switched_on": frozenset({APP})}),
    "app behind srp": Kind(APP, "srp", {"has_app": True, "switched_on": frozenset({APP})}),
    "mail first": Kind("EMAIL_OTP", "choice EMAIL_OTP"),
    "sms first": Kind("SMS_OTP", "choice SMS_OTP", {"has_phone": True}),
    "passkey": Kind("WEB_AUTHN", "choice WEB_AUTHN", {"has_passkey": True}),
    "own": Kind("CUSTOM_CHALLENGE", "custom"),
    "own behind srp": Kind("CUSTOM_CHALLENGE", "custom srp"),
    "device": Kind("DEVICE_PASSWORD_VERIFIER", traits={"has_device": True}),
    "set up": Kind("MFA_SETUP", pool=_STRICT),
    "mail set up": Kind("EMAIL_OTP", traits={"has_email": False, "has_phone": True}, pool=_BY_MAIL),
}
"""All challenges that give tokens, and the ways to them."""

WITH_PASSWORD = [name for name, kind in KINDS.items() if not kind.flow.startswith(("choice", "custom", "srp"))]
"""Those that wait behind a password."""


class Hallway:
    """A stage with an open pool, and people who wait on it."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.registry = stage, Registry(stage)
        self.play = Play(stage, OPEN, Counter())

    def enter(self, kind: Kind) -> Actor:
        """Somebody fresh who can come to wait at this kind of challenge; the pool has the settings for it."""
        self._configure(OPEN)
        actor = self.registry.enter(Traits(**kind.traits))
        self._configure(kind.pool)
        return actor

    def _configure(self, pool: PoolSettings) -> None:
        if self.play.pool != pool or not self.play.story:
            self.stage.configure(pool)
            self.play.pool = pool
            self.play.tell(f"the pool is {pool}")

    def waiting(self, kind: Kind, actor: Actor | None = None, client: Client | None = None) -> Handle:
        """A sign-in that waits at this kind of challenge."""
        actor = actor or self.enter(kind)
        of = SignIn(actor, client or self.stage.second, kind.flow, self.stage.pool)
        device = actor if actor.is_.trusts_device else None
        handle = self.play.begin(of, actor.password, device)
        while handle is not None and handle.challenge != kind.challenge:
            handle = honesty.answer(self.play, handle)
        assert handle is not None, "\n".join(self.play.story)
        ready = self.play.set_up(handle) if kind.challenge == "MFA_SETUP" else handle
        assert ready is not None
        return ready

    def call(self, handle: Handle, **changes: Any) -> tuple[str, dict[str, Any]]:
        """The right answer to a challenge, or one with changes, as operation and input."""
        if handle.challenge == APP:
            honesty.wait_for_code(self.play, handle)
        attempt: Attempt = honesty.rightly(handle)
        for field_name, value in changes.items():
            setattr(attempt, field_name, value)
        fill(attempt, self.stage.now())
        return self.play.call_of(attempt)

    def come_in(self, handle: Handle) -> bool:
        """Whether right answers from here on give tokens."""
        following: Handle | None = handle
        while following is not None:
            following = honesty.answer(self.play, following) if not following.is_set_up else self._set(following)
        return handle.of.completed == 1

    def _set(self, handle: Handle) -> Handle | None:
        return self.play.answer(honesty.rightly(handle))
