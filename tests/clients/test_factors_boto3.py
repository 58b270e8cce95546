"""What stands around signing in, with boto3: factors shown, passkeys, devices, recovery codes, levels."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.authenticator import Authenticator
from tests.clients import sign_in_pools as pools
from tests.clients.application import refusal
from tests.clients.doors import APPLICATION, SERVER, Door, claims, tokens
from tests.clients.running import NEW_PASSWORD, PASSWORD, Latchkey
from tests.clients.sign_in_pools import EMAIL, SMS, TOTP, Place
from tests.clients.token_app import TokenApp
from tests.device_client import DeviceClient
from tests.engines import ROOT

pytestmark = pytest.mark.clients

SITE = "example.com"


@pytest.fixture(scope="module")
def place(cognito: Any) -> Place:
    """A pool where everything is possible and nothing is demanded."""
    first = pools.first_factors("PASSWORD", "EMAIL_OTP", "WEB_AUTHN")
    made = pools.made(cognito, "OPTIONAL", SMS, TOTP, EMAIL, DeviceConfiguration=pools.TRUSTING, **first)
    passkeys = {"RelyingPartyId": SITE, "UserVerification": "required"}
    cognito.set_user_pool_mfa_config(UserPoolId=made.pool, WebAuthnConfiguration=passkeys)
    return made


@pytest.fixture
def door(public: Any, place: Place) -> Door:
    return Door(public, place, APPLICATION)


@pytest.fixture
def ours(latchkey: Latchkey, pasted_shell: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's client of our own API."""
    monkeypatch.setenv("AWS_DATA_PATH", str(ROOT / "sdk"))
    return boto3.Session(profile_name="latchkey").client("latchkey", region_name="us-east-1", endpoint_url=latchkey.url)


class TestShown:
    def test_a_user_and_an_operator_see_the_same_factors(self, door, place, cognito, public) -> None:
        name = pools.reachable(cognito, place, "shown")
        access = tokens(door.by_password(name))["AccessToken"]
        app = TokenApp(public.associate_software_token(AccessToken=access)["SecretCode"])
        public.verify_software_token(AccessToken=access, UserCode=app.code())
        public.set_user_mfa_preference(
            AccessToken=access,
            SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
            SMSMfaSettings={"Enabled": True},
        )

        own = public.get_user_auth_factors(AccessToken=access)
        seen = cognito.admin_get_user_auth_factors(UserPoolId=place.pool, Username=name)

        for shown in (own, seen):
            assert shown["Username"] == name
            assert shown["PreferredMfaSetting"] == TOTP
            assert sorted(shown["UserMFASettingList"]) == sorted([SMS, TOTP])
            assert {"PASSWORD", "EMAIL_OTP", "SOFTWARE_TOKEN"} <= set(shown["ConfiguredUserAuthFactors"])

    def test_an_operator_takes_an_app_away(self, door, place, cognito, public) -> None:
        name = pools.reachable(cognito, place, "rescued")
        access = tokens(door.by_password(name))["AccessToken"]
        app = TokenApp(public.associate_software_token(AccessToken=access)["SecretCode"])
        public.verify_software_token(AccessToken=access, UserCode=app.code())
        pools.prefer(cognito, place, name, TOTP, preferred=TOTP)
        assert door.by_password(name)["ChallengeName"] == TOTP

        cognito.admin_delete_software_token(UserPoolId=place.pool, Username=name)

        assert tokens(door.by_password(name))
        assert "UserMFASettingList" not in cognito.admin_get_user(UserPoolId=place.pool, Username=name)


class TestPasskeys:
    @pytest.mark.parametrize("kind", [APPLICATION, SERVER])
    def test_one_is_registered_and_answers_web_authn(self, place, cognito, public, kind: str) -> None:
        at = Door(cognito if kind == SERVER else public, place, kind)
        name = pools.reachable(cognito, place, at.own("keyed"))
        access = tokens(at.by_password(name))["AccessToken"]
        key = Authenticator(origin=f"https://{SITE}")
        options = public.start_web_authn_registration(AccessToken=access)["CredentialCreationOptions"]
        public.complete_web_authn_registration(AccessToken=access, Credential=key.created(options))

        asked = at.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="WEB_AUTHN")
        request = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        tokens(at.answer(asked, USERNAME=name, CREDENTIAL=json.dumps(key.got(request))))

        [listed] = public.list_web_authn_credentials(AccessToken=access)["Credentials"]
        assert listed["RelyingPartyId"] == SITE
        public.delete_web_authn_credential(AccessToken=access, CredentialId=listed["CredentialId"])
        assert public.list_web_authn_credentials(AccessToken=access)["Credentials"] == []


class TestDevices:
    @pytest.fixture
    def owner(self, door, place, cognito, public) -> tuple[str, DeviceClient, dict[str, Any]]:
        """A user, a confirmed device, and the session that was begun on it."""
        name = pools.reachable(cognito, place, "owner")
        found = tokens(door.by_password(name))
        device = DeviceClient(found["NewDeviceMetadata"])
        public.confirm_device(
            AccessToken=found["AccessToken"],
            DeviceKey=device.key,
            DeviceName="Phone",
            DeviceSecretVerifierConfig=device.registration(),
        )
        yield name, device, found
        cognito.admin_delete_user(UserPoolId=place.pool, Username=name)

    def test_an_operator_sees_and_forgets_it_and_its_session_ends(self, owner, place, cognito, public) -> None:
        name, device, found = owner
        who = {"UserPoolId": place.pool, "Username": name}

        [listed] = cognito.admin_list_devices(**who)["Devices"]
        one = cognito.admin_get_device(**who, DeviceKey=device.key)["Device"]
        cognito.admin_update_device_status(**who, DeviceKey=device.key, DeviceRememberedStatus="not_remembered")
        cognito.admin_forget_device(**who, DeviceKey=device.key)

        assert listed["DeviceKey"] == one["DeviceKey"] == device.key
        assert {"Name": "device_name", "Value": "Phone"} in one["DeviceAttributes"]
        assert cognito.admin_list_devices(**who)["Devices"] == []
        assert refusal(public.get_user, AccessToken=found["AccessToken"]) == "NotAuthorizedException"

    @pytest.mark.parametrize("operation", ["InitiateAuth", "GetTokensFromRefreshToken"])
    def test_its_session_is_refreshed_with_its_key_alone(self, owner, place, public, operation: str) -> None:
        _, device, found = owner

        def refreshed(**key: str) -> dict[str, Any]:
            token = {"ClientId": place.client, "RefreshToken": found["RefreshToken"]}
            if operation == "GetTokensFromRefreshToken":
                return dict(public.get_tokens_from_refresh_token(**token, **key))
            given = {"REFRESH_TOKEN": found["RefreshToken"]} | ({"DEVICE_KEY": key["DeviceKey"]} if key else {})
            return dict(
                public.initiate_auth(ClientId=place.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=given)
            )

        assert refusal(refreshed) == "NotAuthorizedException"
        renewed = refreshed(DeviceKey=device.key)["AuthenticationResult"]["AccessToken"]
        assert claims(renewed)["device_key"] == device.key


class TestRecoveryCodes:
    def test_one_stands_in_for_a_second_factor_once(self, door, place, cognito, ours) -> None:
        name = pools.reachable(cognito, place, "careful")
        access = tokens(door.by_password(name))["AccessToken"]
        pools.prefer(cognito, place, name, SMS, preferred=SMS)

        codes = ours.create_recovery_codes(AccessToken=access)["RecoveryCodes"]
        tokens(door.answer(door.by_password(name), USERNAME=name, SMS_MFA_CODE=codes[0]))

        asked = door.by_password(name)
        assert refusal(door.answer, asked, USERNAME=name, SMS_MFA_CODE=codes[0]) == "CodeMismatchException"
        assert ours.describe_recovery_codes(AccessToken=access)["Remaining"] == len(codes) - 1
        tokens(door.answer(asked, USERNAME=name, SMS_MFA_CODE=codes[1].lower()))

    def test_an_operator_takes_them_away(self, door, place, cognito, ours) -> None:
        name = pools.reachable(cognito, place, "careless")
        access = tokens(door.by_password(name))["AccessToken"]
        pools.prefer(cognito, place, name, SMS, preferred=SMS)
        ours.create_recovery_codes(AccessToken=access)

        ours.admin_delete_recovery_codes(UserPoolId=place.pool, Username=name)

        assert ours.describe_recovery_codes(AccessToken=access)["Remaining"] == 0


class TestStepUp:
    def test_a_level_is_reached_on_top_of_an_earlier_sign_in(self, door, place, cognito, latchkey) -> None:
        name = pools.reachable(cognito, place, "climber")
        first = tokens(door.by_password(name))["AccessToken"]

        level = "urn:cognito:loa:3"
        asked = door.begin("USER_AUTH", USERNAME=name, TARGET_ACR_VALUES=level, ACCESS_TOKEN=first)
        sent = door.answer(asked, USERNAME=name, ANSWER=EMAIL)
        found = tokens(door.answer(sent, USERNAME=name, EMAIL_OTP_CODE=latchkey.code(name)))

        assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
        assert "acr" not in claims(first)
        assert claims(found["AccessToken"])["acr"] == level
        assert {"pwd", "email_otp"} <= set(claims(found["AccessToken"])["amr"])


class TestSignUp:
    def test_the_session_of_a_sign_up_signs_in(self, place, cognito, public, latchkey) -> None:
        at = Door(public, place, APPLICATION)
        address = [{"Name": "email", "Value": "fresh@example.com"}]
        made = public.sign_up(ClientId=place.client, Username="fresh", UserAttributes=address)

        confirmed = public.confirm_sign_up(
            ClientId=place.client, Username="fresh", ConfirmationCode=latchkey.code("fresh"), Session=made["Session"]
        )
        begin = {"ClientId": place.client, "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": "fresh"}}
        found = public.initiate_auth(**begin, Session=confirmed["Session"])

        assert tokens(found)
        assert refusal(public.initiate_auth, **begin, Session=confirmed["Session"]) == "NotAuthorizedException"
        assert refusal(at.by_password, "fresh", NEW_PASSWORD) == "NotAuthorizedException"
        assert refusal(at.by_password, "fresh", PASSWORD) == "NotAuthorizedException"
