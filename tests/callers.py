"""The people in the tests of users: one who signs up, an administrator, one who forgot the password; and refusals."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.application import PASSWORD, Cognito, Fault

Attribute = dict[str, str]


def attribute(name: str, value: str) -> Attribute:
    """One AttributeType."""
    return {"Name": name, "Value": value}


def a_name() -> str:
    """A username that nobody has."""
    return f"tess-{uuid.uuid4().hex[:8]}"


def different(code: str) -> str:
    """A code of the same form that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


@contextmanager
def refused(code: str, message: str | None = None) -> Iterator[pytest.ExceptionInfo[Fault]]:
    """The call inside is refused with this error, and with this sentence if one is given."""
    with pytest.raises(Fault) as caught:
        yield caught
    assert caught.value.code == code
    if message is not None:
        assert caught.value.message == message


class Door:
    """A pool, a client and the calls of a person who signs up."""

    def __init__(self, cognito: Cognito, client: dict[str, Any] | None = None, **settings: Any) -> None:
        self.cognito = cognito
        self.pool = cognito.pool(**({"AutoVerifiedAttributes": ["email"]} | settings))
        self.client = cognito.client(self.pool, **(client or {}))

    def sign_up(self, name: str, *attributes: Attribute, **given: Any) -> dict[str, Any]:
        """SignUp, with an e-mail address unless other attributes are given."""
        if not attributes and "UserAttributes" not in given:
            attributes = (attribute("email", "tess@example.com"),)
        given = {"Password": PASSWORD, "UserAttributes": list(attributes), **given}
        return self.cognito.call("SignUp", ClientId=self.client, Username=name, **given)

    def confirm(self, name: str, code: str, **given: Any) -> dict[str, Any]:
        """ConfirmSignUp."""
        return self.cognito.call("ConfirmSignUp", ClientId=self.client, Username=name, ConfirmationCode=code, **given)

    def resend(self, name: str) -> dict[str, Any]:
        """ResendConfirmationCode."""
        return self.cognito.call("ResendConfirmationCode", ClientId=self.client, Username=name)

    def admin(self, operation: str, name: str, **given: Any) -> dict[str, Any]:
        """An administrator's call about a user."""
        return self.cognito.call(operation, UserPoolId=self.pool, Username=name, **given)

    def read(self, name: str) -> dict[str, Any]:
        """AdminGetUser, with the attributes as a mapping beside."""
        found = self.admin("AdminGetUser", name)
        return found | {"Attributes": {one["Name"]: one["Value"] for one in found["UserAttributes"]}}


class Office:
    """A pool, a client, and an administrator's calls about one user at a time."""

    def __init__(self, cognito: Cognito, **settings: Any) -> None:
        self.cognito = cognito
        self.pool = cognito.pool(**settings)
        self.client = cognito.client(self.pool)

    def call(self, operation: str, name: str, **given: Any) -> dict[str, Any]:
        """Any operation about a user."""
        return self.cognito.call(operation, UserPoolId=self.pool, Username=name, **given)

    def create(self, name: str, *attributes: Attribute, **given: Any) -> dict[str, Any]:
        """AdminCreateUser."""
        user: dict[str, Any] = self.call("AdminCreateUser", name, UserAttributes=list(attributes), **given)["User"]
        return user

    def update(self, name: str, *attributes: Attribute) -> dict[str, Any]:
        """AdminUpdateUserAttributes."""
        return self.call("AdminUpdateUserAttributes", name, UserAttributes=list(attributes))

    def read(self, name: str) -> dict[str, Any]:
        """AdminGetUser, with the attributes as a mapping beside."""
        found = self.call("AdminGetUser", name)
        return found | {"Attributes": {one["Name"]: one["Value"] for one in found["UserAttributes"]}}

    def challenge(self, name: str, password: str) -> dict[str, Any]:
        """InitiateAuth with a password."""
        parameters = {"USERNAME": name, "PASSWORD": password}
        return self.cognito.call(
            "InitiateAuth", ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )


class Desk:
    """A pool, a client, a user with a proved address, and what somebody does who forgot the password."""

    def __init__(self, cognito: Cognito, client: dict[str, Any] | None = None, **settings: Any) -> None:
        self.cognito = cognito
        self.pool = cognito.pool(**settings)
        self.client = cognito.client(self.pool, **(client or {}))
        self.name = cognito.user(self.pool, email="alice@example.com", email_verified="true")

    def forgot(self, name: str | None = None) -> dict[str, Any]:
        """ForgotPassword."""
        return self.cognito.call("ForgotPassword", ClientId=self.client, Username=name or self.name)

    def confirm(self, code: str, password: str = "Fresh-Horse-11", name: str | None = None) -> dict[str, Any]:
        """ConfirmForgotPassword."""
        given = {"Username": name or self.name, "ConfirmationCode": code, "Password": password}
        return self.cognito.call("ConfirmForgotPassword", ClientId=self.client, **given)

    def change(self, token: str, old: str, new: str) -> dict[str, Any]:
        """ChangePassword."""
        return self.cognito.call("ChangePassword", AccessToken=token, PreviousPassword=old, ProposedPassword=new)

    def admin(self, operation: str, **given: Any) -> dict[str, Any]:
        """An administrator's call, about the user unless another is named."""
        return self.cognito.call(operation, **{"UserPoolId": self.pool, "Username": self.name} | given)

    def tokens(self, password: str = PASSWORD) -> dict[str, Any]:
        """A sign-in of the user."""
        return self.cognito.sign_in(self.client, self.name, password)
