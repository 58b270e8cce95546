"""Second factors with pycognito, behind SRP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pycognito import Cognito
from pycognito.exceptions import SMSMFAChallengeException, SoftwareTokenMFAChallengeException

from tests.clients import sign_in_pools as pools
from tests.clients.application import refusal
from tests.clients.running import PASSWORD, Latchkey
from tests.clients.sign_in_pools import SMS, TOTP, Place
from tests.clients.token_app import TokenApp

pytestmark = [pytest.mark.clients, pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")]


@pytest.fixture(scope="module")
def place(cognito: Any) -> Place:
    return pools.made(cognito, "OPTIONAL", SMS, TOTP)


@pytest.fixture
def account(latchkey: Latchkey, pasted_shell: None, place: Place) -> Callable[[str], Cognito]:
    """Makes pycognito's object for a user."""
    kwargs = {"endpoint_url": latchkey.url}
    return lambda name: Cognito(place.pool, place.client, username=name, boto3_client_kwargs=kwargs)


@pytest.fixture
def ada(cognito: Any, place: Place, request: pytest.FixtureRequest) -> str:
    """A user of the test's own who can be reached."""
    return pools.reachable(cognito, place, request.node.originalname.replace("_", "-")[:60])


class TestSms:
    def test_a_code_by_sms_signs_in(self, latchkey: Latchkey, account, ada: str) -> None:
        me = account(ada)
        me.authenticate(PASSWORD)
        me.set_user_mfa_preference(True, False, "SMS")

        again = account(ada)
        with pytest.raises(SMSMFAChallengeException) as asked:
            again.authenticate(PASSWORD)
        again.respond_to_sms_mfa_challenge(latchkey.code(ada))

        assert asked.value.get_tokens()["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "+*******0100"
        assert again.access_claims["username"] == ada

    def test_it_is_switched_off(self, account, ada: str) -> None:
        me = account(ada)
        me.authenticate(PASSWORD)
        me.set_user_mfa_preference(True, False, "SMS")

        me.set_user_mfa_preference(False, False)

        again = account(ada)
        again.authenticate(PASSWORD)
        assert again.access_token


class TestAuthenticatorApps:
    def test_one_is_set_up_and_signs_in(self, account, ada: str) -> None:
        me = account(ada)
        me.authenticate(PASSWORD)
        app = TokenApp(me.associate_software_token())
        assert me.verify_software_token(app.code(), "Phone") is True
        me.set_user_mfa_preference(False, True, "SOFTWARE_TOKEN")

        again = account(ada)
        with pytest.raises(SoftwareTokenMFAChallengeException) as asked:
            again.authenticate(PASSWORD)
        assert refusal(again.respond_to_software_token_mfa_challenge, app.wrong()) == "CodeMismatchException"
        again.respond_to_software_token_mfa_challenge(app.code())

        assert asked.value.get_tokens()["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "Phone"
        assert again.access_claims["username"] == ada

    def test_an_app_without_a_name_will_do(self, account, ada: str) -> None:
        me = account(ada)
        me.authenticate(PASSWORD)
        app = TokenApp(me.associate_software_token())

        assert me.verify_software_token(app.code()) is True
