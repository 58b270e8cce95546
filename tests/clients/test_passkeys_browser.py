"""Passkeys as people meet them: Amplify, unmodified, in Chromium, with an authenticator that the browser simulates."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.clients import devtools, page
from tests.clients.running import PASSWORD, Latchkey, Told
from tests.engines import ROOT

pytestmark = pytest.mark.clients

FOLDER = Path(__file__).resolve().parent
FACTORS = ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
PICTURE = "passkeys.png"


@pytest.fixture(scope="module")
def bundle() -> bytes:
    """Amplify as a bundler packs it for a page."""
    command = ["node", FOLDER / "bundle.mjs", "aws-amplify", "aws-amplify/auth"]
    return subprocess.run(command, capture_output=True, check=True, cwd=ROOT, timeout=60).stdout


@contextmanager
def serving(content: dict[str, tuple[str, bytes]]) -> Iterator[str]:
    """An application's own server; passkeys want it at `localhost` or behind HTTPS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = content.get(self.path, ("text/plain", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def given(cognito: Any, latchkey: Latchkey) -> dict[str, str]:
    """A pool with passkeys for applications on a laptop, and a user in it."""
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": FACTORS}}
    pool = cognito.create_user_pool(PoolName="passkeys", Policies=policy)["UserPool"]["Id"]
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool, WebAuthnConfiguration={"RelyingPartyId": "localhost", "UserVerification": "required"}
    )
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="page", ExplicitAuthFlows=FLOWS)
    address = [{"Name": "email", "Value": "surfer@example.com"}, {"Name": "email_verified", "Value": "true"}]
    user = {"UserPoolId": pool, "Username": "surfer"}
    cognito.admin_create_user(**user, UserAttributes=address, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
    known = {"pool": pool, "client": client["UserPoolClient"]["ClientId"], "endpoint": latchkey.url}
    return known | {"username": "surfer", "password": PASSWORD}


@pytest.fixture(scope="module")
def told(given: dict[str, str], bundle: bytes, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What the page saw, by step, and the credentials that the authenticator holds after that."""
    program = page.browser()
    if program is None:
        pytest.skip("There is no Chromium on this machine.")
    content = {
        "/": ("text/html", (FOLDER / "passkeys.html").read_bytes()),
        "/amplify.js": ("text/javascript", bundle),
        "/given": ("application/json", json.dumps(given).encode()),
    }
    folder = tmp_path_factory.mktemp("passkeys")
    with serving(content) as url, devtools.browsing(program, folder / "profile") as shown:
        authenticator = shown.authenticator()
        found: Told = shown.told(url)
        shown.picture(folder / PICTURE)
        return found | {"held": shown.credentials(authenticator), "picture": folder / PICTURE}


class TestPage:
    def test_has_no_way_in_without_a_passkey(self, told):
        assert told["sign in without a passkey"]["isSignedIn"] is False

    def test_registers_a_passkey(self, told):
        assert told["sign in with the password"] == DONE
        assert told["register"] is None
        (held,) = told["held"]
        assert (held["rpId"], held["isResidentCredential"], held["userName"]) == ("localhost", True, "surfer")

    def test_does_not_register_twice_in_one_authenticator(self, told):
        assert told["register again"]["error"] == "PasskeyAlreadyExists"

    def test_lists_the_passkey(self, told):
        (listed,) = told["list"]["credentials"]
        assert listed["relyingPartyId"] == "localhost"
        assert listed["friendlyCredentialName"] == "Platform passkey"
        assert (listed["authenticatorAttachment"], listed["authenticatorTransports"]) == ("platform", ["internal"])

    def test_signs_in_with_the_passkey(self, told):
        assert told["sign in with the passkey"] == DONE
        assert told["subject of the passkey"] == told["subject"]
        assert told["sign in with it once more"] == DONE

    def test_deletes_the_passkey(self, told):
        assert told["delete"] is None
        assert told["list after that"]["credentials"] == []
        assert told["sign in with what was deleted"]["isSignedIn"] is False

    def test_counts_what_was_signed(self, told):
        (held,) = told["held"]
        assert held["signCount"] >= 2

    def test_shows_what_it_saw(self, told):
        assert told["picture"].stat().st_size > 10_000
