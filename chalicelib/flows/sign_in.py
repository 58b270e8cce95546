"""The one challenge machine: from a first call through challenges to tokens.

Owns how the flows with a fixed first factor begin, and how each challenge is answered. Operations and pages come here,
so they cannot drift apart. What follows a proof is decided in `next_steps` alone; what all flows share is `openings`;
the flow in which the person chooses is `first_factors`. Leaves SRP to `srp_exchange`, second factors to
`second_factors`, what carries a sign-in on to `challenges`.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    challenges,
    custom_challenges,
    devices,
    first_factors,
    new_passwords,
    next_steps,
    openings,
    second_factors,
    source_limits,
    srp_exchange,
    triggers,
)
from chalicelib.flows.challenges import State
from chalicelib.flows.openings import Answer, Parameters, required
from chalicelib.flows.sign_in_codes import ROLE, SECOND_FACTOR
from chalicelib.flows.srp_exchange import Exchange
from chalicelib.rules.second_factors import Due
from chalicelib.table import store
from chalicelib.table.users import Account

_SERVERS = ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")


def by_password(call: Call, parameters: Parameters) -> Answer:
    """Sign in with name and password: tokens, or the next challenge."""
    required(parameters, "USERNAME")
    text = required(parameters, "PASSWORD")
    flow = next_steps.ADMIN if call["AuthFlow"] in _SERVERS else ""
    account, state = openings.begun(call, parameters, flow)
    return openings.by_password(call, account, state, text)


def by_srp(call: Call, parameters: Parameters) -> Answer:
    """Begin a sign-in by SRP: the PASSWORD_VERIFIER challenge, without Session, as clients expect."""
    required(parameters, "USERNAME")
    a_public = srp_exchange.client_value(required(parameters, "SRP_A"))
    account, state = openings.begun(call, parameters)
    found = srp_exchange.parameters(call, account, state, a_public)
    return {"ChallengeName": srp_exchange.CHALLENGE, "ChallengeParameters": found}


def by_custom(call: Call, parameters: Parameters) -> Answer:
    """Begin a sign-in by challenges of the pool's own functions, with SRP before them or without."""
    required(parameters, "USERNAME")
    custom_challenges.require_configured(call.pool)
    account, state = openings.begun(call, parameters, next_steps.CUSTOM)
    if account.user.status == "UNCONFIRMED" and account.user.version is not None:
        raise errors.UserNotConfirmedException
    if parameters.get("CHALLENGE_NAME") == "SRP_A":
        a_public = srp_exchange.client_value(required(parameters, "SRP_A"))
        state = replace(state, data={"srp_a": f"{a_public:x}"})
        state = custom_challenges.with_round(state, "SRP_A", result=True)
    return next_steps.custom_step(call, account, state)


def answer_verifier(call: Call, responses: Parameters) -> Answer:
    """Complete SRP. Whatever is wrong with the proof, the block or the time gets the one sentence of a wrong password.

    So does another user's name, and it counts as one: else the answer would tell which names are one user's.
    """
    for name in ("USERNAME", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"):
        required(responses, name)
    exchange = srp_exchange.opened(call, required(responses, "PASSWORD_CLAIM_SECRET_BLOCK"))
    if exchange is None:
        journal.note(reason="session foreign or expired")
        raise errors.NotAuthorizedException(next_steps.WRONG)
    is_named = challenges.is_named(call, exchange.state, responses) and _is_of_session(call, exchange.state)
    if not is_named:
        journal.note(reason="another user's name")
    triggers.require_unset(call.pool, *openings.TRIGGERS)
    account = source_limits.alongside(call, lambda: challenges.account(call, exchange.state))
    openings.require_standing(call, account)
    if not (srp_exchange.is_proved(call, account, exchange, responses) and is_named):
        raise openings.wrong(call, account)
    try:
        return next_steps.after_password(call, account, _verified(account, exchange, responses))
    except store.Conflict:
        # The attack: a recorded proof sent again. It would write the same session, and that can be written once.
        journal.note(reason="proof spent")
        raise errors.NotAuthorizedException(next_steps.WRONG) from None


def answer_new_password(call: Call, responses: Parameters) -> Answer:
    """Replace a temporary password and fill in required attributes; the user is confirmed with what follows."""
    required(responses, "USERNAME")
    text = required(responses, "NEW_PASSWORD")

    def step() -> Answer:
        account, state = openings.continued(call, responses)
        if not new_passwords.is_due(account):
            raise challenges.spent()
        openings.require_same_password(account, state)
        next_steps.require_able(account)
        writes = new_passwords.confirmed(call, account, text)
        proved = openings.with_password(account, _heard_of(state))
        return next_steps.after_new_password(call, account, proved, writes)

    return openings.heard(step)


def answer_second_factor(call: Call, responses: Parameters) -> Answer:
    """Prove a second factor by its code."""

    def step() -> Answer:
        account, state = _continued(call, responses)
        proved, writes = second_factors.proved(call, account, state, responses)
        return next_steps.after(call, account, _heard_of(proved), writes)

    return openings.heard(step)


def answer_email_code(call: Call, responses: Parameters) -> Answer:
    """EMAIL_OTP is the name of a first factor and of a second one; the session tells which is meant."""
    required(responses, "USERNAME")
    is_second = challenges.opened(call).data.get(ROLE) == SECOND_FACTOR
    return (answer_second_factor if is_second else first_factors.answer_code)(call, responses)


def answer_method(call: Call, responses: Parameters) -> Answer:
    """Choose among several second factors: the challenge of the one that is chosen."""
    account, state = _continued(call, responses)
    next_steps.require_able(account)
    return second_factors.issued(call, account, state, second_factors.chosen(call, account, state, responses))


def answer_set_up(call: Call, responses: Parameters) -> Answer:
    """Complete the setting up of a second factor in the session that has done it, or give an address to be proved."""

    def step() -> Answer:
        account, state = _continued(call, responses)
        next_steps.require_able(account)
        outcome = second_factors.set_up(call, account, state, responses)
        if isinstance(outcome, Due):
            asking = second_factors.with_address(call, state, responses)
            return second_factors.issued(call, account, asking, outcome)
        return next_steps.after(call, account, _heard_of(outcome))

    return openings.heard(step)


def answer_custom(call: Call, responses: Parameters) -> Answer:
    """Answer a challenge of the pool's own functions, which judge it and say what comes next."""
    answer = required(responses, "ANSWER")
    account, state = _continued(call, responses)
    judged = custom_challenges.judged(call, account, state, answer)
    return openings.heard(lambda: next_steps.after_own(call, account, judged, []))


def answer_device(call: Call, responses: Parameters) -> Answer:
    """Begin the exchange in which a device proves itself: DEVICE_PASSWORD_VERIFIER."""
    required(responses, "USERNAME")
    return devices.begun(call, responses)


def answer_device_verifier(call: Call, responses: Parameters) -> Answer:
    """Prove a device, which stands in for the second factor that the pool asks for."""
    required(responses, "USERNAME")

    def step() -> Answer:
        account, state, writes = devices.proved(call, responses)
        openings.require_same_password(account, state)
        proved = replace(state, is_device_proved=True, challenge="DEVICE_PASSWORD_VERIFIER")
        return next_steps.after(call, account, _heard_of(proved), writes)

    return openings.heard(step)


def _continued(call: Call, responses: Parameters) -> tuple[Account, State]:
    """The user and state of a challenge that comes after a first factor."""
    account, state = openings.continued(call, responses)
    openings.require_same_password(account, state)
    return account, state


def _is_of_session(call: Call, state: State) -> bool:
    """Whether the Session, where one came with the answer, is that of the same sign-in: clients may leave it out."""
    return "Session" not in call or challenges.opened(call).session_id == state.session_id


def _verified(account: Account, exchange: Exchange, responses: Parameters) -> State:
    """The state after SRP. A device that goes on without a session is known by the client's public value.

    The device is the one that comes with the proof, or none: clients that are told of an unknown one answer the same
    challenge again without it.
    """
    state = replace(exchange.state, challenge=srp_exchange.CHALLENGE)
    device_key = openings.device_key(responses)
    kept = {name: value for name, value in state.data.items() if name != "srp_a"}
    if device_key:
        kept["srp_a"] = f"{exchange.a_public:x}"
    return openings.with_password(account, _heard_of(replace(state, device_key=device_key, data=kept)))


def _heard_of(state: State) -> State:
    """In a custom sign-in the pool's functions hear of each step that the pool itself has asked for."""
    if state.flow != next_steps.CUSTOM:
        return state
    return custom_challenges.with_round(state, state.challenge, result=True)
