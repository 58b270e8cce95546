"""Remembered devices with amazon-cognito-identity-js: one script, its steps told here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import sign_in_pools as pools
from tests.clients.running import PASSWORD, Told
from tests.clients.sign_in_pools import SMS

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def places(cognito: Any) -> dict[str, pools.Place]:
    found = {
        "prompting": pools.made(cognito, "OPTIONAL", SMS, DeviceConfiguration=pools.PROMPTING),
        "trusting": pools.made(cognito, "OPTIONAL", SMS, DeviceConfiguration=pools.TRUSTING),
    }
    for kind, name in (("prompting", "owner"), ("trusting", "trusted")):
        pools.reachable(cognito, found[kind], name)
        pools.prefer(cognito, found[kind], name, SMS, preferred=SMS)
    return found


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], places: dict[str, pools.Place]) -> Told:
    """What the application saw, by step."""
    given = {name: place.told for name, place in places.items()}
    return node("identity-js-devices.mjs", password=PASSWORD, **given)


def key_of(told: Told, step: str) -> str:
    return str(told[step]["session"]["access"]["device_key"])


def attributes(device: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in device["DeviceAttributes"]}


class TestRemembering:
    def test_the_first_sign_in_takes_a_code_and_confirms_the_device(self, told: Told) -> None:
        assert told["first"]["mfaRequired"][0] == SMS
        assert told["first by code"]["more"] is True

    def test_the_device_is_listed_under_the_name_of_the_library(self, told: Told) -> None:
        [device] = told["listed"]["Devices"]

        assert device["DeviceKey"] == key_of(told, "first by code")
        assert attributes(device)["device_name"]
        assert attributes(device)["dev:device_remembered_status"] == "not_remembered"

    def test_a_device_that_the_person_has_not_said_to_remember_spares_no_code(self, told: Told) -> None:
        assert told["not yet remembered"]["mfaRequired"][0] == SMS
        assert key_of(told, "not yet remembered, by code") == key_of(told, "first by code")
        assert told["not yet remembered, by code"].get("more") is None

    def test_one_that_is_remembered_does(self, told: Told) -> None:
        assert told["remember"] == "SUCCESS"
        assert attributes(told["described"]["Device"])["dev:device_remembered_status"] == "remembered"
        assert key_of(told, "remembered") == key_of(told, "first by code")
        assert told["remembered"]["session"]["valid"]
        assert key_of(told, "remembered without srp") == key_of(told, "first by code")

    def test_one_that_is_not_remembered_any_more_does_not(self, told: Told) -> None:
        assert told["not remember"] == "SUCCESS"
        assert told["remembered no more"]["mfaRequired"][0] == SMS

    def test_where_no_person_is_asked_it_is_remembered_at_once(self, told: Told) -> None:
        assert told["trusting first"]["mfaRequired"][0] == SMS
        assert told["trusting first by code"].get("more") is None
        assert key_of(told, "trusting again") == key_of(told, "trusting first by code")


class TestRefreshing:
    def test_the_session_of_a_device_is_refreshed_by_it(self, told: Told) -> None:
        assert key_of(told, "refreshed") == key_of(told, "remembered")
        assert told["refreshed"]["session"]["access"]["jti"] != told["remembered"]["session"]["access"]["jti"]
        assert told["session found again"] == {"valid": True}

    def test_it_is_not_refreshed_without_it(self, told: Told, public: Any, places: dict[str, pools.Place]) -> None:
        given = {"REFRESH_TOKEN": told["trusting again"]["session"]["refresh"]}
        begin = {"ClientId": places["trusting"].client, "AuthFlow": "REFRESH_TOKEN_AUTH"}

        with pytest.raises(public.exceptions.NotAuthorizedException):
            public.initiate_auth(**begin, AuthParameters=given)

        key = {"DEVICE_KEY": key_of(told, "trusting again")}
        assert public.initiate_auth(**begin, AuthParameters=given | key)["AuthenticationResult"]["AccessToken"]


class TestForgetting:
    def test_another_device_of_the_user_sees_it_and_forgets_it(self, told: Told) -> None:
        assert told["elsewhere"]["mfaRequired"][0] == SMS
        assert len(told["listed both"]["Devices"]) == 2
        assert told["forgotten from elsewhere"] == "SUCCESS"

    def test_its_sessions_are_over(self, told: Told) -> None:
        assert told["refresh of the forgotten"]["code"] == "NotAuthorizedException"

    def test_it_signs_in_by_code_and_is_another_device_then(self, told: Told) -> None:
        assert told["forgotten"]["mfaRequired"][0] == SMS
        assert key_of(told, "forgotten, by code") != key_of(told, "first by code")

    def test_a_device_forgets_itself(self, told: Told) -> None:
        left = [device["DeviceKey"] for device in told["listed at last"]["Devices"]]

        assert told["forget"] == "SUCCESS"
        assert left == [key_of(told, "elsewhere by code")]
