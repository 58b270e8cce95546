"""The two doors of a pool for whoever signs in with boto3: an application's, and that of the owner's server."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from tests.clients.running import PASSWORD
from tests.clients.sign_in_pools import Place

Answer = dict[str, Any]

APPLICATION, SERVER = "application", "server"


class Door:
    """First calls and answers to challenges, through the operations for applications or those for servers."""

    def __init__(self, boto: Any, place: Place, kind: str) -> None:
        self.boto = boto
        self.place = place
        self.kind = kind

    def own(self, name: str) -> str:
        """A name that is not used at the other door."""
        return f"{name}-{self.kind}"

    def begin(self, flow: str, **parameters: str) -> Answer:
        """The answer to a first call."""
        given = {"ClientId": self.place.client, "AuthFlow": flow, "AuthParameters": parameters}
        if self.kind == SERVER:
            return dict(self.boto.admin_initiate_auth(UserPoolId=self.place.pool, **given))
        return dict(self.boto.initiate_auth(**given))

    def by_password(self, name: str, password: str = PASSWORD) -> Answer:
        """The answer to name and password."""
        flow = "ADMIN_USER_PASSWORD_AUTH" if self.kind == SERVER else "USER_PASSWORD_AUTH"
        return self.begin(flow, USERNAME=name, PASSWORD=password)

    def answer(self, asked: Answer, **responses: str) -> Answer:
        """The answer to the answer of a challenge, as it was asked."""
        given = {
            "ClientId": self.place.client,
            "ChallengeName": asked["ChallengeName"],
            "ChallengeResponses": responses,
            **({"Session": asked["Session"]} if "Session" in asked else {}),
        }
        if self.kind == SERVER:
            return dict(self.boto.admin_respond_to_auth_challenge(UserPoolId=self.place.pool, **given))
        return dict(self.boto.respond_to_auth_challenge(**given))


def tokens(answer: Answer) -> Answer:
    """What a sign-in has ended with."""
    assert "ChallengeName" not in answer
    result = dict(answer["AuthenticationResult"])
    assert {"AccessToken", "IdToken", "RefreshToken"} <= set(result)
    return result


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    content: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return content
