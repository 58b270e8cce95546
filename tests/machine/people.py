"""People in a pool: what the model knows of them, and the secrets that only they have."""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyotp

from tests.authenticator import USER_PRESENT, USER_VERIFIED, Authenticator
from tests.device_client import DeviceClient
from tests.machine.model import APP, EMAIL, SMS, Person

HOST = "example.com"
ORIGIN = "https://app.example.com"
STEP = 30
PREFERENCES = {SMS: "SMSMfaSettings", APP: "SoftwareTokenMfaSettings", EMAIL: "EmailMfaSettings"}
Answer = dict[str, Any]


@dataclass(frozen=True)
class Traits:
    """How somebody stands when a test begins."""

    status: str = "CONFIRMED"
    enabled: bool = True
    has_password: bool = True
    has_email: bool = True
    has_phone: bool = False
    has_app: bool = False
    has_passkey: bool = False
    unlocks: bool = True
    passkey_is_both: bool = False
    has_device: bool = False
    switched_on: frozenset[str] = frozenset()
    preferred: str = ""


@dataclass
class App:
    """An authenticator app: its secret, and the time step whose code was used last."""

    secret: str
    spent: int = 0

    def code(self, step: int) -> str:
        """The code of a step."""
        return pyotp.TOTP(self.secret).generate_otp(step)

    def step_of(self, text: str, now: float) -> int:
        """The unspent step in the window whose code this is; 0 for none."""
        steps = range(int(now) // STEP - 1, int(now) // STEP + 2)
        return max(
            (step for step in steps if step > self.spent and hmac.compare_digest(self.code(step), text)), default=0
        )

    def unspent(self, now: float) -> int:
        """The next step that may be used; it may be too late in coming."""
        return max(self.spent + 1, int(now) // STEP - 1)


@dataclass
class Actor:
    """One person: name, what the model knows, and the secrets."""

    name: str
    is_: Person
    password: str = field(default_factory=lambda: f"Own-Horse-1{uuid.uuid4().hex[:8]}")
    former: str = "Never-Was-1"
    app: App = field(default_factory=lambda: App(pyotp.random_base32()))
    key: Authenticator = field(default_factory=lambda: Authenticator(ORIGIN))
    device: DeviceClient = field(default_factory=lambda: DeviceClient(_metadata()))
    sub: str = ""
    counts: Counter[str] = field(default_factory=Counter)  # of what is limited: wrong answers and codes by challenge

    def next_password(self) -> str:
        """Another password that the pool accepts."""
        return f"Other-Horse-2{uuid.uuid4().hex[:8]}"

    def took(self, password: str) -> None:
        """The password is another one now."""
        self.former, self.password = self.password, password
        self.is_.password += 1


def nobody() -> Actor:
    """Somebody whom the pool does not know."""
    return Actor(f"nobody-{uuid.uuid4().hex[:8]}", Person(exists=False, password=0))


def _metadata() -> dict[str, str]:
    return {"DeviceKey": f"us-east-1_{uuid.uuid4()}", "DeviceGroupKey": "-AbCdEfGh"}


def small() -> int:
    """A private value for an exchange: its size costs time in each sign-in and shows nothing here."""
    return secrets.randbits(64) | 1 << 63


class Registry:
    """Lets people into a pool whose settings are open to everything, and gives them their factors."""

    def __init__(self, stage: Any) -> None:
        self.stage = stage

    def enter(self, traits: Traits) -> Actor:
        """A person with these traits, as far as they go together."""
        actor = Actor(f"user-{uuid.uuid4().hex[:12]}", _person(traits))
        actor.key.flags = USER_PRESENT | (USER_VERIFIED if traits.unlocks else 0)
        if traits.status == "UNCONFIRMED":
            self._sign_up(actor)
        else:
            self._invite(actor)
            self._equip(actor, traits)
        actor.sub = self.attributes(actor)["sub"]
        self._settle(actor, traits)
        return actor

    def attributes(self, actor: Actor) -> dict[str, str]:
        """What the pool has of somebody."""
        found = self.stage.admin("AdminGetUser", actor)
        return {one["Name"]: one["Value"] for one in found["UserAttributes"]}

    def _sign_up(self, actor: Actor) -> None:
        given = {"Username": actor.name, "Password": actor.password, "UserAttributes": _listed(actor.is_.addresses)}
        self.stage.called("SignUp", {"ClientId": self.stage.open_client, **given})

    def _invite(self, actor: Actor) -> None:
        flags = {f"{name}_verified": "true" for name in actor.is_.addresses}
        given: Answer = {"UserAttributes": _listed(actor.is_.addresses | flags), "MessageAction": "SUPPRESS"}
        if actor.is_.password:
            given["TemporaryPassword"] = actor.former
        self.stage.admin("AdminCreateUser", actor, **given)
        if actor.is_.password:
            self.stage.admin("AdminSetUserPassword", actor, Password=actor.password, Permanent=True)

    def _equip(self, actor: Actor, traits: Traits) -> None:
        if not (traits.has_app or traits.has_passkey or traits.has_device):
            return
        tokens = self._signed_in(actor)
        if actor.is_.has_app:
            self._take_app(actor, tokens)
        if actor.is_.has_passkey:
            options = self._bearer("StartWebAuthnRegistration", tokens)["CredentialCreationOptions"]
            self._bearer("CompleteWebAuthnRegistration", tokens, Credential=actor.key.created(options))
        if actor.is_.trusts_device:
            actor.device = DeviceClient(tokens["NewDeviceMetadata"])
            given = {"DeviceKey": actor.device.key, "DeviceSecretVerifierConfig": actor.device.registration()}
            self._bearer("ConfirmDevice", tokens, **given)

    def _signed_in(self, actor: Actor) -> Answer:
        """Tokens in the open pool, before any second factor is switched on."""
        given = {"USERNAME": actor.name, "PASSWORD": actor.password}
        if actor.is_.password:
            return self.stage.initiate("USER_PASSWORD_AUTH", given)["AuthenticationResult"]
        way = "EMAIL_OTP" if "email" in actor.is_.addresses else "SMS_OTP"
        asked = self.stage.initiate("USER_AUTH", {"USERNAME": actor.name, "PREFERRED_CHALLENGE": way})
        responses = {"USERNAME": actor.name, f"{way}_CODE": self.stage.outbox.code(actor.name)}
        named = {"ClientId": self.stage.open_client, "ChallengeName": way, "Session": asked["Session"]}
        answer = self.stage.called("RespondToAuthChallenge", named | {"ChallengeResponses": responses})
        return answer["AuthenticationResult"]

    def _take_app(self, actor: Actor, tokens: Answer) -> None:
        actor.app = App(self._bearer("AssociateSoftwareToken", tokens)["SecretCode"])
        step = actor.app.unspent(self.stage.now())
        self._bearer("VerifySoftwareToken", tokens, UserCode=actor.app.code(step))
        actor.app.spent = step

    def _bearer(self, operation: str, tokens: Answer, **given: Any) -> Answer:
        return self.stage.called(operation, {"AccessToken": tokens["AccessToken"], **given})

    def _settle(self, actor: Actor, traits: Traits) -> None:
        """What only an administrator does: factors switched on, states that keep people out."""
        blocks: dict[str, Any] = {
            PREFERENCES[method]: {"Enabled": True, "PreferredMfa": method == traits.preferred}
            for method in sorted(actor.is_.switched_on)
        }
        if actor.is_.passkey_is_both:
            blocks["WebAuthnMfaSettings"] = {"Enabled": True}
        if blocks:
            self.stage.admin("AdminSetUserMFAPreference", actor, **blocks)
        if traits.status == "FORCE_CHANGE_PASSWORD" and actor.is_.password:
            self.stage.admin("AdminSetUserPassword", actor, Password=actor.password, Permanent=False)
        if traits.status == "RESET_REQUIRED" and actor.is_.status == traits.status:
            self.stage.admin("AdminResetUserPassword", actor)
        if not traits.enabled:
            self.stage.admin("AdminDisableUser", actor)


def _person(traits: Traits) -> Person:
    """What is left of traits that do not go together: nobody has an app before he was let in, or no way in at all."""
    is_new = traits.status == "UNCONFIRMED"
    has_password = traits.has_password or is_new or not (traits.has_email or traits.has_phone)
    status = traits.status if has_password and (traits.status != "RESET_REQUIRED" or traits.has_email) else "CONFIRMED"
    addresses = {}
    if traits.has_email or is_new:
        addresses["email"] = f"{uuid.uuid4().hex[:12]}@example.com"
    if traits.has_phone:
        addresses["phone_number"] = f"+1555{uuid.uuid4().int % 10**7:07}"
    has_app, has_passkey = traits.has_app and not is_new, traits.has_passkey and not is_new
    means = {SMS: traits.has_phone, EMAIL: "email" in addresses, APP: has_app}
    switched_on = {method for method in traits.switched_on if means[method]}
    return Person(
        enabled=traits.enabled,
        status=status,
        password=int(has_password),
        addresses=addresses,
        switched_on=switched_on,
        has_app=has_app,
        has_passkey=has_passkey,
        passkey_is_both=traits.passkey_is_both and has_passkey and bool(switched_on),
        trusts_device=traits.has_device and not is_new,
    )


def _listed(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
