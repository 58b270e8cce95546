"""What second factors, choices, devices, passkeys and sessions cost in trips to DynamoDB, in a warm process.

As in `test_budgets`, reads and writes together are the sequential trips; a read that is made at the same time as
another one is not among them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.table import store
from tests import functions
from tests.application import PASSWORD, Cognito
from tests.authenticator import Authenticator
from tests.device_client import DeviceClient
from tests.hall import CHOOSING, EMAIL, SMS, TOTP, Hall, factors
from tests.token_app import App

READS = {"GetItem", "BatchGetItem", "Query"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
HOST = "example.com"
TRACKING = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}}
ALL_FLOWS = {"ExplicitAuthFlows": [*CHOOSING["ExplicitAuthFlows"], "ALLOW_CUSTOM_AUTH"]}


@pytest.fixture(scope="module")
def shared(application):
    first = factors("PASSWORD", "EMAIL_OTP", "WEB_AUTHN")
    hall = Hall(Cognito(*application), ALL_FLOWS, **first, **TRACKING, LambdaConfig=functions.CUSTOM_LAMBDAS)
    hall.ask("OPTIONAL", SMS, EMAIL, TOTP)
    hall.cognito.call("SetUserPoolMfaConfig", UserPoolId=hall.pool, WebAuthnConfiguration={"RelyingPartyId": HOST})
    return hall


@pytest.fixture
def hall(shared, outbox):
    found = shared.another()
    found.outbox = outbox
    found.me(found.tokens()["AccessToken"])
    return found


Prepare = Callable[[Hall], Callable[[], Any]]


def own(hall: Hall, operation: str, **given: Any) -> dict[str, Any]:
    token = hall.tokens()["AccessToken"] if "AccessToken" not in given else given.pop("AccessToken")
    return hall.cognito.call(operation, AccessToken=token, **given)


def by_code(method: str, member: str) -> Prepare:
    def prepare(hall: Hall) -> Callable[[], Any]:
        hall.prefer(method)
        asked = hall.by_password()
        code = hall.code()
        return lambda: hall.answer(asked, **{member: code})

    return prepare


def asking(method: str) -> Prepare:
    def prepare(hall: Hall) -> Callable[[], Any]:
        hall.prefer(method)
        return hall.by_password

    return prepare


def choosing(hall: Hall) -> Callable[[], Any]:
    hall.prefer(SMS, EMAIL)
    asked = hall.by_password()
    return lambda: hall.answer(asked, ANSWER=EMAIL)


def app_of(hall: Hall) -> App:
    token = hall.tokens()["AccessToken"]
    app = App(own(hall, "AssociateSoftwareToken", AccessToken=token)["SecretCode"])
    own(hall, "VerifySoftwareToken", AccessToken=token, UserCode=app.code())
    hall.prefer(TOTP)
    return app


def by_app(hall: Hall) -> Callable[[], Any]:
    app = app_of(hall)
    asked = hall.by_password()
    return lambda: hall.answer(asked, SOFTWARE_TOKEN_MFA_CODE=app.code())


def by_mail(hall: Hall) -> Callable[[], Any]:
    asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
    code = hall.code()
    return lambda: hall.answer(asked, EMAIL_OTP_CODE=code)


def registered(hall: Hall) -> Authenticator:
    token, found = hall.tokens()["AccessToken"], Authenticator(f"https://{HOST}")
    options = own(hall, "StartWebAuthnRegistration", AccessToken=token)["CredentialCreationOptions"]
    own(hall, "CompleteWebAuthnRegistration", AccessToken=token, Credential=found.created(options))
    return found


def asking_for_passkey(hall: Hall) -> Callable[[], Any]:
    registered(hall)
    return lambda: hall.choose_by(PREFERRED_CHALLENGE="WEB_AUTHN")


def by_passkey(hall: Hall) -> Callable[[], Any]:
    found = registered(hall)
    asked = hall.choose_by(PREFERRED_CHALLENGE="WEB_AUTHN")
    credential = found.got(json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]))
    return lambda: hall.answer(asked, CREDENTIAL=json.dumps(credential))


def remembered(hall: Hall) -> DeviceClient:
    result = hall.tokens()
    device = DeviceClient(result["NewDeviceMetadata"])
    given = {"DeviceKey": device.key, "DeviceSecretVerifierConfig": device.registration()}
    own(hall, "ConfirmDevice", AccessToken=result["AccessToken"], **given)
    return device


def as_device(hall: Hall) -> Callable[[], Any]:
    device = remembered(hall)
    return lambda: hall.by_password(DEVICE_KEY=device.key)


def begun_by_device(hall: Hall) -> Callable[[], Any]:
    device = remembered(hall)
    asked = hall.by_password(DEVICE_KEY=device.key)
    return lambda: hall.answer(asked, **device.begin(hall.name))


def proved_by_device(hall: Hall) -> Callable[[], Any]:
    device = remembered(hall)
    posed = hall.answer(hall.by_password(DEVICE_KEY=device.key), **device.begin(hall.name))
    responses = device.answer(posed["ChallengeParameters"])
    return lambda: hall.answer(posed, **responses)


def custom(hall: Hall) -> Callable[[], Any]:
    return lambda: hall.initiate("CUSTOM_AUTH", USERNAME=hall.name)


def enrolling(operation: str, **given: Any) -> Prepare:
    """An operation with an access token, an authenticator app waiting to be proved."""

    def prepare(hall: Hall) -> Callable[[], Any]:
        token = hall.tokens()["AccessToken"]
        app = App(own(hall, "AssociateSoftwareToken", AccessToken=token)["SecretCode"])
        more = {"UserCode": app.code()} if operation == "VerifySoftwareToken" else {}
        return lambda: own(hall, operation, AccessToken=token, **given, **more)

    return prepare


def tracked(story: Callable[[Hall, dict[str, Any]], Any]) -> Prepare:
    """A story in a pool that keeps track of sessions, with the tokens of one."""

    def prepare(hall: Hall) -> Callable[[], Any]:
        found = Hall(hall.cognito)
        limit = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 20}}
        hall.cognito.call("SetUserPoolSessionConfiguration", UserPoolId=found.pool, **limit)
        held = found.tokens()
        found.me(held["AccessToken"])
        return lambda: story(found, held)

    return prepare


STORIES: dict[str, tuple[Prepare, tuple[int, int]]] = {
    "a password where SMS is asked for": (asking(SMS), (2, 1)),  # the count of codes
    "SMS_MFA": (by_code(SMS, "SMS_MFA_CODE"), (1, 1)),
    "EMAIL_OTP": (by_code(EMAIL, "EMAIL_OTP_CODE"), (1, 1)),
    "SELECT_MFA_TYPE": (choosing, (1, 1)),
    "SOFTWARE_TOKEN_MFA": (by_app, (1, 1)),
    "USER_AUTH without a preference": (lambda hall: hall.choose_by, (2, 0)),
    "USER_AUTH by e-mail": (lambda hall: lambda: hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP"), (2, 1)),
    "USER_AUTH by e-mail, the code": (by_mail, (1, 1)),
    "USER_AUTH with a password": (
        lambda hall: lambda: hall.choose_by(PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD),
        (2, 1),
    ),
    "USER_AUTH by passkey": (asking_for_passkey, (2, 0)),
    "WEB_AUTHN": (by_passkey, (1, 1)),
    "a password from a remembered device": (as_device, (3, 0)),
    "DEVICE_SRP_AUTH": (begun_by_device, (1, 0)),
    "DEVICE_PASSWORD_VERIFIER": (proved_by_device, (2, 1)),
    "CUSTOM_AUTH": (custom, (2, 0)),
    "AssociateSoftwareToken": (enrolling("AssociateSoftwareToken"), (2, 1)),
    "VerifySoftwareToken": (enrolling("VerifySoftwareToken"), (2, 1)),
    "SetUserMFAPreference": (enrolling("SetUserMFAPreference", SMSMfaSettings={"Enabled": True}), (1, 1)),
    "GetUserAuthFactors": (enrolling("GetUserAuthFactors"), (2, 0)),
    "a password where sessions are tracked": (tracked(lambda hall, _: hall.tokens()), (3, 1)),
    "refresh where sessions are tracked": (tracked(lambda hall, held: hall.refresh(held["RefreshToken"])), (1, 1)),
    "ListUserSessions": (
        tracked(lambda hall, held: own(hall, "ListUserSessions", AccessToken=held["AccessToken"])),
        (2, 0),
    ),
}
"""What is made ready, and how many reads and writes the story may then take."""


class TestStories:
    @pytest.mark.parametrize("story", STORIES)
    def test_keep_to_their_budget(self, hall, story):
        prepare, (reads, writes) = STORIES[story]
        functions.script(hall.pool)
        call = prepare(hall)

        with store.counted() as counted:
            call()

        sent = counted.calls
        assert set(sent) <= READS | WRITES
        assert len([name for name in sent if name in READS]) == reads
        assert len([name for name in sent if name in WRITES]) == writes
