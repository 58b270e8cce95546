"""What outlives a run of scripts/dev: everything that was acknowledged, whether it was asked to end or killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.running import FLOWS, PASSWORD, Latchkey

pytestmark = pytest.mark.clients

SECOND_START_SECONDS = 15
"""Five is what a user is promised; a busy machine of tests gets more."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Latchkey]:
    """A scripts/dev that runs for the first time on its data folder."""
    fresh = Latchkey(tmp_path / "data")
    try:
        fresh.start()
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(fresh.data / "credentials"))
        yield fresh
    finally:
        fresh.discard()


class Life:
    """A user's sign-up, half of it done before the end of a run and half after."""

    def __init__(self, run: Latchkey) -> None:
        self.run = run
        cognito = run.cognito()
        self.pool = cognito.create_user_pool(PoolName="kept", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
        made = cognito.create_user_pool_client(UserPoolId=self.pool, ClientName="kept", ExplicitAuthFlows=FLOWS)
        self.client = made["UserPoolClient"]["ClientId"]
        for name in ("done", "halfway"):
            email = [{"Name": "email", "Value": f"{name}@example.com"}]
            cognito.sign_up(ClientId=self.client, Username=name, Password=PASSWORD, UserAttributes=email)
        self.confirm("done")
        self.tokens = self.sign_in("done")

    def confirm(self, name: str) -> None:
        self.run.cognito().confirm_sign_up(ClientId=self.client, Username=name, ConfirmationCode=self.run.code(name))

    def sign_in(self, name: str) -> dict[str, str]:
        return self._initiated("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=PASSWORD)

    def refresh(self) -> dict[str, str]:
        return self._initiated("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=self.tokens["RefreshToken"])

    def _initiated(self, flow: str, **given: str) -> dict[str, str]:
        answer = self.run.cognito().initiate_auth(ClientId=self.client, AuthFlow=flow, AuthParameters=given)
        return dict(answer["AuthenticationResult"])


class TestRestart:
    @pytest.mark.parametrize("end", [Latchkey.end, Latchkey.kill], ids=["asked to end", "killed"])
    def test_everything_is_there_again_within_seconds(self, run, end):
        life = Life(run)
        facts, users = run.facts, run.cognito().list_users(UserPoolId=life.pool)["Users"]

        assert not end(run)
        seconds = run.start()

        assert seconds < SECOND_START_SECONDS
        assert run.facts["demo"] == facts["demo"]
        assert run.cognito().list_users(UserPoolId=life.pool)["Users"] == users
        assert run.cognito().get_user(AccessToken=life.tokens["AccessToken"])["Username"] == "done"
        assert life.refresh()["AccessToken"]
        life.confirm("halfway")
        assert life.sign_in("halfway")["AccessToken"]
        assert run.end() == 0
