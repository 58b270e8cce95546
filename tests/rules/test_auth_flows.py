"""Which sign-in flows an app client allows."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import auth_flows

DEFAULT = {"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"}
ROTATION = {"RefreshTokenRotation": {"Feature": "ENABLED"}}


def client(*flows):
    return {"ExplicitAuthFlows": list(flows)}


class TestAllowed:
    @pytest.mark.parametrize("settings", [{}, {"ExplicitAuthFlows": []}])
    def test_is_refresh_srp_and_custom_when_none_is_named(self, settings):
        assert auth_flows.allowed(settings) == DEFAULT

    def test_is_exactly_what_is_named(self):
        assert auth_flows.allowed(client("ALLOW_USER_PASSWORD_AUTH")) == {"ALLOW_USER_PASSWORD_AUTH"}

    @pytest.mark.parametrize(
        ("older", "newer"),
        [("ADMIN_NO_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"), ("USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH")],
    )
    def test_adds_the_older_names_to_the_default(self, older, newer):
        assert auth_flows.allowed(client(older)) == DEFAULT | {newer}

    def test_is_custom_and_refresh_where_custom_is_the_only_flow(self):
        only = auth_flows.allowed(client("CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"))

        assert only == {"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}

    def test_excludes_plain_refresh_while_tokens_rotate(self):
        assert auth_flows.allowed(ROTATION) == DEFAULT - {"ALLOW_REFRESH_TOKEN_AUTH"}


class TestNeedsVerifiers:
    @pytest.mark.parametrize("flows", [(), ("ALLOW_USER_SRP_AUTH",), ("ALLOW_USER_AUTH",), ("ALLOW_CUSTOM_AUTH",)])
    def test_where_a_flow_may_begin_with_srp(self, flows):
        assert auth_flows.needs_verifiers(client(*flows))

    def test_not_where_passwords_are_sent(self):
        assert not auth_flows.needs_verifiers(client("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"))


class TestRefuseMixture:
    @pytest.mark.parametrize(
        "settings",
        [
            client("ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"),
            client("ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"),
            client("ALLOW_REFRESH_TOKEN_AUTH") | ROTATION,
        ],
        ids=str,
    )
    def test_refuses_names_that_exclude_each_other(self, settings):
        with pytest.raises(InvalidParameterException):
            auth_flows.refuse_mixture(settings)

    @pytest.mark.parametrize(
        "settings",
        [
            {},
            client("ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH"),
            client("ALLOW_CLIENT_TOKEN_AUTH"),
            client("ALLOW_USER_SRP_AUTH") | ROTATION,
            client("ALLOW_REFRESH_TOKEN_AUTH") | {"RefreshTokenRotation": {"Feature": "DISABLED"}},
        ],
        ids=str,
    )
    def test_lets_the_others_pass(self, settings):
        auth_flows.refuse_mixture(settings)
