"""Step-up: a sign-in that is to reach a level, and that may build on what an earlier one has proved.

Owns the parameters TARGET_ACR_VALUES, ACCESS_TOKEN and MAX_AGE of USER_AUTH. Leaves levels to `rules.acr`, and the
demand for what is missing to the challenge machine. What is credited never reaches the level by itself, so each step-up
proves something anew: a stolen access token alone makes no fresh sign-in, which would outlive it by weeks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import access, passkeys, second_factors, unknown_users
from chalicelib.flows.challenges import State
from chalicelib.rules import acr
from chalicelib.table import sessions
from chalicelib.table.items import Session
from chalicelib.table.users import Account

_SECONDS: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_INVALID: Final = "Invalid Access Token"


def begun(call: Call, account: Account, state: State, parameters: Mapping[str, str]) -> State:
    """The state with the level that was asked for and the factors that are credited; unchanged without a level.

    One trip where an ACCESS_TOKEN comes along, else none. Raises InvalidParameterException for values that say nothing
    or a level that the token has already, and NotAuthorizedException for a token that is not this user's or is over.
    """
    text, token = parameters.get("TARGET_ACR_VALUES", ""), parameters.get("ACCESS_TOKEN", "")
    if not text:
        if token:
            raise errors.InvalidParameterException("ACCESS_TOKEN needs TARGET_ACR_VALUES.")
        return state
    names = call.pool.document.get("AcrConfiguration", {})
    acr.target(text, names)  # what nobody could reach is refused before the token is looked at
    age = _max_age(parameters)
    credit = _credit(call, account, token, age) if token else ()
    level, name = acr.target(text, names, _reach(call, account, credit))
    if acr.level(credit) >= level:
        raise errors.InvalidParameterException("The ACCESS_TOKEN has reached the authentication level already.")
    return replace(state, level=level, acr=name, proved=credit)


def _max_age(parameters: Mapping[str, str]) -> float:
    text = parameters.get("MAX_AGE", "")
    if text and not _SECONDS.fullmatch(text):
        raise errors.InvalidParameterException("MAX_AGE must be a number of seconds.")
    return float(text) if text else float("inf")


def _credit(call: Call, account: Account, token: str, age: float) -> tuple[str, ...]:
    """What the sign-in behind an access token has proved; nothing when that is longer ago than `age` seconds.

    The attack: an access token of one's own, or of another pool, as credit for somebody else's account. So it counts
    for its own user alone, and who does not exist is refused by the same sentence. A token with which a service acts
    for the user counts for nobody: it is not the user who holds it. Nor does one that it got in exchange without saying
    so, which is known by its client: that of the session is another one.
    """
    found = access.verified(call, token)
    is_own = found["iss"] == call.issuer(call.pool.id) and found["sub"] == account.user.sub
    if not is_own or "act" in found:
        journal.note(reason="token of another user")
        raise errors.NotAuthorizedException(_INVALID)
    user, session = sessions.with_user(call.pool.id, found["sub"], found["event_id"])
    if user is None or session is None or not sessions.is_live(user, session):
        journal.note(reason="token revoked")
        raise errors.NotAuthorizedException("Access Token has been revoked")
    if found["client_id"] != session.client_id:
        journal.note(reason="token of a service")
        raise errors.NotAuthorizedException(_INVALID)
    is_fresh = call.now - int(session.created_at) <= age
    return _still_good(account, session) if is_fresh else ()


def _still_good(account: Account, session: Session) -> tuple[str, ...]:
    """What a session has proved, without the factors that the user has replaced since, or has no longer.

    The attack: a password is stolen, and its owner chooses another; sessions live on, but the old password must not
    count as proved for the next one. Addresses do not tell when they were changed.
    """
    password, app = account.password, account.totp
    gone: set[str] = set() if account.passkeys else {"swk", "hwk", "mfa"}
    if password is None or password.set_at > session.created_at:
        gone.add("pwd")
    if app is None or app.seed is None or (app.verified_at or 0) > session.created_at:
        gone.add("otp")
    return tuple(factor for factor in session.proved or () if factor not in gone)


def _reach(call: Call, account: Account, credit: tuple[str, ...]) -> int:
    """The highest level that the user has the means for here, by a first factor and at most one more beside it.

    Nobody has what somebody of this name might have: the level must not tell who exists.
    """
    allowed = call.pool.document["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
    has, is_nobody = second_factors.means(call.pool, account), unknown_users.is_nobody(account)
    seems_to = is_nobody and passkeys.relying_party(call.pool) is not None and unknown_users.seems(account, "passkey")
    means = {
        ("PASSWORD", "pwd"): account.password is not None or is_nobody,
        ("EMAIL_OTP", "email_otp"): has.has_email,
        ("SMS_OTP", "sms"): has.has_phone,
        ("WEB_AUTHN", "swk"): bool(account.passkeys) or seems_to,
    }
    first = [word for (choice, word), is_there in means.items() if is_there and choice in allowed]
    more = [(), *((word,) for word in second_factors.hoped_for(call.pool, account))]
    return max((acr.level((*credit, one, *other)) for one in first for other in more), default=0)
