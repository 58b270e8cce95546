"""Second factors of a sign-in: which one is due for a user, the challenge that asks for it, the check of its answer.

Owns what pool, user and a level that was asked for demand together. Leaves the order of everything to `next_steps`, the
decision to `rules.second_factors`, codes to `sign_in_codes`, authenticator apps to `software_tokens`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    challenges,
    contacts,
    profiles,
    recovery_codes,
    sign_in_codes,
    software_tokens,
    unknown_users,
)
from chalicelib.flows.challenges import State
from chalicelib.flows.sign_in_codes import ROLE, SECOND_FACTOR
from chalicelib.rules import attributes, mfa_settings, names
from chalicelib.rules import second_factors as rule
from chalicelib.rules.second_factors import CHOICE, EMAIL, SETUP, SMS, TOTP, WORDS, Due, Standing
from chalicelib.table.items import Pool
from chalicelib.table.users import Account
from chalicelib.table.writes import Write

Answer = dict[str, Any]
Responses = Mapping[str, str]

ANSWERS: Final = {SMS: "SMS_MFA_CODE", EMAIL: "EMAIL_OTP_CODE", TOTP: "SOFTWARE_TOKEN_MFA_CODE"}
"""Challenge -> the response that holds its code."""

VERIFIED: Final = "verified"
"""In the data of an MFA_SETUP session: when an authenticator app was set up and proved in it."""

_ALSO_CALLED: Final = {"EMAIL_MFA": EMAIL}


def standing(account: Account) -> Standing:
    """What a user has to prove a second factor with."""
    user = account.user
    return Standing(
        enabled=profiles.factors(user),
        preferred=(user.mfa or {}).get("preferred") or "",
        has_token=software_tokens.is_ready(account),
        has_email=bool(user.attributes.get("email")),
        has_phone=bool(user.attributes.get("phone_number")),
    )


def offered(pool: Pool) -> set[str]:
    """The methods of a pool."""
    return mfa_settings.methods(pool.document, pool.mfa or {})


def is_needed(pool: Pool, account: Account) -> bool:
    """Whether a sign-in of this user takes a second factor."""
    return rule.is_needed(_mode(pool), offered(pool), standing(account))


def due(pool: Pool, account: Account, state: State) -> Due:
    """The second factor that is asked for next: by the pool, else by the level that the sign-in is to reach.

    A confirmed device that was proved stands in for what the pool asks, and for no level.
    """
    methods, has = offered(pool), standing(account)
    found = rule.NOTHING if state.is_device_proved else rule.due(_mode(pool), methods, has, state.proved)
    return found if found.challenge else rule.due_for_level(state.level, methods, has, state.proved)


def usable(pool: Pool, account: Account) -> list[str]:
    """The methods that the user has the means for."""
    return rule.usable(offered(pool), standing(account))


def answerable(pool: Pool, account: Account, state: State) -> list[str]:
    """The methods whose codes count now: the user's own while the pool asks for one, else all with the means for it.

    The attack: a method is asked for in a sign-in of the pool's functions or to a level, its owner switches to a safer
    one, and the old one is answered.
    """
    methods, has = offered(pool), standing(account)
    is_bound = (state.flow != challenges.CUSTOM or "pwd" in state.proved) and not state.is_device_proved
    is_owed = is_bound and bool(rule.due(_mode(pool), methods, has, state.proved).challenge)
    return rule.possible(methods, has) if is_owed else usable(pool, account)


def hoped_for(pool: Pool, account: Account) -> list[str]:
    """What a user may prove beside a first factor, in words of `amr`."""
    return [WORDS[method] for method in rule.usable(offered(pool), means(pool, account))]


def means(pool: Pool, account: Account) -> Standing:
    """As `standing`; nobody has what somebody of this name might have, the same at each call.

    The attack: levels are asked for in others' names, and those that nobody has are refused.
    """
    if not unknown_users.is_nobody(account):
        return standing(account)
    likely = unknown_users.likely(pool, names.CONTACTS)
    return Standing(
        has_token=unknown_users.seems(account, "app"),
        has_email=likely == "email" or unknown_users.seems(account, "email"),
        has_phone=likely == "phone_number" or unknown_users.seems(account, "phone number"),
    )


def active(pool: Pool, account: Account) -> list[str]:
    """The methods that count as the user's second factors."""
    return rule.active(offered(pool), standing(account))


def is_proved(state: State) -> bool:
    """Whether a sign-in has its second factor behind it."""
    return rule.is_proved(state.proved)


def issued(call: Call, account: Account, state: State, due: Due) -> Answer:
    """The challenge that asks for a second factor; a code is sent. Raises what `sign_in_codes.sent` raises."""
    parameters = {"USER_ID_FOR_SRP": state.username}
    asking = replace(state, challenge=due.challenge, data=_carried(state) | {ROLE: SECOND_FACTOR})
    if due.challenge in sign_in_codes.SECOND:
        asking, sent = sign_in_codes.sent(call, account, asking)
        parameters |= sent
    elif due.challenge == CHOICE:
        parameters["MFAS_CAN_CHOOSE"] = json.dumps(due.choices)
    elif due.challenge == SETUP:
        parameters["MFAS_CAN_SETUP"] = json.dumps(due.choices)
    elif account.totp is not None and account.totp.name:
        parameters["FRIENDLY_DEVICE_NAME"] = account.totp.name
    return challenges.issued(call, asking, parameters)


def chosen(call: Call, account: Account, state: State, responses: Responses) -> Due:
    """The method that a person chose among those of SELECT_MFA_TYPE. Raises InvalidParameterException."""
    answer = responses.get("ANSWER") or ""
    if not answer:
        raise errors.InvalidParameterException("Missing required parameter ANSWER")
    method = _ALSO_CALLED.get(answer, answer)
    now_due = due(call.pool, account, state)
    choices = now_due.choices if now_due.challenge == CHOICE else (now_due.challenge,)
    if method not in WORDS or method not in choices:  # what is due by now may be the setting up of one
        raise errors.InvalidParameterException(f"{answer[:64]} is none of the methods that can be chosen.")
    return Due(method)


def proved(call: Call, account: Account, state: State, responses: Responses) -> tuple[State, list[Write]]:
    """The state after a right code, and the writes to be made with what follows.

    A recovery code stands in for any of the methods. Raises what the method's own check raises for a wrong code.
    """
    method = state.challenge
    _require_possible(call.pool, account, state)
    text = responses.get(ANSWERS[method]) or ""
    if not text:
        raise errors.InvalidParameterException(f"Missing required parameter {ANSWERS[method]}")
    if recovery_codes.is_form(text):
        journal.note(reason="recovery code")
        return state.having(rule.RECOVERY), recovery_codes.spending(account, text, call.now)
    if method == TOTP:
        return state.having(WORDS[method]), _spending_token(call.pool, account, text, call.now)
    spending = sign_in_codes.spending(account, state, text, call.now)
    attribute = sign_in_codes.way_of(state).attribute
    kept = {name: value for name, value in state.data.items() if name != sign_in_codes.ADDRESS}
    done = replace(state.having(WORDS[method]), data=kept)  # an address is added once, and gets no other code
    return done, [*spending, *contacts.proved(call, account, state, attribute)]


def set_up(call: Call, account: Account, state: State, responses: Responses) -> State | Due:
    """What comes of MFA_SETUP: the state with the authenticator app that this very session verified, or a code to send.

    An e-mail address is added to the user when its code came back. Raises InvalidParameterException.
    """
    if _has_set_up_app(account, state):
        return state.having(WORDS[TOTP])
    if _address(responses) and _may_add_address(call.pool, account, state):
        return Due(EMAIL)
    raise errors.InvalidParameterException("Set up a method of MFA with this session before answering MFA_SETUP.")


def with_address(call: Call, state: State, responses: Responses) -> State:
    """The state that sends its code to the address of an MFA_SETUP answer. Raises InvalidParameterException."""
    given = attributes.accepted(call.pool.document["SchemaAttributes"], {"email": _address(responses)})
    return replace(state, data={**state.data, sign_in_codes.ADDRESS: given["email"]})


def _address(responses: Responses) -> str:
    """Clients spell it either way."""
    return responses.get("EMAIL") or responses.get("email") or ""


def _has_set_up_app(account: Account, state: State) -> bool:
    """Whether the user's app is the very one of this session.

    The attack: whoever knows the password sets up an app, which an administrator takes away and the owner replaces; the
    session of the first must not do for the second.
    """
    app = account.totp if software_tokens.is_ready(account) else None
    return app is not None and app.verified_at == state.data.get(VERIFIED, "")


def _may_add_address(pool: Pool, account: Account, state: State) -> bool:
    """Whether the user still has nothing to prove a second factor with, and no address.

    The attack: whoever knows the password keeps a session from before its owner set a factor up, and adds an own one.
    """
    is_free = not account.user.attributes.get("email") and EMAIL in offered(pool)
    return is_free and due(pool, account, state).challenge == SETUP


def _require_possible(pool: Pool, account: Account, state: State) -> None:
    """Raises NotAuthorizedException for a challenge whose method the user has switched off or replaced since."""
    if state.data.get(sign_in_codes.ADDRESS):
        is_possible = _may_add_address(pool, account, state)
    elif state.challenge == TOTP and (TOTP not in offered(pool) or not software_tokens.is_ready(account)):
        is_possible = True  # its own check says what is missing
    else:
        is_possible = state.challenge in answerable(pool, account, state)
    if not is_possible:
        raise challenges.not_for_this()


def _spending_token(pool: Pool, account: Account, text: str, now: float) -> list[Write]:
    if TOTP not in offered(pool):
        raise errors.SoftwareTokenMFANotFoundException("Software Token MFA has not been enabled by the userPool")
    return software_tokens.spending(account, text, now)


def _carried(state: State) -> dict[str, Any]:
    """What of a custom sign-in goes through the pool's own challenges."""
    return {name: state.data[name] for name in ("rounds", "srp_a", sign_in_codes.ADDRESS) if name in state.data}


def _mode(pool: Pool) -> str:
    return str(pool.document.get("MfaConfiguration", "OFF"))
