"""The job that lets one signing key follow another in every pool, with overlap.

Goes through the pools in order and remembers where it stopped. A late run makes a change of keys late and never early,
so nothing breaks when there are more pools than one run takes. Leaves what is due when to `rules.rotation`.
"""

from __future__ import annotations

from chalicelib.flows import key_rotation, signing_keys
from chalicelib.jobs.turn import Turn
from chalicelib.rules import rotation
from chalicelib.rules.rotation import Policy, Step
from chalicelib.settings import current
from chalicelib.table import keys, store
from chalicelib.table.items import Pool

_DAY = 86400.0
_HOUR = 3600.0
_PAGE = 10  # pools between two looks at the clock; new keys for all of them take about two seconds
_DONE = {"publish": "published", "activate": "made active", "retire": "retired", "remove": "removed"}


def policy() -> Policy:
    """The times that the settings give."""
    settings = current()
    period, lead = settings.key_days * _DAY, settings.key_lead_hours * _HOUR
    return rotation.policy(period, lead, settings.cache_seconds, signing_keys.MAX_AGE)


def work(turn: Turn) -> None:
    """Do what is due in all pools, or in as many as the time allows."""
    times = policy()
    while True:
        page = store.listed(keys.listing("Pool"), limit=_PAGE, cursor=turn.state.get("cursor"))
        for pool in page.items:
            if isinstance(pool, Pool):
                _turn(turn, pool.id, times)
        turn.state = {"cursor": page.cursor} if page.cursor else {}
        if page.cursor is None or turn.is_over():
            return


def drop(pool_id: str, now: float) -> list[str]:
    """Drop the keys of a pool that are in wrong hands; what that means, in lines for people.

    Raises ResourceNotFoundException, TooManyRequestsException.
    """
    steps = key_rotation.drop(pool_id, now)
    gone = sum(step.verb == "remove" for step in steps)
    known = sum(step.verb == "activate" and bool(step.kid) for step in steps)
    here, elsewhere = f"{current().cache_seconds:g} seconds", f"{signing_keys.MAX_AGE} seconds"
    return [
        f"{pool_id}: {gone} keys are gone; {len(steps) - gone} others sign now, {known} of them published before.",
        f"Every ID and access token of before is refused: here within {here}, elsewhere when a verifier reads",
        f"the key set again (within {elsewhere} if it heeds max-age). What other processes sign with the old keys",
        f"for up to {here} more is refused too. Refresh tokens and sessions stand.",
        "If the keys that sign now are in wrong hands too, because they were published before: run this a second time.",
    ]


def _turn(turn: Turn, pool_id: str, times: Policy) -> None:
    turn.figures["pools looked at"] += 1
    with turn.apart(pool_id):
        for step in key_rotation.turn(pool_id, times, turn.now):
            turn.figures[f"keys {_DONE[step.verb]}"] += 1
            turn.lines.append(_line(pool_id, step))


def _line(pool_id: str, step: Step) -> str:
    which = f"key {step.kid}" if step.kid else "a fresh key"
    return f"{pool_id}: {which} for {step.purpose} tokens {_DONE[step.verb]}"
