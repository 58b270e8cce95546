"""The client's side of a remembered device for tests: its secret, its registration, and the proof that it knows it.

From the description of the protocol, sharing no code with the product. A device signs in as a user does, with its group
key in the place of the pool's name and its own key in the place of the user's.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from chalicelib.table import devices
from chalicelib.table.factors import Device
from tests.entrance import Entrance
from tests.srp_client import N, SrpClient, digest, padded

Answer = dict[str, Any]


class DeviceClient:
    """One device: what it was told at sign-in, and the password that it chose by itself."""

    def __init__(self, metadata: dict[str, str], password: str | None = None, salt: str | None = None) -> None:
        self.key, self.group_key = metadata["DeviceKey"], metadata["DeviceGroupKey"]
        self.password = password or base64.b64encode(secrets.token_bytes(40)).decode()
        self.salt = salt or secrets.token_hex(16)
        self.exchange = self.fresh_exchange()

    def fresh_exchange(self, private: int | None = None) -> SrpClient:
        """A first value of the exchange."""
        return SrpClient(f"_{self.group_key}", private)

    @property
    def x(self) -> str:
        """The exponent of the verifier, in hexadecimal."""
        inner = digest(f"{self.group_key}{self.key}:{self.password}".encode())
        return digest(bytes.fromhex(padded(self.salt) + inner))

    def registration(self) -> dict[str, str]:
        """DeviceSecretVerifierConfig."""
        verifier = format(pow(2, int(self.x, 16), N), "x")
        return {"PasswordVerifier": _base64(padded(verifier)), "Salt": _base64(padded(self.salt))}

    def begin(self, username: str, **more: str) -> dict[str, str]:
        """ChallengeResponses for DEVICE_SRP_AUTH."""
        return {"USERNAME": username, "DEVICE_KEY": self.key, "SRP_A": self.exchange.public, **more}

    def answer(self, parameters: dict[str, str], at: str | None = None, **more: str) -> dict[str, str]:
        """ChallengeResponses for DEVICE_PASSWORD_VERIFIER."""
        proof = self.exchange.answer(parameters | {"USER_ID_FOR_SRP": self.key}, self.password, at)
        return proof | {"USERNAME": parameters["USERNAME"], "DEVICE_KEY": self.key, **more}


def _base64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


class Owner:
    """A user in a pool that keeps track of devices, and one device of it."""

    def __init__(self, entrance: Entrance) -> None:
        self.entrance = entrance
        self.name = entrance.name
        self.tokens: Answer = entrance.tokens()
        self.device = DeviceClient(self.tokens["NewDeviceMetadata"])

    @property
    def access(self) -> str:
        """The access token of the sign-in that was given the device's key."""
        return str(self.tokens["AccessToken"])

    def call(self, operation: str, **given: Any) -> Answer:
        """A call with the access token."""
        return self.entrance.cognito.call(operation, AccessToken=self.access, **given)

    def about(self, operation: str, **given: Any) -> Answer:
        """A call about the device with the access token."""
        return self.call(operation, **{"DeviceKey": self.device.key} | given)

    def admin(self, operation: str, **given: Any) -> Answer:
        """An administrator's call about the device."""
        return self.entrance.admin(operation, self.name, **{"DeviceKey": self.device.key} | given)

    def confirm(self, **given: Any) -> Answer:
        """ConfirmDevice."""
        return self.about("ConfirmDevice", **{"DeviceSecretVerifierConfig": self.device.registration()} | given)

    def confirmed(self) -> Owner:
        """The same after ConfirmDevice."""
        self.confirm()
        return self

    def stored(self) -> Device | None:
        """The device as it stands in the table."""
        return devices.of(self.entrance.pool, self.entrance.account(self.name).user.sub, self.device.key)

    def by_password(self, **more: str) -> Answer:
        """A sign-in with the password, as this device."""
        return self.entrance.by_password(name=self.name, DEVICE_KEY=self.device.key, **more)

    def begin(self, begun: Answer, **more: str) -> Answer:
        """The answer to DEVICE_SRP_AUTH with its Session."""
        return self.entrance.respond("DEVICE_SRP_AUTH", self.device.begin(self.name, **more), Session=begun["Session"])

    def challenged(self) -> Answer:
        """DEVICE_PASSWORD_VERIFIER, behind the password."""
        return self.begin(self.by_password())

    def proof(self, challenged: Answer, **more: Any) -> dict[str, str]:
        """What proves the device."""
        return self.device.answer(challenged["ChallengeParameters"], **more)

    def finish(self, responses: dict[str, str], **more: Any) -> Answer:
        """The answer to DEVICE_PASSWORD_VERIFIER."""
        return self.entrance.respond("DEVICE_PASSWORD_VERIFIER", responses, **more)

    def signed_in(self) -> Answer:
        """AuthenticationResult of a sign-in by password and device."""
        challenged = self.challenged()
        result: Answer = self.finish(self.proof(challenged), Session=challenged["Session"])["AuthenticationResult"]
        return result
