"""Remembered devices with aws-amplify v6: one script, its steps told here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import sign_in_pools as pools
from tests.clients.running import PASSWORD, Told
from tests.clients.sign_in_pools import SMS

pytestmark = pytest.mark.clients

DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
ADDRESS, NUMBER = "trusted@example.com", "+12065550177"
BY_SMS = "CONFIRM_SIGN_IN_WITH_SMS_CODE"


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], cognito: Any) -> Told:
    """What the application saw, by step."""
    places = {
        "prompting": pools.made(cognito, "OPTIONAL", SMS, DeviceConfiguration=pools.PROMPTING),
        "trusting": pools.made(
            cognito, "OPTIONAL", SMS, DeviceConfiguration=pools.TRUSTING, UsernameAttributes=["email"]
        ),
    }
    pools.reachable(cognito, places["prompting"], "owner")
    verified = {"email_verified": "true", "phone_number": NUMBER, "phone_number_verified": "true"}
    pools.person(cognito, places["trusting"], ADDRESS, email=ADDRESS, **verified)
    pools.prefer(cognito, places["prompting"], "owner", SMS, preferred=SMS)
    pools.prefer(cognito, places["trusting"], ADDRESS, SMS, preferred=SMS)
    given = {name: place.told for name, place in places.items()}
    return node("amplify-devices.mjs", password=PASSWORD, number=NUMBER, **given)


def asked(told: Told, step: str) -> str:
    assert told[step]["isSignedIn"] is False
    return str(told[step]["nextStep"]["signInStep"])


def key_of(told: Told, step: str) -> str:
    return str(told[step]["access"]["device_key"])


class TestRemembering:
    def test_the_first_sign_in_takes_a_code_and_confirms_the_device(self, told: Told) -> None:
        [device] = told["listed"]

        assert asked(told, "first") == BY_SMS
        assert told["first by code"] == DONE
        assert device["id"] == key_of(told, "first session")
        assert device["name"]
        assert device["createDate"]
        assert device["attributes"]["dev:device_remembered_status"] == "not_remembered"

    def test_it_spares_no_code_until_the_person_says_so(self, told: Told) -> None:
        assert asked(told, "not yet remembered") == BY_SMS
        assert told["remember"] is None
        assert told["described"][0]["attributes"]["dev:device_remembered_status"] == "remembered"

    def test_then_it_does(self, told: Told) -> None:
        assert told["remembered"] == DONE
        assert key_of(told, "session of the device") == key_of(told, "first session")
        assert told["remembered without srp"] == DONE
        assert key_of(told, "session without srp") == key_of(told, "first session")

    def test_where_no_person_is_asked_it_does_at_once(self, told: Told) -> None:
        assert asked(told, "by address") == BY_SMS
        assert told["by address and code"] == DONE
        assert told["trusting again"] == DONE
        assert key_of(told, "trusting session again") == key_of(told, "trusting session")


class TestRefreshing:
    def test_the_session_of_a_device_is_refreshed_by_it(self, told: Told) -> None:
        assert key_of(told, "refreshed") == key_of(told, "session of the device")
        assert told["refreshed"]["access"]["jti"] != told["session of the device"]["access"]["jti"]


class TestForgetting:
    def test_another_device_of_the_user_forgets_it_and_ends_its_sessions(self, told: Told) -> None:
        assert asked(told, "elsewhere") == BY_SMS
        assert len(told["listed both"]) == 2
        assert told["forgotten from elsewhere"] is None
        assert told["refresh of the forgotten"] == {}

    def test_it_signs_in_by_code_and_is_another_device_then(self, told: Told) -> None:
        assert asked(told, "forgotten") == BY_SMS
        assert key_of(told, "session of the forgotten") != key_of(told, "first session")

    def test_a_device_forgets_itself(self, told: Told) -> None:
        left = {device["id"] for device in told["listed at last"]}

        assert told["forget"] is None
        assert key_of(told, "session of the forgotten") not in left
        assert len(left) == 1
