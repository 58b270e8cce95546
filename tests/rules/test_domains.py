"""The domains of a user pool."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import domains

NOW, LATER = 1732667917.5, 1732668000.0
HOST = "api.example.org"
CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/x"}
ROUTING = {"Failover": {"SecondaryRegion": "eu-west-1"}}
POOL = "us-east-1_AbCdEfGhI"


def created(name, **given):
    return domains.created({"Domain": name, "UserPoolId": POOL, **given}, HOST, NOW)


def sentence(function, *given, **named):
    with pytest.raises(InvalidParameterException) as refusal:
        function(*given, **named)
    return refusal.value.message


class TestCreated:
    def test_begins_a_prefix_with_the_classic_pages(self):
        assert created("demo") == {
            "Domain": "demo",
            "UserPoolId": POOL,
            "ManagedLoginVersion": 1,
            "Version": "20241127003837",
        }

    def test_keeps_what_a_full_name_comes_with(self):
        given = {"ManagedLoginVersion": 2, "CustomDomainConfig": CERTIFICATE, "Routing": ROUTING}

        made = created("auth.example.com", **given)

        assert {member: made[member] for member in given} == given

    @pytest.mark.parametrize(
        "name",
        ["", "-a", "a-", "A", "a_b", "a b", "ä", "a\n", "a" * 64, "a..b", ".com", "a.", "a.b", "a.1", "a.-b.com",
         f"{'a' * 64}.com", ".".join(["abcdefghi"] * 26), "a.com\n", "a" * 100_000, "a." * 100_000],
        ids=lambda name: f"{name[:12]!r} {len(name)}",
    )  # fmt: skip
    @pytest.mark.parametrize("settings", [{}, {"CustomDomainConfig": CERTIFICATE}], ids=["prefix", "custom"])
    def test_refuses_what_is_no_name(self, name, settings):
        assert "contains an invalid character" in sentence(created, name, **settings)

    @pytest.mark.parametrize("name", ["a", "a-b", "0", "xn--bcher-kva", "a" * 63])
    def test_takes_any_label_as_prefix(self, name):
        assert created(name)["Domain"] == name

    @pytest.mark.parametrize("name", ["a.com", "auth.uk.example.co.uk", f"{'a' * 63}.example.xn--p1ai"])
    def test_takes_any_full_name(self, name):
        assert created(name, CustomDomainConfig=CERTIFICATE)["Domain"] == name

    @pytest.mark.parametrize("name", ["amazon-support", "myaws", "cognitologin"])
    def test_keeps_prefixes_from_passing_for_the_provider(self, name):
        assert "reserved word" in sentence(created, name)

    def test_lets_who_owns_a_name_own_it(self):
        assert created("login.laws.example", CustomDomainConfig=CERTIFICATE)

    def test_refuses_a_full_name_without_a_certificate(self):
        assert "contains an invalid character" in sentence(created, "auth.example.com")

    @pytest.mark.parametrize(("member", "value"), [("CustomDomainConfig", CERTIFICATE), ("Routing", ROUTING)])
    def test_refuses_what_only_full_names_have(self, member, value):
        assert sentence(created, "demo", **{member: value})

    @pytest.mark.parametrize("name", [HOST, f"auth.{HOST}", f"demo.auth.{HOST}"])
    def test_never_gives_the_host_of_the_service_or_of_another_prefix_away(self, name):
        assert "belongs to the service" in sentence(created, name, CustomDomainConfig=CERTIFICATE)

    def test_gives_other_names_below_the_host_of_the_service(self):
        assert created(f"login.{HOST}", CustomDomainConfig=CERTIFICATE)

    @pytest.mark.parametrize("version", [0, 3, -1])
    def test_knows_two_versions_of_the_pages(self, version):
        assert sentence(created, "demo", ManagedLoginVersion=version) == "ManagedLoginVersion must be 1 or 2."


class TestUpdated:
    def test_keeps_what_is_left_out(self):
        before = created("auth.example.com", CustomDomainConfig=CERTIFICATE, Routing=ROUTING)

        after = domains.updated(before, {"ManagedLoginVersion": 2}, LATER)

        assert after == before | {"ManagedLoginVersion": 2, "Version": "20241127004000"}

    def test_replaces_what_is_given(self):
        before = created("auth.example.com", CustomDomainConfig=CERTIFICATE | {"SecurityPolicy": "TLS_V1"})

        after = domains.updated(before, {"CustomDomainConfig": CERTIFICATE}, LATER)

        assert after["CustomDomainConfig"] == CERTIFICATE

    def test_changes_neither_name_nor_pool(self):
        before = created("demo")

        after = domains.updated(before, {"Domain": "other", "UserPoolId": "other_1"}, NOW)

        assert after == before

    def test_checks_what_creation_checks(self):
        assert sentence(domains.updated, created("demo"), {"CustomDomainConfig": CERTIFICATE}, NOW)
        assert sentence(domains.updated, created("demo"), {"ManagedLoginVersion": 3}, NOW)


class TestAttached:
    def test_tells_each_kind_under_its_own_member(self):
        pool = domains.attached(domains.attached({"Name": "x"}, "demo"), "auth.example.com")

        assert pool == {"Name": "x", "Domain": "demo", "CustomDomain": "auth.example.com"}

    @pytest.mark.parametrize(("first", "second"), [("demo", "other"), ("a.example.com", "b.example.com")])
    def test_refuses_a_second_of_a_kind(self, first, second):
        pool = domains.attached({}, first)

        assert sentence(domains.attached, pool, second) == "User pool already has a domain configured."


class TestDetached:
    def test_leaves_the_other_kind(self):
        pool = {"Domain": "demo", "CustomDomain": "auth.example.com"}

        assert domains.detached(pool, "demo") == {"CustomDomain": "auth.example.com"}

    @pytest.mark.parametrize("name", ["other", "auth.example.com"])
    def test_refuses_what_the_pool_has_not(self, name):
        assert sentence(domains.detached, {"Domain": "demo"}, name) == "No such domain or user pool exists."
