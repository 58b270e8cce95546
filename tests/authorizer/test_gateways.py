"""The Lambda behind emulated gateways, with keys fetched from the running application: what a caller really gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.rules import gateway_answers
from tests.authorizer import minting
from tests.authorizer.serving import Server, serving
from tests.authorizer.stack import Stack, asked
from tests.outside import ministack

pytestmark = pytest.mark.skipif(ministack.missing() is not None, reason=str(ministack.missing()))


@pytest.fixture(scope="module")
def server(application: tuple[str, str]) -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def stack(server: Server, pool: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environment = {
        "LATCHKEY_BASE_URL": server.url,
        "LATCHKEY_AUTHORIZER_POOLS": pool,
        "LATCHKEY_AUTHORIZER_KEYS": "https",
        "LATCHKEY_AUTHORIZER_SCOPES": "rs/read",
    }
    with ministack.running(tmp_path_factory.mktemp("ministack")) as emulator:
        yield Stack(emulator.url, environment)


@pytest.fixture
def token(server: Server, pool: str) -> Callable[..., str]:
    return lambda **changes: minting.access_token(pool, iss=f"{server.url}/{pool}", **changes)


class TestRest:
    @pytest.mark.parametrize("kind", ["TOKEN", "REQUEST"])
    def test_answers_200_401_and_403_and_hands_the_claims_on(self, stack: Stack, token: Any, kind: str) -> None:
        address = stack.rest(kind)

        good = asked(address, f"Bearer {token(sub='someone', **{'cognito:groups': ['staff', 'a,b']})}")

        assert good.status == 200
        assert gateway_answers.claims_of(good.content)["sub"] == "someone"
        assert gateway_answers.groups_of(good.content) == ["staff", "a,b"]
        assert asked(address, None).status == 401
        assert asked(address, "Bearer nonsense").status == 401
        assert asked(address, f"Bearer {token()} {token()}").status == 401
        assert asked(address, token(exp=1)).status == 401
        assert asked(address, token(scope="rs/read-all")).status == 403

    def test_stage_variables_ask_for_more_and_a_misspelt_one_is_500(self, stack: Stack, token: Any) -> None:
        strict, broken = stack.rest("REQUEST", groups="admins"), stack.rest("REQUEST", group="admins")

        assert asked(strict, token()).status == 403
        assert asked(strict, token(**{"cognito:groups": ["admins"]})).status == 200
        assert asked(broken, token()).status == 500


class TestHttp:
    @pytest.mark.parametrize("payload", ["1.0", "2.0"])
    def test_answers_200_and_403_and_hands_the_claims_on(self, stack: Stack, token: Any, payload: str) -> None:
        address = stack.http(payload)

        good = asked(address, f"Bearer {token(sub='someone')}")

        assert good.status == 200
        assert gateway_answers.claims_of(good.content)["sub"] == "someone"
        assert asked(address, None).status == 401
        assert asked(address, token(scope="rs/read-all")).status == 403

    def test_a_bad_token_in_an_identity_source_is_403(self, stack: Stack) -> None:
        assert asked(stack.http("2.0"), "Bearer nonsense").status == 403
