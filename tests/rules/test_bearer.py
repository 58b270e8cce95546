"""Bearer tokens: where they stand, what an API may require, and the tricks that have to fail."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rules import bearer, jwt
from chalicelib.rules.bearer import Forbidden, Requirement, Unauthorized

NOW = 1_900_000_000.0
ISSUER = "https://auth.example/us-east-1_pool"
SOUND = {
    "iss": ISSUER, "sub": "someone", "token_use": "access", "client_id": "app", "scope": "rs/read openid",
    "cognito:groups": ["staff", "night shift"], "iat": int(NOW) - 60, "exp": int(NOW) + 600,
}  # fmt: skip
ID = {**SOUND, "token_use": "id", "aud": "app"}


def required(**more: Any) -> Requirement:
    return Requirement(**{"issuers": [ISSUER], **more})


def judged(changes: dict[str, Any] | None = None, **more: Any) -> None:
    bearer.check({**SOUND, **(changes or {})}, required(**more), NOW)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in SOUND.items() if key != name}


class TestRequirement:
    @pytest.mark.parametrize("field", ["issuers", "scopes", "groups", "audiences", "resources"])
    def test_a_lone_text_is_refused_because_its_letters_would_count_as_names(self, field: str) -> None:
        with pytest.raises(ValueError, match=field):
            required(**{field: "read"})

    @pytest.mark.parametrize("names", [[""], [None], [1], ["ok", ""]])
    def test_names_are_texts_with_something_in_them(self, names: list[Any]) -> None:
        with pytest.raises(ValueError, match="scopes"):
            required(scopes=names)

    def test_without_an_issuer_nothing_may_be_required(self) -> None:
        with pytest.raises(ValueError, match="issuers"):
            Requirement(issuers=[])

    @pytest.mark.parametrize("use", ["", "refresh", "ACCESS", "access,id"])
    def test_a_token_use_that_there_is_not_is_refused(self, use: str) -> None:
        with pytest.raises(ValueError, match="token_use"):
            required(token_use=use)

    @pytest.mark.parametrize("leeway", [-1, 60.5, 3600, float("nan")])
    def test_the_leeway_is_at_most_a_minute(self, leeway: float) -> None:
        with pytest.raises(ValueError, match="leeway"):
            required(leeway=leeway)


class TestCredential:
    def test_of_a_token_event_is_its_token(self) -> None:
        assert bearer.credential({"type": "TOKEN", "authorizationToken": "Bearer a.b.c"}) == "Bearer a.b.c"

    def test_of_a_token_event_ignores_where_else_tokens_may_stand(self) -> None:
        event = {"type": "TOKEN", "authorizationToken": "a", "headers": {"X-Token": "b"}}

        assert bearer.credential(event, "header.X-Token") == "a"

    @pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
    def test_of_a_request_is_the_header_in_any_case(self, name: str) -> None:
        assert bearer.credential({"type": "REQUEST", "headers": {name: "token"}}) == "token"

    def test_may_stand_in_another_header_or_in_the_query(self) -> None:
        event = {"headers": {"x-token": "one"}, "queryStringParameters": {"token": "two"}}

        assert bearer.credential(event, "header.X-Token") == "one"
        assert bearer.credential(event, "query.token") == "two"

    def test_of_payload_2_is_what_the_gateway_caches_under(self) -> None:
        event = {"version": "2.0", "identitySource": ["cached", "GET /"], "headers": {"authorization": "other"}}

        assert bearer.credential(event) == "cached"

    def test_of_payload_2_without_identity_sources_is_the_header(self) -> None:
        event = {"version": "2.0", "identitySource": None, "headers": {"authorization": "token"}}

        assert bearer.credential(event) == "token"

    @pytest.mark.parametrize(
        "event",
        [
            {},
            {"type": "TOKEN"},
            {"type": "TOKEN", "authorizationToken": ""},
            {"type": "REQUEST", "headers": None, "multiValueHeaders": None},
            {"type": "REQUEST", "headers": {"cookie": "authorization=token"}},
            {"type": "REQUEST", "multiValueHeaders": {"Authorization": None}},
        ],
    )
    def test_that_is_not_there_is_refused(self, event: dict[str, Any]) -> None:
        with pytest.raises(Unauthorized, match="no token"):
            bearer.credential(event)

    @pytest.mark.parametrize(
        "event",
        [
            {"multiValueHeaders": {"Authorization": ["a", "b"]}, "headers": {"Authorization": "b"}},
            {"multiValueHeaders": {"Authorization": ["a"], "authorization": ["b"]}},
            {"headers": {"Authorization": "a", "authorization": "b"}},
            {"headers": {"Authorization": ["a"]}},
            {"type": "TOKEN", "authorizationToken": {"a": 1}},
        ],
    )
    def test_that_is_there_twice_or_is_no_text_is_refused(self, event: dict[str, Any]) -> None:
        with pytest.raises(Unauthorized, match="not one token"):
            bearer.credential(event)


class TestTokenOf:
    @pytest.mark.parametrize("text", ["a.b.c", "Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c", " Bearer\ta.b.c "])
    def test_takes_the_token_bare_or_after_its_scheme(self, text: str) -> None:
        assert bearer.token_of(text) == "a.b.c"

    @pytest.mark.parametrize(
        "text",
        [
            "", " ", "Bearer a b", "Bearer a,b", "Bearer a, Bearer b", "a.b.c,d.e.f", "Basic dXNlcg==", "DPoP a.b.c",
            "Bearer Bearer a", "Bearer a\nb", "Bearer\n a", "Bearer a\r\n", "Bearer a\x00", "Bearer ä", "Bearer a;b",
            "Bearer\u00a0a", '"a"', "Bearer=a",
        ],
    )  # fmt: skip
    def test_takes_one_token_and_nothing_else(self, text: str) -> None:
        with pytest.raises(Unauthorized, match="not one token"):
            bearer.token_of(text)

    @pytest.mark.parametrize("text", ["a" * 16_385, "\x00" * 5_000_000, "Bearer " + "a.b.c " * 1_000_000])
    def test_refuses_a_huge_text_for_its_length_whatever_is_in_it(self, text: str) -> None:
        with pytest.raises(Unauthorized, match="too long"):
            bearer.token_of(text)

    def test_takes_what_a_gateway_lets_through(self) -> None:
        assert len(bearer.token_of("Bearer " + "a" * 10_240)) == 10_240

    @given(st.text(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_what_it_gives_has_only_the_letters_of_a_token(self, text: str) -> None:
        try:
            token = bearer.token_of(text)
        except Unauthorized:
            return

        assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


class TestOrigin:
    def test_is_what_the_token_says_of_itself(self) -> None:
        assert bearer.origin(unsigned({"kid": "k", "alg": "RS256"}, {"iss": ISSUER})) == (ISSUER, "k")

    @pytest.mark.parametrize("issuer", [None, 1, [ISSUER], {"iss": ISSUER}])
    def test_an_issuer_that_is_no_text_is_nobody(self, issuer: Any) -> None:
        assert bearer.origin(unsigned({"kid": "k", "alg": "RS256"}, {"iss": issuer})) == ("", "k")

    @pytest.mark.parametrize("head", [{"alg": "none", "kid": "k"}, {"alg": "HS256", "kid": "k"}, {"alg": "RS256"}])
    def test_without_a_key_or_with_another_algorithm_it_is_refused(self, head: dict[str, Any]) -> None:
        with pytest.raises(Unauthorized):
            bearer.origin(unsigned(head, {"iss": ISSUER}))

    @pytest.mark.parametrize("token", ["a", "a.b", "a.b.c", "a.b.c.d.e", "..", "e30.e30.e30"])
    def test_garbage_is_refused(self, token: str) -> None:
        with pytest.raises(Unauthorized):
            bearer.origin(token)


class TestVerified:
    def test_is_what_a_known_key_signed(self) -> None:
        key = jwt.new_private_key("ES256")
        token = jwt.signed(SOUND, key, "k", "ES256")

        assert bearer.verified(token, {"k": (key.public_key(), "ES256")}) == SOUND

    def test_what_another_key_signed_is_refused(self) -> None:
        key, other = jwt.new_private_key("ES256"), jwt.new_private_key("ES256")

        with pytest.raises(Unauthorized):
            bearer.verified(jwt.signed(SOUND, other, "k", "ES256"), {"k": (key.public_key(), "ES256")})


class TestIdentity:
    def test_a_sound_token_passes(self) -> None:
        judged()

    @pytest.mark.parametrize("issuer", [ISSUER + "/", ISSUER.upper(), ISSUER[:-1], "", None, [ISSUER]])
    def test_another_issuer_is_refused(self, issuer: Any) -> None:
        with pytest.raises(Unauthorized, match="issuer"):
            judged({"iss": issuer})

    def test_one_of_several_issuers_is_enough(self) -> None:
        judged(issuers=[ISSUER, "https://other.example/pool"])

    def test_an_id_token_is_no_access_token(self) -> None:
        with pytest.raises(Unauthorized, match="use"):
            bearer.check(ID, required(), NOW)

    def test_an_access_token_is_no_id_token(self) -> None:
        with pytest.raises(Unauthorized, match="use"):
            judged(token_use="id")

    @pytest.mark.parametrize("token", [SOUND, ID])
    def test_both_pass_where_any_use_will_do(self, token: dict[str, Any]) -> None:
        bearer.check(token, required(token_use="any"), NOW)

    @pytest.mark.parametrize("use", [None, "refresh", "any", ["access"]])
    def test_any_use_means_one_of_the_two(self, use: Any) -> None:
        with pytest.raises(Unauthorized, match="use"):
            judged({"token_use": use}, token_use="any")

    @pytest.mark.parametrize("subject", [None, "", 7])
    def test_a_token_of_nobody_is_refused(self, subject: Any) -> None:
        with pytest.raises(Unauthorized, match="subject"):
            judged({"sub": subject})


class TestTimes:
    @pytest.mark.parametrize("expires", [NOW - 1, NOW])
    def test_an_expired_token_is_refused_to_the_second_whatever_the_leeway(self, expires: float) -> None:
        with pytest.raises(Unauthorized, match="expired"):
            judged({"exp": int(expires)}, leeway=60)

    def test_a_token_in_its_last_second_passes(self) -> None:
        judged({"exp": int(NOW) + 1})

    @pytest.mark.parametrize("name", ["iat", "nbf"])
    def test_a_token_from_the_future_passes_within_the_leeway_alone(self, name: str) -> None:
        judged({name: int(NOW) + 60}, leeway=60)

        with pytest.raises(Unauthorized, match="future"):
            judged({name: int(NOW) + 61}, leeway=60)
        with pytest.raises(Unauthorized, match="future"):
            judged({name: int(NOW) + 1}, leeway=0)

    @pytest.mark.parametrize("name", ["exp", "iat"])
    def test_a_token_without_its_times_is_refused(self, name: str) -> None:
        with pytest.raises(Unauthorized, match="times"):
            bearer.check(without(name), required(), NOW)

    def test_a_token_whose_times_are_all_none_is_refused_like_any_other(self) -> None:
        with pytest.raises(Unauthorized, match="times"):
            judged({"exp": "soon", "iat": "now", "nbf": "then"})

    @pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
    @pytest.mark.parametrize("value", [None, "4102444800", True, [], {}])
    def test_times_are_numbers(self, name: str, value: Any) -> None:
        with pytest.raises(Unauthorized, match="times"):
            judged({name: value})


class TestAudience:
    def test_an_access_token_is_for_its_client(self) -> None:
        judged(audiences=["app", "other"])

        with pytest.raises(Unauthorized, match="client"):
            judged(audiences=["other"])

    def test_an_id_token_is_for_its_audience(self) -> None:
        bearer.check(ID, required(token_use="id", audiences=["app"]), NOW)

        with pytest.raises(Unauthorized, match="client"):
            bearer.check(ID, required(token_use="id", audiences=["other"]), NOW)

    def test_an_id_token_is_not_taken_for_its_client_claim(self) -> None:
        with pytest.raises(Unauthorized, match="client"):
            bearer.check({**ID, "client_id": "other"}, required(token_use="any", audiences=["other"]), NOW)

    @pytest.mark.parametrize("client", [None, ["app"], {"app": 1}, "ap", "app2", "app other"])
    def test_a_client_that_only_resembles_one_is_refused(self, client: Any) -> None:
        with pytest.raises(Unauthorized, match="client"):
            judged({"client_id": client}, audiences=["app"])

    @pytest.mark.parametrize("bound", ["https://api.example", ["https://else.example", "https://api.example"]])
    def test_a_token_that_is_bound_to_us_passes(self, bound: Any) -> None:
        judged({"aud": bound}, resources=["https://api.example"], audiences=["app"])

    @pytest.mark.parametrize("bound", ["https://else.example", ["https://else.example"], [], 7])
    @pytest.mark.parametrize("resources", [[], ["https://api.example"]])
    def test_a_token_that_is_bound_to_another_resource_is_refused(self, bound: Any, resources: list[str]) -> None:
        with pytest.raises(Unauthorized, match="resource"):
            judged({"aud": bound}, resources=resources)

    def test_a_bound_token_of_another_client_is_refused_all_the_same(self) -> None:
        with pytest.raises(Unauthorized, match="client"):
            judged({"aud": "https://api.example"}, resources=["https://api.example"], audiences=["other"])


class TestScopes:
    def test_any_one_of_the_required_is_enough(self) -> None:
        judged(scopes=["rs/write", "rs/read"])

    def test_none_of_them_is_forbidden_rather_than_unknown(self) -> None:
        with pytest.raises(Forbidden, match="scope"):
            judged(scopes=["rs/write"])

    @pytest.mark.parametrize(
        "scope",
        ["rs/read-all", "xrs/read", "RS/READ", "rs", "rs/write,rs/read", "rs/write\trs/read", "rs/write\u00a0rs/read",
         "", None, ["rs/read"], {"rs/read": 1}],
    )  # fmt: skip
    def test_a_scope_that_only_contains_or_resembles_it_does_not_count(self, scope: Any) -> None:
        with pytest.raises(Forbidden, match="scope"):
            judged({"scope": scope}, scopes=["rs/read"])

    def test_an_id_token_has_none(self) -> None:
        token = {name: value for name, value in ID.items() if name != "scope"}

        with pytest.raises(Forbidden, match="scope"):
            bearer.check(token, required(token_use="any", scopes=["openid"]), NOW)


class TestGroups:
    def test_any_one_of_the_required_is_enough(self) -> None:
        judged(groups=["admins", "staff"])

    @pytest.mark.parametrize(
        "groups",
        [["administrators"], ["Admins"], ["guests,admins"], ["admins "], ["[admins]"], [["admins"]], [{"admins": 1}],
         [], "admins", "a,admins", {"admins": True}, None],
    )  # fmt: skip
    def test_a_group_that_only_contains_or_resembles_it_does_not_count(self, groups: Any) -> None:
        with pytest.raises(Forbidden, match="group"):
            judged({"cognito:groups": groups}, groups=["admins"])

    def test_scope_and_group_are_both_due_when_both_are_required(self) -> None:
        judged(scopes=["rs/read"], groups=["staff"])

        with pytest.raises(Forbidden):
            judged(scopes=["rs/write"], groups=["staff"])
        with pytest.raises(Forbidden):
            judged(scopes=["rs/read"], groups=["admins"])

    def test_a_bad_token_is_unauthorized_before_it_is_forbidden(self) -> None:
        with pytest.raises(Unauthorized):
            judged({"exp": 1}, groups=["admins"])


def unsigned(head: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims))
    return ".".join([*parts, "AAAA"])
