"""One signing key follows another: what is due when, and that no verifier ever meets a key that it cannot know."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules import rotation
from chalicelib.rules.rotation import Policy, Step

HOUR = 3600.0
DAY = 24 * HOUR
MEMORY, MAX_AGE = 60.0, 300.0
PERIOD = 90 * DAY
LEAD = DAY
POLICY = rotation.policy(PERIOD, LEAD, MEMORY, MAX_AGE)


@dataclass(frozen=True)
class Pair:
    """A key pair as the rules see it."""

    kid: str
    state: str
    created_at: float = 0.0
    since: float | None = None
    purpose: str = "id"


def due(pairs: list[Pair], now: float, policy: Policy = POLICY) -> list[Step]:
    return rotation.steps(pairs, ["id"], policy, now)


class TestPolicy:
    def test_a_key_is_published_for_the_lead_that_was_asked_for(self) -> None:
        assert rotation.policy(PERIOD, LEAD, MEMORY, MAX_AGE).lead == LEAD

    def test_but_longer_than_all_memories_of_key_sets_together(self) -> None:
        assert rotation.policy(PERIOD, 0.0, MEMORY, MAX_AGE).lead >= MEMORY + MAX_AGE
        assert rotation.policy(PERIOD, LEAD, 2 * DAY, MAX_AGE).lead >= 2 * DAY + MAX_AGE

    def test_a_retired_key_outlives_the_longest_token_that_a_forgetful_process_may_still_sign(self) -> None:
        assert rotation.policy(PERIOD, LEAD, MEMORY, MAX_AGE).kept >= MEMORY + rotation.LONGEST_TOKEN


class TestSigning:
    def test_the_newest_active_pair_of_the_purpose_signs(self) -> None:
        pairs = [
            Pair("old", "active", 1.0),
            Pair("new", "active", 2.0),
            Pair("next", "next", 3.0),
            Pair("retired", "retired", 4.0),
            Pair("other", "active", 5.0, purpose="access"),
        ]

        assert rotation.signing(pairs, "id") == pairs[1]

    def test_of_two_of_one_moment_always_the_same_one_signs(self) -> None:
        pairs = [Pair("b", "active", 1.0), Pair("a", "active", 1.0)]

        assert rotation.signing(pairs, "id") == rotation.signing(pairs[::-1], "id")

    def test_while_one_takes_over_and_neither_seems_active_the_one_published_longest_signs(self) -> None:
        pairs = [Pair("old", "retired", 1.0), Pair("next", "next", 2.0), Pair("after", "next", 3.0)]

        assert rotation.signing(pairs, "id") == pairs[1]

    def test_nothing_signs_for_a_pool_without_keys_or_with_retired_ones_alone(self) -> None:
        assert rotation.signing([], "id") is None
        assert rotation.signing([Pair("old", "retired")], "id") is None


class TestSteps:
    def test_nothing_is_due_for_a_young_key(self) -> None:
        assert due([Pair("one", "active")], PERIOD - LEAD - 1) == []

    def test_the_next_key_is_published_a_lead_before_the_end_of_the_period(self) -> None:
        assert due([Pair("one", "active")], PERIOD - LEAD) == [Step("publish", "id")]

    def test_it_is_published_once(self) -> None:
        pairs = [Pair("one", "active"), Pair("two", "next", PERIOD - LEAD)]

        assert due(pairs, PERIOD - 1) == []

    def test_at_the_end_of_the_period_the_next_key_takes_over(self) -> None:
        pairs = [Pair("one", "active"), Pair("two", "next", PERIOD - LEAD)]

        assert due(pairs, PERIOD) == [Step("activate", "id", "two"), Step("retire", "id", "one")]

    def test_a_key_that_was_published_late_signs_late(self) -> None:
        pairs = [Pair("one", "active"), Pair("two", "next", PERIOD + 5 * DAY)]

        assert due(pairs, PERIOD + 5 * DAY + LEAD - 1) == []
        assert due(pairs, PERIOD + 5 * DAY + LEAD)[0] == Step("activate", "id", "two")

    def test_the_period_begins_when_a_key_begins_to_sign(self) -> None:
        pairs = [Pair("two", "active", PERIOD - LEAD, since=PERIOD)]

        assert due(pairs, 2 * PERIOD - LEAD - 1) == []
        assert due(pairs, 2 * PERIOD - LEAD) == [Step("publish", "id")]

    def test_of_several_next_keys_the_first_takes_over_and_the_others_wait(self) -> None:
        pairs = [Pair("one", "active"), Pair("c", "next", 2.0), Pair("b", "next", 1.0)]

        assert due(pairs, PERIOD) == [Step("activate", "id", "b"), Step("retire", "id", "one")]

    def test_a_retired_key_stays_until_its_last_token_is_over_and_then_goes(self) -> None:
        pairs = [Pair("one", "retired", since=DAY), Pair("two", "active", DAY)]

        assert due(pairs, DAY + POLICY.kept - 1) == []
        assert due(pairs, DAY + POLICY.kept) == [Step("remove", "id", "one")]

    def test_a_second_active_key_is_retired(self) -> None:
        pairs = [Pair("one", "active", 1.0), Pair("two", "active", 2.0)]

        assert due(pairs, 3.0) == [Step("retire", "id", "one")]

    def test_without_a_period_keys_stay_but_what_was_retired_goes(self) -> None:
        never = rotation.policy(0.0, LEAD, MEMORY, MAX_AGE)
        pairs = [Pair("one", "active"), Pair("next", "next"), Pair("old", "retired")]

        assert due(pairs, 1000 * PERIOD, never) == [Step("remove", "id", "old")]

    def test_where_no_key_signs_the_published_one_does_at_once(self) -> None:
        assert due([Pair("old", "retired"), Pair("two", "next")], 1.0) == [Step("activate", "id", "two")]

    def test_where_there_is_no_key_at_all_a_fresh_one_signs_at_once(self) -> None:
        assert due([], 1.0) == [Step("activate", "id")]

    def test_each_purpose_goes_its_own_way(self) -> None:
        pairs = [Pair("one", "active"), Pair("two", "active", PERIOD, purpose="access")]

        assert rotation.steps(pairs, ["id", "access"], POLICY, PERIOD) == [Step("publish", "id")]


class TestDrop:
    def test_all_that_ever_signed_goes_and_the_published_key_signs(self) -> None:
        pairs = [Pair("old", "retired"), Pair("one", "active"), Pair("two", "next"), Pair("three", "next", 1.0)]

        steps = rotation.drop(pairs, ["id"])

        assert steps == [Step("activate", "id", "two"), Step("remove", "id", "old"), Step("remove", "id", "one")]

    def test_without_a_published_key_a_fresh_one_signs(self) -> None:
        assert rotation.drop([Pair("one", "active")], ["id"]) == [Step("activate", "id"), Step("remove", "id", "one")]


RUNS = st.lists(st.floats(60.0, 200 * DAY), min_size=1, max_size=60)
"""The pauses between runs of the job: from a minute to longer than two periods."""


class TestAtEveryMoment:
    @given(RUNS, st.floats(0, 2 * DAY), st.floats(0, 100 * DAY))
    def test_a_verifier_knows_the_key_that_signs_and_one_key_signs(
        self, pauses: list[float], lead: float, period: float
    ) -> None:
        policy = rotation.policy(period, lead, MEMORY, MAX_AGE)
        pairs, now = [Pair("0", "active")], 0.0
        for pause in pauses:
            now += pause

            pairs = carried_out(pairs, due(pairs, now, policy), now)

            [signer] = [pair for pair in pairs if pair.state == "active"]
            assert rotation.signing(pairs, "id") == signer
            assert signer.kid == "0" or now - signer.created_at >= MEMORY + MAX_AGE
            assert {step.verb for step in due(pairs, now, policy)} <= {"publish"}  # a second run takes nothing further

    @given(RUNS)
    def test_no_key_goes_while_a_token_of_it_may_stand(self, pauses: list[float]) -> None:
        pairs, now, signed = [Pair("0", "active")], 0.0, {"0": 0.0}
        for pause in pauses:
            now += pause
            signed |= {pair.kid: now for pair in pairs if pair.state == "active"}  # until this very moment

            left = carried_out(pairs, due(pairs, now), now)

            gone = {pair.kid for pair in pairs} - {pair.kid for pair in left}
            assert all(now - signed[kid] >= MEMORY + rotation.LONGEST_TOKEN for kid in gone)
            pairs = left


def carried_out(pairs: list[Pair], steps: list[Step], now: float) -> list[Pair]:
    """The pairs after the steps, as the table would hold them."""
    held = {pair.kid: pair for pair in pairs}
    for step in steps:
        if step.verb == "publish":
            held[f"{now}"] = Pair(f"{now}", "next", now)
        elif step.verb == "remove":
            del held[step.kid]
        else:
            state = {"activate": "active", "retire": "retired"}[step.verb]
            held[step.kid] = replace(held[step.kid], state=state, since=now)
    return list(held.values())


class TestBegan:
    @pytest.mark.parametrize(("since", "began"), [(None, 1.0), (5.0, 5.0), (0.0, 0.0)])
    def test_a_state_began_when_it_says_or_with_the_pair(self, since: float | None, began: float) -> None:
        assert rotation.began(Pair("one", "active", 1.0, since)) == began
