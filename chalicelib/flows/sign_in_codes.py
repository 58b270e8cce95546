"""Codes by e-mail and SMS that prove a factor while signing in: sent, counted and checked.

The digest of a code lies in the sealed challenge session, bound to user, sign-in and address; so a code answers the
sign-in that it was sent for, and whoever begins another cannot make it useless. The table only counts, one item for
each kind of code. A guess is optimistic as in `codes`: a right one is written with the demand that the count is as it
was read, so a thousand guesses at once learn no more than the same ones in a row.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import replace
from typing import Final, NamedTuple

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import account_limits, deliveries, unknown_users, vault
from chalicelib.flows.challenges import State
from chalicelib.flows.codes import Issue
from chalicelib.rules import quotas, security_settings, source_limits
from chalicelib.rules.security_settings import SecuritySettings
from chalicelib.table import store
from chalicelib.table.items import Code, User
from chalicelib.table.users import Account
from chalicelib.table.writes import Save, Write

NAME: Final = "sign-in code"
"""The name of the write that counts: a Conflict of it means that another answer was heard meanwhile."""

ADDRESS: Final = "address"
"""In the data of a session: an address that the user has not yet, and that its code proves."""

ROLE: Final = "role"
SECOND_FACTOR: Final = "second"
"""In the data of a session: that its challenge is a second factor, for EMAIL_OTP names both."""

TOO_MANY: Final = "Attempt limit exceeded, please try after some time."
MISMATCH: Final = "Invalid code or auth state for the user."


class Way(NamedTuple):
    """One kind of code: the purpose of its counter, the attribute with the address, and its length."""

    purpose: str
    attribute: str
    digits: int


FIRST: Final = {
    "EMAIL_OTP": Way("email_otp", "email", quotas.FIRST_FACTOR_DIGITS),
    "SMS_OTP": Way("sms_otp", "phone_number", quotas.FIRST_FACTOR_DIGITS),
}
"""First factors by challenge."""

SECOND: Final = {
    "EMAIL_OTP": Way("email_mfa", "email", quotas.CODE_DIGITS),
    "SMS_MFA": Way("sms_mfa", "phone_number", quotas.CODE_DIGITS),
}
"""Second factors by challenge."""


def way_of(state: State) -> Way:
    """The kind of code that a session's challenge asks for."""
    ways = SECOND if state.data.get(ROLE) == SECOND_FACTOR else FIRST
    return ways[state.challenge]


def sent(call: Call, account: Account, state: State) -> tuple[State, dict[str, str]]:
    """Send the code of a session's challenge; the state that knows it, and the challenge's parameters.

    For those who must not be found out, the same reads, writes and time without a message. Raises
    TooManyRequestsException, and InvalidUserPoolConfigurationException when the message cannot leave.
    """
    way = way_of(state)
    deliveries.require_possible(call.pool, "mfa", way.attribute)
    _count_send(call, account, way)
    text = f"{secrets.randbelow(10**way.digits):0{way.digits}}"
    shown = _delivered(call, account.user, state, (way, text))
    digest = _digest(account, state, way, text) if shown else secrets.token_bytes(32)
    known = replace(state, data={**state.data, "code": digest.hex()})
    shown = shown or unknown_users.invented_details(call, [way.attribute], state.given)
    return known, {
        "CODE_DELIVERY_DELIVERY_MEDIUM": shown["DeliveryMedium"],
        "CODE_DELIVERY_DESTINATION": shown["Destination"],
    }


def spending(account: Account, state: State, text: str, now: float) -> list[Write]:
    """The write, named `NAME`, that lets a right code count; the caller makes it with what the code allows.

    Raises CodeMismatchException for a wrong one, which is counted, and TooManyRequestsException after too many.
    """
    way = way_of(state)
    limits = account_limits.of(account)
    for _ in range(_rounds(limits)):
        item = _counter(account, way, now)
        _refuse_guesses(item, limits, state)
        if _is_right(account, state, way, text):
            return [Save(item, NAME)]
        item.guesses += 1
        item.sessions = {**(item.sessions or {}), state.session_id: _guesses(item, state) + 1}
        if _is_saved(account, item, way):
            journal.note(reason="code wrong")
            raise errors.CodeMismatchException(MISMATCH)
    raise errors.TooManyRequestsException


def _count_send(call: Call, account: Account, way: Way) -> None:
    """The attack: codes asked for in another's name, to run up costs, to annoy, or to use up what the owner may have.

    So there is a bound for each client address below the bound for the user.
    """
    source, limits = _source(call), security_settings.of(call.pool.ours)
    for _ in range(_rounds(limits)):
        item = _counter(account, way, call.now)
        asked = (item.sources or {}).get(source, 0)
        if item.sends >= limits.sign_in_sends or asked >= limits.sign_in_sends_by_source:
            journal.note(reason="too many")
            raise errors.TooManyRequestsException(TOO_MANY)
        item.sends += 1
        item.sources = {**(item.sources or {}), source: asked + 1}
        if _is_saved(account, item, way):
            return
    raise errors.TooManyRequestsException


def _source(call: Call) -> str:
    """A client address as it is counted: not to be read back by whoever sees the table."""
    return vault.mac("source", source_limits.source(call.origin.source_ip).encode()).hex()[:16]


def _rounds(limits: SecuritySettings) -> int:
    return limits.sign_in_sends + limits.sign_in_guesses + 2


def _delivered(call: Call, user: User, state: State, code: tuple[Way, str]) -> dict[str, str] | None:
    """CodeDeliveryDetails; None for somebody who cannot sign in anyway, and then it takes as long."""
    way, text = code
    to = _address(user, state, way)
    if user.version is None or not user.enabled or not to:
        deliveries.pretend()
        return None
    issue = Issue(text, Code.new({"pool": user.pool_id, "sub": user.sub, "purpose": way.purpose}), to)
    issue.item.attribute = way.attribute
    try:
        return deliveries.send(call, user, "mfa", issue)
    except errors.CodeDeliveryFailureException:
        if way in FIRST.values() and unknown_users.are_hidden(call.client):
            # The attack: names are tried while messages cannot leave, and only those that somebody has get the error.
            journal.note(reason="not delivered")
            return deliveries.details(way.attribute, to)
        # None of the operations of signing in declares that one; this one they do, and it names who can help.
        raise errors.InvalidUserPoolConfigurationException(
            "The code could not be delivered: check the message settings of the user pool."
        ) from None


def _counter(account: Account, way: Way, now: float) -> Code:
    """The counts as read, or fresh ones; those whose hour is over start again."""
    item = account.codes.get(way.purpose)
    if item is None:
        user = account.user
        item = Code.new({"pool": user.pool_id, "sub": user.sub, "purpose": way.purpose})
        account.codes[way.purpose] = item
    if item.window_ends <= now:
        item.sends = item.guesses = 0
        item.sessions = item.sources = None
        item.window_ends = now + quotas.COUNTING_TIME
        item.expires = int(item.window_ends) + 1
    return item


def _refuse_guesses(item: Code, limits: SecuritySettings, state: State) -> None:
    """The attack on a second factor: its guesser knows the password, and begins session after session.

    First factors are begun by strangers, so there each session counts for itself, and sends bound their number.
    """
    is_over = _guesses(item, state) >= limits.sign_in_guesses_by_session
    if is_over or (way_of(state) in SECOND.values() and item.guesses >= limits.sign_in_guesses):
        journal.note(reason="too many")
        raise errors.TooManyRequestsException(TOO_MANY)


def _guesses(item: Code, state: State) -> int:
    return int((item.sessions or {}).get(state.session_id, 0))


def _is_saved(account: Account, item: Code, way: Way) -> bool:
    """Save the counts; False when they were changed meanwhile, and then they are read again."""
    user = account.user
    try:
        store.save(item)
    except store.Conflict:
        found = store.get(Code, pool=user.pool_id, sub=user.sub, purpose=way.purpose)
        account.codes.pop(way.purpose, None)
        if found is not None:
            account.codes[way.purpose] = found
        return False
    return True


def _is_right(account: Account, state: State, way: Way, text: str) -> bool:
    known = bytes.fromhex(str(state.data.get("code", "")))
    is_same = hmac.compare_digest(known, _digest(account, state, way, text))
    return is_same and not unknown_users.is_nobody(account)


def _address(user: User, state: State, way: Way) -> str:
    """Where a code goes: the user's address, or the one that is being set up."""
    return str(state.data.get(ADDRESS) or user.attributes.get(way.attribute, ""))


def _digest(account: Account, state: State, way: Way, text: str) -> bytes:
    """The attack: an address is changed to one's own, or back, between the code and its answer."""
    to = _address(account.user, state, way)
    message = json.dumps([account.user.pk, state.session_id, way.purpose, to, text])
    return vault.mac("sign-in code", message.encode())
