"""Facts 53 to 62 of triggers, and 147: signing in by the challenges of a pool's own functions.

The numbers are those of the lists of testable facts that docs/not-covered.md speaks of; each test names its own. What
goes beyond a fact is with the tests of the flow.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.application import Cognito
from tests.callers import a_name, refused
from tests.entrance import WRONG
from tests.functions import CUSTOM_LAMBDAS, METADATA, PUBLIC, Script, usual_create
from tests.operations.test_custom_auth import CLIENT, Own

SECRET = "nobody-is-told-this"


@pytest.fixture(scope="module")
def shared(application: tuple[str, str]) -> Own:
    return Own(Cognito(*application), CLIENT, LambdaConfig=CUSTOM_LAMBDAS)


@pytest.fixture
def own(shared: Own) -> Own:
    """A user of that pool, whose functions say the usual again."""
    vars(shared.script).update(vars(Script()))
    return shared.another()


def _rounds(own: Own) -> list[dict[str, Any]]:
    """What the function that defines was told last."""
    told: list[dict[str, Any]] = own.script.last("DefineAuthChallenge")["session"]
    return told


class TestFirstCall:
    def test_53_needs_a_function_that_defines(self, application: tuple[str, str]) -> None:
        bare = Own(Cognito(*application), CLIENT)

        with refused("InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool."):
            bare.begin()

    def test_54_is_told_as_no_round_at_all(self, own: Own) -> None:
        own.begin()

        assert own.script.asked("DefineAuthChallenge")[0]["request"]["session"] == []

    def test_55_with_srp_is_told_as_one_round(self, own: Own) -> None:
        own.begin_by_srp()

        first = own.script.asked("DefineAuthChallenge")[0]["request"]["session"]
        assert first == [{"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None}]

    def test_56_asks_what_create_made_public_and_names_the_user(self, own: Own) -> None:
        begun = own.begin()

        assert len(own.script.asked("CreateAuthChallenge")) == 1
        assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"
        assert begun["ChallengeParameters"] == PUBLIC | {"USERNAME": own.name}

    def test_58_a_function_ends_it_with_the_sentence_of_a_wrong_password(self, own: Own) -> None:
        own.script.define = lambda _event: {"failAuthentication": True}

        with refused("NotAuthorizedException", WRONG):
            own.begin()

    @pytest.mark.parametrize("said", [{}, {"issueTokens": False, "failAuthentication": False}], ids=["empty", "no"])
    def test_59_a_function_has_to_say_something(self, own: Own, said: dict[str, Any]) -> None:
        own.script.define = lambda _event: said

        with refused("InvalidLambdaResponseException"):
            own.begin()


class TestAnswer:
    def test_57_a_wrong_one_is_told_with_the_metadata_of_its_challenge(self, own: Own) -> None:
        own.answer(own.begin(), "GREEN")

        wrong = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": METADATA}
        assert _rounds(own)[-1] == wrong

    def test_60_what_is_private_is_in_no_reply(self, own: Own) -> None:
        own.script.create = lambda event: usual_create(event) | {"privateChallengeParameters": {"answer": SECRET}}
        begun = own.begin()
        again = own.answer(begun, "GREEN")
        last = own.answer(again, SECRET)

        assert "AuthenticationResult" in last
        assert SECRET not in json.dumps([begun, again, last])

    def test_61_a_session_is_answered_once(self, own: Own) -> None:
        begun = own.begin()
        own.answer(begun, "GREEN")

        with refused("NotAuthorizedException"):
            own.answer(begun)

    def test_62_a_new_password_behind_srp_is_the_third_round(self, own: Own) -> None:
        own.name = own.invited(a_name())
        client, begun = own.begin_by_srp()
        due = own.prove(client, begun, "Temporary-1")

        own.choose(due)

        third = {"challengeName": "NEW_PASSWORD_REQUIRED", "challengeResult": True, "challengeMetadata": None}
        assert due["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert _rounds(own)[2] == third

    def test_147_a_function_that_fails_it_says_what_a_wrong_password_says(self, own: Own) -> None:
        begun = own.begin()
        own.script.define = lambda _event: {"failAuthentication": True}

        with refused("NotAuthorizedException", WRONG):
            own.answer(begun)
