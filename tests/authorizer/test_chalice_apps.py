"""The authorizer of other Chalice applications, and the example that vendors it, against keys fetched over HTTP."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.local import NotAuthorizedError
from chalice.test import Client, HTTPResponse

from chalicelib.authorizer.chalice_apps import Requirement, chalice_authorizer
from chalicelib.outside.key_sets import KeySets, KeysUnavailable, fetched
from tests.authorizer import minting
from tests.authorizer.events import METHOD
from tests.authorizer.serving import Server, serving

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "protected-api"


@pytest.fixture(scope="module")
def server(application: tuple[str, str]) -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def issuer(server: Server, pool: str) -> str:
    server.paths.clear()
    return f"{server.url}/{pool}"


def asked(token: str) -> Any:
    return SimpleNamespace(auth_type="TOKEN", token=token, method_arn=METHOD)


class TestChaliceAuthorizer:
    def test_allows_the_stage_and_hands_the_claims_on(self, issuer: str, pool: str) -> None:
        authorize = chalice_authorizer(Requirement(issuers=[issuer]))

        answer = authorize(asked(f"Bearer {minting.access_token(pool, iss=issuer, sub='someone')}"))

        [statement] = answer["policyDocument"]["Statement"]
        assert (statement["Effect"], answer["principalId"]) == ("Allow", "someone")
        assert answer["context"]["cognito:groups"] == "staff"

    def test_denies_a_good_token_that_lacks_the_scope(self, issuer: str, pool: str) -> None:
        authorize = chalice_authorizer(Requirement(issuers=[issuer], scopes=["rs/write"]))

        answer = authorize(asked(minting.access_token(pool, iss=issuer)))

        assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"

    def test_keys_are_fetched_once_for_many_tokens(self, issuer: str, pool: str, server: Server) -> None:
        authorize = chalice_authorizer(Requirement(issuers=[issuer]), KeySets(fetched))

        for _ in range(20):
            authorize(asked(minting.access_token(pool, iss=issuer)))

        assert server.paths == [f"/{pool}/.well-known/jwks.json"]

    def test_a_flood_of_invented_keys_fetches_once(self, issuer: str, pool: str, server: Server) -> None:
        authorize = chalice_authorizer(Requirement(issuers=[issuer]), KeySets(fetched))

        for _ in range(1000):
            with pytest.raises(NotAuthorizedError):
                authorize(asked(minting.stranger_signed(pool, uuid.uuid4().hex, iss=issuer)))

        assert len(server.paths) == 1

    def test_what_a_token_says_never_decides_where_keys_are_fetched(
        self, issuer: str, pool: str, server: Server
    ) -> None:
        authorize = chalice_authorizer(Requirement(issuers=[issuer]), KeySets(fetched))

        with pytest.raises(NotAuthorizedError):
            authorize(asked(minting.access_token(pool, iss=f"{server.url}/elsewhere")))

        assert server.paths == []

    def test_an_issuer_without_keys_is_an_outage_and_no_verdict(self, server: Server, pool: str) -> None:
        nowhere = f"{server.url}/us-east-1_nowhere"
        authorize = chalice_authorizer(Requirement(issuers=[nowhere]), KeySets(fetched))

        with pytest.raises(KeysUnavailable):
            authorize(asked(minting.access_token(pool, iss=nowhere)))


@pytest.fixture(scope="module")
def vendored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vendor folder that the example's own script makes."""
    folder = tmp_path_factory.mktemp("example") / "vendor"
    subprocess.run([EXAMPLE / "vendor-latchkey", ROOT, folder], check=True)
    return folder


@pytest.fixture
def example(vendored: Path, issuer: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The example's application, with its vendored authorizer, under Chalice's own gateway."""
    monkeypatch.setenv("LATCHKEY_ISSUER", issuer)
    monkeypatch.syspath_prepend(str(vendored))
    spec = importlib.util.spec_from_file_location("protected_api", EXAMPLE / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with Client(module.app, project_dir=str(EXAMPLE)) as client:
        yield client
    for name in [name for name in sys.modules if name.partition(".")[0] == "latchkey"]:
        del sys.modules[name]


def got(client: Client, path: str, token: str | None = None) -> HTTPResponse:
    return client.http.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})


class TestExample:
    def test_the_open_route_is_open(self, example: Client) -> None:
        assert got(example, "/").status_code == 200

    @pytest.mark.parametrize("path", ["/me", "/orders", "/admin"])
    @pytest.mark.parametrize("token", [None, "nonsense", "a.b.c", "e30.e30.e30", "one two"])
    def test_without_a_good_token_it_is_401(self, example: Client, path: str, token: str | None) -> None:
        assert got(example, path, token).status_code == 401

    def test_forged_tokens_are_401(self, example: Client, pool: str, issuer: str) -> None:
        forged = [
            *minting.unsigned(pool),
            *minting.confused(pool),
            minting.stranger_signed(pool, iss=issuer),
            minting.access_token(pool, iss=issuer, exp=1),
            minting.id_token(pool, iss=issuer),
        ]

        assert {got(example, "/me", token).status_code for token in forged} == {401}

    def test_a_token_opens_what_needs_no_more(self, example: Client, pool: str, issuer: str) -> None:
        token = minting.access_token(pool, iss=issuer, sub="someone", **{"cognito:groups": ["staff", "a,b"]})

        answer = got(example, "/me", token)

        assert answer.status_code == 200
        assert answer.json_body["claims"]["sub"] == "someone"
        assert answer.json_body["groups"] == ["staff", "a,b"]

    def test_the_scope_opens_the_orders_and_its_lack_is_403(self, example: Client, pool: str, issuer: str) -> None:
        scopes = {"orders/read openid": 200, "orders/read-all": 403, "openid": 403}

        for scope, status in scopes.items():
            assert got(example, "/orders", minting.access_token(pool, iss=issuer, scope=scope)).status_code == status

    def test_the_group_opens_the_admin_page_and_its_lack_is_403(self, example: Client, pool: str, issuer: str) -> None:
        for groups, status in ((["admins"], 200), (["staff"], 403), (["x,admins"], 403)):
            token = minting.access_token(pool, iss=issuer, **{"cognito:groups": groups})

            assert got(example, "/admin", token).status_code == status


class TestVendored:
    def test_needs_nothing_but_cryptography_and_raises_what_a_gateway_compares(
        self, vendored: Path, tmp_path: Path
    ) -> None:
        program = """
import sys
from types import SimpleNamespace
from latchkey.authorizer.chalice_apps import Requirement, chalice_authorizer
authorize = chalice_authorizer(Requirement(issuers=["https://auth.example/pool"]))
try:
    authorize(SimpleNamespace(token="nonsense", method_arn="arn"))
except Exception as error:
    print(error)
strangers = {"chalicelib", "chalice", "boto3", "botocore", "pynamodb", "jwt"}
print(sorted({name.partition(".")[0] for name in sys.modules} & strangers))
"""
        told = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path, env={"PYTHONPATH": str(vendored)}, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip

        assert told.stdout.split("\n")[:2] == ["Unauthorized", "[]"]
