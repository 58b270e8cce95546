"""An application of users as one writes it with boto3, and the refusals that it meets."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from botocore.exceptions import ClientError


class Application:
    """What an application does with boto3, without a client secret or with one."""

    def __init__(self, boto: Any, client: str, secret: str | None = None) -> None:
        self.boto = boto
        self.client = client
        self.secret = secret

    def proof(self, username: str) -> dict[str, str]:
        """The SecretHash member, where there is a secret."""
        digest = self._digest(username)
        return {"SecretHash": digest} if digest else {}

    def sign_in(self, username: str, password: str) -> dict[str, Any]:
        given = {"USERNAME": username, "PASSWORD": password, **self._parameter(username)}
        return self._initiated("USER_PASSWORD_AUTH", given)

    def refresh(self, username: str, token: str) -> dict[str, Any]:
        return self._initiated("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": token, **self._parameter(username)})

    def answer(self, username: str, challenge: dict[str, Any], **given: str) -> dict[str, Any]:
        answer = self.boto.respond_to_auth_challenge(
            ClientId=self.client,
            ChallengeName=challenge["ChallengeName"],
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": username, **self._parameter(username), **given},
        )
        return dict(answer["AuthenticationResult"])

    def _initiated(self, flow: str, given: dict[str, str]) -> dict[str, Any]:
        answer = self.boto.initiate_auth(ClientId=self.client, AuthFlow=flow, AuthParameters=given)
        return dict(answer.get("AuthenticationResult") or answer)

    def _parameter(self, username: str) -> dict[str, str]:
        digest = self._digest(username)
        return {"SECRET_HASH": digest} if digest else {}

    def _digest(self, username: str) -> str | None:
        if self.secret is None:
            return None
        message = (username + self.client).encode()
        return base64.b64encode(hmac.digest(self.secret.encode(), message, hashlib.sha256)).decode()


def refusal(action: Any, *given: Any, **named: Any) -> str:
    """The code of the error that an action must end with."""
    with pytest.raises(ClientError) as refused:
        action(*given, **named)
    return str(refused.value.response["Error"]["Code"])
