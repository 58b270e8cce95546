"""A small living world for hostile requests: pools, clients, users, tokens; placeholders become their values."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.application import PASSWORD, Cognito, Fault, Outbox
from tests.fuzz.words import MARK

PLACEHOLDER = re.compile(r"<([a-z_]+)(?::([a-z]+))?>")
SCHEMA = [
    {"Name": "x", "AttributeDataType": "String", "Mutable": True, "StringAttributeConstraints": {"MaxLength": "5"}},
    {"Name": "n", "AttributeDataType": "Number", "Mutable": True},
    {"Name": "fixed", "AttributeDataType": "String", "Mutable": False},
]
SECRET = MARK.replace("-", "").replace("!", "") + "a" * 30
MAILED = {"AutoVerifiedAttributes": ["email"]}


def flipped(text: str) -> str:
    """The text with one letter in the middle changed."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle : middle + 1] != "A" else "B") + text[middle + 1 :]


def unsigned(token: str) -> str:
    """A token's claims under a header that asks for no signature."""
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{header}.{[*token.split('.'), ''][1]}."


MUTILATIONS: dict[str, Callable[[str], str]] = {
    "cut": lambda text: text[: len(text) * 2 // 3],
    "flip": flipped,
    "none": unsigned,
}


class World:
    """What stands behind the placeholders. `mend` makes good what an earlier request has broken."""

    def __init__(self, cognito: Cognito, outbox: Outbox) -> None:
        self.cognito = cognito
        self.outbox = outbox
        self.values: dict[str, str] = {}
        self.build()

    def build(self) -> None:
        """Make everything afresh."""
        call = self.cognito
        pool = call.pool(Schema=SCHEMA, **MAILED)
        alias = call.pool(AliasAttributes=["email", "phone_number", "preferred_username"],
                          UsernameConfiguration={"CaseSensitive": False}, **MAILED)  # fmt: skip
        mail = call.pool(UsernameAttributes=["email"], **MAILED)
        gone = call.pool()
        call.call("DeleteUserPool", UserPoolId=gone)
        self.values = {"pool": pool, "alias_pool": alias, "mail_pool": mail, "gone_pool": gone, "password": PASSWORD}
        self.values |= {"secret": SECRET, "srp_a": "1f" * 384, "hash": "x=", "cursor": "x", "code": "000000"}
        self._add_clients()
        self._add_users()
        self.mend()

    def _add_clients(self) -> None:
        call, values = self.cognito, self.values
        rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
        values["client"] = call.client(values["pool"], PreventUserExistenceErrors="ENABLED")
        values["secret_client"] = call.client(values["pool"], ClientSecret=SECRET)
        values["rotating_client"] = call.client(values["pool"], RefreshTokenRotation=rotation)
        values["alias_client"] = call.client(values["alias_pool"])
        values["mail_client"] = call.client(values["mail_pool"], PreventUserExistenceErrors="ENABLED")

    def _add_users(self) -> None:
        for name in ("alias_pool", "pool"):
            pool = self.values[name]
            self.cognito.user(pool, "ada", email="ada@example.com", email_verified="true")
            self.cognito.user(pool, "dis")
            self.cognito.call("AdminDisableUser", UserPoolId=pool, Username="dis")
            self.cognito.user(pool, "bob")
        self.cognito.user(self.values["mail_pool"], "ada@example.com")
        mail = [{"Name": "email", "Value": "eve@example.com"}]
        self.cognito.call(
            "SignUp", ClientId=self.values["client"], Username="eve", Password=PASSWORD, UserAttributes=mail
        )
        self.values["code"] = self.outbox.code("eve")

    def mend(self) -> None:
        """Let ada sign in again, or begin a new world when that does not help."""
        try:
            self._refresh()
        except (Fault, KeyError):
            self.build()

    def _refresh(self) -> None:
        call, values = self.cognito, self.values
        for name, is_lasting in (("ada", True), ("bob", False)):
            named = {"UserPoolId": values["pool"], "Username": name}
            call.call("AdminEnableUser", **named)
            call.call("AdminSetUserPassword", **named, Password=PASSWORD, Permanent=is_lasting)
        call.call("DescribeUserPool", UserPoolId=values["alias_pool"])
        call.call("AdminGetUser", UserPoolId=values["mail_pool"], Username="ada@example.com")
        self.learn({"AuthenticationResult": call.sign_in(values["client"], "ada")})
        parameters = {"USERNAME": "bob", "PASSWORD": PASSWORD}
        self.learn(self._begun("USER_PASSWORD_AUTH", parameters))
        self.learn(self._begun("USER_SRP_AUTH", {"USERNAME": "ada", "SRP_A": values["srp_a"]}))
        ada = call.call("AdminGetUser", UserPoolId=values["pool"], Username="ada")
        values["sub"] = next(one["Value"] for one in ada["UserAttributes"] if one["Name"] == "sub")
        page = call.call("ListUsers", UserPoolId=values["pool"], Limit=1)
        values["cursor"] = page["PaginationToken"]

    def _begun(self, flow: str, parameters: dict[str, str]) -> dict[str, Any]:
        given = {"ClientId": self.values["client"], "AuthFlow": flow, "AuthParameters": parameters}
        return self.cognito.call("InitiateAuth", **given)

    def learn(self, answer: dict[str, Any]) -> None:
        """Remember what an answer gives for the next request: tokens, sessions, codes."""
        result = answer.get("AuthenticationResult") or {}
        names = {"access": "AccessToken", "id": "IdToken", "refresh": "RefreshToken"}
        self.values |= {name: result[member] for name, member in names.items() if member in result}
        if "Session" in answer:
            self.values["session"] = answer["Session"]
        parameters = answer.get("ChallengeParameters") or {}
        if "SECRET_BLOCK" in parameters:
            self.values["block"] = parameters["SECRET_BLOCK"]
        if "CodeDeliveryDetails" in answer:
            with contextlib.suppress(IndexError, KeyError):
                self.values["code"] = str(self.outbox.lines()[-1]["code"])

    def filled(self, value: Any) -> Any:
        """A JSON value with every placeholder replaced by what it stands for."""
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: self._value(found[1], found[2]), value)
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, dict):
            return {self.filled(key): self.filled(item) for key, item in value.items()}
        return value

    def body(self, given: dict[str, Any] | bytes) -> bytes:
        """The bytes to send."""
        return given if isinstance(given, bytes) else json.dumps(self.filled(given)).encode()

    def _value(self, name: str, mutilation: str | None) -> str:
        if name == "new":
            return f"new{uuid.uuid4().hex[:6]}"
        if name == "now":
            return time.strftime("%a %b %-d %H:%M:%S UTC %Y", time.gmtime())
        text = self.values.get(name, "<script>" if name == "script" else "x")
        return MUTILATIONS[mutilation](text) if mutilation else text
