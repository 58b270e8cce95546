"""What a sign-in has to prove, said once more and from outside: pools, people and proofs as values, no product code.

`objections` is the whole of the law: why what was proved is not enough for tokens. `stuck` is the other half: why
somebody who answers everything rightly gets none. Both are for the present state of pool and person; what was proved is
told by whoever watches the sign-in and knows the secrets.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

SMS, APP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
METHODS = (SMS, APP, EMAIL)
WORDS = {SMS: "sms", APP: "otp", EMAIL: "email_otp"}
ADDRESS_OF = {SMS: "phone_number", EMAIL: "email", "SMS_OTP": "phone_number", "EMAIL_OTP": "email"}

BY_PASSWORD = ("password", "srp", "admin", "custom srp", "choice PASSWORD", "choice PASSWORD_SRP")
BY_CODE = {"choice EMAIL_OTP": "EMAIL_OTP", "choice SMS_OTP": "SMS_OTP"}
BY_PASSKEY = "choice WEB_AUTHN"
BY_OWN = "custom"
FLOWS = (*BY_PASSWORD, *BY_CODE, BY_PASSKEY, BY_OWN)
NEEDED = {
    "password": "ALLOW_USER_PASSWORD_AUTH",
    "srp": "ALLOW_USER_SRP_AUTH",
    "admin": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "custom": "ALLOW_CUSTOM_AUTH",
    "choice": "ALLOW_USER_AUTH",
}
"""First word of a flow -> what a client has to allow for it."""

NO_SECOND = "no second factor was proved"
NOT_OWN = "the pool's own challenge was not answered"


@dataclass(frozen=True)
class PoolSettings:
    """What of a pool decides. `first`: first factors beside passwords; `devices`: "", "tracked" or "trusted"."""

    mode: str = "OFF"
    methods: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    devices: str = ""
    passkeys_are_both: bool = False


@dataclass
class Person:
    """What of a user decides. `password` counts the passwords that there were, 0 for somebody without one."""

    exists: bool = True
    enabled: bool = True
    status: str = "CONFIRMED"
    password: int = 1
    addresses: dict[str, str] = field(default_factory=dict)
    switched_on: set[str] = field(default_factory=set)
    has_app: bool = False
    has_passkey: bool = False
    passkey_is_both: bool = False
    trusts_device: bool = False


@dataclass(frozen=True)
class Proof:
    """One thing that was really proved: pwd, otp, sms, email_otp, passkey, device, own (a pool's own challenge).

    `password` is which one was proved, `second` whether a code came behind a first factor, `signed_up` whether it was
    the code of a sign-up, `unlocked` whether the person unlocked the passkey.
    """

    word: str
    password: int = 0
    second: bool = False
    signed_up: bool = False
    unlocked: bool = False


Proofs = Collection[Proof]


def usable(pool: PoolSettings, person: Person) -> set[str]:
    """The methods of the pool that the person has the means for."""
    has = {SMS: "phone_number" in person.addresses, EMAIL: "email" in person.addresses, APP: person.has_app}
    return {method for method in METHODS if pool.mode != "OFF" and method in pool.methods and has[method]}


def own_methods(pool: PoolSettings, person: Person) -> set[str]:
    """The methods that may be the person's second factor: those switched on, or any where none is."""
    return usable(pool, person) & person.switched_on or usable(pool, person)


def needs_second(pool: PoolSettings, person: Person) -> bool:
    """Whether one factor is too little."""
    return pool.mode == "ON" or (pool.mode == "OPTIONAL" and bool(usable(pool, person) & person.switched_on))


def objections(pool: PoolSettings, person: Person, flow: str, proofs: Proofs) -> list[str]:
    """Why this must not lead to tokens; empty when it may."""
    words = {proof.word for proof in proofs}
    is_own = flow.startswith("custom") and "pwd" not in words
    found = _standing(person, is_own=is_own)
    if any(proof.word == "pwd" and proof.password != person.password for proof in proofs):
        found.append("the password that was proved has been replaced")
    if flow.startswith("custom") and "own" not in words:
        found.append(NOT_OWN)
    if is_own:
        return found
    if not any(_is_first(pool, flow, proof) for proof in proofs):
        found.append("no first factor was proved")
    if needs_second(pool, person) and not _has_second(pool, person, proofs):
        found.append(NO_SECOND)
    return found


def _standing(person: Person, *, is_own: bool) -> list[str]:
    if not person.exists:
        return ["there is no such user"]
    allowed = {"CONFIRMED", "FORCE_CHANGE_PASSWORD"} if is_own else {"CONFIRMED"}
    found = [] if person.enabled else ["the user is disabled"]
    return found + ([] if person.status in allowed else [f"the user is {person.status}"])


def _is_first(pool: PoolSettings, flow: str, proof: Proof) -> bool:
    if proof.word == "pwd":
        return True
    if not flow.startswith("choice") or proof.second:
        return False
    allowed = {"email_otp": "EMAIL_OTP", "sms": "SMS_OTP", "passkey": "WEB_AUTHN"}
    return proof.signed_up or allowed.get(proof.word) in pool.first


def _has_second(pool: PoolSettings, person: Person, proofs: Proofs) -> bool:
    words = {proof.word for proof in proofs}
    firsts = {proof.word for proof in proofs if not proof.second}
    seconds = {proof.word for proof in proofs if proof.second} - firsts
    if seconds & {WORDS[method] for method in own_methods(pool, person)}:
        return True
    if "pwd" in words and "device" in words and person.trusts_device and pool.devices == "trusted":
        return True
    is_both = pool.passkeys_are_both and person.passkey_is_both
    return is_both and any(proof.word == "passkey" and proof.unlocked for proof in proofs)


def stuck(pool: PoolSettings, person: Person, flow: str) -> str:
    """Why somebody who answers everything rightly does not come in by this flow; "" when they must."""
    if not person.exists or not person.enabled:
        return "nobody, or disabled"
    if person.status == "RESET_REQUIRED" or (person.status == "UNCONFIRMED" and flow not in BY_CODE):
        return person.status
    if flow == BY_OWN:
        return ""
    return _stuck_first(pool, person, flow) or _stuck_second(pool, person, flow)


def _stuck_first(pool: PoolSettings, person: Person, flow: str) -> str:
    if flow in BY_PASSWORD:
        return "" if person.password else "there is no password"
    if flow.removeprefix("choice ") not in pool.first:
        return "the pool does not allow this first factor"
    if person.status == "FORCE_CHANGE_PASSWORD":
        return "the password must be replaced first"
    if flow == BY_PASSKEY:
        return "" if person.has_passkey else "there is no passkey"
    return "" if ADDRESS_OF[BY_CODE[flow]] in person.addresses else "there is no address"


def _stuck_second(pool: PoolSettings, person: Person, flow: str) -> str:
    if not needs_second(pool, person):
        return ""
    if flow == BY_PASSKEY:
        is_both = pool.passkeys_are_both and person.passkey_is_both
        return "" if is_both else "a passkey would leave the second factor out"
    if flow in BY_CODE:
        return "a code would leave the second factor out"
    can_set_up = APP in pool.methods or (EMAIL in pool.methods and "email" not in person.addresses)
    return "" if usable(pool, person) or can_set_up else "no second factor can be set up"
