"""From signing up straight to signing in: the sessions that SignUp and ConfirmSignUp hand on to USER_AUTH.

The session of SignUp tells that whoever confirms is who signed up; that of ConfirmSignUp that an address was proved
just now. Both are sealed for one user and client; the second signs in once, as every challenge session does.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final

from chalicelib.call import Call
from chalicelib.flows import challenges, openings, vault
from chalicelib.flows.challenges import State
from chalicelib.rules import auth_flows, quotas
from chalicelib.table.items import User
from chalicelib.table.users import Account

_SIGNED_UP: Final = "SIGN_UP"
_CONFIRMED: Final = "CONFIRM_SIGN_UP"
_PROVED: Final = {"email": "email_otp", "phone_number": "sms"}
_FACTORS: Final = {"email": "EMAIL_OTP", "phone_number": "SMS_OTP"}


def begun(call: Call, user: User) -> str | None:
    """The Session of SignUp, for an hour: the code comes by mail. None where the client has no USER_AUTH."""
    if not _may_choose(call):
        return None
    return vault.sealed_text(challenges.PURPOSE, asdict(_fresh(call, user)), call.now, quotas.HOUR)


def confirmed(call: Call, user: User, attribute: str) -> str | None:
    """The Session of ConfirmSignUp: for whoever has that of the sign-up, or has proved what is a first factor here.

    Clients rely on it without handing the first one on. The attack: somebody who did not sign up reads or guesses a
    code that only confirms; where a code to that address lets nobody in, it must not do so on this way.
    """
    state = expected(call, user)
    allowed = call.pool.document["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
    if state is None and not (_may_choose(call) and _FACTORS[attribute] in allowed):
        return None
    proved = (_PROVED[attribute],)
    fresh = replace(state or _fresh(call, user), challenge=_CONFIRMED, flow="USER_AUTH", proved=proved)
    return challenges.sealed(call, fresh)


def _may_choose(call: Call) -> bool:
    return auth_flows.CHOICE in auth_flows.allowed(call.client.document)


def _fresh(call: Call, user: User) -> State:
    given = challenges.kept_name(call.pool.document, str(call["Username"]))
    return State(call.pool.id, call.client.id, user.sub, user.username, given, str(uuid.uuid4()), _SIGNED_UP)


def expected(call: Call, user: User) -> State | None:
    """The state of the Session that came with ConfirmSignUp; to be asked before anything is written."""
    if "Session" not in call:
        return None
    state = challenges.opened(call, _SIGNED_UP)
    if state.sub != user.sub:
        raise challenges.not_for_this()
    return state


def resumed(call: Call, parameters: Mapping[str, str]) -> tuple[Account, State]:
    """The user and state of a sign-in that goes on from a confirmed sign-up. Raises NotAuthorizedException."""
    return openings.continued(call, parameters, _CONFIRMED)
