"""Many at once: exactly one wins, and nothing is lost or counted twice; the same on every engine."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.table import keys, store
from chalicelib.table.items import Attempts, Guard, Session, User
from chalicelib.table.store import Change, Conflict, Remove, Save
from tests.table import samples

pytestmark = pytest.mark.usefixtures("engine")

RUNNERS = 8
FUTURE = time.time() + 3600


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Eight threads do the same; what each gets, a conflict as itself."""

    def one(number: int) -> Any:
        try:
            return work(number)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(RUNNERS) as runners:
        return list(runners.map(one, range(RUNNERS)))


def winners(results: list[Any]) -> int:
    return sum(not isinstance(result, Conflict) for result in results)


def until_done(attempt: Callable[[], Any]) -> None:
    """Repeat what lost a race until it wins one."""
    for _ in range(200):
        try:
            attempt()
        except (Conflict, errors.TooManyRequestsException):
            time.sleep(random.uniform(0, 0.01))
        else:
            return
    raise AssertionError("It never won.")


class TestOneWins:
    def test_who_creates(self, pool: str) -> None:
        results = at_once(lambda number: store.save(samples.guard(pool, sub=str(number))))

        assert winners(results) == 1

    def test_who_spends_a_thing_that_can_be_spent_once(self, pool: str) -> None:
        results = at_once(lambda _: store.save(samples.once(pool)))

        assert winners(results) == 1

    def test_who_saves_what_all_have_read(self, pool: str) -> None:
        store.save(samples.user(pool))
        read = [store.get(User, pool=pool, sub="sub") for _ in range(RUNNERS)]

        results = at_once(lambda number: store.save(read[number]))  # type: ignore[arg-type]

        assert winners(results) == 1

    def test_who_changes_under_a_condition(self, pool: str) -> None:
        store.save(samples.session(pool, "one", FUTURE))
        key = Session.at(pool=pool, sub="sub", id="one")

        results = at_once(
            lambda _: store.change(key, Session, add={"generation": 1}, condition=Session.generation == 0)
        )

        assert winners(results) == 1
        assert store.get(Session, pool=pool, sub="sub", id="one").generation == 1  # type: ignore[union-attr]

    def test_who_signs_up_under_one_name(self, pool: str) -> None:
        results = at_once(
            lambda number: store.together(
                Save(samples.user(pool, f"sub{number}")), Save(samples.guard(pool, sub=f"sub{number}"), "username")
            )
        )

        users = store.listed(keys.listing("User", pool=pool)).items
        guard = store.get(Guard, pool=pool, kind="username", name="name")
        assert winners(results) == 1
        assert [result.names for result in results if isinstance(result, Conflict)] == [("username",)] * 7
        assert guard is not None
        assert [user.sub for user in users if isinstance(user, User)] == [guard.sub]

    def test_who_removes_what_all_have_read(self, pool: str) -> None:
        store.save(samples.guard(pool))
        read = [store.get(Guard, pool=pool, kind="username", name="name") for _ in range(RUNNERS)]

        results = at_once(lambda number: store.together(Remove(read[number])))  # type: ignore[arg-type]

        assert winners(results) == 1

    def test_who_starts_a_window_anew_and_the_others_count_on(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")
        store.change(key, Attempts, **samples.failure(90, expires=1000))

        results = at_once(lambda _: store.change(key, Attempts, **samples.failure(expires=FUTURE)))

        kept = store.get(Attempts, pool=pool, sub="sub")
        assert kept is not None
        assert kept.failures == winners(results) == RUNNERS


class TestNothingIsLost:
    def test_of_counts(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")

        at_once(lambda _: [store.change(key, Attempts, **samples.failure()) for _ in range(25)])

        assert store.get(Attempts, pool=pool, sub="sub").failures == 200  # type: ignore[union-attr]

    def test_of_reads_and_writes_that_are_repeated_when_refused(self, pool: str) -> None:
        store.save(samples.session(pool, "one", FUTURE))

        def bump() -> None:
            session = store.get(Session, pool=pool, sub="sub", id="one")
            assert session is not None
            session.generation += 1
            store.save(session)

        at_once(lambda _: [until_done(bump) for _ in range(5)])

        assert store.get(Session, pool=pool, sub="sub", id="one").generation == 40  # type: ignore[union-attr]

    def test_of_transactions(self, pool: str) -> None:
        key = Attempts.at(pool=pool, sub="sub")

        def both(name: str) -> None:
            until_done(
                lambda: store.together(Save(samples.guard(pool, name)), Change(key, Attempts, **samples.failure()))
            )

        at_once(lambda number: [both(f"{number}-{turn}") for turn in range(5)])

        wanted = [Guard.at(pool=pool, kind="username", name=f"{n}-{t}") for n in range(RUNNERS) for t in range(5)]
        assert store.get(Attempts, pool=pool, sub="sub").failures == 40  # type: ignore[union-attr]
        assert None not in store.get_many(*wanted)
