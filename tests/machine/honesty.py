"""Somebody who has all the secrets of one person and answers every challenge rightly, as a good client does."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

from tests.machine import model
from tests.machine.answers import Attempt, Handle, SignIn
from tests.machine.model import APP, EMAIL
from tests.machine.people import STEP, Actor
from tests.machine.play import Play

_MOST_STEPS = 12
_LIMITS = {"password": 4, "DEVICE_PASSWORD_VERIFIER": 4, APP: 9}
_SENDS = 5


def sign_in(play: Play, of: SignIn) -> bool:
    """Whether somebody who does everything right comes in."""
    handle = play.begin(of, of.actor.password, device_of(play, of))
    for _ in range(_MOST_STEPS):
        if handle is None:
            break
        handle = answer(play, handle)
    return of.completed == 1


def device_of(play: Play, of: SignIn) -> Actor | None:
    """Whose device is presented: a good client does so once it has one."""
    return of.actor if of.actor.is_.trusts_device and play.pool.devices else None


def is_limited(of: SignIn) -> bool:
    """Whether so much was wrong before, or sent, that a limit may stand in the way."""
    counts = of.actor.counts
    is_sent_much = sum(count for name, count in counts.items() if name.startswith("sent")) >= _SENDS
    return is_sent_much or any(counts[name] >= most for name, most in _LIMITS.items())


def answer(play: Play, handle: Handle) -> Handle | None:
    """What the right answer to a challenge leads to; None for tokens, and where there is no right answer."""
    if handle.challenge == APP:
        wait_for_code(play, handle)
    if handle.challenge == "SELECT_CHALLENGE" and not _can_choose(play, handle):
        return None
    if handle.challenge == "MFA_SETUP":
        return _set_up(play, handle)
    return play.answer(rightly(handle))


def rightly(handle: Handle) -> Attempt:
    """The attempt of the person whose sign-in it is."""
    owner = handle.of.actor
    return Attempt(handle, handle, handle.challenge, owner, owner, handle.of.client)


def wait_for_code(play: Play, handle: Handle) -> None:
    """Until the app shows a code that was not used yet."""
    app, now = handle.of.actor.app, play.stage.now()
    if app.unspent(now) > int(now) // STEP + 1:
        play.stage.offset += STEP
        play.tell("half a minute goes by")


def _can_choose(play: Play, handle: Handle) -> bool:
    wanted = handle.of.flow.partition(" ")[2] or "PASSWORD"
    return not model.stuck(play.pool, handle.of.actor.is_, f"choice {wanted}")


def _set_up(play: Play, handle: Handle) -> Handle | None:
    methods = json.loads(handle.parameters.get("MFAS_CAN_SETUP", "[]"))
    if APP in methods:
        ready = play.set_up(handle)
        return ready and play.answer(rightly(ready))
    if EMAIL not in methods or "email" in handle.of.actor.is_.addresses:
        return None
    address = f"{uuid.uuid4().hex[:12]}@example.com"
    attempt = rightly(replace(handle, new_address=address))
    attempt.responses = {"EMAIL": address}
    return play.answer(attempt)
