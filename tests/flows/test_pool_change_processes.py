"""Changes of names beside running processes that remember the pool as it was: sign-in works in each, all the time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

from chalicelib.flows import pool_change_steps as steps
from chalicelib.flows import pool_change_walks as walks
from chalicelib.table import pools
from tests.application import PASSWORD, Fault
from tests.callers import Office, attribute
from tests.pool_changes import WAIT, assert_whole, begun, described, opens, srp_sign_in, step_of

PROVEN = {"email_verified": "true"}

CHANGES = {
    "case stops to matter": ({}, {"CaseSensitive": False}),
    "case begins to matter": ({"UsernameConfiguration": {"CaseSensitive": False}}, {"CaseSensitive": True}),
    "an alias comes": ({}, {"AliasAttributes": ["email"]}),
    "an alias goes": ({"AliasAttributes": ["email"]}, {"AliasAttributes": []}),
    "addresses become names": ({}, {"UsernameAttributes": ["email"], "CaseSensitive": False}),
    "addresses become aliases": (
        {"UsernameAttributes": ["email"]},
        {"UsernameAttributes": [], "AliasAttributes": ["email"]},
    ),
}

_here: ContextVar[str] = ContextVar("process", default="new")


class Memories:
    """What two processes remember of pools: the new one forgets what is changed at once, the old as late as it may."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {"new": {}, "old": {}}

    def recall(self, name: str, load: Callable[[], Any]) -> Any:
        kept = self.kept[_here.get()]
        if name not in kept:
            kept[name] = load()
        return kept[name]

    def forget(self, name: str) -> None:
        self.kept[_here.get()].pop(name, None)

    def clear(self) -> None:
        for kept in self.kept.values():
            kept.clear()


@contextmanager
def process(name: str) -> Iterator[None]:
    """What is called in the block is served by this process."""
    token = _here.set(name)
    try:
        yield
    finally:
        _here.reset(token)


@pytest.fixture
def memories(monkeypatch):
    made = Memories()
    monkeypatch.setattr(pools, "_pools", made)
    monkeypatch.setattr(walks, "_PAGE", 2)
    return made


def course(change, memories) -> Iterator[str]:
    """Each step of a change, and the pause after the first page of a walk.

    The old process learns of a step just before the next begins that relies on it.
    """
    later, seen = 0.0, Counter()
    while step := step_of(change):
        seen[step] += 1
        if seen[step] == 1 or (seen[step] == 2 and step in ("checking", "finishing")):
            yield step
        if not steps.advance(change["UserPoolId"], change["ChangeId"], time.time() + later):
            memories.kept["old"].clear()
            with process("old"):
                pools.pool(change["UserPoolId"])  # at the last moment, and for as long as it may
            later += WAIT


@pytest.fixture(params=CHANGES.values(), ids=CHANGES.keys())
def scene(request, cognito, memories):
    before, wanted = request.param
    office = Office(cognito, AutoVerifiedAttributes=["email"], **before)
    by_address = "UsernameAttributes" in before
    names = [
        cognito.user(office.pool, f"{name}@example.com" if by_address else name, email=f"{name}@example.com", **PROVEN)
        for name in ("ada", "bob", "cleo", "dora", "emil")
    ]
    return office, names, wanted


class TestEachStep:
    def test_old_users_sign_in_everywhere_under_what_names_them_before_and_after(self, cognito, memories, scene):
        office, names, wanted = scene
        change = begun(cognito, office.pool, **wanted)
        seen = []

        for step in course(change, memories):
            seen.append(step)
            for one in ("old", "new"):
                with process(one):
                    assert opens(cognito, office.client, names[0]), f"{one} at {step}"
                    assert srp_sign_in(cognito, office.pool, office.client, names[1])["IdToken"]

        assert described(cognito, change)["Status"] == "APPLIED"
        assert {"announced", "checking", "offered", "switched", "released", "finishing"} <= set(seen)
        assert_whole(office.pool)

    def test_who_comes_at_any_moment_by_any_process_is_found_by_all_in_the_end(self, cognito, memories, scene):
        office, _, wanted = scene
        change, made = begun(cognito, office.pool, **wanted), []

        for number, step in enumerate(course(change, memories)):
            for one in ("old", "new"):
                with process(one):
                    address = f"{one}-{step}-{number}@example.com"
                    is_named = "UsernameAttributes" in pools.pool(office.pool).document
                    asked = address if is_named else f"{one}-{step}-{number}"
                    name = cognito.user(office.pool, asked, email=address, **PROVEN)
                    made.append(name)
                    assert opens(cognito, office.client, asked), f"{one} at {step}"
                    assert cognito.call("AdminGetUser", UserPoolId=office.pool, Username=name)["Username"] == name

        assert described(cognito, change)["Status"] == "APPLIED"
        assert all(opens(cognito, office.client, name) for name in made)
        assert_whole(office.pool)

    def test_who_came_by_one_process_while_names_are_switched_is_known_to_the_other(self, cognito, memories, scene):
        office, _, wanted = scene
        change = begun(cognito, office.pool, **wanted)

        for number, step in enumerate(course(change, memories)):
            if step not in ("switched", "released"):
                continue
            for one, other in (("old", "new"), ("new", "old")):
                with process(one):
                    is_named = "UsernameAttributes" in pools.pool(office.pool).document
                    address = f"{one}-{number}@example.com"
                    asked = address if is_named else f"{one}-{number}"
                    cognito.user(office.pool, asked, email=address, **PROVEN)
                with process(other):
                    assert opens(cognito, office.client, asked), f"{other} at {step}"

        assert_whole(office.pool)

    def test_names_are_given_up_and_taken_by_any_process(self, cognito, memories, scene):
        office, names, wanted = scene
        change = begun(cognito, office.pool, **wanted)

        for number, _ in enumerate(course(change, memories)):
            for one in ("old", "new"):
                with process(one):
                    mine = f"moved-{one}-{number}@example.com"
                    office.update(names[2], attribute("email", mine), attribute("email_verified", "true"))
                    office.update(names[3], attribute("nickname", mine))

        assert described(cognito, change)["Status"] == "APPLIED"
        assert office.read(names[2])["Attributes"]["email"] == mine
        assert_whole(office.pool)

    def test_what_is_taken_back_was_never_there(self, cognito, memories, scene):
        office, names, wanted = scene
        change = begun(cognito, office.pool, DryRun=True, **wanted)

        for number, step in enumerate(course(change, memories)):
            for one in ("old", "new"):
                with process(one):
                    assert opens(cognito, office.client, names[0]), f"{one} at {step}"
                    office.update(
                        names[2], attribute("email", f"m{one}{number}@example.com"), attribute("email_verified", "true")
                    )

        assert described(cognito, change)["Status"] == "CHECKED"
        assert_whole(office.pool)


class Crowd:
    """People who sign in, change their address, come and go in both processes until it is over."""

    def __init__(self, cognito, office, names):
        self.cognito, self.office, self.names = cognito, office, names
        self.is_over, self.troubles, self.done = threading.Event(), [], Counter()
        self.threads = [
            threading.Thread(target=self.repeat, args=(act, where))
            for act in (self.sign_in, self.live)
            for where in ("old", "new")
        ]

    def repeat(self, act, where):
        with process(where):
            number = 0
            while not self.is_over.is_set():
                number += 1
                try:
                    act(self.names[number % len(self.names)], f"{where}-{number}")
                    self.done[act.__name__] += 1
                except Fault as fault:
                    self.troubles.append((where, act.__name__, str(fault)))

    def sign_in(self, name, _):
        self.cognito.sign_in(self.office.client, name, PASSWORD)
        srp_sign_in(self.cognito, self.office.pool, self.office.client, name)

    def live(self, name, mark):
        self.office.update(name, attribute("email", f"{mark}@example.org"), attribute("email_verified", "true"))
        asked = f"{mark}@example.net"  # a name under the old rules and under the new
        self.office.create(asked, attribute("email", asked), MessageAction="SUPPRESS")
        if mark.endswith("3"):
            self.office.call("AdminDeleteUser", asked)

    def __enter__(self):
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for one in self.threads:
            one.join()


class TestUnderLoad:
    def test_nobody_is_turned_away_while_everything_happens_at_once(self, cognito, memories, monkeypatch):
        monkeypatch.setattr(walks, "_PAGE", 20)
        office = Office(cognito)
        names = [
            cognito.user(office.pool, f"user-{number}", email=f"user-{number}@example.com", **PROVEN)
            for number in range(8)
        ]
        change = begun(cognito, office.pool, UsernameAttributes=["email"], CaseSensitive=False)

        with Crowd(cognito, office, names) as crowd:
            for _ in course(change, memories):
                time.sleep(0.3)

        assert crowd.troubles == []
        assert min(crowd.done["sign_in"], crowd.done["live"]) > 10
        assert described(cognito, change)["Status"] == "APPLIED"
        assert_whole(office.pool)
