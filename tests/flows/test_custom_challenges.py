"""Custom challenges, function by function: what each is asked, and what comes of its answer."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import replace

import pytest

from chalicelib import errors, journal
from chalicelib.call import Call, Caller, Origin, pool_of
from chalicelib.flows import challenges, custom_challenges
from chalicelib.flows.challenges import State
from chalicelib.table import users
from chalicelib.table.users import Account
from tests import functions
from tests.application import Cognito
from tests.entrance import HIDING, at_once
from tests.functions import ANSWER, CUSTOM_LAMBDAS, METADATA, PUBLIC

NO_JSON, UNRECOGNIZABLE = "Invalid lambda function output : Invalid JSON", "Unrecognizable lambda output"
AGENT = "aws-sdk-js/2.1639.0 callback"


class Scene:
    """A pool with the three functions, a user, and the steps of a sign-in as the machine takes them."""

    def __init__(self, cognito: Cognito, client: dict, **settings) -> None:
        self.pool = cognito.pool(LambdaConfig=CUSTOM_LAMBDAS, **settings)
        self.client = cognito.client(self.pool, ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH"], **client)
        self.name = cognito.user(self.pool, email=f"{uuid.uuid4().hex[:12]}@example.com")
        self.script = functions.script(self.pool)

    def call(self, **given) -> Call:
        return Call({"ClientId": self.client, **given}, Caller(), Origin(agent=AGENT), time.time())

    def responding(self, session: str = "", **given) -> Call:
        return self.call(ChallengeName="CUSTOM_CHALLENGE", Session=session, **given)

    def account(self) -> Account:
        found = users.by_name(pool_of(self.pool), self.name)
        assert found is not None
        return found

    def nobody(self) -> Account:
        user = users.new(pool_of(self.pool), "ghost", {}, time.time())
        return Account(user)

    def state(self, account: Account) -> State:
        user = account.user
        return State(self.pool, self.client, user.sub, user.username, "As-Typed", str(uuid.uuid4()), flow="CUSTOM_AUTH")


@pytest.fixture(scope="module")
def shown(application):
    return Scene(Cognito(*application), {"PreventUserExistenceErrors": "LEGACY"}, AliasAttributes=["email"])


@pytest.fixture(scope="module")
def hidden(application):
    return Scene(Cognito(*application), HIDING)


@pytest.fixture
def scene(shown):
    return fresh(shown)


@pytest.fixture
def hiding(hidden):
    return fresh(hidden)


def fresh(scene):
    scene.script.__init__()
    return scene


def issued(scene, state, account=None):
    """The answer that asks, and the state inside of it."""
    account = account or scene.account()
    answer = custom_challenges.issued(scene.call(), account, state)
    return answer, challenges.opened(scene.responding(answer["Session"]))


class TestDefine:
    def test_is_asked_about_the_user_with_no_rounds_at_first(self, scene):
        account = scene.account()

        assert custom_challenges.next_step(scene.call(), account, scene.state(account)) == "CUSTOM_CHALLENGE"

        [event] = scene.script.events
        assert event == {
            "version": "1",
            "triggerSource": "DefineAuthChallenge_Authentication",
            "region": "us-east-1",
            "userPoolId": scene.pool,
            "userName": scene.name,
            "callerContext": {"awsSdkVersion": "aws-sdk-js-2.1639.0", "clientId": scene.client},
            "request": {
                "userAttributes": {
                    "sub": account.user.sub,
                    "email": account.user.attributes["email"],
                    "cognito:user_status": "CONFIRMED",
                },
                "session": [],
            },
            "response": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
        }

    def test_is_told_every_round(self, scene):
        account = scene.account()
        state = custom_challenges.with_round(scene.state(account), "SRP_A", result=True)
        state = custom_challenges.with_round(state, "PASSWORD_VERIFIER", result=True)

        custom_challenges.next_step(scene.call(), account, state)

        assert scene.script.last("DefineAuthChallenge")["session"] == [
            {"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None},
            {"challengeName": "PASSWORD_VERIFIER", "challengeResult": True, "challengeMetadata": None},
        ]

    def test_is_not_given_the_metadata_of_a_first_call_and_is_given_that_of_an_answer(self, scene):
        account = scene.account()

        custom_challenges.next_step(scene.call(ClientMetadata={"a": "b"}), account, scene.state(account))
        assert "clientMetadata" not in scene.script.last("DefineAuthChallenge")

        custom_challenges.next_step(scene.responding(ClientMetadata={"a": "b"}), account, scene.state(account))
        assert scene.script.last("DefineAuthChallenge")["clientMetadata"] == {"a": "b"}

    def test_may_let_a_user_in(self, scene):
        scene.script.define = lambda event: {"issueTokens": True}
        account = scene.account()

        assert custom_challenges.next_step(scene.call(), account, scene.state(account)) == ""

    def test_is_not_asked_for_ever(self, scene):
        account, state = scene.account(), scene.state(scene.account())
        for _ in range(20):
            state = custom_challenges.with_round(state, "CUSTOM_CHALLENGE", result=False)

        with pytest.raises(errors.NotAuthorizedException, match=r"^Incorrect username or password\.$"):
            custom_challenges.next_step(scene.call(), account, state)
        assert scene.script.events == []

    def test_must_be_there(self, cognito):
        pool = pool_of(cognito.pool())

        with pytest.raises(errors.InvalidParameterException, match=r"^Custom auth lambda trigger is not configured"):
            custom_challenges.require_configured(pool)

    def test_tells_the_log_how_long_it_took_and_nothing_else(self, scene):
        account = scene.account()

        with journal.opened() as facts:
            custom_challenges.next_step(scene.call(), account, scene.state(account))

        [line] = facts["functions"]
        assert line.keys() == {"trigger", "outcome", "ms"}
        assert (line["trigger"], line["outcome"]) == ("DefineAuthChallenge_Authentication", "answered")


class TestNobody:
    def test_is_asked_about_as_one_who_is_not_found(self, hiding):
        nobody = hiding.nobody()

        custom_challenges.next_step(hiding.call(), nobody, hiding.state(nobody))

        [event] = hiding.script.events
        assert event["userName"] == "As-Typed"
        assert event["request"] == {"userAttributes": {}, "session": [], "userNotFound": True}

    def test_is_told_from_somebody_by_the_function_alone(self, hiding):
        somebody = hiding.account()

        custom_challenges.next_step(hiding.call(), somebody, hiding.state(somebody))

        assert hiding.script.last("DefineAuthChallenge")["userNotFound"] is False

    def test_is_never_let_in(self, hiding):
        hiding.script.define = lambda event: {"issueTokens": True}
        nobody = hiding.nobody()

        with pytest.raises(errors.NotAuthorizedException, match=r"^Incorrect username or password\.$"):
            custom_challenges.next_step(hiding.call(), nobody, hiding.state(nobody))

    def test_is_challenged_and_judged_like_anybody(self, hiding):
        nobody = hiding.nobody()

        answer, state = issued(hiding, hiding.state(nobody), nobody)
        judged = custom_challenges.judged(hiding.responding(), nobody, state, ANSWER)

        assert answer["ChallengeParameters"] == {**PUBLIC, "USERNAME": nobody.user.username}
        assert judged.data["rounds"][-1]["challengeResult"] is True
        assert all(event["request"]["userNotFound"] is True for event in hiding.script.events)


class TestCreate:
    def test_makes_a_challenge_whose_private_part_nobody_sees(self, scene):
        account = scene.account()

        answer, state = issued(scene, scene.state(account))

        assert answer["ChallengeName"] == "CUSTOM_CHALLENGE"
        assert answer["ChallengeParameters"] == {**PUBLIC, "USERNAME": scene.name}
        assert ANSWER not in json.dumps(answer)
        assert state.data["private"] == {"answer": ANSWER}
        assert state.data["metadata"] == METADATA
        assert scene.script.last("CreateAuthChallenge")["challengeName"] == "CUSTOM_CHALLENGE"
        assert scene.script.last("CreateAuthChallenge")["session"] == []

    def test_cannot_name_another_user(self, scene):
        scene.script.create = lambda event: {"publicChallengeParameters": {"USERNAME": "mallory"}}

        answer, _ = issued(scene, scene.state(scene.account()))

        assert answer["ChallengeParameters"] == {"USERNAME": scene.name}

    def test_cannot_make_more_than_a_session_holds(self, scene):
        scene.script.create = lambda event: {"privateChallengeParameters": {"a": "x" * 5000}}

        with pytest.raises(errors.InvalidLambdaResponseException, match="privateChallengeParameters and"):
            issued(scene, scene.state(scene.account()))

    def test_may_make_a_challenge_after_the_longest_sign_in_that_there_is(self, scene):
        account, state = scene.account(), scene.state(scene.account())
        for _ in range(19):
            state = custom_challenges.with_round(state, "CUSTOM_CHALLENGE", result=False)

        assert issued(scene, state, account)[1].data["rounds"] == state.data["rounds"]


class TestVerify:
    def test_is_given_what_create_kept_and_what_the_user_said(self, scene):
        account = scene.account()
        _, state = issued(scene, scene.state(account))

        judged = custom_challenges.judged(scene.responding(ClientMetadata={"a": "b"}), account, state, "GREEN")

        request = scene.script.last("VerifyAuthChallengeResponse")
        assert request["privateChallengeParameters"] == {"answer": ANSWER}
        assert request["challengeAnswer"] == "GREEN"
        assert request["clientMetadata"] == {"a": "b"}
        assert "session" not in request
        assert judged.data == {
            "rounds": [{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": METADATA}]
        }

    def test_says_that_an_answer_is_right(self, scene):
        account = scene.account()
        _, state = issued(scene, scene.state(account))

        judged = custom_challenges.judged(scene.responding(), account, state, ANSWER)

        assert judged.data["rounds"][-1]["challengeResult"] is True
        assert judged.proved == ()

    @pytest.mark.parametrize("said", [{}, {"answerCorrect": None}], ids=["nothing", "null"])
    def test_left_alone_it_has_said_that_an_answer_is_wrong(self, scene, said):
        scene.script.verify = lambda event: said
        account = scene.account()
        _, state = issued(scene, scene.state(account))

        assert custom_challenges.judged(scene.responding(), account, state, ANSWER).data["rounds"][-1] == {
            "challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": METADATA,
        }  # fmt: skip

    def test_judges_each_challenge_once(self, scene):
        account = scene.account()
        _, state = issued(scene, scene.state(account))
        custom_challenges.judged(scene.responding(), account, state, "GREEN")

        with pytest.raises(errors.NotAuthorizedException, match="session can only be used once"):
            custom_challenges.judged(scene.responding(), account, state, ANSWER)
        assert len(scene.script.asked("VerifyAuthChallengeResponse")) == 1

    def test_judges_one_of_many_answers_that_come_at_once(self, scene):
        account = scene.account()
        _, state = issued(scene, scene.state(account))

        def attempt():
            try:
                return custom_challenges.judged(scene.responding(), account, state, ANSWER)
            except errors.AwsError as refusal:
                return refusal

        outcomes = at_once(*[attempt] * 8)

        assert len([one for one in outcomes if isinstance(one, State)]) == 1
        assert len(scene.script.asked("VerifyAuthChallengeResponse")) == 1

    def test_does_not_judge_twice_what_could_not_be_judged(self, scene):
        account = scene.account()
        _, state = issued(scene, scene.state(account))
        scene.script.verify = lambda event: {"answerCorrect": "yes"}
        with pytest.raises(errors.InvalidLambdaResponseException, match=r"^Unrecognizable lambda output$"):
            custom_challenges.judged(scene.responding(), account, state, ANSWER)

        with pytest.raises(errors.NotAuthorizedException, match="session can only be used once"):
            custom_challenges.judged(scene.responding(), account, state, ANSWER)

    def test_has_nothing_to_judge_where_no_challenge_was_made(self, scene):
        account = scene.account()

        with pytest.raises(errors.NotAuthorizedException, match=r"^Invalid session for the user\.$"):
            custom_challenges.judged(scene.responding(), account, scene.state(account), ANSWER)


class TestWithRound:
    def test_leaves_what_the_machine_keeps(self, scene):
        state = replace(scene.state(scene.account()), data={"other": 1, "private": {"a": "b"}, "nonce": "n"})

        found = custom_challenges.with_round(state, "SMS_MFA", result=True)

        assert found.data == {
            "other": 1,
            "rounds": [{"challengeName": "SMS_MFA", "challengeResult": True, "challengeMetadata": None}],
        }


class TestErrors:
    def test_an_error_of_the_function_is_told_with_its_own_words(self, scene):
        def refuse(event):
            raise ValueError("SPIKE_LOCKED")

        scene.script.define = refuse
        account = scene.account()

        with pytest.raises(errors.UserLambdaValidationException) as refusal:
            custom_challenges.next_step(scene.call(), account, scene.state(account))
        assert refusal.value.message == "DefineAuthChallenge failed with error SPIKE_LOCKED."
        assert len(scene.script.events) == 1

    def test_a_function_that_is_not_there_is_told(self, cognito):
        there = Scene(cognito, {})
        cognito.call(
            "UpdateUserPool", UserPoolId=there.pool, LambdaConfig={"DefineAuthChallenge": "python:tests.functions:none"}
        )
        account = there.account()

        with pytest.raises(errors.UnexpectedLambdaException) as refusal:
            custom_challenges.next_step(there.call(), account, there.state(account))
        assert refusal.value.message == (
            "DefineAuthChallenge invocation failed due to error AttributeError importing none of tests.functions."
        )
        with pytest.raises(errors.InvalidParameterException, match=r"^Custom auth lambda trigger is not configured"):
            custom_challenges.issued(there.call(), account, there.state(account))
        with pytest.raises(errors.InvalidParameterException, match=r"^Custom auth lambda trigger is not configured"):
            custom_challenges.judged(there.call(), account, there.state(account), "x")

    @pytest.mark.parametrize(
        ("reply", "sentence"),
        [(None, NO_JSON), ("x", NO_JSON), ({}, UNRECOGNIZABLE), ({"response": 1}, UNRECOGNIZABLE)],
        ids=["null", "text", "empty", "number"],
    )  # fmt: skip
    def test_a_reply_that_is_none_is_told(self, scene, monkeypatch, reply, sentence):
        monkeypatch.setattr(functions, "define", lambda event, context: reply)
        account = scene.account()

        with pytest.raises(errors.InvalidLambdaResponseException) as refusal:
            custom_challenges.next_step(scene.call(), account, scene.state(account))
        assert refusal.value.message == sentence
