"""Lists that belong to one user for a client to walk: devices, passkeys, sessions."""

from __future__ import annotations

import uuid
from typing import Any

from tests.authenticator import Authenticator
from tests.clients.running import PASSWORD, Pool
from tests.clients.walks import Walk
from tests.device_client import DeviceClient

_HOST = "walked.example.com"


class Bearer:
    """A user with an access token, in a pool in which all three lists can be filled."""

    def __init__(self, boto: Any) -> None:
        self.boto, self.name = boto, f"bearer-{uuid.uuid4().hex[:8]}"
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
        tracking = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}
        made = boto.create_user_pool(PoolName="bearer", Policies=factors, DeviceConfiguration=tracking)
        self.pool = made["UserPool"]["Id"]
        boto.set_user_pool_mfa_config(UserPoolId=self.pool, WebAuthnConfiguration={"RelyingPartyId": _HOST})
        boto.set_user_pool_session_configuration(
            UserPoolId=self.pool, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
        )
        flows = ["ALLOW_USER_PASSWORD_AUTH"]
        client = boto.create_user_pool_client(UserPoolId=self.pool, ClientName="bearer", ExplicitAuthFlows=flows)
        self.client = client["UserPoolClient"]["ClientId"]
        user = {"UserPoolId": self.pool, "Username": self.name}
        boto.admin_create_user(**user, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
        boto.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)

    def signed_in(self) -> dict[str, Any]:
        parameters = {"USERNAME": self.name, "PASSWORD": PASSWORD}
        answer = self.boto.initiate_auth(ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        found: dict[str, Any] = answer["AuthenticationResult"]
        return found

    def device(self) -> str:
        result = self.signed_in()
        device = DeviceClient(result["NewDeviceMetadata"])
        self.boto.confirm_device(
            AccessToken=result["AccessToken"],
            DeviceKey=device.key,
            DeviceSecretVerifierConfig=device.registration(),
        )
        return device.key

    def passkey(self, token: str) -> str:
        made = Authenticator(f"https://{_HOST}")
        options = self.boto.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
        credential = made.created(options)
        self.boto.complete_web_authn_registration(AccessToken=token, Credential=credential)
        return str(credential["id"])


def _own(bearer: Bearer) -> dict[str, str]:
    return {"AccessToken": str(bearer.signed_in()["AccessToken"])}


def _about(bearer: Bearer) -> dict[str, str]:
    return {"UserPoolId": bearer.pool, "Username": bearer.name}


def devices(boto: Any, _pool: Pool) -> Walk:
    bearer = Bearer(boto)
    return Walk("Devices", "DeviceKey", [bearer.device() for _ in range(3)], _own(bearer))


def devices_of_a_user(boto: Any, _pool: Pool) -> Walk:
    bearer = Bearer(boto)
    return Walk("Devices", "DeviceKey", [bearer.device() for _ in range(3)], _about(bearer))


def passkeys(boto: Any, _pool: Pool) -> Walk:
    bearer = Bearer(boto)
    given = _own(bearer)
    return Walk("Credentials", "CredentialId", [bearer.passkey(given["AccessToken"]) for _ in range(3)], given)


def sessions(boto: Any, _pool: Pool) -> Walk:
    bearer = Bearer(boto)
    made = [bearer.signed_in() for _ in range(3)]
    given = {"AccessToken": str(made[0]["AccessToken"])}
    listed = boto.admin_list_user_sessions(**_about(bearer))["Sessions"]
    assert len(listed) == len(made)
    return Walk("Sessions", "SessionId", [session["SessionId"] for session in listed], given)


def sessions_of_a_user(boto: Any, _pool: Pool) -> Walk:
    bearer = Bearer(boto)
    token = [bearer.signed_in() for _ in range(3)][-1]["AccessToken"]
    listed = boto.list_user_sessions(AccessToken=token)["Sessions"]
    return Walk("Sessions", "SessionId", [session["SessionId"] for session in listed], _about(bearer))


WALKS = {
    "AdminListDevices": devices_of_a_user,
    "AdminListUserSessions": sessions_of_a_user,
    "ListDevices": devices,
    "ListUserSessions": sessions,
    "ListWebAuthnCredentials": passkeys,
}
"""What fills each list, by its operation."""
