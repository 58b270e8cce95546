"""A user with an access token who registers passkeys, in a pool that lets people sign in with them."""

from __future__ import annotations

import hashlib
from typing import Any

from chalicelib.table import store
from chalicelib.table.factors import Passkey
from tests.application import Cognito
from tests.authenticator import Authenticator, decoded, encoded
from tests.entrance import Entrance, claims

HOST = "example.com"
ORIGIN = "https://app.example.com"
WITH_PASSKEYS = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}}


class Desk:
    """A user with an access token, and the calls about passkeys."""

    def __init__(self, entrance: Entrance) -> None:
        self.entrance = entrance
        self.token = entrance.tokens()["AccessToken"]
        self.sub = claims(self.token)["sub"]

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        return self.entrance.cognito.call(operation, **{"AccessToken": self.token} | given)

    def start(self) -> dict[str, Any]:
        options: dict[str, Any] = self.call("StartWebAuthnRegistration")["CredentialCreationOptions"]
        return options

    def complete(self, credential: Any, **given: Any) -> dict[str, Any]:
        return self.call("CompleteWebAuthnRegistration", Credential=credential, **given)

    def register(self, **key: Any) -> Authenticator:
        made = Authenticator(**{"origin": ORIGIN} | key)
        assert self.complete(made.created(self.start())) == {}
        return made

    def listed(self, **given: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("ListWebAuthnCredentials", **given)["Credentials"]
        return found

    def delete(self, key: Authenticator) -> dict[str, Any]:
        return self.call("DeleteWebAuthnCredential", CredentialId=encoded(key.id))

    def kept(self) -> list[Passkey]:
        return self.entrance.account().passkeys

    def fill(self, number: int) -> None:
        """So many passkeys more as the table would hold them, without their ceremonies."""
        for place in range(len(self.kept()), len(self.kept()) + number):
            found = encoded(place.to_bytes(32))
            parts = {"pool": self.entrance.pool, "sub": self.sub, "id": hashlib.sha256(decoded(found)).hexdigest()}
            values = {"credential_id": found, "relying_party_id": HOST, "transports": [], "aaguid": "", "name": "x"}
            store.save(Passkey.new(parts, **values, public_key=b"x", created_at=0))


def opened(cognito: Cognito, host: str | None = HOST, **settings: Any) -> Entrance:
    """A pool with passkeys, bound to a host unless it is to do with what it has."""
    entrance = Entrance(cognito, **WITH_PASSKEYS | settings)
    if host:
        configure(entrance, RelyingPartyId=host)
    return entrance


def configure(entrance: Entrance, **settings: str) -> None:
    entrance.cognito.call("SetUserPoolMfaConfig", UserPoolId=entrance.pool, WebAuthnConfiguration=settings)
