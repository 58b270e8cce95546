"""Signing in by the challenges of a pool's own functions: facts 53 to 62 of triggers, and 147."""

from __future__ import annotations

import json
import time

import pyotp
import pytest

from chalicelib.outside import aws
from tests import engines, functions
from tests.application import PASSWORD, Cognito, Fault
from tests.callers import refused
from tests.clock import later
from tests.contest import RUNNERS, codes, contest, on, winners
from tests.entrance import HIDING, WRONG, Entrance, claims, fault
from tests.functions import ANSWER, CUSTOM_LAMBDAS, METADATA, PUBLIC
from tests.lines import logged
from tests.outside import lambda_endpoint
from tests.outside.lambda_endpoint import Reply
from tests.srp_client import SrpClient

FLOWS = ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
CLIENT = {"ExplicitAuthFlows": FLOWS, "PreventUserExistenceErrors": "LEGACY"}
SPENT = "Invalid session for the user, session can only be used once."
FOREIGN = "Invalid session for the user."


class Own(Entrance):
    """Sign-ins through the pool's own functions."""

    @property
    def script(self):
        return functions.script(self.pool)

    def begin(self, name=None, **more):
        return self.initiate("CUSTOM_AUTH", USERNAME=name or self.name, **more)

    def answer(self, begun, answer=ANSWER, name=None, **more):
        responses = {"USERNAME": name or self.name, "ANSWER": answer}
        return self.respond("CUSTOM_CHALLENGE", responses, Session=begun["Session"], **more)

    def begin_by_srp(self, name=None):
        """The client, and the answer to a first call that begins with SRP."""
        client = SrpClient(self.pool)
        return client, self.begin(name, **client.begin(CHALLENGE_NAME="SRP_A"))

    def prove(self, client, begun, password=PASSWORD):
        responses = client.answer(begun["ChallengeParameters"], password)
        return self.respond("PASSWORD_VERIFIER", responses, Session=begun["Session"])

    def names(self, trigger="DefineAuthChallenge"):
        """The rounds that a function has been told last: name and result of each."""
        told = self.script.last(trigger)["session"]
        return [(one["challengeName"], one["challengeResult"]) for one in told]


@pytest.fixture(scope="module")
def shared(application):
    return Own(Cognito(*application), CLIENT, LambdaConfig=CUSTOM_LAMBDAS)


@pytest.fixture
def own(shared):
    shared.script.__init__()
    return shared.another()


@pytest.fixture
def hiding(own):
    own.client = own.cognito.client(own.pool, ExplicitAuthFlows=FLOWS, **HIDING)
    return own


class TestFirstCall:
    def test_asks_what_the_functions_ask(self, own):
        begun = own.begin()

        assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"
        assert begun["ChallengeParameters"] == {**PUBLIC, "USERNAME": own.name}
        assert own.names() == []
        assert [event["triggerSource"] for event in own.script.events] == [
            "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
        ]  # fmt: skip

    def test_needs_a_client_that_allows_it(self, own):
        own.client = own.cognito.client(own.pool, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])

        with refused("InvalidParameterException", "CUSTOM_AUTH is not enabled for the client."):
            own.begin()

    def test_needs_a_function_that_defines(self, cognito):
        bare = Own(cognito, CLIENT)

        with refused("InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool."):
            bare.begin()

    def test_needs_a_name(self, own):
        with refused("InvalidParameterException", "Missing required parameter USERNAME"):
            own.initiate("CUSTOM_AUTH")

    def test_tells_that_there_is_no_such_user_without_asking_anybody(self, own):
        with refused("UserNotFoundException", "User does not exist."):
            own.begin("nobody-here")

        assert own.script.events == []

    def test_keeps_its_metadata_to_itself(self, own):
        given = {"AuthFlow": "CUSTOM_AUTH", "AuthParameters": {"USERNAME": own.name}, "ClientMetadata": {"a": "b"}}

        own.cognito.call("InitiateAuth", ClientId=own.client, **given)

        assert all("clientMetadata" not in event["request"] for event in own.script.events)

    def test_is_open_to_administrators(self, own):
        given = {"UserPoolId": own.pool, "ClientId": own.client}
        begun = own.cognito.call(
            "AdminInitiateAuth", **given, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": own.name}
        )

        answer = own.cognito.call(
            "AdminRespondToAuthChallenge", **given, ChallengeName="CUSTOM_CHALLENGE", Session=begun["Session"],
            ChallengeResponses={"USERNAME": own.name, "ANSWER": ANSWER},
        )  # fmt: skip

        assert claims(answer["AuthenticationResult"]["IdToken"])["cognito:username"] == own.name


class TestAnswer:
    def test_a_right_one_signs_in(self, own):
        answer = own.answer(own.begin(), ClientMetadata={"a": "b"})

        tokens = answer["AuthenticationResult"]
        assert claims(tokens["AccessToken"])["username"] == own.name
        assert "AccessToken" in own.refresh(tokens["RefreshToken"])
        assert own.names() == [("CUSTOM_CHALLENGE", True)]
        assert own.script.last("VerifyAuthChallengeResponse")["clientMetadata"] == {"a": "b"}
        assert own.script.last("DefineAuthChallenge")["clientMetadata"] == {"a": "b"}

    def test_a_wrong_one_is_told_with_the_metadata_and_may_be_followed_by_another(self, own):
        again = own.answer(own.begin(), "GREEN")

        assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
        wrong = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": METADATA}
        assert own.script.last("DefineAuthChallenge")["session"] == [wrong]
        assert own.script.last("CreateAuthChallenge")["session"] == [wrong]
        assert "AuthenticationResult" in own.answer(again)

    def test_the_functions_end_it(self, own):
        begun = own.begin()
        for _ in range(2):
            begun = own.answer(begun, "GREEN")

        with refused("NotAuthorizedException", WRONG):
            own.answer(begun, "GREEN")

    def test_what_create_keeps_private_is_in_no_reply(self, own):
        begun = own.begin()
        replies = [begun, own.answer(begun, "GREEN")]

        assert ANSWER not in json.dumps(replies)

    def test_must_be_there(self, own):
        begun = own.begin()

        with refused("InvalidParameterException", "Missing required parameter ANSWER"):
            own.respond("CUSTOM_CHALLENGE", {"USERNAME": own.name}, Session=begun["Session"])
        with refused("InvalidParameterException", "Missing required parameter Session"):
            own.respond("CUSTOM_CHALLENGE", {"USERNAME": own.name, "ANSWER": ANSWER})

    def test_a_user_who_is_disabled_gets_no_tokens(self, own):
        begun = own.begin()
        own.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "User is disabled."):
            own.answer(begun)

    def test_does_not_count_as_a_wrong_password(self, own):
        for _ in range(8):
            own.answer(own.begin(), "GREEN")

        assert own.failures() == 0
        assert "AccessToken" in own.tokens()


class TestSession:
    def test_is_spent_by_an_answer_right_or_wrong(self, own):
        begun = own.begin()
        own.answer(begun, "GREEN")

        with refused("NotAuthorizedException", SPENT):
            own.answer(begun)

    def test_that_signed_in_signs_in_once(self, own):
        begun = own.begin()
        own.answer(begun)

        with refused("NotAuthorizedException", SPENT):
            own.answer(begun)

    def test_is_over_after_its_time(self, own):
        begun = own.begin()

        with later(181), refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
            own.answer(begun)

    def test_is_for_its_user(self, own):
        begun, other = own.begin(), own.another()

        with refused("NotAuthorizedException", FOREIGN):
            own.answer(begun, name=other.name)

    def test_is_for_its_client(self, own):
        begun = own.begin()
        own.client = own.cognito.client(own.pool, **CLIENT)

        with refused("NotAuthorizedException", FOREIGN):
            own.answer(begun)

    @pytest.mark.parametrize(
        ("challenge", "responses"),
        [("NEW_PASSWORD_REQUIRED", {"NEW_PASSWORD": "Stolen-Horse-3"}), ("SMS_MFA", {"SMS_MFA_CODE": "123456"}),
         ("SOFTWARE_TOKEN_MFA", {"SOFTWARE_TOKEN_MFA_CODE": "123456"}), ("MFA_SETUP", {})],
        ids=["new-password", "sms", "totp", "set-up"],
    )  # fmt: skip
    def test_answers_no_other_challenge(self, own, challenge, responses):
        begun = own.begin()

        with refused("NotAuthorizedException", FOREIGN):
            own.respond(challenge, {"USERNAME": own.name, **responses}, Session=begun["Session"])


class TestSrpFirst:
    def test_the_functions_hear_of_srp_of_the_password_and_of_their_own(self, own):
        client, begun = own.begin_by_srp()
        first = own.script.last("DefineAuthChallenge")["session"]
        asked = own.prove(client, begun)
        second = own.names()
        answer = own.answer(asked)

        assert first == [{"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None}]
        assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
        assert second == [("SRP_A", True), ("PASSWORD_VERIFIER", True)]
        assert own.names() == [("SRP_A", True), ("PASSWORD_VERIFIER", True), ("CUSTOM_CHALLENGE", True)]
        assert "AuthenticationResult" in answer

    def test_a_wrong_password_is_one(self, own):
        client, begun = own.begin_by_srp()

        with refused("NotAuthorizedException", WRONG):
            own.prove(client, begun, "Wrong-Horse-1")

        assert own.failures() == 1
        assert own.names() == [("SRP_A", True)]

    def test_needs_the_clients_value(self, own):
        with refused("InvalidParameterException", "Missing required parameter SRP_A"):
            own.begin(CHALLENGE_NAME="SRP_A")

    def test_the_password_is_not_asked_for_where_srp_did_not_begin(self, own):
        own.script.define = lambda event: {"challengeName": "PASSWORD_VERIFIER"}

        with refused("InvalidLambdaResponseException"):
            own.begin()

    def test_leaves_room_for_many_rounds_of_ones_own(self, own):
        own.script.define = lambda event: {
            "challengeName": "PASSWORD_VERIFIER" if len(event["request"]["session"]) == 1 else "CUSTOM_CHALLENGE"
        }
        client, begun = own.begin_by_srp()
        asked = own.prove(client, begun)

        for _ in range(12):
            asked = own.answer(asked, "GREEN")

        assert own.names().count(("CUSTOM_CHALLENGE", False)) == 12

    def test_a_temporary_password_is_replaced_in_between(self, own):
        own.name = own.invited(f"guest-{own.name}")
        client, begun = own.begin_by_srp()

        due = own.prove(client, begun, "Temporary-1")
        own.script.define = lambda event: {"issueTokens": True}
        answer = own.choose(due)

        assert due["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert own.script.last("DefineAuthChallenge")["session"][2] == {
            "challengeName": "NEW_PASSWORD_REQUIRED", "challengeResult": True, "challengeMetadata": None,
        }  # fmt: skip
        assert "AuthenticationResult" in answer
        assert own.admin("AdminGetUser")["UserStatus"] == "CONFIRMED"


@pytest.fixture
def careful(own):
    """A user with an authenticator app, preferred; its generator of codes."""
    own.cognito.call(
        "SetUserPoolMfaConfig", UserPoolId=own.pool, MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )  # fmt: skip
    token = own.tokens()["AccessToken"]
    secret = own.cognito.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"]
    app = pyotp.TOTP(secret)
    own.cognito.call("VerifySoftwareToken", AccessToken=token, UserCode=app.now())
    own.admin("AdminSetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    yield own, app
    own.cognito.call("SetUserPoolMfaConfig", UserPoolId=own.pool, MfaConfiguration="OFF")


class TestSecondFactor:
    def test_is_asked_for_behind_the_password_by_the_pool_itself_and_told_to_the_functions(self, careful):
        own, app = careful
        client, begun = own.begin_by_srp()

        due = own.prove(client, begun)
        with later(60):
            responses = {"USERNAME": own.name, "SOFTWARE_TOKEN_MFA_CODE": app.at(int(time.time()) + 60)}
            asked = own.respond("SOFTWARE_TOKEN_MFA", responses, Session=due["Session"])

        assert due["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert own.names() == [("SRP_A", True), ("PASSWORD_VERIFIER", True), ("SOFTWARE_TOKEN_MFA", True)]
        assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"

    def test_cannot_be_left_out_by_the_functions_behind_a_password(self, careful):
        own, _ = careful
        own.script.define = lambda event: (
            {"challengeName": "PASSWORD_VERIFIER"} if len(event["request"]["session"]) == 1 else {"issueTokens": True}
        )
        client, begun = own.begin_by_srp()

        assert own.prove(client, begun)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


class TestUnknownUser:
    def test_is_challenged_like_anybody_and_never_let_in(self, hiding):
        begun = hiding.begin("nobody-here")
        somebody = hiding.begin()

        with refused("NotAuthorizedException", WRONG):
            hiding.answer(begun, name="nobody-here")
        assert begun.keys() == somebody.keys()
        assert begun["ChallengeParameters"] == {**PUBLIC, "USERNAME": "nobody-here"}
        assert len(begun["Session"]) == pytest.approx(len(somebody["Session"]), abs=60)

    def test_is_told_to_the_functions(self, hiding):
        hiding.begin("nobody-here")

        assert {event["userName"] for event in hiding.script.events} == {"nobody-here"}
        assert all(event["request"]["userNotFound"] is True for event in hiding.script.events)
        assert all(event["request"]["userAttributes"] == {} for event in hiding.script.events)

    def test_is_not_let_in_by_a_function_that_lets_everybody_in(self, hiding):
        hiding.script.define = lambda event: {"issueTokens": True}

        with refused("NotAuthorizedException", WRONG):
            hiding.begin("nobody-here")

    def test_answers_once_too(self, hiding):
        begun = hiding.begin("nobody-here")
        hiding.answer(begun, "GREEN", "nobody-here")

        with refused("NotAuthorizedException", SPENT):
            hiding.answer(begun, "GREEN", "nobody-here")

    def test_fails_at_the_password_like_anybody(self, hiding):
        client, begun = hiding.begin_by_srp("nobody-here")

        assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
        with refused("NotAuthorizedException", WRONG):
            hiding.prove(client, begun)


class TestFunctions:
    @pytest.mark.parametrize(
        ("said", "code", "sentence"),
        [
            ({"failAuthentication": True}, "NotAuthorizedException", WRONG),
            ({"failAuthentication": True, "issueTokens": True}, "NotAuthorizedException", WRONG),
            ({}, "InvalidLambdaResponseException", "Unrecognizable lambda output"),
            ({"challengeName": "FANCY"}, "InvalidLambdaResponseException", "Unrecognizable lambda output"),
            ({"issueTokens": "yes"}, "InvalidLambdaResponseException", "Unrecognizable lambda output"),
        ],
        ids=["failure", "both", "nothing", "unknown", "type"],
    )
    def test_what_define_says_is_taken_strictly(self, own, said, code, sentence):
        begun = own.begin()
        own.script.define = lambda event: said

        with refused(code, sentence):
            own.answer(begun)

    @pytest.mark.parametrize("part", ["define", "create", "verify"])
    def test_an_error_of_theirs_is_told_with_its_own_words_and_signs_nobody_in(self, own, part):
        trigger = {"define": "DefineAuthChallenge", "create": "CreateAuthChallenge"}.get(
            part, "VerifyAuthChallengeResponse"
        )

        def refuse(event):
            raise ValueError("not today")

        setattr(own.script, part, refuse)

        with refused("UserLambdaValidationException", f"{trigger} failed with error not today."):
            own.answer(own.begin())

    def test_may_let_a_user_in_at_once(self, own):
        own.script.define = lambda event: {"issueTokens": True}

        assert "AuthenticationResult" in own.begin()

    def test_cannot_set_a_password_for_who_has_proved_none(self, own):
        own.name = own.invited(f"guest-{own.name}")
        own.script.define = lambda event: {"challengeName": "NEW_PASSWORD_REQUIRED"}

        assert isinstance(fault(own.begin), Fault)

    def test_are_noted_in_the_log_without_what_they_were_told(self, own):
        with logged() as log:
            own.answer(own.begin(), "my-own-answer")

        told = [one for line in log.requests() for one in line.get("functions", [])]
        assert [one["trigger"].partition("_")[0] for one in told] == [
            "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse", "DefineAuthChallenge",
            "CreateAuthChallenge",
        ]  # fmt: skip
        assert {one["outcome"] for one in told} == {"answered"}
        for secret in ("my-own-answer", ANSWER, METADATA, own.name):
            assert secret not in log.text


@pytest.fixture
def in_lambda(own, monkeypatch):
    """The pool with functions in Lambda, and that Lambda."""
    with lambda_endpoint.running() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", endpoint.url)
        aws.forget()
        arn = "arn:aws:lambda:us-east-1:123456789012:function:"
        named = {trigger: arn + trigger for trigger in CUSTOM_LAMBDAS}
        own.cognito.call("UpdateUserPool", UserPoolId=own.pool, LambdaConfig=named)
        yield own, endpoint
        own.cognito.call("UpdateUserPool", UserPoolId=own.pool, LambdaConfig=CUSTOM_LAMBDAS)
    monkeypatch.undo()
    aws.forget()


class TestLambda:
    def test_a_function_in_lambda_is_asked_by_its_arn(self, in_lambda):
        own, endpoint = in_lambda
        endpoint.replies = [Reply(b'{"response": {"issueTokens": true}}')]

        assert "AuthenticationResult" in own.begin()

        [(path, _, event)] = endpoint.asked
        assert "function:DefineAuthChallenge/" in path
        assert event["userName"] == own.name

    @pytest.mark.parametrize(
        ("reply", "code", "sentence"),
        [
            (Reply(b"null"), "InvalidLambdaResponseException", "Invalid lambda function output : Invalid JSON"),
            (Reply(b"oops"), "InvalidLambdaResponseException", "Invalid lambda function output : Invalid JSON"),
            (Reply(b"{}"), "InvalidLambdaResponseException", "Unrecognizable lambda output"),
            (
                Reply(b'{"errorMessage": "SPIKE_LOCKED"}', error="Unhandled"),
                "UserLambdaValidationException",
                "DefineAuthChallenge failed with error SPIKE_LOCKED.",
            ),
            (
                Reply(b"{}", 403, "AccessDeniedException"),
                "UnexpectedLambdaException",
                "DefineAuthChallenge invocation failed due to error AccessDeniedException.",
            ),
        ],
        ids=["null", "text", "empty", "error", "denied"],
    )
    def test_what_goes_wrong_there_is_told_as_the_service_tells_it(self, in_lambda, reply, code, sentence):
        own, endpoint = in_lambda
        endpoint.replies = [reply]

        with refused(code, sentence):
            own.begin()
        assert len(endpoint.asked) == 1

    def test_a_function_that_does_not_answer_signs_nobody_in(self, in_lambda, monkeypatch):
        own, endpoint = in_lambda
        monkeypatch.setattr(aws, "TIMEOUT", 0.2)
        endpoint.replies = [Reply(b'{"response": {"issueTokens": true}}', seconds=0.8)]

        sentence = "DefineAuthChallenge invocation failed due to error Socket timeout while invoking Lambda function."
        with refused("UnexpectedLambdaException", sentence):
            own.begin()
        assert len(endpoint.asked) == 3


@pytest.mark.parametrize("engine", engines.NAMES)
class TestAtOnce:
    """The attack: one challenge, answered many times in the same moment, so that no function ever sees two failures."""

    def test_one_of_many_wrong_answers_is_judged(self, engine):
        with on(engine) as operator:
            own = Own(Cognito(*operator), CLIENT, LambdaConfig=CUSTOM_LAMBDAS)
            begun = own.begin()

            outcomes = contest(own.pool, *[lambda: own.answer(begun, "GREEN")] * RUNNERS)

            assert len(winners(outcomes)) == 1
            assert codes(outcomes) == {"NotAuthorizedException"}
            assert len(own.script.asked("VerifyAuthChallengeResponse")) == 1

    def test_one_of_many_right_answers_signs_in(self, engine):
        with on(engine) as operator:
            own = Own(Cognito(*operator), CLIENT, LambdaConfig=CUSTOM_LAMBDAS)
            begun = own.begin()

            outcomes = contest(own.pool, *[lambda: own.answer(begun)] * RUNNERS)

            [winner] = winners(outcomes)
            assert "AuthenticationResult" in outcomes[winner]
