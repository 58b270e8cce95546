"""Every refusal of a session, a refresh token and an access token: its exception and its exact sentence.

The rows are those of the service's documents and of what was seen of it, in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.flows import signing_keys
from tests.application import Cognito, Outbox
from tests.callers import refused
from tests.clock import DAY, HOUR, later
from tests.device_client import Owner
from tests.entrance import Answer, claims
from tests.hall import EMAIL, SMS, TOTP, Hall

Attempt = Callable[[], Any]
Row = Callable[[Hall], Attempt]

REFUSED = "NotAuthorizedException"
EXPIRED = "Invalid session for the user, session is expired."
SPENT = "Invalid session for the user, session can only be used once."
FOREIGN = "Invalid session for the user."
LENGTH = "1 validation error detected: Value at 'session' failed to satisfy constraint: Member must have length"
TRACKING = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}}


@pytest.fixture(scope="module")
def shared(application: tuple[str, str]) -> Hall:
    hall = Hall(Cognito(*application), **TRACKING)
    hall.ask("OPTIONAL", SMS, TOTP, EMAIL)
    return hall


@pytest.fixture
def hall(shared: Hall, outbox: Outbox) -> Hall:
    found = shared.another()
    found.outbox = outbox
    return found


def asked(hall: Hall) -> Answer:
    """A sign-in that waits for a code by e-mail."""
    hall.prefer(EMAIL)
    return hall.by_password()


def afterwards(seconds: float, attempt: Attempt) -> Attempt:
    """The same, that much later."""

    def postponed() -> None:
        with later(seconds):
            attempt()

    return postponed


def answering(hall: Hall, session: str) -> Attempt:
    """The right code with a session."""
    return lambda: hall.answer({"ChallengeName": EMAIL, "Session": session}, EMAIL_OTP_CODE=hall.code())


def old_session(hall: Hall) -> Attempt:
    return afterwards(181, answering(hall, asked(hall)["Session"]))


def used_session(hall: Hall) -> Attempt:
    attempt = answering(hall, asked(hall)["Session"])
    attempt()
    return attempt


def session_before_a_used_one(hall: Hall) -> Attempt:
    """A choice that is made again leads to a challenge, and to no second sign-in."""
    hall.prefer(SMS, EMAIL)
    choice = hall.by_password()
    answering(hall, hall.answer(choice, ANSWER=EMAIL)["Session"])()
    return answering(hall, hall.answer(choice, ANSWER=EMAIL)["Session"])


def session_of_another_user(hall: Hall) -> Attempt:
    session, stranger = asked(hall)["Session"], hall.another()
    return lambda: stranger.answer({"ChallengeName": EMAIL, "Session": session}, EMAIL_OTP_CODE=hall.code())


def session_of_another_client(hall: Hall) -> Attempt:
    session = asked(hall)["Session"]
    hall.client = hall.cognito.client(hall.pool)
    return answering(hall, session)


def session_of_another_challenge(hall: Hall) -> Attempt:
    session = asked(hall)["Session"]
    return lambda: hall.answer({"ChallengeName": SMS, "Session": session}, SMS_MFA_CODE=hall.code())


def invented_session(length: int) -> Row:
    def row(hall: Hall) -> Attempt:
        asked(hall)
        return answering(hall, "x" * length)

    return row


def refreshing(hall: Hall, token: str, **more: str) -> Attempt:
    return lambda: hall.refresh(token, **more)


def token_of_another_client(hall: Hall) -> Attempt:
    token = hall.tokens()["RefreshToken"]
    hall.client = hall.cognito.client(hall.pool)
    return refreshing(hall, token)


def token_of_another_device(hall: Hall) -> Attempt:
    stranger = Owner(hall).device.key
    owner = Owner(hall).confirmed()
    return refreshing(hall, owner.tokens["RefreshToken"], DEVICE_KEY=stranger)


def old_refresh_token(hall: Hall) -> Attempt:
    return afterwards(30 * DAY + 1, refreshing(hall, hall.tokens()["RefreshToken"]))


def revoked_refresh_token(hall: Hall) -> Attempt:
    token = hall.tokens()["RefreshToken"]
    hall.revoke(token)
    return refreshing(hall, token)


def token_of_a_disabled_user(hall: Hall) -> Attempt:
    token = hall.tokens()["RefreshToken"]
    hall.admin("AdminDisableUser")
    return refreshing(hall, token)


def id_token(hall: Hall) -> Attempt:
    token = hall.tokens()["IdToken"]
    return lambda: hall.me(token)


def resigned(hall: Hall, **changed: str) -> Attempt:
    """With an access token that says something else, signed by the pool's own key: no call gives such a one."""
    said = claims(hall.tokens()["AccessToken"]) | changed
    token = signing_keys.signer(hall.pool, "access").sign(said)
    return lambda: hall.me(token)


def old_access_token(hall: Hall) -> Attempt:
    token = hall.tokens()["AccessToken"]
    return afterwards(HOUR + 1, lambda: hall.me(token))


def revoked_access_token(hall: Hall) -> Attempt:
    tokens = hall.tokens()
    hall.revoke(tokens["RefreshToken"])
    return lambda: hall.me(tokens["AccessToken"])


SESSIONS: list[tuple[str, Row, str, str]] = [
    ("expired", old_session, REFUSED, EXPIRED),
    ("used", used_session, REFUSED, SPENT),
    ("before a used one", session_before_a_used_one, REFUSED, SPENT),
    ("of another user", session_of_another_user, REFUSED, FOREIGN),
    ("of another client", session_of_another_client, REFUSED, FOREIGN),
    ("of another challenge", session_of_another_challenge, REFUSED, FOREIGN),
    ("invented", invented_session(900), REFUSED, FOREIGN),
    ("too short", invented_session(19), "InvalidParameterException", f"{LENGTH} greater than or equal to 20"),
    ("too long", invented_session(4097), "InvalidParameterException", f"{LENGTH} less than or equal to 4096"),
]
REFRESHES: list[tuple[str, Row, str]] = [
    ("garbage", lambda hall: refreshing(hall, "garbage"), "Invalid Refresh Token"),
    ("of another client", token_of_another_client, "Invalid Refresh Token"),
    ("of another device", token_of_another_device, "Invalid Refresh Token"),
    ("expired", old_refresh_token, "Refresh Token has expired"),
    ("revoked", revoked_refresh_token, "Refresh Token has been revoked"),
    ("of a disabled user", token_of_a_disabled_user, "User is disabled."),
]
ACCESS: list[tuple[str, Row, str]] = [
    ("garbage", lambda hall: lambda: hall.me("garbage"), "Invalid Access Token"),
    ("an ID token", id_token, "Invalid Access Token"),
    (
        "of another issuer",
        lambda hall: resigned(hall, iss=f"https://another.example/{hall.pool}"),
        "Invalid Access Token",
    ),
    ("expired", old_access_token, "Access Token has expired"),
    ("revoked", revoked_access_token, "Access Token has been revoked"),
    ("without the scope", lambda hall: resigned(hall, scope="openid"), "Access Token does not have required scopes"),
]


@pytest.mark.parametrize(("_row", "prepared", "code", "sentence"), SESSIONS, ids=[row[0] for row in SESSIONS])
def test_session(hall: Hall, _row: str, prepared: Row, code: str, sentence: str) -> None:
    attempt = prepared(hall)

    with refused(code, sentence):
        attempt()


@pytest.mark.parametrize(("_row", "prepared", "sentence"), REFRESHES, ids=[row[0] for row in REFRESHES])
def test_refresh_token(hall: Hall, _row: str, prepared: Row, sentence: str) -> None:
    attempt = prepared(hall)

    with refused(REFUSED, sentence):
        attempt()


@pytest.mark.parametrize(("_row", "prepared", "sentence"), ACCESS, ids=[row[0] for row in ACCESS])
def test_access_token(hall: Hall, _row: str, prepared: Row, sentence: str) -> None:
    attempt = prepared(hall)

    with refused(REFUSED, sentence):
        attempt()
