"""Answers to one challenge in one moment, on both engines: one of them signs in, whatever it answers and how often."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import engines
from tests.application import Cognito, Outbox
from tests.contest import BUSY, RUNNERS, contest, on, winners
from tests.entrance import Answer, at_once, fault, faults
from tests.machine import interference
from tests.machine.answers import Handle
from tests.machine.model import APP, SMS
from tests.machine.stage import Stage
from tests.machine.waiting import KINDS, Hallway, Kind

REFUSALS = {
    "NotAuthorizedException", "CodeMismatchException", "ExpiredCodeException", "UserNotFoundException",
    "PasswordResetRequiredException", "ResourceNotFoundException",
}  # fmt: skip


@pytest.fixture(scope="module", params=engines.NAMES)
def application(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    with on(str(request.param)) as operator:
        yield operator


@pytest.fixture(scope="module")
def stage(application: tuple[str, str]) -> Stage:
    return Stage(Cognito(*application), Outbox(Path(os.environ["LATCHKEY_OUTBOX"])))


@pytest.fixture
def hallway(stage: Stage) -> Hallway:
    stage.restart()
    return Hallway(stage)


def answering(hallway: Hallway, handle: Handle) -> Callable[[], Answer]:
    """The right answer, to be sent as often as one likes."""
    operation, given = hallway.call(handle)
    assert not hallway.stage.offset
    return partial(hallway.stage.cognito.call, operation, **given)


def tokens(outcomes: list[Any]) -> list[Answer]:
    """The AuthenticationResults among outcomes; whatever was refused was refused as it should."""
    assert {one.code for one in faults(outcomes)} <= REFUSALS | {BUSY}
    answers = [outcomes[place] for place in winners(outcomes)]
    return [answer["AuthenticationResult"] for answer in answers if "AuthenticationResult" in answer]


class TestTheSameAnswer:
    @pytest.mark.parametrize("kind", KINDS)
    def test_of_many_at_once_one_gets_tokens(self, hallway: Hallway, kind: str) -> None:
        """The attack: an answer that was overheard is sent again before its first copy has been heard to the end."""
        answer = answering(hallway, hallway.waiting(KINDS[kind]))

        outcomes = contest(hallway.stage.pool, *[answer] * RUNNERS)

        assert len(tokens(outcomes)) == 1
        assert fault(answer) is not None

    def test_the_session_of_a_confirmed_sign_up_signs_in_once(self, hallway: Hallway) -> None:
        hallway.enter(KINDS["mail"])
        handle = hallway.play.signed_up(hallway.stage.second)
        assert handle is not None

        outcomes = contest(hallway.stage.pool, *[answering(hallway, handle)] * RUNNERS)

        assert len(tokens(outcomes)) == 1


class TestDifferentAnswers:
    def test_of_two_factors_of_one_sign_in_one_completes_it(self, hallway: Hallway) -> None:
        """The attack: a sign-in is forked where a factor is chosen, so that it ends in two sessions."""
        both = {"has_phone": True, "has_app": True, "switched_on": frozenset({SMS, APP})}
        fork = hallway.waiting(Kind("SELECT_MFA_TYPE", traits=both))
        handles = []
        for method in (SMS, APP):
            operation, given = hallway.call(fork, responses={"ANSWER": method})
            outcome, sent = hallway.stage.heard(operation, given)
            code = sent[-1]["code"] if sent else ""
            handles.append(Handle(fork.of, method, session=outcome["Session"], proofs=fork.proofs, code=code))
        calls = [answering(hallway, handle) for handle in handles] * (RUNNERS // 2)

        outcomes = contest(hallway.stage.pool, *calls)

        assert len(tokens(outcomes)) == 1

    def test_of_one_code_of_an_app_in_two_sign_ins_one_counts(self, hallway: Hallway) -> None:
        """The attack: a code is seen, and used in a sign-in of the thief's in the same moment as in the owner's."""
        first = hallway.waiting(KINDS["app"])
        second = hallway.waiting(KINDS["app"], first.of.actor)
        calls = [answering(hallway, first), answering(hallway, second)] * (RUNNERS // 2)

        outcomes = contest(hallway.stage.pool, *calls)

        assert len(tokens(outcomes)) == 1

    def test_of_one_recovery_code_in_two_sign_ins_one_counts(self, hallway: Hallway) -> None:
        """The attack: a code is copied from the paper, and used in the same moment in which its owner uses it."""
        actor = hallway.enter(Kind("SMS_MFA", traits={"has_phone": True}))
        signed_in = hallway.stage.initiate("USER_PASSWORD_AUTH", {"USERNAME": actor.name, "PASSWORD": actor.password})
        token = json.dumps({"AccessToken": signed_in["AuthenticationResult"]["AccessToken"]}).encode()
        interference.ALL["switch on SMS_MFA"](hallway.stage, actor)
        code = hallway.stage.cognito.send("latchkey", "CreateRecoveryCodes", token)["RecoveryCodes"][0]
        calls = []
        for _ in range(2):
            operation, given = hallway.call(hallway.waiting(Kind("SMS_MFA"), actor))
            given["ChallengeResponses"]["SMS_MFA_CODE"] = code
            calls.append(partial(hallway.stage.cognito.call, operation, **given))

        outcomes = contest(hallway.stage.pool, *calls * (RUNNERS // 2))

        assert len(tokens(outcomes)) == 1


class TestBesideAdministrators:
    @pytest.mark.parametrize("kind", ["sms", "app", "mail first", "passkey", "own", "device", "new password", "srp"])
    @pytest.mark.parametrize("change", ["disable", "delete"])
    def test_nobody_keeps_a_session_of_a_user_who_is_shut_out_in_that_moment(
        self, hallway: Hallway, kind: str, change: str
    ) -> None:
        """The attack: the answer comes while the user is being shut out, and its session outlives that."""
        handle = hallway.waiting(KINDS[kind])
        actor, answer = handle.of.actor, answering(hallway, handle)
        interfere = partial(interference.ALL[change], hallway.stage, actor)

        outcomes = at_once(answer, interfere, answer)

        assert not faults([outcomes[1]])
        for result in tokens([outcomes[0], outcomes[2]]):
            given = {"ClientId": handle.of.client.id, "AuthFlow": "REFRESH_TOKEN_AUTH"}
            refresh = {"REFRESH_TOKEN": result["RefreshToken"]}
            assert fault(partial(hallway.stage.cognito.call, "GetUser", AccessToken=result["AccessToken"]))
            assert fault(partial(hallway.stage.cognito.call, "InitiateAuth", AuthParameters=refresh, **given))

    @pytest.mark.parametrize("kind", ["sms", "app", "device", "mail"])
    def test_a_password_that_is_replaced_in_that_moment_leads_no_further_after_it(
        self, hallway: Hallway, kind: str
    ) -> None:
        handle = hallway.waiting(KINDS[kind])
        answer = answering(hallway, handle)

        outcomes = at_once(answer, partial(interference.ALL["set a password"], hallway.stage, handle.of.actor))

        assert len(tokens([outcomes[0]])) <= 1
        assert fault(answer) is not None
