"""Custom authentication: the pool's own functions choose, make and judge challenges.

Owns what the three are asked and when, the rounds that a sign-in has behind it (`State.data["rounds"]`), the private
parameters of the pending challenge (`"private"`, inside the sealed Session alone), its metadata, and that each
challenge is answered once. Leaves what follows to `flows.sign_in`. A name that nobody has is asked about as any other,
with no attributes and `userNotFound`, and comes to nothing whatever the functions say.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import challenges, functions, unknown_users
from chalicelib.flows.challenges import State
from chalicelib.flows.functions import Question
from chalicelib.rules import custom_challenges, function_events
from chalicelib.rules.custom_challenges import CUSTOM, Round
from chalicelib.table import store
from chalicelib.table.items import Once, Pool
from chalicelib.table.users import Account

Answer = dict[str, Any]

DEFINE, CREATE, VERIFY = "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"

_PENDING = ("private", "metadata", "nonce")
_KEPT = 15 * 60 + 300  # seconds of a mark: the longest AuthSessionValidity, and what two clocks of ours may differ


def require_configured(pool: Pool, trigger: str = DEFINE) -> None:
    """Raises InvalidParameterException when the pool has no such function."""
    if not functions.is_configured(pool, trigger):
        raise errors.InvalidParameterException("Custom auth lambda trigger is not configured for the user pool.")


def next_step(call: Call, account: Account, state: State) -> str:
    """The challenge that DefineAuthChallenge wants next; "" to issue tokens, which it never is for nobody.

    Raises NotAuthorizedException when it refuses the user or there were too many rounds, the errors of
    `functions.answer`, and InvalidLambdaResponseException for what names no step.
    """
    require_configured(call.pool, DEFINE)
    rounds = _rounds(state)
    custom_challenges.require_another(rounds)
    blank = {"challengeName": None, "issueTokens": None, "failAuthentication": None}
    told = _asked(call, account, state, (DEFINE, {"session": rounds}, blank))
    try:
        return custom_challenges.next_step(told, rounds, is_nobody=unknown_users.is_nobody(account))
    except errors.NotAuthorizedException:
        journal.note(reason=journal.noted("reason") or "custom challenge failed")
        raise


def issued(call: Call, account: Account, state: State) -> Answer:
    """Answer with the challenge that CreateAuthChallenge makes: CUSTOM_CHALLENGE.

    Raises the errors of `functions.answer`, and InvalidLambdaResponseException for what a Session cannot hold.
    """
    require_configured(call.pool, CREATE)
    asked = {"challengeName": CUSTOM, "session": _rounds(state)}
    blank = {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None}
    made = custom_challenges.challenge(_asked(call, account, state, (CREATE, asked, blank)))
    pending = {"private": dict(made.private), "metadata": made.metadata, "nonce": secrets.token_urlsafe(12)}
    data = {**state.data, "rounds": _rounds(state), **pending}
    try:
        return challenges.issued(
            call, replace(state, challenge=CUSTOM, data=data), {**made.public, "USERNAME": state.username}
        )
    except errors.InvalidParameterException:
        raise errors.InvalidLambdaResponseException(
            "privateChallengeParameters and challengeMetadata are too long to be carried in a Session."
        ) from None


def judged(call: Call, account: Account, state: State, answer: str) -> State:
    """The state after VerifyAuthChallengeResponse has judged an answer to the pending challenge, right or wrong.

    Raises NotAuthorizedException for a challenge that was answered before, and the errors of `functions.answer`.
    """
    require_configured(call.pool, VERIFY)
    _spend(call, state)
    asked = {"privateChallengeParameters": state.data["private"], "challengeAnswer": answer}
    told = _asked(call, account, state, (VERIFY, asked, {"answerCorrect": None}))
    return with_round(state, CUSTOM, result=function_events.flag(told, "answerCorrect"))


def with_round(state: State, name: str, *, result: bool) -> State:
    """The state with one more step behind it, and none pending. Raises InvalidLambdaResponseException."""
    rounds = custom_challenges.appended(_rounds(state), name, state.data.get("metadata"), is_right=result)
    kept = {key: value for key, value in state.data.items() if key not in _PENDING}
    return replace(state, data={**kept, "rounds": rounds})


def _rounds(state: State) -> list[Round]:
    return list(state.data.get("rounds", ()))


def _spend(call: Call, state: State) -> None:
    """Attack: one challenge answered a thousand times at once, so that DefineAuthChallenge never sees a second failure.

    The first answer writes a mark that none after it can write, before anybody has judged it.
    """
    nonce = state.data.get("nonce")
    if not nonce:
        raise challenges.not_for_this()
    mark = Once.new({"pool": state.pool_id, "id": f"custom:{nonce}"}, expires=call.now + _KEPT)
    try:
        store.save(mark, "challenge")
    except store.Conflict:
        raise challenges.spent() from None


def _asked(
    call: Call, account: Account, state: State, question: tuple[str, Mapping[str, Any], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """What a function answers; `question` is its trigger, what it alone is told, and its members to fill in."""
    trigger, told, blank = question
    is_nobody = unknown_users.is_nobody(account)
    request = {"userAttributes": functions.user_attributes(call, account), **told, **_common(call, is_nobody=is_nobody)}
    user = state.given if is_nobody else account.user.username
    return functions.answer(call, Question(trigger, f"{trigger}_Authentication", user, request, blank))


def _common(call: Call, *, is_nobody: bool) -> dict[str, Any]:
    """What all three are told. The metadata of InitiateAuth is for other functions; that of an answer is for these."""
    common: dict[str, Any] = {"userNotFound": is_nobody} if unknown_users.are_hidden(call.client) else {}
    if "ChallengeName" in call and call.get("ClientMetadata"):
        common["clientMetadata"] = call["ClientMetadata"]
    return common
