"""Every challenge, met with boto3 at both doors of a pool: that of applications, and that of the owner's servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import sign_in_pools as pools
from tests.clients.application import refusal
from tests.clients.doors import APPLICATION, SERVER, Door, tokens
from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey
from tests.clients.sign_in_pools import EMAIL, SMS, TOTP, Place
from tests.clients.token_app import TokenApp
from tests.device_client import DeviceClient
from tests.srp_client import SrpClient

pytestmark = pytest.mark.clients


@pytest.fixture(params=[APPLICATION, SERVER])
def door(request: pytest.FixtureRequest, cognito: Any, public: Any) -> Callable[[Place], Door]:
    """Opens a door of a pool."""
    kind = str(request.param)
    return lambda place: Door(cognito if kind == SERVER else public, place, kind)


@pytest.fixture(scope="module")
def plain(cognito: Any) -> Place:
    return pools.made(cognito, **pools.demanding("given_name"))


@pytest.fixture(scope="module")
def optional(cognito: Any) -> Place:
    return pools.made(cognito, "OPTIONAL", SMS, TOTP, EMAIL, DeviceConfiguration=pools.TRUSTING)


@pytest.fixture(scope="module")
def required(cognito: Any) -> Place:
    return pools.made(cognito, "ON", TOTP, EMAIL)


@pytest.fixture(scope="module")
def choice(cognito: Any) -> Place:
    return pools.made(cognito, **pools.first_factors("PASSWORD", "EMAIL_OTP", "SMS_OTP"))


@pytest.fixture(scope="module")
def custom(cognito: Any) -> Place:
    return pools.made(cognito, LambdaConfig=pools.FUNCTIONS)


class TestPasswords:
    def test_password_verifier(self, door, plain, cognito) -> None:
        at, srp = door(plain), SrpClient(plain.pool)
        name = pools.person(cognito, plain, at.own("srp"))

        asked = at.begin("USER_SRP_AUTH", **srp.begin(USERNAME=name))
        found = tokens(at.answer(asked, **srp.answer(asked["ChallengeParameters"], PASSWORD)))

        assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
        assert "Session" not in asked
        assert cognito.get_user(AccessToken=found["AccessToken"])["Username"] == name

    def test_new_password_required(self, door, plain, cognito) -> None:
        at = door(plain)
        name = pools.invited(cognito, plain, at.own("invited"))

        asked = at.by_password(name)
        chosen = {"USERNAME": name, "NEW_PASSWORD": NEW_PASSWORD}
        missing = refusal(at.answer, asked, **chosen)
        tokens(at.answer(asked, **chosen, **{"userAttributes.given_name": "Ada"}))

        assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert json.loads(asked["ChallengeParameters"]["requiredAttributes"]) == ["userAttributes.given_name"]
        assert missing == "InvalidParameterException"
        assert tokens(at.by_password(name, NEW_PASSWORD))


class TestSecondFactors:
    @pytest.mark.parametrize(("method", "medium"), [(SMS, "SMS"), (EMAIL, "EMAIL")])
    def test_codes(self, door, optional, cognito, latchkey: Latchkey, method: str, medium: str) -> None:
        at = door(optional)
        name = pools.reachable(cognito, optional, at.own(f"coded-by-{medium}"))
        pools.prefer(cognito, optional, name, method, preferred=method)

        asked = at.by_password(name)
        found = tokens(at.answer(asked, **{"USERNAME": name, f"{method}_CODE": latchkey.code(name)}))

        assert asked["ChallengeName"] == method
        assert asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"] == medium
        assert latchkey.messages(name)[-1]["channel"] == medium
        assert cognito.get_user(AccessToken=found["AccessToken"])["PreferredMfaSetting"] == method

    def test_software_token_mfa(self, door, optional, cognito) -> None:
        at = door(optional)
        name = pools.reachable(cognito, optional, at.own("tokened"))
        app = equipped(cognito, tokens(at.by_password(name))["AccessToken"])
        pools.prefer(cognito, optional, name, TOTP, preferred=TOTP)

        asked = at.by_password(name)
        wrong = refusal(at.answer, asked, USERNAME=name, SOFTWARE_TOKEN_MFA_CODE=app.wrong())
        tokens(at.answer(asked, USERNAME=name, SOFTWARE_TOKEN_MFA_CODE=app.code()))

        assert asked["ChallengeName"] == TOTP
        assert wrong == "CodeMismatchException"
        again = at.by_password(name)
        assert refusal(at.answer, again, USERNAME=name, SOFTWARE_TOKEN_MFA_CODE=app.again()) == "ExpiredCodeException"

    def test_select_mfa_type(self, door, optional, cognito, latchkey: Latchkey) -> None:
        at = door(optional)
        name = pools.reachable(cognito, optional, at.own("chooser"))
        pools.prefer(cognito, optional, name, SMS, EMAIL)

        asked = at.by_password(name)
        chosen = at.answer(asked, USERNAME=name, ANSWER=EMAIL)
        tokens(at.answer(chosen, USERNAME=name, EMAIL_OTP_CODE=latchkey.code(name)))

        assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
        assert sorted(json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"])) == sorted([SMS, EMAIL])
        assert chosen["ChallengeName"] == EMAIL

    def test_mfa_setup_by_an_app(self, door, required, cognito, public) -> None:
        at = door(required)
        name = pools.person(cognito, required, at.own("equipped"))

        asked = at.by_password(name)
        begun = public.associate_software_token(Session=asked["Session"])
        app = TokenApp(begun["SecretCode"])
        proved = public.verify_software_token(Session=begun["Session"], UserCode=app.code())
        tokens(at.answer({**asked, "Session": proved["Session"]}, USERNAME=name))

        assert asked["ChallengeName"] == "MFA_SETUP"
        assert sorted(json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"])) == sorted([TOTP, EMAIL])
        assert proved["Status"] == "SUCCESS"
        assert at.by_password(name)["ChallengeName"] == TOTP

    def test_mfa_setup_by_an_address(self, door, required, cognito, latchkey: Latchkey) -> None:
        at = door(required)
        name = pools.person(cognito, required, at.own("addressed"))

        asked = at.answer(at.by_password(name), USERNAME=name, EMAIL=f"{name}@example.com")
        tokens(at.answer(asked, USERNAME=name, EMAIL_OTP_CODE=latchkey.code(name)))

        assert asked["ChallengeName"] == EMAIL
        assert latchkey.messages(name)[-1]["to"] == f"{name}@example.com"


class TestChoice:
    def test_select_challenge(self, door, choice, cognito, latchkey: Latchkey) -> None:
        at = door(choice)
        name = pools.reachable(cognito, choice, at.own("free"))

        asked = at.begin("USER_AUTH", USERNAME=name)
        sent = at.answer(asked, USERNAME=name, ANSWER="SMS_OTP")
        tokens(at.answer(sent, USERNAME=name, SMS_OTP_CODE=latchkey.code(name)))

        assert asked["ChallengeName"] == "SELECT_CHALLENGE"
        assert asked["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
        assert sent["ChallengeName"] == "SMS_OTP"

    def test_email_otp(self, door, choice, cognito, latchkey: Latchkey) -> None:
        at = door(choice)
        name = pools.reachable(cognito, choice, at.own("mailed"))

        asked = at.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="EMAIL_OTP")
        tokens(at.answer(asked, USERNAME=name, EMAIL_OTP_CODE=latchkey.code(name)))

        assert asked["ChallengeName"] == "EMAIL_OTP"
        assert len(latchkey.code(name)) == 8

    def test_password(self, door, choice, cognito) -> None:
        at = door(choice)
        name = pools.reachable(cognito, choice, at.own("worded"))

        asked = at.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD")
        tokens(at.answer(asked, USERNAME=name, PASSWORD=PASSWORD))

        assert asked["ChallengeName"] == "PASSWORD"
        tokens(at.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD))
        chosen = at.begin("USER_AUTH", USERNAME=name)
        tokens(at.answer(chosen, USERNAME=name, ANSWER="PASSWORD", PASSWORD=PASSWORD))

    def test_password_srp(self, door, choice, cognito) -> None:
        at, srp = door(choice), SrpClient(choice.pool)
        name = pools.reachable(cognito, choice, at.own("exchanged"))

        asked = at.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD_SRP")
        exchange = at.answer(asked, **srp.begin(USERNAME=name))
        tokens(at.answer(exchange, **srp.answer(exchange["ChallengeParameters"], PASSWORD)))

        assert asked["ChallengeName"] == "PASSWORD_SRP"
        assert exchange["ChallengeName"] == "PASSWORD_VERIFIER"


class TestCustom:
    def test_custom_challenge(self, door, custom, cognito) -> None:
        at = door(custom)
        name = pools.person(cognito, custom, at.own("asked"))

        asked = at.begin("CUSTOM_AUTH", USERNAME=name)
        again = at.answer(asked, USERNAME=name, ANSWER="RED")
        tokens(at.answer(again, USERNAME=name, ANSWER="BLUE"))

        assert asked["ChallengeName"] == again["ChallengeName"] == "CUSTOM_CHALLENGE"
        assert refusal(at.answer, again, USERNAME=name, ANSWER="BLUE") == "NotAuthorizedException"

    def test_custom_challenge_behind_srp(self, door, custom, cognito) -> None:
        at, srp = door(custom), SrpClient(custom.pool)
        name = pools.person(cognito, custom, at.own("proved"))

        exchange = at.begin("CUSTOM_AUTH", **srp.begin(USERNAME=name, CHALLENGE_NAME="SRP_A"))
        asked = at.answer(exchange, **srp.answer(exchange["ChallengeParameters"], PASSWORD))
        tokens(at.answer(asked, USERNAME=name, ANSWER="BLUE"))

        assert exchange["ChallengeName"] == "PASSWORD_VERIFIER"
        assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"


class TestDevices:
    def test_device_srp_auth_and_device_password_verifier(self, door, optional, cognito, public, latchkey) -> None:
        at, srp = door(optional), SrpClient(optional.pool)
        name = pools.reachable(cognito, optional, at.own("owner"))
        pools.prefer(cognito, optional, name, SMS, preferred=SMS)
        code = Door(public, optional, APPLICATION)
        first = tokens(code.answer(code.by_password(name), USERNAME=name, SMS_MFA_CODE=latchkey.code(name)))
        device = DeviceClient(first["NewDeviceMetadata"])
        kept = {"DeviceKey": device.key, "DeviceSecretVerifierConfig": device.registration(), "DeviceName": "Phone"}
        assert public.confirm_device(AccessToken=first["AccessToken"], **kept)["UserConfirmationNecessary"] is False

        exchange = at.begin("USER_SRP_AUTH", **srp.begin(USERNAME=name, DEVICE_KEY=device.key))
        asked = at.answer(exchange, **srp.answer(exchange["ChallengeParameters"], PASSWORD), DEVICE_KEY=device.key)
        begun = at.answer(asked, **device.begin(name))
        found = tokens(at.answer(begun, **device.answer(begun["ChallengeParameters"])))

        assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert begun["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        assert "NewDeviceMetadata" not in found
        assert [one["DeviceKey"] for one in public.list_devices(AccessToken=found["AccessToken"])["Devices"]] == [
            device.key
        ]


def equipped(boto: Any, access_token: str) -> TokenApp:
    """The app of a bearer who has proved it."""
    app = TokenApp(boto.associate_software_token(AccessToken=access_token)["SecretCode"])
    boto.verify_software_token(AccessToken=access_token, UserCode=app.code(), FriendlyDeviceName="Phone")
    return app
