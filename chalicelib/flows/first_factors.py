"""USER_AUTH: the person chooses what to sign in with, among what the pool allows and the user has.

Owns the choice, and first factors that are no passwords: codes by e-mail and SMS, passkeys, and the session of somebody
who has just confirmed a sign-up. Leaves what may be chosen to `rules.first_factors`, what follows to `next_steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    challenges,
    contacts,
    next_steps,
    openings,
    passkeys,
    second_factors,
    sign_in_codes,
    sign_up_sessions,
    source_limits,
    srp_exchange,
    step_up,
    unknown_users,
)
from chalicelib.flows.challenges import State
from chalicelib.flows.openings import Answer, Parameters, required
from chalicelib.rules import first_factors as rule
from chalicelib.rules.first_factors import PASSKEY, PASSWORD, SRP, Standing
from chalicelib.rules.second_factors import SETUP
from chalicelib.table.users import Account

FLOW: Final = "USER_AUTH"
CHOICE: Final = "SELECT_CHALLENGE"

_UNREACHABLE = "The user has no factor that leads to the authentication level asked for."


def by_choice(call: Call, parameters: Parameters) -> Answer:
    """Begin a sign-in: the preferred challenge if the user can answer it, the only one, or the choice.

    The attack: somebody with a stolen access token and no factor asks for a level, and is told to set one up.
    """
    if "Session" in call:
        return _after_sign_up(call, parameters)
    account, state = openings.begun(call, parameters, FLOW)
    state = step_up.begun(call, account, state, parameters)
    if state.proved:
        state = replace(state, password_set_at=openings.password_set_at(account))
        if second_factors.due(call.pool, account, state).challenge not in ("", SETUP):
            return next_steps.after(call, account, state)
    choices = _choices(call, account, state)
    preferred = parameters.get("PREFERRED_CHALLENGE", "")
    if preferred in choices:
        return _begun(call, account, state, (preferred, parameters))
    if len(choices) == 1:
        return _begun(call, account, state, (choices[0], parameters))
    return _offering(challenges.issued(call, replace(state, challenge=CHOICE), {}), choices)


def answer_choice(call: Call, responses: Parameters) -> Answer:
    """Answer SELECT_CHALLENGE, PASSWORD or PASSWORD_SRP: a client may give the chosen one's name as the challenge's."""
    named = call["ChallengeName"]
    account, state = source_limits.alongside(call, lambda: openings.continued(call, responses, CHOICE, named))
    choice = required(responses, "ANSWER") if named == CHOICE else named
    if choice not in _choices(call, account, state):
        raise errors.InvalidParameterException(f"{choice[:64]} is none of the challenges that can be chosen.")
    if named in (PASSWORD, SRP):
        required(responses, "PASSWORD" if named == PASSWORD else "SRP_A")
    return openings.heard_once(lambda: _begun(call, account, state, (choice, responses)))


def answer_code(call: Call, responses: Parameters) -> Answer:
    """Prove an address by the code that went to it: the first factor, and the confirmation of a user who lacks it."""
    challenge = call["ChallengeName"]
    text = required(responses, f"{challenge}_CODE")

    def step() -> Answer:
        account, state = openings.continued(call, responses)
        writes = sign_in_codes.spending(account, state, text, call.now)
        _require_offered(call, account, state)
        writes += contacts.proved(call, account, state, rule.SENT_TO[challenge])
        return next_steps.after(call, account, state.having(rule.WORDS[challenge]), writes)

    return openings.heard(step)


def answer_passkey(call: Call, responses: Parameters) -> Answer:
    """Prove a passkey. One that its user unlocked counts as both factors where the pool says so."""
    text = required(responses, "CREDENTIAL")

    def step() -> Answer:
        account, state = openings.continued(call, responses)
        assertion = passkeys.asserted(call, account, str(state.data["challenge"]), text)
        _require_offered(call, account, state)
        proved = state.having(assertion.factor)
        if assertion.is_user_verified and _unlocked_is_both(call):
            proved = proved.having("mfa")
        return next_steps.after(call, account, proved, assertion.writes)

    return openings.heard(step)


def _begun(call: Call, account: Account, state: State, chosen: tuple[str, Parameters]) -> Answer:
    """The first step of a choice: its challenge, or what follows it when the answer came along."""
    choice, given = chosen
    asking = replace(state, challenge=choice)
    if choice == PASSWORD and given.get("PASSWORD"):
        return openings.by_password(call, account, state, given["PASSWORD"])
    if choice == SRP and given.get("SRP_A"):
        a_public = srp_exchange.client_value(given["SRP_A"])
        return next_steps.password_verifier(call, account, replace(state, data={"srp_a": f"{a_public:x}"}))
    parameters: Mapping[str, str] = {}
    if choice in sign_in_codes.FIRST:
        asking, parameters = sign_in_codes.sent(call, account, asking)
    elif choice == PASSKEY:
        challenge, options = passkeys.request(call, account)
        asking, parameters = replace(asking, data={"challenge": challenge}), {"CREDENTIAL_REQUEST_OPTIONS": options}
    return _offering(challenges.issued(call, asking, parameters), _choices(call, account, state))


def _after_sign_up(call: Call, parameters: Parameters) -> Answer:
    """Sign in whoever has just proved an address by confirming a sign-up; only the name is looked at."""
    account, state = sign_up_sessions.resumed(call, parameters)
    return openings.heard(lambda: next_steps.after(call, account, state))


def _choices(call: Call, account: Account, state: State) -> list[str]:
    """What may be chosen. Raises NotAuthorizedException when nothing can, or nothing leads where step-up wants to."""
    allowed: list[str] = call.pool.document["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
    choices = rule.offered(allowed, _standing(call, account))
    if state.level:
        seconds = second_factors.hoped_for(call.pool, account)
        choices = rule.leading_to(state.level, choices, seconds, state.proved)
    if not choices:
        journal.note(reason="no factor")
        raise errors.NotAuthorizedException(_UNREACHABLE if state.level else next_steps.WRONG)
    return choices


def _standing(call: Call, account: Account) -> Standing:
    """What the user can begin with."""
    user = account.user
    if unknown_users.is_nobody(account):
        return _invented(call, account)
    return Standing(
        status=user.status,
        has_password=account.password is not None,
        has_email=bool(user.attributes.get("email")),
        has_phone=bool(user.attributes.get("phone_number")),
        has_passkey=passkeys.is_ready(call.pool, account),
        needs_second=second_factors.is_needed(call.pool, account),
        passkey_is_enough=_unlocked_is_both(call) and bool((user.mfa or {}).get("passkey")),
    )


def _invented(call: Call, nobody: Account) -> Standing:
    """What somebody of this name might have, the same at each call.

    The attack: names are tried, and a choice that nobody but a real user ever gets tells which are somebody's.
    """
    pool, has = call.pool, second_factors.means(call.pool, nobody)
    can_have_second = bool(second_factors.offered(pool)) and unknown_users.seems(nobody, "second factor")
    return Standing(
        status="CONFIRMED",
        has_password=True,
        has_email=has.has_email,
        has_phone=has.has_phone,
        has_passkey=passkeys.relying_party(pool) is not None and unknown_users.seems(nobody, "passkey"),
        needs_second=second_factors.is_needed(pool, nobody) or can_have_second,
    )


def _unlocked_is_both(call: Call) -> bool:
    settings: dict[str, Any] = (call.pool.mfa or {}).get("WebAuthnConfiguration", {})
    return settings.get("FactorConfiguration") == "MULTI_FACTOR_WITH_USER_VERIFICATION"


def _require_offered(call: Call, account: Account, state: State) -> None:
    """The attack: a code is asked for while it is enough, and answered after its user has switched a factor on."""
    if state.challenge not in _choices(call, account, state):
        raise challenges.not_for_this()


def _offering(answer: Answer, choices: list[str]) -> Answer:
    return answer | {"AvailableChallenges": choices}
