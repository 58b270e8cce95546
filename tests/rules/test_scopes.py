"""OAuth scopes of resource servers and clients."""

import pytest

from chalicelib.errors import InvalidParameterException, ScopeDoesNotExistException
from chalicelib.rules import scopes


def given(identifier="api", *names):
    listed = [{"ScopeName": name, "ScopeDescription": f"may {name}"} for name in names]
    return {"UserPoolId": "us-east-1_A", "Identifier": identifier, "Name": "API", "Scopes": listed}


class TestServer:
    def test_keeps_what_was_given(self):
        assert scopes.server(given("api", "read", "write")) == given("api", "read", "write")

    def test_takes_scopes_left_out_for_none(self):
        assert scopes.server({"UserPoolId": "us-east-1_A", "Identifier": "api", "Name": "API"})["Scopes"] == []

    def test_refuses_a_scope_named_twice(self):
        with pytest.raises(InvalidParameterException, match="must differ"):
            scopes.server(given("api", "read", "read"))

    @pytest.mark.parametrize("identifier", ["aws.cognito", "aws.cognito/dcr"])
    def test_keeps_the_scopes_of_the_service_to_itself(self, identifier):
        with pytest.raises(InvalidParameterException, match="belong to the service"):
            scopes.server(given(identifier, "register"))

    def test_takes_identifiers_that_only_look_so(self):
        assert scopes.server(given("aws.cognitolike"))

    def test_refuses_what_is_too_large_to_store(self):
        listed = [{"ScopeName": str(number), "ScopeDescription": "\U0001f511" * 256} for number in range(100)]

        with pytest.raises(InvalidParameterException, match="too large"):
            scopes.server(given() | {"Scopes": listed})


class TestIdentifiers:
    def test_are_all_before_the_last_slash(self):
        assert scopes.identifiers(["api/read", "https://api.example.com/v1/write"]) == [
            "api",
            "https://api.example.com/v1",
        ]

    def test_are_named_once_and_not_by_what_is_standard(self):
        assert scopes.identifiers(["openid", "aws.cognito.signin.user.admin", "api/read", "api/write"]) == ["api"]

    def test_are_none_where_there_is_none(self):
        assert scopes.identifiers(["nothing", "/read", ""]) == []


class TestActive:
    def test_are_standard_ones_and_what_a_server_has_in_the_order_of_the_client(self):
        wanted = ["api/write", "openid", "api/gone", "other/read", "api/read"]

        assert scopes.active(wanted, [given("api", "read", "write")]) == ["api/write", "openid", "api/read"]

    def test_are_the_standard_ones_alone_without_servers(self):
        assert scopes.active(["api/read", "email"], []) == ["email"]

    def test_do_not_mix_the_scopes_of_two_servers(self):
        assert scopes.active(["a/x", "a/y"], [given("a", "x"), given("b", "y")]) == ["a/x"]


class TestRefuseUnknown:
    def test_names_the_first_that_is_unknown(self):
        with pytest.raises(ScopeDoesNotExistException, match="The scope api/b does not exist in user pool p_1"):
            scopes.refuse_unknown(["openid", "api/a", "api/b"], {"api/a"}, "p_1")

    def test_takes_what_is_standard_or_known(self):
        scopes.refuse_unknown(["openid", "api/a"], {"api/a"}, "p_1")
