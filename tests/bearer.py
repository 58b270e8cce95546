"""Somebody who holds an access token: a pool, a client, a user who is signed in, and calls about the own profile."""

from __future__ import annotations

import copy
import uuid
from typing import Any

from chalicelib.table import store
from chalicelib.table.items import User
from tests.application import Cognito
from tests.callers import Attribute, attribute

Answer = dict[str, Any]
BY_SMS_TOO: dict[str, Any] = {
    "AutoVerifiedAttributes": ["email", "phone_number"],
    "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"},
}
"""Settings of a pool that verifies e-mail addresses and phone numbers."""

PROOF_FIRST: dict[str, Any] = BY_SMS_TOO | {
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email", "phone_number"]},
}
"""Settings of a pool in which an address replaces the present one only when it is proved."""


class Bearer:
    """In a pool that verifies e-mail addresses, unless settings say otherwise; the user has one that is verified."""

    def __init__(self, cognito: Cognito, client: dict[str, Any] | None = None, **settings: Any) -> None:
        self.cognito = cognito
        self.pool = cognito.pool(**({"AutoVerifiedAttributes": ["email"]} | settings))
        self.client = cognito.client(self.pool, **(client or {}))
        self.is_named_by_address = bool(settings.get("UsernameAttributes"))
        self._enter()

    def another(self, **attributes: str) -> Bearer:
        """Another user of the same pool and client, with these attributes."""
        fresh = copy.copy(self)
        fresh._enter(**attributes)
        return fresh

    def _enter(self, **attributes: str) -> None:
        name, address = f"tess-{uuid.uuid4().hex[:8]}", f"{uuid.uuid4().hex[:8]}@example.com"
        username = address if self.is_named_by_address else name
        self.cognito.user(self.pool, username, **(attributes or {"email": address, "email_verified": "true"}))
        self.signed_in_as = username
        self.tokens = self.cognito.sign_in(self.client, username)
        self.token = self.tokens["AccessToken"]
        answer = self.call("GetUser")
        self.name, self.sub = answer["Username"], answer["UserAttributes"][0]["Value"]
        self.address = self.me().get("email", "")

    def call(self, operation: str, **given: Any) -> Answer:
        """Any operation that takes the access token."""
        return self.cognito.call(operation, AccessToken=self.token, **given)

    def me(self) -> dict[str, str]:
        """The attributes that GetUser shows."""
        return {one["Name"]: one["Value"] for one in self.call("GetUser")["UserAttributes"]}

    def update(self, **values: str) -> list[dict[str, str]]:
        """UpdateUserAttributes; where codes went."""
        given = [attribute(name.replace("__", ":"), value) for name, value in values.items()]
        found: list[dict[str, str]] = self.call("UpdateUserAttributes", UserAttributes=given)["CodeDeliveryDetailsList"]
        return found

    def delete(self, *names: str) -> Answer:
        """DeleteUserAttributes."""
        return self.call("DeleteUserAttributes", UserAttributeNames=list(names))

    def ask(self, kind: str = "email") -> dict[str, str]:
        """GetUserAttributeVerificationCode; where the code went."""
        found: dict[str, str] = self.call("GetUserAttributeVerificationCode", AttributeName=kind)["CodeDeliveryDetails"]
        return found

    def verify(self, code: str, kind: str = "email") -> Answer:
        """VerifyUserAttribute."""
        return self.call("VerifyUserAttribute", AttributeName=kind, Code=code)

    def admin(self, operation: str, **given: Any) -> Answer:
        """An administrator's call about the user."""
        return self.cognito.call(operation, UserPoolId=self.pool, Username=self.name, **given)

    def change(self, *attributes: Attribute) -> Answer:
        """AdminUpdateUserAttributes."""
        return self.admin("AdminUpdateUserAttributes", UserAttributes=list(attributes))

    def stored(self) -> User:
        """The user as it stands in the table."""
        found = store.get(User, pool=self.pool, sub=self.sub)
        assert found is not None
        return found
