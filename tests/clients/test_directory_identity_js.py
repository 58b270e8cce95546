"""A user's own attributes and SMS settings with amazon-cognito-identity-js: one script, its steps told here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients.running import PASSWORD, Pool, Told

pytestmark = pytest.mark.clients

NAME = "jo"
BY_SMS = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


@pytest.fixture(scope="module")
def told(node: Callable[..., Told], pool: Pool, user: Callable[[str], str]) -> Told:
    """What the application saw, by step."""
    return node("identity-js-directory.mjs", pool=pool.id, client=pool.client, password=PASSWORD, username=user(NAME))


class TestAttributes:
    def test_nobody_changes_anything_before_signing_in(self, told: Told) -> None:
        assert told["before signing in"]["message"] == "User is not authenticated"

    def test_they_are_set_and_one_with_an_empty_value_is_none(self, told: Told) -> None:
        assert told["set"] == ["SUCCESS", {"CodeDeliveryDetailsList": []}]
        assert told["after setting"] == {
            "sub": told["sign in"]["sub"],
            "email": f"{NAME}@example.com",
            "email_verified": "true",
            "name": "Jo",
            "phone_number": "+12065550100",
            "phone_number_verified": "false",
        }

    def test_they_are_deleted(self, told: Told) -> None:
        assert told["deleted"] == "SUCCESS"
        assert set(told["after setting"]) - set(told["after deleting"]) == {"phone_number", "phone_number_verified"}

    def test_an_unknown_one_is_refused(self, told: Told) -> None:
        assert told["unknown attribute"]["code"] == "InvalidParameterException"


class TestProof:
    def test_a_changed_address_is_told_of_with_where_its_code_went(self, told: Told) -> None:
        success, answer = told["another address"]

        assert success == "SUCCESS"
        assert [one["AttributeName"] for one in answer["CodeDeliveryDetailsList"]] == ["email"]

    def test_a_code_is_asked_for_again(self, told: Told) -> None:
        details = told["code asked for"]["inputVerificationCode"]["CodeDeliveryDetails"]

        assert details == {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "j***@e***"}

    def test_the_right_one_alone_verifies(self, told: Told) -> None:
        assert told["wrong code"]["code"] == "CodeMismatchException"
        assert told["verified"] == "SUCCESS"
        assert told["after verifying"]["email"] == "jo-two@example.com"
        assert told["after verifying"]["email_verified"] == "true"

    def test_there_is_none_for_a_number_that_is_not_there(self, told: Told) -> None:
        assert told["no code for a phone"]["code"] == "InvalidParameterException"


class TestSmsSettings:
    def test_codes_by_sms_are_switched_on_and_off(self, told: Told) -> None:
        assert (told["sms on"], told["sms off"]) == ("SUCCESS", "SUCCESS")
        assert told["options on"] == [BY_SMS]
        assert told["data on"]["UserMFASettingList"] == ["SMS_MFA"]
        assert "MFAOptions" not in told["data off"]
        assert "UserMFASettingList" not in told["data off"]

    def test_they_need_a_number(self, told: Told) -> None:
        assert told["sms without phone"]["code"] == "InvalidParameterException"
