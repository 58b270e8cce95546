"""Every refusal of a sign-in: its exception and its exact sentence, a row of the service's table each, in its order.

The row of refusals by a risk rule waits for threat protection, as docs/not-covered.md says. Refusals of sessions and
tokens are in test_error_sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.application import PASSWORD, Cognito, Outbox
from tests.callers import a_name, attribute, refused
from tests.clock import DAY, later
from tests.entrance import WRONG, Answer
from tests.functions import ANSWER, CUSTOM_LAMBDAS, Script, script
from tests.hall import BLOCKS, EMAIL, SMS, TOTP, Hall, factors, other
from tests.token_app import App

Attempt = Callable[[], Any]
Row = Callable[[Hall], Attempt]

REFUSED, INVALID, MISMATCH = "NotAuthorizedException", "InvalidParameterException", "CodeMismatchException"
WRONG_CODE = "Invalid code or auth state for the user."
MISSING = "SoftwareTokenMFANotFoundException"
UNKNOWN_DEVICE = "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
TRACKING = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}}
FLOWS = [
    f"ALLOW_{name}_AUTH" for name in ("USER_PASSWORD", "USER_SRP", "ADMIN_USER_PASSWORD", "CUSTOM", "USER")
] + ["ALLOW_REFRESH_TOKEN_AUTH"]  # fmt: skip


@pytest.fixture(scope="module")
def shared(application: tuple[str, str]) -> Hall:
    """A pool in which everything is possible and nothing is demanded."""
    settings = factors("PASSWORD", "EMAIL_OTP", "SMS_OTP") | TRACKING | {"LambdaConfig": CUSTOM_LAMBDAS}
    hall = Hall(Cognito(*application), {"ExplicitAuthFlows": FLOWS}, **settings)
    hall.ask("OPTIONAL", SMS, TOTP, EMAIL)
    return hall


@pytest.fixture
def hall(shared: Hall, outbox: Outbox) -> Hall:
    found = shared.another()
    found.outbox = outbox
    vars(script(found.pool)).update(vars(Script()))
    return found


def hiding(hall: Hall) -> Hall:
    """The same at a client that does not tell who exists."""
    settings = {"ExplicitAuthFlows": FLOWS, "PreventUserExistenceErrors": "ENABLED"}
    hall.client = hall.cognito.client(hall.pool, **settings)
    return hall


def equipped(hall: Hall) -> App:
    """The app of a user who signs in with it from now on."""
    token = hall.tokens()["AccessToken"]
    app = App(hall.cognito.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"])
    hall.cognito.call("VerifySoftwareToken", AccessToken=token, UserCode=app.code())
    hall.prefer(TOTP, preferred=TOTP)
    return app


def answering(hall: Hall, asked: Answer, **responses: str) -> Attempt:
    """The answer to a challenge, still to be given."""
    return lambda: hall.answer(asked, **responses)


def unknown(hall: Hall, flow: str) -> Attempt:
    return lambda: hall.initiate(flow, USERNAME="nobody", PASSWORD=PASSWORD, SRP_A="abc")


def unconfirmed(hall: Hall) -> Attempt:
    name = a_name()
    hall.cognito.call("SignUp", ClientId=hall.client, Username=name, Password=PASSWORD)
    return lambda: hall.by_password(name=name)


def disabled(hall: Hall) -> Attempt:
    hall.admin("AdminDisableUser")
    return hall.by_password


def to_be_reset(hall: Hall) -> Attempt:
    hall.admin("AdminResetUserPassword")
    return hall.by_password


def invited_long_ago(hall: Hall) -> Attempt:
    name = hall.invited(a_name(), "Temporary-1")

    def attempt() -> None:
        with later(7 * DAY + 1):
            hall.by_password("Temporary-1", name)

    return attempt


def locked(hall: Hall) -> Attempt:
    hall.wrongly(8)
    return hall.by_password


def wrong_second_code(method: str) -> Row:
    def row(hall: Hall) -> Attempt:
        hall.prefer(method)
        asked = hall.by_password()
        return answering(hall, asked, **_code(asked, other(hall.code())))

    return row


def wrong_first_code(method: str) -> Row:
    def row(hall: Hall) -> Attempt:
        asked = hall.choose_by(PREFERRED_CHALLENGE=method)
        return answering(hall, asked, **_code(asked, other(hall.code())))

    return row


def _code(asked: Answer, code: str) -> dict[str, str]:
    return {f"{asked['ChallengeName']}_CODE": code}


def wrong_app_code(hall: Hall) -> Attempt:
    app = equipped(hall)
    return answering(hall, hall.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.wrong())


def spent_app_code(hall: Hall) -> Attempt:
    app = equipped(hall)
    hall.answer(hall.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())
    return answering(hall, hall.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.again())


def app_that_is_gone(hall: Hall) -> Attempt:
    app, asked = equipped(hall), hall.by_password()
    hall.admin("AdminDeleteSoftwareToken")
    return answering(hall, asked, SOFTWARE_TOKEN_MFA_CODE=app.code())


def method_that_is_gone(hall: Hall) -> Attempt:
    """In a pool of its own, which stops offering apps."""
    own = Hall(hall.cognito)
    own.ask("OPTIONAL", SMS, TOTP)
    app, asked = equipped(own), own.by_password()
    own.admin("AdminDeleteSoftwareToken")
    given = dict([BLOCKS[SMS]]) | {"SoftwareTokenMfaConfiguration": {"Enabled": False}}
    own.cognito.call("SetUserPoolMfaConfig", UserPoolId=own.pool, MfaConfiguration="OPTIONAL", **given)
    return answering(own, asked, SOFTWARE_TOKEN_MFA_CODE=app.code())


def without_password(hall: Hall) -> Attempt:
    given = {"UserAttributes": [attribute("email", "una@example.com")], "MessageAction": "SUPPRESS"}
    name = a_name()
    hall.admin("AdminCreateUser", name, **given)
    return lambda: hall.by_password(name=name)


def failed_by_function(hall: Hall) -> Attempt:
    script(hall.pool).define = lambda _event: {"failAuthentication": True}
    return lambda: hall.initiate("CUSTOM_AUTH", USERNAME=hall.name)


def hidden(hall: Hall) -> Attempt:
    hiding(hall)
    return lambda: hall.by_password(name="nobody")


def hidden_by_srp(hall: Hall) -> Attempt:
    client, parameters = hiding(hall).challenged("nobody")
    return lambda: hall.verified(client.answer(parameters, PASSWORD))


def hidden_by_function(hall: Hall) -> Attempt:
    """The pool's functions are asked, and cannot let in who is not there."""
    hiding(hall).name = "nobody"
    asked = hall.initiate("CUSTOM_AUTH", USERNAME="nobody")
    return answering(hall, asked, ANSWER=ANSWER)


def hidden_by_code(hall: Hall) -> Attempt:
    hiding(hall)
    asked: Answer = {}
    while asked.get("ChallengeName") != "EMAIL_OTP":  # not every name passes for somebody whom a code lets in
        hall.name = a_name()
        asked = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
    return answering(hall, asked, EMAIL_OTP_CODE="12345678")


SIGN_IN: list[tuple[str, Row, str, str]] = [
    ("wrong password", lambda hall: lambda: hall.by_password("wrong"), REFUSED, WRONG),
    ("wrong password by SRP", lambda hall: lambda: hall.by_srp("wrong"), REFUSED, WRONG),
    *[
        (f"unknown user, {flow}", lambda hall, flow=flow: unknown(hall, flow), "UserNotFoundException",
         "User does not exist.")
        for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH")
    ],
    ("hidden user", hidden, REFUSED, WRONG),
    ("hidden user by SRP", hidden_by_srp, REFUSED, WRONG),
    ("hidden user by code", hidden_by_code, MISMATCH, WRONG_CODE),
    ("hidden user by function", hidden_by_function, REFUSED, WRONG),
    ("unconfirmed", unconfirmed, "UserNotConfirmedException", "User is not confirmed."),
    ("disabled", disabled, REFUSED, "User is disabled."),
    ("reset required", to_be_reset, "PasswordResetRequiredException", "Password reset required for the user"),
    ("temporary password too old", invited_long_ago, REFUSED,
     "Temporary password has expired and must be reset by an administrator."),
    ("locked", locked, REFUSED, "Password attempts exceeded"),
    ("wrong code by SMS", wrong_second_code(SMS), MISMATCH, WRONG_CODE),
    ("wrong code by e-mail", wrong_second_code(EMAIL), MISMATCH, WRONG_CODE),
    ("wrong first code by e-mail", wrong_first_code("EMAIL_OTP"), MISMATCH, WRONG_CODE),
    ("wrong first code by SMS", wrong_first_code("SMS_OTP"), MISMATCH, WRONG_CODE),
    ("wrong code of an app", wrong_app_code, MISMATCH, "Invalid code received for user"),
    ("spent code of an app", spent_app_code, "ExpiredCodeException", "Your software token has already been used once."),
    ("no app", app_that_is_gone, MISSING, "Software Token MFA does not exist for the user."),
    ("no app and no such method", method_that_is_gone, MISSING,
     "Software Token MFA has not been enabled by the userPool"),
    ("no password", without_password, REFUSED, WRONG),
    ("failed by a function", failed_by_function, REFUSED, WRONG),
    ("unknown device", lambda hall: lambda: hall.by_password(DEVICE_KEY=UNKNOWN_DEVICE), "ResourceNotFoundException",
     "Device does not exist."),
    ("malformed device key", lambda hall: lambda: hall.by_password(DEVICE_KEY="none"), INVALID,
     "Invalid device key given."),
]  # fmt: skip


@pytest.mark.parametrize(("_row", "prepared", "code", "sentence"), SIGN_IN, ids=[row[0] for row in SIGN_IN])
def test_sign_in(hall: Hall, _row: str, prepared: Row, code: str, sentence: str) -> None:
    attempt = prepared(hall)

    with refused(code, sentence):
        attempt()
