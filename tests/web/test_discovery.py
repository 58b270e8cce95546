"""What a pool publishes for those who verify its tokens."""

import json

import pytest

from tests.application import HOST, respond


def get(path):
    answer = respond("GET", path, {"Host": HOST})
    return answer, json.loads(answer["body"])


@pytest.fixture(scope="module")
def pool(application):
    from tests.application import Cognito

    return Cognito(*application).pool()


class TestJwks:
    def test_holds_two_public_rsa_keys(self, pool):
        answer, told = get(f"/{pool}/.well-known/jwks.json")

        assert answer["statusCode"] == 200
        assert len(told["keys"]) == 2
        for key in told["keys"]:
            assert key.keys() == {"alg", "e", "kid", "kty", "n", "use"}
            assert (key["alg"], key["e"], key["kty"], key["use"]) == ("RS256", "AQAB", "RSA", "sig")

    def test_may_be_kept_for_a_while_and_read_by_any_page(self, pool):
        answer, _ = get(f"/{pool}/.well-known/jwks.json")

        headers = {name.lower(): value for name, value in answer["headers"].items()}
        assert headers["cache-control"] == "public, max-age=300"
        assert headers["access-control-allow-origin"] == "*"

    @pytest.mark.parametrize("unknown", ["us-east-1_Unknown", "x", "a" * 3000, "%23", "..%2Fx", "%F0%9F%92%A5", "P%00"])
    def test_of_an_unknown_pool_is_not_there(self, application, unknown):
        for name in ("jwks.json", "openid-configuration"):
            answer, told = get(f"/{unknown}/.well-known/{name}")
            assert answer["statusCode"] == 404
            assert told["__type"] in ("ResourceNotFoundException", "UnknownOperationException")


class TestConfiguration:
    def test_names_the_issuer_under_which_it_lies(self, pool):
        answer, told = get(f"/{pool}/.well-known/openid-configuration")

        assert answer["statusCode"] == 200
        assert told["issuer"] == f"http://{HOST}/{pool}"
        assert told["jwks_uri"] == f"{told['issuer']}/.well-known/jwks.json"
        assert told["id_token_signing_alg_values_supported"] == ["RS256"]
        assert told["subject_types_supported"] == ["public"]

    def test_names_no_address_that_does_not_answer(self, pool):
        _, told = get(f"/{pool}/.well-known/openid-configuration")

        for name, value in told.items():
            if isinstance(value, str) and value.startswith("http") and name != "issuer":
                assert respond("GET", value.removeprefix(f"http://{HOST}"), {"Host": HOST})["statusCode"] == 200

    def test_a_deleted_pool_has_none(self, cognito):
        pool = cognito.pool()
        get(f"/{pool}/.well-known/jwks.json")
        cognito.call("DeleteUserPool", UserPoolId=pool)

        for name in ("jwks.json", "openid-configuration"):
            answer, _ = get(f"/{pool}/.well-known/{name}")
            assert answer["statusCode"] == 404
