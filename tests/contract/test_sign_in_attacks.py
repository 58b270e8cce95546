"""What somebody tries with a challenge that is not his to answer, or not yet, or not any more, through the real API.

The attacks that cross parts: skipped challenges, other people's sessions, ways around the second factor, codes out of
their place, sessions that outlive what they were begun with. Attacks on one factor alone are in that factor's tests.
"""

from __future__ import annotations

import os
import secrets
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chalicelib.rules import quotas
from chalicelib.table import store
from chalicelib.table.items import Session
from tests.application import Cognito, Fault, Outbox
from tests.callers import refused
from tests.clock import HOUR, later
from tests.entrance import Answer, claims, fault
from tests.machine import honesty, interference
from tests.machine.answers import CHALLENGES, Handle, SignIn
from tests.machine.model import APP, EMAIL, FLOWS, SMS, PoolSettings
from tests.machine.people import Actor
from tests.machine.stage import OPEN, Stage
from tests.machine.waiting import KINDS, WITH_PASSWORD, Hallway, Kind

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
TOO_MANY = "Attempt limit exceeded, please try after some time."
FOREIGN = "Invalid session for the user."
WITHOUT_SESSION = {"PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"}
"""Challenges whose sealed block carries the sign-in, as clients want it."""


@pytest.fixture(scope="module")
def stage(application: tuple[str, str]) -> Stage:
    return Stage(Cognito(*application), Outbox(Path(os.environ["LATCHKEY_OUTBOX"])))


@pytest.fixture
def hallway(stage: Stage) -> Hallway:
    stage.restart()
    return Hallway(stage)


def heard(hallway: Hallway, operation: str, given: dict[str, Any]) -> Answer | Fault:
    """What a call comes to."""
    return hallway.stage.heard(operation, given)[0]


def stopped(hallway: Hallway, operation: str, given: dict[str, Any]) -> Fault:
    """The refusal of a call that must not lead on."""
    outcome = heard(hallway, operation, given)
    assert isinstance(outcome, Fault), f"{operation} came to {sorted(outcome)}"
    return outcome


class TestSkippingAChallenge:
    @EVERY_KIND
    def test_no_answer_to_another_challenge_will_do(self, hallway: Hallway, kind: str) -> None:
        """The attack: a challenge is named that the attacker can answer, instead of the one that was asked."""
        handle = hallway.waiting(KINDS[kind])
        also = {"PASSWORD", "PASSWORD_SRP"} if handle.challenge == "SELECT_CHALLENGE" else set()

        for challenge in set(CHALLENGES) - {handle.challenge} - also:
            stopped(hallway, *hallway.call(handle, challenge=challenge))

        assert hallway.come_in(handle)

    @EVERY_KIND
    def test_no_answer_will_do_without_its_session(self, hallway: Hallway, kind: str) -> None:
        """The attack: the first factor is left out by beginning with the answer to the second."""
        handle = hallway.waiting(KINDS[kind])
        operation, given = hallway.call(handle)
        given.pop("Session", None)

        if handle.challenge not in WITHOUT_SESSION:
            assert stopped(hallway, operation, given).message == "Missing required parameter Session"

    @EVERY_KIND
    def test_a_waiting_session_begins_no_sign_in(self, hallway: Hallway, kind: str) -> None:
        """The attack: the session of a challenge is passed off as that of a confirmed sign-up, which asks nothing."""
        handle = hallway.waiting(KINDS[kind])
        parameters = {"USERNAME": handle.of.actor.name}
        given = {"ClientId": handle.of.client.id, "AuthFlow": "USER_AUTH", "AuthParameters": parameters}

        if handle.session:
            refusal = stopped(hallway, "InitiateAuth", given | {"Session": handle.session})
            assert (refusal.code, refusal.message) == ("NotAuthorizedException", FOREIGN)

    def test_a_second_factor_is_not_confirmed_before_the_choice_of_it(self, hallway: Hallway) -> None:
        """The attack: the choice among factors is skipped with a code of an app that the user has not switched on."""
        traits = {"has_phone": True, "has_app": True, "switched_on": frozenset({SMS, EMAIL})}
        handle = hallway.waiting(Kind("SELECT_MFA_TYPE", traits=traits))

        stopped(hallway, *hallway.call(handle, challenge=APP))
        stopped(hallway, *hallway.call(handle, responses={"ANSWER": APP}))


class TestAnothersSession:
    @EVERY_KIND
    def test_is_not_answered_with_ones_own_secrets(self, hallway: Hallway, kind: str) -> None:
        """The attack: a thief begins as the owner and as himself, and answers the owner's challenge with his factor."""
        owner, thief = hallway.waiting(KINDS[kind]), hallway.waiting(KINDS[kind])
        mine = thief.of.actor

        if kind not in ("own", "own behind srp", "new password", "set up"):
            stopped(hallway, *hallway.call(owner, source=thief, owner=mine))
        if handle_needs_name(owner):
            stopped(hallway, *hallway.call(owner, source=thief, owner=mine, named=mine))
        stopped(hallway, *hallway.call(owner, named=mine))
        assert owner.of.completed == 0

    @EVERY_KIND
    def test_is_not_put_beside_ones_own_answer(self, hallway: Hallway, kind: str) -> None:
        """The attack: the right answer to one's own challenge is sent with the session of somebody else's."""
        owner, thief = hallway.waiting(KINDS[kind]), hallway.waiting(KINDS[kind])
        operation, given = hallway.call(thief)

        if owner.session and "Session" in given:
            stopped(hallway, operation, given | {"Session": owner.session})
            assert hallway.come_in(owner)

    @EVERY_KIND
    def test_is_not_answered_by_another_client(self, hallway: Hallway, kind: str) -> None:
        """The attack: a client that may do less, or has no secret, completes what another has begun."""
        handle = hallway.waiting(KINDS[kind])
        other = hallway.stage.client(hallway.stage.second.flows)

        stopped(hallway, *hallway.call(handle, client=other))


def handle_needs_name(handle: Handle) -> bool:
    """Whether the answer is bound to the name alone, not to a secret of the person."""
    return handle.challenge in ("CUSTOM_CHALLENGE", "NEW_PASSWORD_REQUIRED", "MFA_SETUP")


class TestDowngrading:
    @pytest.fixture
    def guarded(self, hallway: Hallway) -> Actor:
        """Somebody who has everything, and two factors switched on."""
        hallway.stage.configure(OPEN)
        traits = {"has_phone": True, "has_app": True, "has_passkey": True, "has_device": True}
        return hallway.enter(Kind("", traits=traits | {"switched_on": frozenset({APP})}))

    @pytest.mark.parametrize("flow", [flow for flow in FLOWS if flow != "custom"])
    def test_every_flow_asks_for_the_second_factor(self, hallway: Hallway, guarded: Actor, flow: str) -> None:
        """The attack: the second factor is asked for in one flow and forgotten in another."""
        of = SignIn(guarded, hallway.stage.second, flow, hallway.stage.pool)

        handle = hallway.play.begin(of, guarded.password)
        while handle is not None and handle.challenge not in (APP, "SELECT_CHALLENGE"):
            handle = honesty.answer(hallway.play, handle)

        assert handle is not None
        assert of.completed == 0
        if handle.challenge == "SELECT_CHALLENGE":
            for choice in ("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"):
                stopped(hallway, *hallway.call(handle, responses={"ANSWER": choice}))

    def test_a_device_is_no_first_factor_and_nothing_without_its_secret(self, hallway: Hallway, guarded: Actor) -> None:
        """The attack: the key of a device, which is no secret, is named to leave the second factor out."""
        of = SignIn(guarded, hallway.stage.second, "password", hallway.stage.pool)
        asked = hallway.play.begin(of, guarded.password, guarded)
        assert asked is not None
        assert asked.challenge == "DEVICE_SRP_AUTH"

        for challenge in (APP, "DEVICE_PASSWORD_VERIFIER"):
            stopped(hallway, *hallway.call(asked, challenge=challenge))
        exchange = hallway.play.answer(honesty.rightly(asked))
        assert exchange is not None
        stopped(hallway, *hallway.call(exchange, is_wrong=True))

    @pytest.mark.parametrize("kind", ["mail first", "sms first", "passkey"])
    @pytest.mark.parametrize("switch", ["a person", "the pool"])
    def test_a_first_factor_is_not_kept_until_it_is_not_enough(self, hallway: Hallway, kind: str, switch: str) -> None:
        """The attack: a code or a passkey is asked for while it is enough, and answered when it is no more."""
        traits = {"has_phone": True, "has_passkey": True, "passkey_is_both": False}
        handle = hallway.waiting(Kind(KINDS[kind].challenge, KINDS[kind].flow, traits))

        if switch == "a person":
            interference.ALL["switch on SMS_MFA"](hallway.stage, handle.of.actor)
        else:
            hallway.stage.configure(PoolSettings("ON", frozenset({SMS, APP}), frozenset({"WEB_AUTHN"})))

        assert stopped(hallway, *hallway.call(handle)).code == "NotAuthorizedException"

    def test_a_new_password_does_not_leave_out_what_was_switched_on_meanwhile(self, hallway: Hallway) -> None:
        """The attack: the challenge that comes before the second factor is kept until after that was decided."""
        handle = hallway.waiting(
            Kind("NEW_PASSWORD_REQUIRED", traits={"status": "FORCE_CHANGE_PASSWORD", "has_phone": True})
        )
        interference.ALL["switch on SMS_MFA"](hallway.stage, handle.of.actor)

        outcome = heard(hallway, *hallway.call(handle))

        assert isinstance(outcome, dict)
        assert outcome["ChallengeName"] == "SMS_MFA"

    def test_nothing_but_a_refresh_token_refreshes(self, hallway: Hallway) -> None:
        """The attack: what a sign-in that lacks its second factor has given out is tried as a refresh token."""
        handle = hallway.waiting(KINDS["app"])
        given = {"ClientId": handle.of.client.id, "AuthFlow": "REFRESH_TOKEN_AUTH"}

        for text in (str(handle.session), handle.of.actor.sub, secrets.token_urlsafe(64)):
            refusal = stopped(hallway, "InitiateAuth", given | {"AuthParameters": {"REFRESH_TOKEN": text}})
            assert refusal.message == "Invalid Refresh Token"

    def test_a_refresh_proves_nothing_more(self, hallway: Hallway) -> None:
        """The attack: a level of authentication is asked for where nothing is asked in return."""
        actor = hallway.enter(Kind("", traits={"has_phone": True}))
        begun = hallway.stage.initiate("USER_PASSWORD_AUTH", {"USERNAME": actor.name, "PASSWORD": actor.password})
        token = begun["AuthenticationResult"]["RefreshToken"]
        asked = {"REFRESH_TOKEN": token, "TARGET_ACR_VALUES": "urn:amazon:cognito:acr:3"}

        renewed = hallway.stage.initiate("REFRESH_TOKEN_AUTH", asked)["AuthenticationResult"]

        session = claims(renewed["AccessToken"])["origin_jti"]
        kept = store.get(Session, pool=hallway.stage.pool, sub=actor.sub, id=session)
        assert kept is not None
        assert kept.proved == ["pwd"]
        assert not {"acr", "amr"} & {*claims(renewed["AccessToken"]), *claims(renewed["IdToken"])}


class TestCodes:
    @pytest.mark.parametrize("kind", ["sms", "mail", "mail first", "sms first", "mail set up"])
    def test_are_good_in_their_own_sign_in_alone(self, hallway: Hallway, kind: str) -> None:
        """The attack: a code is told by its owner for one sign-in, and used by a thief in another."""
        handle = hallway.waiting(KINDS[kind])
        other = hallway.waiting(KINDS[kind], handle.of.actor)

        assert stopped(hallway, *hallway.call(handle, source=other)).code == "CodeMismatchException"
        assert hallway.come_in(handle)

    @pytest.mark.parametrize(("kind", "change"), [
        ("sms", "change the phone"), ("sms first", "change the phone"),
        ("mail", "change the email"), ("mail first", "change the email"),
    ])  # fmt: skip
    def test_prove_no_address_that_they_did_not_go_to(self, hallway: Hallway, kind: str, change: str) -> None:
        """The attack: a code goes to the thief's address, and is answered after the owner's was put back."""
        handle = hallway.waiting(KINDS[kind])
        interference.ALL[change](hallway.stage, handle.of.actor)

        assert stopped(hallway, *hallway.call(handle)).code == "CodeMismatchException"

    @pytest.mark.parametrize("kind", ["sms", "mail"])
    def test_of_a_second_factor_are_not_guessed_in_ever_new_sessions(self, hallway: Hallway, kind: str) -> None:
        """The attack: whoever knows the password begins sign-in after sign-in, and guesses five times in each."""
        actor = hallway.enter(KINDS[kind])
        told = []
        for _ in range(4):
            handle = hallway.waiting(KINDS[kind], actor)
            told += [stopped(hallway, *hallway.call(handle, is_wrong=True)).code for _ in range(6)]

        assert told.count("CodeMismatchException") == quotas.SIGN_IN_GUESSES
        right = hallway.call(hallway.waiting(KINDS[kind], actor))
        assert stopped(hallway, *right).message == TOO_MANY

    def test_of_an_app_are_not_guessed_in_ever_new_sessions(self, hallway: Hallway) -> None:
        actor = hallway.enter(KINDS["app"])
        told = []
        for _ in range(quotas.TOKEN_GUESSES + 2):
            operation, given = hallway.call(hallway.waiting(KINDS["app"], actor))
            given["ChallengeResponses"]["SOFTWARE_TOKEN_MFA_CODE"] = "x"
            told.append(stopped(hallway, operation, given).code)

        assert told.count("CodeMismatchException") == quotas.TOKEN_GUESSES
        assert told[-1] == "TooManyRequestsException"

    @pytest.mark.parametrize("kind", ["mail first", "sms first"])
    def test_of_a_first_factor_cannot_be_used_up_by_a_stranger(self, hallway: Hallway, kind: str) -> None:
        """The attack: a stranger guesses wrongly in the owner's name until the owner is not heard any more."""
        actor = hallway.enter(KINDS[kind])
        for _ in range(4):
            stranger = hallway.waiting(KINDS[kind], actor)
            for _ in range(quotas.SIGN_IN_GUESSES_BY_SESSION + 1):
                stopped(hallway, *hallway.call(stranger, is_wrong=True))

        assert hallway.come_in(hallway.waiting(KINDS[kind], actor))

    @pytest.mark.parametrize("kind", ["mail first", "sms first", "sms", "mail"])
    def test_are_not_sent_without_end_and_a_stranger_leaves_some_to_the_owner(
        self, hallway: Hallway, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The attack: codes are asked for in another's name, to cost money, to annoy, or to leave none to the owner."""
        actor, cognito = hallway.enter(KINDS[kind]), hallway.stage.cognito
        before = len(hallway.stage.outbox.lines(actor.name))
        for _ in range(quotas.SIGN_IN_SENDS_BY_SOURCE):
            hallway.waiting(KINDS[kind], actor)

        of = SignIn(actor, hallway.stage.second, KINDS[kind].flow, hallway.stage.pool)
        assert hallway.play.begin(of, actor.password) is None
        assert TOO_MANY in hallway.play.story[-1]
        monkeypatch.setattr(cognito, "source_ip", "198.51.100.7")

        assert hallway.come_in(hallway.waiting(KINDS[kind], actor))
        assert len(hallway.stage.outbox.lines(actor.name)) - before == quotas.SIGN_IN_SENDS_BY_SOURCE + 1

    def test_from_ever_new_addresses_the_user_is_spared_too(
        self, hallway: Hallway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The attack: as above, from a net of many machines."""
        actor, cognito = hallway.enter(KINDS["mail first"]), hallway.stage.cognito
        before = len(hallway.stage.outbox.lines(actor.name))
        of = SignIn(actor, hallway.stage.second, "choice EMAIL_OTP", hallway.stage.pool)

        for place in range(quotas.SIGN_IN_SENDS + 5):
            monkeypatch.setattr(cognito, "source_ip", f"198.51.100.{place + 1}")
            hallway.play.begin(of, actor.password)

        assert len(hallway.stage.outbox.lines(actor.name)) - before == quotas.SIGN_IN_SENDS
        hallway.stage.offset = HOUR + 1
        assert hallway.play.begin(of, actor.password) is not None

    def test_that_an_app_has_shown_once_open_no_second_sign_in(self, hallway: Hallway) -> None:
        """The attack: a code is read over a shoulder, or by a page in the middle, and used while it is still shown."""
        first = hallway.waiting(KINDS["app"])
        second = hallway.waiting(KINDS["app"], first.of.actor)
        operation, given = hallway.call(first)
        code = given["ChallengeResponses"]["SOFTWARE_TOKEN_MFA_CODE"]
        assert hallway.come_in(first)

        operation, given = hallway.call(second)
        given["ChallengeResponses"]["SOFTWARE_TOKEN_MFA_CODE"] = code

        assert stopped(hallway, operation, given).code == "ExpiredCodeException"


class TestRefusalsHalfway:
    def test_a_new_password_is_not_taken_when_what_follows_it_cannot_be_asked(self, hallway: Hallway) -> None:
        """The attack: codes are asked for until none may be sent, so that a person's new password seems refused."""
        actor = hallway.enter(KINDS["sms"])
        for _ in range(quotas.SIGN_IN_SENDS_BY_SOURCE):
            hallway.waiting(KINDS["sms"], actor)
        interference.ALL["set a temporary password"](hallway.stage, actor)
        handle = hallway.waiting(KINDS["new password"], actor)

        refusal = stopped(hallway, *hallway.call(handle))

        assert refusal.message == TOO_MANY
        assert hallway.stage.admin("AdminGetUser", actor)["UserStatus"] == "FORCE_CHANGE_PASSWORD"
        assert hallway.waiting(KINDS["new password"], actor).challenge == "NEW_PASSWORD_REQUIRED"


class TestOutlivedSessions:
    @pytest.mark.parametrize(
        ("kind", "change"),
        [
            (kind, change)
            for change in ("disable", "reset the password", "delete")
            for kind in KINDS
            if (kind, change) != ("new password", "reset the password")  # there is nothing to be reset
        ],
    )
    def test_do_not_let_in_who_was_shut_out_meanwhile(self, hallway: Hallway, kind: str, change: str) -> None:
        """The attack: a thief waits at the last challenge, and the owner's help comes too late to stop that answer."""
        handle = hallway.waiting(KINDS[kind])
        interference.ALL[change](hallway.stage, handle.of.actor)

        stopped(hallway, *hallway.call(handle))

    @pytest.mark.parametrize("kind", [*WITH_PASSWORD, "app behind srp", "own behind srp"])
    @pytest.mark.parametrize("change", ["set a password", "set a temporary password"])
    def test_do_not_outlive_the_password_they_were_begun_with(self, hallway: Hallway, kind: str, change: str) -> None:
        """The attack: a stolen password is replaced, and a sign-in that was begun with it goes on."""
        handle = hallway.waiting(KINDS[kind])
        interference.ALL[change](hallway.stage, handle.of.actor)

        assert stopped(hallway, *hallway.call(handle)).code == "NotAuthorizedException"

    @EVERY_KIND
    def test_are_spent_by_what_they_led_to(self, hallway: Hallway, kind: str) -> None:
        """The attack: a recorded answer is sent again and signs in a second time."""
        handle = hallway.waiting(KINDS[kind])
        operation, given = hallway.call(handle)
        outcome = heard(hallway, operation, given)
        assert isinstance(outcome, dict)
        assert outcome["AuthenticationResult"]

        stopped(hallway, operation, given)

    @EVERY_KIND
    def test_are_over_after_their_time(self, hallway: Hallway, kind: str) -> None:
        """The attack: a session is found in a log or a history long after."""
        handle = hallway.waiting(KINDS[kind])
        operation, given = hallway.call(handle)

        with later(15 * 60 + 1):
            assert fault(partial(hallway.stage.cognito.call, operation, **given)) is not None


class TestGarbageInTheFormOfASession:
    @pytest.fixture
    def handle(self, hallway: Hallway) -> Handle:
        return hallway.waiting(KINDS["sms"])

    def forged(self, session: str) -> list[str]:
        """Texts that look like sessions: random, cut, with one letter changed, written in another alphabet."""
        middle = len(session) // 2
        letter = "A" if session[middle] != "A" else "B"
        return [
            secrets.token_urlsafe(len(session))[: len(session)],
            session[:-4],
            session[4:],
            session[:middle] + letter + session[middle + 1 :],
            session[:-1] + ("A" if session[-1] != "A" else "B"),
            session + "A",
            session + "=",
            session[::-1],
            session.swapcase(),
            "A" * 20,
            "A" * 2048,
            session[:8] + secrets.token_urlsafe(len(session))[: len(session) - 8],
        ]

    def test_opens_nothing_and_is_told_by_one_sentence(self, hallway: Hallway, handle: Handle) -> None:
        """The attack: sessions are made up, or altered bit by bit to learn what is in them."""
        operation, given = hallway.call(handle)

        for session in self.forged(str(handle.session)):
            refusal = stopped(hallway, operation, given | {"Session": session})
            assert (refusal.code, refusal.message) == ("NotAuthorizedException", FOREIGN), session

        assert hallway.come_in(handle)

    def test_nor_does_what_was_sealed_for_something_else(self, hallway: Hallway, handle: Handle) -> None:
        """The attack: a text that the service itself has sealed, such as a page's place, is passed off as a session."""
        given = {"UserPoolId": hallway.stage.pool, "Limit": 1}
        hallway.enter(KINDS["srp"])
        place = hallway.stage.cognito.call("ListUsers", **given)["PaginationToken"]
        block = hallway.waiting(KINDS["srp"]).parameters["SECRET_BLOCK"]
        operation, answer = hallway.call(handle)

        for text in (place, block, block.replace("+", "-").replace("/", "_").rstrip("=")):
            with refused("NotAuthorizedException", FOREIGN):
                hallway.stage.cognito.call(operation, **answer | {"Session": text[:2048]})

    def test_nor_does_a_session_of_another_pool(self, hallway: Hallway, handle: Handle) -> None:
        """The attack: a pool of one's own, in which one knows every secret, makes the session for somebody else's."""
        foreign = Stage(hallway.stage.cognito, hallway.stage.outbox)
        theirs = Hallway(foreign).waiting(KINDS["sms"])
        operation, given = hallway.call(handle)

        refusal = stopped(hallway, operation, given | {"Session": theirs.session})

        assert refusal.message == FOREIGN
