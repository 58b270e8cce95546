"""Answers to challenges, made with somebody's secrets, and what such an answer really proves.

An attempt may mix whatever an attacker can mix: the parameters of one challenge, the Session of another, the name of a
third person, another client. `evidence` knows where everything in it came from, so it needs no cryptography to judge.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.authenticator import USER_VERIFIED
from tests.functions import ANSWER
from tests.machine.model import ADDRESS_OF, APP, EMAIL, SMS, PoolSettings, Proof, own_methods, stuck
from tests.machine.people import Actor, small
from tests.machine.stage import LIFETIME, Client
from tests.srp_client import SrpClient, timestamp

CODES = {SMS: "SMS_MFA_CODE", EMAIL: "EMAIL_OTP_CODE", "SMS_OTP": "SMS_OTP_CODE"}
WORD_OF = {SMS: "sms", EMAIL: "email_otp", "SMS_OTP": "sms"}
CHALLENGES = (
    "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SELECT_MFA_TYPE",
    "MFA_SETUP", "CUSTOM_CHALLENGE", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER", "SELECT_CHALLENGE", "PASSWORD",
    "PASSWORD_SRP", "SMS_OTP", "WEB_AUTHN",
)  # fmt: skip


@dataclass(eq=False)
class SignIn:
    """One sign-in: whose, by which client and flow, and how often it gave tokens."""

    actor: Actor
    client: Client
    flow: str
    pool: str
    completed: int = 0


@dataclass(eq=False)
class Handle:
    """A challenge as somebody holds it, with all that was really proved on the way to it."""

    of: SignIn
    challenge: str
    parameters: dict[str, str] = field(default_factory=dict)
    session: str | None = None
    proofs: frozenset[Proof] = frozenset()
    issued: float = 0.0
    code: str = ""
    sent_to: str = ""
    exchange: SrpClient | None = None
    is_set_up: bool = False
    new_address: str = ""

    def __repr__(self) -> str:
        words = "+".join(sorted(proof.word for proof in self.proofs))
        return f"<{self.challenge} of {self.of.actor.name} by {self.of.flow}, proved: {words or 'nothing'}>"


@dataclass(eq=False)
class Attempt:
    """One answer: `session` is the handle whose Session goes along, `source` the one whose parameters it answers."""

    session: Handle
    source: Handle
    challenge: str
    named: Actor
    owner: Actor
    client: Client
    responses: dict[str, str] = field(default_factory=dict)
    password: str = ""
    exchange: SrpClient | None = None
    is_wrong: bool = False
    is_repeated: bool = False

    def __repr__(self) -> str:
        kind = "repeated" if self.is_repeated else "wrong" if self.is_wrong else "right"
        return f"{kind} {self.challenge} with secrets of {self.owner.name} named {self.named.name} to {self.session}"


def fill(attempt: Attempt, now: float) -> None:
    """Put the responses of the challenge together, right or wrong, from the owner's secrets."""
    if attempt.is_repeated:
        return
    makers = {
        "PASSWORD_VERIFIER": _verifier,
        "SOFTWARE_TOKEN_MFA": _app,
        "SELECT_MFA_TYPE": _method,
        "SELECT_CHALLENGE": _choice,
        "PASSWORD": _password,
        "PASSWORD_SRP": _srp,
        "WEB_AUTHN": _passkey,
        "DEVICE_SRP_AUTH": _device,
        "DEVICE_PASSWORD_VERIFIER": _device_verifier,
    }
    found = {"USERNAME": attempt.named.name} | attempt.client.proof(attempt.named.name)
    attempt.responses = found | makers.get(attempt.challenge, _simple)(attempt, now) | attempt.responses


def _simple(attempt: Attempt, _now: float) -> dict[str, str]:
    if attempt.challenge in CODES:
        code = attempt.source.code or "12345678"
        return {CODES[attempt.challenge]: _other(code) if attempt.is_wrong else code}
    if attempt.challenge == "NEW_PASSWORD_REQUIRED":
        attempt.password = attempt.owner.next_password()
        return {"NEW_PASSWORD": "short" if attempt.is_wrong else attempt.password}
    return {"ANSWER": "GREEN" if attempt.is_wrong else ANSWER} if attempt.challenge == "CUSTOM_CHALLENGE" else {}


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


def _verifier(attempt: Attempt, now: float) -> dict[str, str]:
    attempt.password = attempt.owner.former if attempt.is_wrong else attempt.owner.password
    exchange, parameters = attempt.source.exchange, attempt.source.parameters
    if exchange is None or "SECRET_BLOCK" not in parameters:
        return {"PASSWORD_CLAIM_SECRET_BLOCK": "AAAA", "PASSWORD_CLAIM_SIGNATURE": "AAAA", "TIMESTAMP": _stamp(now)}
    known = {"USER_ID_FOR_SRP": attempt.named.name} | parameters
    made = exchange.answer(known, attempt.password, _stamp(now))
    del made["USERNAME"]
    return made


def _stamp(now: float) -> str:
    return timestamp(datetime.fromtimestamp(now, UTC))


def _app(attempt: Attempt, now: float) -> dict[str, str]:
    """Wrong is what an attacker may have seen: the code that was used last."""
    app = attempt.owner.app
    return {"SOFTWARE_TOKEN_MFA_CODE": app.code(app.spent if attempt.is_wrong else app.unspent(now))}


def _method(attempt: Attempt, _now: float) -> dict[str, str]:
    choices = json.loads(attempt.source.parameters.get("MFAS_CAN_CHOOSE", "[]")) or [SMS]
    others = [method for method in (SMS, APP, EMAIL) if method not in choices] or ["FAX"]
    return {"ANSWER": others[0] if attempt.is_wrong else choices[0]}


def _choice(attempt: Attempt, now: float) -> dict[str, str]:
    choice = attempt.responses.get("ANSWER") or attempt.source.of.flow.partition(" ")[2] or "PASSWORD"
    more = {"PASSWORD": _password, "PASSWORD_SRP": _srp}.get(choice)
    return {"ANSWER": choice} | (more(attempt, now) if more else {})


def _password(attempt: Attempt, _now: float) -> dict[str, str]:
    attempt.password = attempt.owner.former if attempt.is_wrong else attempt.owner.password
    return {"PASSWORD": attempt.password}


def _srp(attempt: Attempt, _now: float) -> dict[str, str]:
    attempt.exchange = SrpClient(attempt.source.of.pool, small())
    return {"SRP_A": attempt.exchange.public}


def _passkey(attempt: Attempt, _now: float) -> dict[str, str]:
    options = attempt.source.parameters.get("CREDENTIAL_REQUEST_OPTIONS")
    found = json.loads(options) if options else {"challenge": "AAAA", "rpId": "example.com"}
    if attempt.is_wrong:
        found["challenge"] = found["challenge"][::-1]
    return {"CREDENTIAL": json.dumps(attempt.owner.key.got(found))}


def _device(attempt: Attempt, _now: float) -> dict[str, str]:
    device = attempt.owner.device
    device.exchange = device.fresh_exchange(small())
    attempt.exchange = device.exchange
    made = device.begin(attempt.named.name)
    return made | ({"DEVICE_KEY": device.key[:-1] + "z"} if attempt.is_wrong else {})


def _device_verifier(attempt: Attempt, now: float) -> dict[str, str]:
    device, parameters = attempt.owner.device, attempt.source.parameters
    if attempt.source.exchange is None or "SECRET_BLOCK" not in parameters:
        return _verifier(attempt, now) | {"DEVICE_KEY": device.key}
    password = "not-the-secret" if attempt.is_wrong else device.password
    made = attempt.source.exchange.answer(parameters | {"USER_ID_FOR_SRP": device.key}, password, _stamp(now))
    return made | {"USERNAME": attempt.named.name, "DEVICE_KEY": device.key}


def evidence(attempt: Attempt, pool: PoolSettings, now: float) -> set[Proof] | str:
    """What an answer proves of the sign-in whose Session it brings, or why it must be refused."""
    handle, actor = attempt.session, attempt.session.of.actor
    if attempt.named is not actor:
        return "it names another user"
    if attempt.client is not handle.of.client:
        return "it comes from another client"
    if now > handle.issued + LIFETIME:
        return "it comes too late"
    is_choice = handle.challenge == "SELECT_CHALLENGE" and attempt.challenge in ("PASSWORD", "PASSWORD_SRP")
    if attempt.challenge != handle.challenge and not is_choice:
        return f"{handle.challenge} was asked"
    return _proved(attempt, pool, now)


def _proved(attempt: Attempt, pool: PoolSettings, now: float) -> set[Proof] | str:
    handle, person = attempt.session, attempt.session.of.actor.is_
    name = attempt.challenge
    if name in CODES:
        return _by_code(attempt, pool)
    if name in ("PASSWORD", "PASSWORD_VERIFIER") or (name == "SELECT_CHALLENGE" and "PASSWORD" in attempt.responses):
        return _by_password(attempt)
    if name == APP:
        step = handle.of.actor.app.step_of(attempt.responses["SOFTWARE_TOKEN_MFA_CODE"], now) if person.has_app else 0
        is_own = APP in own_methods(pool, person)
        return {Proof("otp", second=True)} if step and is_own else "the code is wrong, spent or of no factor"
    if name == "WEB_AUTHN":
        is_right = attempt.owner is handle.of.actor and attempt.source is handle and not attempt.is_wrong
        proof = Proof("passkey", unlocked=bool(attempt.owner.key.flags & USER_VERIFIED))
        is_right = is_right and not stuck(pool, person, "choice WEB_AUTHN")
        return {proof} if is_right else "the passkey is not the user's, not enough, or was asked otherwise"
    if name == "DEVICE_PASSWORD_VERIFIER":
        is_right = attempt.owner is handle.of.actor and attempt.source.of is handle.of and not attempt.is_wrong
        return {Proof("device")} if is_right and person.trusts_device else "the device did not prove itself"
    return _unproved(attempt)


def _by_password(attempt: Attempt) -> set[Proof] | str:
    actor = attempt.session.of.actor
    if not actor.is_.password or attempt.password != actor.password:
        return "the password is wrong"
    if attempt.source.of is not attempt.session.of:
        return "the exchange is that of another sign-in"
    return {Proof("pwd", password=actor.is_.password)}


def _by_code(attempt: Attempt, pool: PoolSettings) -> set[Proof] | str:
    handle, person, name = attempt.session, attempt.session.of.actor.is_, attempt.challenge
    if not handle.code or attempt.responses[CODES[name]] != handle.code:
        return "the code is not the one of this sign-in"
    if handle.sent_to != (handle.new_address or person.addresses.get(ADDRESS_OF[name])):
        return "the address is another one by now"
    is_second = bool(handle.proofs)
    if not is_second and (why_not := stuck(pool, person, f"choice {name}")):
        return why_not
    if is_second and not handle.new_address and name not in own_methods(pool, person):
        return "the method is none of the user's by now"
    return {Proof(WORD_OF[name], second=is_second)}


def _unproved(attempt: Attempt) -> set[Proof] | str:
    """Answers that prove nothing and only lead on."""
    handle, person = attempt.session, attempt.session.of.actor.is_
    if attempt.challenge == "NEW_PASSWORD_REQUIRED":
        is_due = person.status == "FORCE_CHANGE_PASSWORD" and Proof("pwd", person.password) in handle.proofs
        return set() if is_due and not attempt.is_wrong else "no new password is due, or it is none"
    if attempt.challenge == "CUSTOM_CHALLENGE" and not attempt.is_wrong:
        return {Proof("own")}
    if attempt.challenge == "MFA_SETUP" and handle.is_set_up:
        return {Proof("otp", second=True)}
    if attempt.challenge == "DEVICE_SRP_AUTH" and (attempt.is_wrong or attempt.owner is not handle.of.actor):
        return "the device is not the user's"
    return set()
