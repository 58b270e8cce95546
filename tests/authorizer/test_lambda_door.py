"""The deployed Lambda: every kind of gateway gets its own yes, 401 and 403, and forgers get nowhere."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.authorizer.lambda_door import GatewayUnauthorized, authorizer
from chalicelib.flows import signing_keys
from chalicelib.outside import key_sets
from chalicelib.rules import gateway_answers
from chalicelib.table import trips
from tests.application import Cognito, respond
from tests.authorizer import minting
from tests.authorizer.events import http1_event, http2_event, request_event, token_event

STAGE = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/*/*"
Configure = Callable[..., None]


def refused(event: dict[str, Any]) -> bool:
    """Whether the gateway answers 401 to an event of a REST API: the message is what it compares."""
    try:
        authorizer(event)
    except Exception as error:
        return str(error) == "Unauthorized"
    return False


def effect(answer: dict[str, Any]) -> str:
    [statement] = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == [STAGE]
    return str(statement["Effect"])


class TestRest:
    def test_a_token_event_is_allowed_with_the_claims_as_context(self, pool: str, configured: Configure) -> None:
        configured(pools=pool)
        token = minting.access_token(pool, sub="someone")

        answer = authorizer(token_event(f"Bearer {token}"), None)

        assert effect(answer) == "Allow"
        assert answer["principalId"] == "someone"
        assert answer["context"]["sub"] == "someone"
        assert answer["context"]["cognito:groups"] == "staff"
        assert all(isinstance(value, str) for value in answer["context"].values())

    def test_a_request_event_is_allowed_likewise(self, pool: str) -> None:
        answer = authorizer(request_event(minting.access_token(pool), pools=pool))

        assert effect(answer) == "Allow"

    def test_a_bad_token_is_401(self, pool: str, configured: Configure) -> None:
        configured(pools=pool)

        with pytest.raises(GatewayUnauthorized, match=r"^Unauthorized$"):
            authorizer(token_event("Bearer nonsense"))
        with pytest.raises(GatewayUnauthorized, match=r"^Unauthorized$"):
            authorizer(request_event())

    def test_a_good_token_without_the_scope_is_403(self, pool: str) -> None:
        answer = authorizer(request_event(minting.access_token(pool), pools=pool, scopes="rs/write"))

        assert effect(answer) == "Deny"
        assert answer["context"] == {}

    def test_what_it_answers_passes_as_json_and_comes_back_as_claims(self, pool: str) -> None:
        token = minting.access_token(pool, **{"cognito:groups": ["staff", "a,b"]})

        answer = json.loads(json.dumps(authorizer(request_event(token, pools=pool))))

        event = {"requestContext": {"authorizer": {**answer["context"], "principalId": answer["principalId"]}}}
        assert gateway_answers.groups_of(event) == ["staff", "a,b"]
        assert gateway_answers.claims_of(event)["username"] == "someone"


class TestHttp:
    def test_a_simple_answer_is_yes_with_a_context_or_no(self, pool: str) -> None:
        token = minting.access_token(pool, sub="someone")

        yes = authorizer(http2_event(f"Bearer {token}", pools=pool))
        no = authorizer(http2_event(f"Bearer {token}", pools=pool, scopes="rs/write"))

        assert yes["isAuthorized"] is True
        assert yes["context"]["sub"] == "someone"
        assert no == {"isAuthorized": False}

    def test_a_policy_is_given_where_one_is_wanted(self, pool: str) -> None:
        token = minting.access_token(pool)

        yes = authorizer(http2_event(token, pools=pool, response="policy"))
        no = authorizer(http2_event(token, pools=pool, response="policy", groups="admins"))

        assert effect(yes) == "Allow"
        assert effect(no) == "Deny"

    def test_payload_1_takes_policies_alone(self, pool: str) -> None:
        token = minting.access_token(pool)

        assert effect(authorizer(http1_event(token, pools=pool, response="simple"))) == "Allow"
        assert effect(authorizer(http1_event(token, pools=pool, groups="admins"))) == "Deny"

    @pytest.mark.parametrize("event", [http1_event, http2_event])
    def test_a_bad_token_is_401_where_no_identity_source_is_set(self, pool: str, event: Any) -> None:
        assert authorizer(event("nonsense", has_source=False, pools=pool)) == {"errorMessage": "Unauthorized"}

    def test_a_bad_token_in_an_identity_source_is_a_denial(self, pool: str) -> None:
        assert authorizer(http2_event("nonsense", pools=pool)) == {"isAuthorized": False}
        assert effect(authorizer(http2_event("nonsense", pools=pool, response="policy"))) == "Deny"
        assert effect(authorizer(http1_event("nonsense", pools=pool))) == "Deny"


class TestRequirements:
    @pytest.mark.parametrize("scopes", ["rs/read", "rs/write,rs/read", "rs/write rs/read"])
    def test_any_one_scope_is_enough(self, pool: str, scopes: str) -> None:
        assert effect(authorizer(request_event(minting.access_token(pool), pools=pool, scopes=scopes))) == "Allow"

    def test_a_scope_of_a_longer_name_is_another(self, pool: str) -> None:
        token = minting.access_token(pool, scope="rs/read-all rs/reader")

        assert effect(authorizer(request_event(token, pools=pool, scopes="rs/read"))) == "Deny"

    def test_any_one_group_is_enough(self, pool: str) -> None:
        token = minting.access_token(pool, **{"cognito:groups": ["staff", "admins"]})

        assert effect(authorizer(request_event(token, pools=pool, groups="owners,admins"))) == "Allow"

    @pytest.mark.parametrize("groups", [["guests,admins"], ["administrators"], "admins", None])
    def test_a_group_that_only_resembles_it_is_another(self, pool: str, groups: Any) -> None:
        token = minting.access_token(pool, **{"cognito:groups": groups})

        assert effect(authorizer(request_event(token, pools=pool, groups="admins"))) == "Deny"

    def test_a_token_for_another_client_is_401(self, pool: str) -> None:
        token = minting.access_token(pool)

        assert effect(authorizer(request_event(token, pools=pool, audiences="other,app"))) == "Allow"
        assert refused(request_event(token, pools=pool, audiences="other"))

    def test_an_id_token_is_401_where_access_is_asked_for(self, pool: str) -> None:
        token = minting.id_token(pool)

        assert refused(request_event(token, pools=pool))
        assert effect(authorizer(request_event(token, pools=pool, token_use="id", audiences="app"))) == "Allow"

    def test_an_id_token_never_meets_a_scope(self, pool: str) -> None:
        event = request_event(minting.id_token(pool), pools=pool, token_use="any", scopes="openid")

        assert effect(authorizer(event)) == "Deny"

    def test_stage_variables_count_before_the_environment_and_for_their_api_alone(
        self, pool: str, configured: Configure
    ) -> None:
        configured(pools=pool, groups="admins")
        token = minting.access_token(pool)

        assert effect(authorizer(token_event(token))) == "Deny"
        assert effect(authorizer(request_event(token, groups="staff"))) == "Allow"
        assert effect(authorizer(request_event(token))) == "Deny"

    def test_stage_variables_of_others_do_not_matter(self, pool: str) -> None:
        event = request_event(minting.access_token(pool), pools=pool)
        event["stageVariables"]["scopes"] = "rs/write"

        assert effect(authorizer(event)) == "Allow"

    def test_a_token_of_a_real_sign_in_passes(self, pool: str, cognito: Cognito) -> None:
        client = cognito.client(pool)
        tokens = cognito.sign_in(client, cognito.user(pool))

        assert effect(authorizer(request_event(tokens["AccessToken"], pools=pool, audiences=client))) == "Allow"
        assert (
            effect(authorizer(request_event(tokens["IdToken"], pools=pool, audiences=client, token_use="id")))
            == "Allow"
        )


class TestMisconfiguration:
    @pytest.mark.parametrize(
        "stage",
        [
            {}, {"pools": ""}, {"pools": "p", "scope": "rs/read"}, {"pools": "p", "token_use": "acess"},
            {"pools": "p", "leeway": "61"}, {"pools": "p", "leeway": "soon"}, {"pools": "p", "sessions": "true"},
            {"pools": "p", "response": "json"}, {"pools": "p", "keys": "none"},
            {"pools": "p", "source": "Authorization"},
        ],
    )  # fmt: skip
    def test_is_an_error_and_lets_nobody_in(self, pool: str, stage: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=r"."):
            authorizer(request_event(minting.access_token(pool), **stage))

    def test_a_misspelt_variable_of_the_environment_is_one_too(self, pool: str, configured: Configure) -> None:
        configured(pools=pool, scope="rs/write")

        with pytest.raises(ValueError, match="scope"):
            authorizer(token_event(minting.access_token(pool)))

    def test_a_pool_that_does_not_exist_is_an_outage_and_no_verdict(self, pool: str) -> None:
        token = minting.access_token(pool, iss=f"{minting.BASE_URL}/us-east-1_nowhere")

        with pytest.raises(key_sets.KeysUnavailable):
            authorizer(request_event(token, pools="us-east-1_nowhere"))


class TestForgeries:
    @pytest.mark.parametrize(
        "credential",
        ["", "Bearer", "Bearer ", "Basic YTpi", "null", "a.b.c", "....", "\x00", "Bearer ä.ö.ü", "{}", "e30.e30.e30"],
    )
    def test_garbage_is_401(self, pool: str, configured: Configure, credential: str) -> None:
        configured(pools=pool)

        assert refused(token_event(credential))
        assert authorizer(http2_event(credential, pools=pool)) in (
            {"isAuthorized": False},
            {"errorMessage": "Unauthorized"},
        )

    def test_two_tokens_are_401_even_when_both_are_good(self, pool: str, configured: Configure) -> None:
        configured(pools=pool)
        one, two = minting.access_token(pool), minting.access_token(pool)

        for joined in (f"Bearer {one} {two}", f"Bearer {one},{two}", f"Bearer {one}, Bearer {two}", f"{one} {one}"):
            assert refused(token_event(joined))
            assert authorizer(http2_event(joined)) == {"isAuthorized": False}
        assert refused(request_event(one, two))
        assert refused(request_event(one, one))

    def test_a_huge_token_is_refused_before_it_is_parsed(self, pool: str, configured: Configure) -> None:
        configured(pools=pool)
        token = minting.access_token(pool, padding="x" * 2_000_000)

        began = time.perf_counter()
        with trips.counted() as counted:
            assert refused(token_event(f"Bearer {token}"))

        assert time.perf_counter() - began < 1
        assert counted.calls == []

    def test_a_stranger_is_401_without_a_look_at_the_table(self, pool: str, cognito: Cognito) -> None:
        other = cognito.pool()
        foreign = [
            minting.access_token(other),
            minting.access_token(pool, iss="https://evil.example/" + pool),
            minting.access_token(pool, iss=f"{minting.BASE_URL}/{pool}/"),
            minting.access_token(pool, iss=f"{minting.BASE_URL}/x/../{pool}"),
            minting.access_token(pool, iss=[f"{minting.BASE_URL}/{pool}"]),
        ]

        with trips.counted() as counted:
            assert all(refused(request_event(token, pools=pool)) for token in foreign)

        assert counted.calls == []

    def test_a_neighbours_key_does_not_sign_for_this_pool(self, pool: str, cognito: Cognito) -> None:
        other = cognito.pool()
        token = signing_keys.signer(other, "access").sign(minting.claims(pool))

        assert refused(request_event(token, pools=pool))
        assert refused(request_event(token, pools=f"{pool},{other}"))

    def test_alg_none_is_401_in_all_its_spellings(self, pool: str) -> None:
        assert all(refused(request_event(token, pools=pool)) for token in minting.unsigned(pool))

    def test_the_public_key_is_no_hmac_secret(self, pool: str) -> None:
        assert all(refused(request_event(token, pools=pool)) for token in minting.confused(pool))

    def test_a_header_cannot_bring_its_own_key(self, pool: str) -> None:
        token, kid = minting.access_token(pool), minting.kid(pool)
        forged = minting.stranger_signed(pool)
        heads = [
            {"alg": "ES256", "kid": kid, "jwk": {"kty": "EC"}},
            {"alg": "ES256", "kid": kid, "jku": "https://evil.example/jwks.json"},
            {"alg": "RS256", "kid": kid, "crit": ["exp"]},
            {"alg": "RS256"},
            {"alg": "RS256", "kid": [kid]},
        ]

        assert refused(request_event(forged, pools=pool))
        assert all(refused(request_event(minting.with_header(token, **head), pools=pool)) for head in heads)

    def test_changed_claims_are_401(self, pool: str) -> None:
        head, _, signature = minting.access_token(pool).split(".")
        body = minting.encoded(minting.claims(pool, **{"cognito:groups": ["admins"]}))

        assert refused(request_event(f"{head}.{body}.{signature}", pools=pool))

    def test_expired_and_future_tokens_are_401(self, pool: str) -> None:
        now = int(time.time())
        for changes in ({"exp": now}, {"exp": now - 1}, {"iat": now + 30}, {"nbf": now + 30}, {"exp": str(now + 99)}):
            assert refused(request_event(minting.access_token(pool, **changes), pools=pool)), changes

        skewed = minting.access_token(pool, iat=now + 30, nbf=now + 30)
        assert effect(authorizer(request_event(skewed, pools=pool, leeway="60"))) == "Allow"


class TestCost:
    def test_no_table_read_once_the_keys_are_known(self, pool: str) -> None:
        authorizer(request_event(minting.access_token(pool), pools=pool))
        fresh = [minting.access_token(pool) for _ in range(5)]

        with trips.counted() as counted:
            for token in fresh:
                authorizer(request_event(token, pools=pool))

        assert counted.calls == []

    def test_a_thousand_tokens_with_invented_keys_cost_one_query(self, pool: str) -> None:
        bogus = [minting.stranger_signed(pool, uuid.uuid4().hex) for _ in range(1000)]

        with trips.counted() as counted:
            assert all(refused(request_event(token, pools=pool)) for token in bogus)

        assert counted.calls == ["Query"]

    def test_a_flood_does_not_lock_out_who_has_a_good_token(self, pool: str) -> None:
        for _ in range(50):
            assert refused(request_event(minting.stranger_signed(pool, uuid.uuid4().hex), pools=pool))

        assert effect(authorizer(request_event(minting.access_token(pool), pools=pool))) == "Allow"

    def test_the_session_check_costs_one_read(self, pool: str, cognito: Cognito) -> None:
        token = cognito.sign_in(cognito.client(pool), cognito.user(pool))["AccessToken"]
        authorizer(request_event(token, pools=pool, sessions="on"))

        with trips.counted() as counted:
            authorizer(request_event(token, pools=pool, sessions="on"))

        assert counted.calls == ["BatchGetItem"]

    def test_the_session_check_costs_forgers_nothing(self, pool: str) -> None:
        authorizer(request_event(minting.access_token(pool), pools=pool))

        with trips.counted() as counted:
            assert refused(request_event(minting.stranger_signed(pool), pools=pool, sessions="on"))

        assert counted.calls == []


class TestSessions:
    def test_a_signed_out_user_is_refused_on_the_next_call(self, pool: str, cognito: Cognito) -> None:
        token = cognito.sign_in(cognito.client(pool), cognito.user(pool))["AccessToken"]
        assert effect(authorizer(request_event(token, pools=pool, sessions="on"))) == "Allow"

        cognito.call("GlobalSignOut", AccessToken=token)

        assert refused(request_event(token, pools=pool, sessions="on"))
        assert authorizer(http2_event(token, pools=pool, sessions="on")) == {"isAuthorized": False}

    def test_without_the_check_the_token_lasts_until_it_expires(self, pool: str, cognito: Cognito) -> None:
        token = cognito.sign_in(cognito.client(pool), cognito.user(pool))["AccessToken"]

        cognito.call("GlobalSignOut", AccessToken=token)

        assert effect(authorizer(request_event(token, pools=pool))) == "Allow"

    def test_the_id_token_of_the_session_ends_with_it(self, pool: str, cognito: Cognito) -> None:
        tokens = cognito.sign_in(cognito.client(pool), cognito.user(pool))
        asked = {"pools": pool, "sessions": "on", "token_use": "id"}
        assert effect(authorizer(request_event(tokens["IdToken"], **asked))) == "Allow"

        cognito.call("GlobalSignOut", AccessToken=tokens["AccessToken"])

        assert refused(request_event(tokens["IdToken"], **asked))

    def test_a_revoked_session_ends_and_another_of_the_same_user_stays(self, pool: str, cognito: Cognito) -> None:
        client, user = cognito.client(pool), cognito.user(pool)
        one, two = cognito.sign_in(client, user), cognito.sign_in(client, user)

        cognito.call("RevokeToken", Token=one["RefreshToken"], ClientId=client)

        assert refused(request_event(one["AccessToken"], pools=pool, sessions="on"))
        assert effect(authorizer(request_event(two["AccessToken"], pools=pool, sessions="on"))) == "Allow"

    @pytest.mark.parametrize("operation", ["AdminDisableUser", "AdminDeleteUser"])
    def test_a_user_who_is_disabled_or_gone_is_refused(self, pool: str, cognito: Cognito, operation: str) -> None:
        user = cognito.user(pool)
        token = cognito.sign_in(cognito.client(pool), user)["AccessToken"]

        cognito.call(operation, UserPoolId=pool, Username=user)

        assert refused(request_event(token, pools=pool, sessions="on"))

    @pytest.mark.parametrize("session", [None, "", 7, "nowhere"])
    def test_a_users_token_without_a_session_is_refused(self, pool: str, session: Any) -> None:
        token = minting.access_token(pool, event_id=session)

        assert refused(request_event(token, pools=pool, sessions="on"))

    @pytest.mark.parametrize("changes", [{"event_id": None}, {"username": None}])
    def test_a_token_that_tells_of_a_user_or_a_session_is_no_machines(self, pool: str, changes: Any) -> None:
        token = minting.access_token(pool, sub="app", **changes)

        assert refused(request_event(token, pools=pool, sessions="on"))

    def test_a_machine_has_no_session_to_check(self, pool: str) -> None:
        machine = minting.access_token(pool, sub="app", username=None, event_id=None)

        assert effect(authorizer(request_event(machine, pools=pool, sessions="on"))) == "Allow"


class TestDiscovery:
    def test_the_authorizers_issuer_is_the_one_that_discovery_tells(self, pool: str) -> None:
        told = json.loads(
            respond("GET", f"/{pool}/.well-known/openid-configuration", {"Host": "latchkey.test"})["body"]
        )

        token = minting.access_token(pool, iss=told["issuer"])

        assert effect(authorizer(request_event(token, pools=pool))) == "Allow"
