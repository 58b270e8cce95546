"""Domains of user pools through their operations, against a table engine."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.call import arn
from chalicelib.flows import operators
from chalicelib.rules import domains as rules
from chalicelib.table import pools, store
from chalicelib.table.documents import Domain
from tests.application import HOST, Cognito, Fault

CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/x", "SecurityPolicy": "TLS_V1_2_2021"}
OTHER = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/y"}
ROUTING = {"Failover": {"SecondaryRegion": "eu-west-1", "PrimaryRoute53HealthCheckId": "h"}}
UNKNOWN = "us-east-1_Unknown00"
NO_SUCH = ("InvalidParameterException", "No such domain or user pool exists.")


def fresh():
    return f"demo-{uuid.uuid4().hex[:12]}"


def created(cognito, pool_id, name, **settings):
    return cognito.call("CreateUserPoolDomain", UserPoolId=pool_id, Domain=name, **settings)


def custom(cognito, pool_id, name, **settings):
    return created(cognito, pool_id, name, CustomDomainConfig=CERTIFICATE, **settings)


def described(cognito, name):
    return cognito.call("DescribeUserPoolDomain", Domain=name)["DomainDescription"]


def pool_of(cognito, pool_id):
    return cognito.call("DescribeUserPool", UserPoolId=pool_id)["UserPool"]


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


@pytest.fixture
def pool_id(cognito):
    return cognito.pool()


@pytest.fixture(scope="module")
def other_pool(application):
    """A pool for what needs any other one; making one costs two RSA keys."""
    return Cognito(*application).pool()


class TestCreateUserPoolDomain:
    def test_gives_a_pool_a_prefix_and_a_full_name(self, cognito, pool_id):
        prefix, full = fresh(), f"{fresh()}.example.com"

        assert created(cognito, pool_id, prefix) == {"ManagedLoginVersion": 1}
        assert custom(cognito, pool_id, full, ManagedLoginVersion=2, Routing=ROUTING) == {
            "ManagedLoginVersion": 2,
            "CloudFrontDomain": HOST,
            "Routing": ROUTING,
        }
        pool = pool_of(cognito, pool_id)
        assert (pool["Domain"], pool["CustomDomain"]) == (prefix, full)

    def test_is_seen_by_who_remembered_the_pool(self, cognito, pool_id):
        assert "Domain" not in pools.pool(pool_id).document
        name = fresh()

        created(cognito, pool_id, name)

        assert pools.pool(pool_id).document["Domain"] == name

    def test_refuses_a_second_of_a_kind(self, cognito, pool_id):
        created(cognito, pool_id, fresh())

        assert refusal(cognito, "CreateUserPoolDomain", UserPoolId=pool_id, Domain=fresh()) == (
            "InvalidParameterException",
            "User pool already has a domain configured.",
        )

    def test_refuses_what_another_pool_has(self, cognito, pool_id, other_pool):
        name = f"{fresh()}.example.com"
        custom(cognito, other_pool, name)

        fault = refusal(
            cognito, "CreateUserPoolDomain", UserPoolId=pool_id, Domain=name, CustomDomainConfig=CERTIFICATE
        )

        assert fault == ("InvalidParameterException", "Domain already associated with another user pool.")
        assert "CustomDomain" not in pool_of(cognito, pool_id)
        assert described(cognito, name)["UserPoolId"] == other_pool
        cognito.call("DeleteUserPoolDomain", UserPoolId=other_pool, Domain=name)

    @pytest.mark.parametrize("name", ["Demo", "a_b", "auth.example.com", "a" * 64, "münchen", "my-cognito"])
    def test_refuses_what_is_no_name(self, cognito, other_pool, name):
        assert refusal(cognito, "CreateUserPoolDomain", UserPoolId=other_pool, Domain=name)[0] == (
            "InvalidParameterException"
        )

    def test_never_gives_the_name_of_the_service_away(self, cognito, other_pool):
        for name in (HOST, f"x.auth.{HOST}"):
            with pytest.raises(Fault, match="belongs to the service itself"):
                custom(cognito, other_pool, name)

    def test_refuses_an_unknown_pool(self, cognito):
        name = fresh()

        assert refusal(cognito, "CreateUserPoolDomain", UserPoolId=UNKNOWN, Domain=name) == (
            "ResourceNotFoundException",
            f"User pool {UNKNOWN} does not exist.",
        )
        assert described(cognito, name) == {}

    def test_gives_a_name_to_one_of_many_pools_at_once(self, cognito):
        name, wanting = fresh(), [cognito.pool() for _ in range(4)]

        def create(pool_id):
            try:
                return "done" if created(cognito, pool_id, name) else ""
            except Fault as fault:
                return fault.message

        with ThreadPoolExecutor(4) as together:
            results = list(together.map(create, wanting))

        assert sorted(results) == ["Domain already associated with another user pool."] * 3 + ["done"]
        having = [pool_id for pool_id in wanting if pool_of(cognito, pool_id).get("Domain") == name]
        assert having == [wanting[results.index("done")]] == [described(cognito, name)["UserPoolId"]]

    def test_gives_a_pool_one_of_many_names_at_once(self, cognito, pool_id):
        names = [fresh() for _ in range(4)]

        def create(name):
            try:
                return "done" if created(cognito, pool_id, name) else ""
            except Fault as fault:
                return fault.message

        with ThreadPoolExecutor(4) as together:
            results = list(together.map(create, names))

        assert sorted(results) == ["User pool already has a domain configured."] * 3 + ["done"]
        assert [name for name in names if described(cognito, name)] == [pool_of(cognito, pool_id)["Domain"]]


class TestDescribeUserPoolDomain:
    def test_tells_all_of_a_prefix(self, cognito, pool_id):
        name = fresh()
        created(cognito, pool_id, name)

        told = described(cognito, name)

        assert len(told.pop("Version")) == 14
        assert told == {
            "Domain": name,
            "UserPoolId": pool_id,
            "AWSAccountId": "000000000000",
            "CloudFrontDistribution": HOST,
            "Status": "ACTIVE",
            "ManagedLoginVersion": 1,
        }

    def test_tells_what_a_full_name_came_with(self, cognito, pool_id):
        name = f"{fresh()}.example.com"
        custom(cognito, pool_id, name, Routing=ROUTING)

        told = described(cognito, name)

        assert (told["CustomDomainConfig"], told["Routing"]) == (CERTIFICATE, ROUTING)

    def test_tells_nothing_of_an_unknown_one(self, cognito):
        assert described(cognito, fresh()) == {}
        assert described(cognito, f"{fresh()}.example.com") == {}

    @pytest.mark.parametrize("name", ["x" * 3000, "#", "ü", "a..b", "\u0000"], ids=ascii)
    def test_refuses_what_is_no_name(self, cognito, name):
        assert refusal(cognito, "DescribeUserPoolDomain", Domain=name)[0] == "InvalidParameterException"


class TestUpdateUserPoolDomain:
    def test_changes_the_certificate_and_keeps_the_rest(self, cognito, pool_id):
        name = f"{fresh()}.example.com"
        custom(cognito, pool_id, name, ManagedLoginVersion=2)

        answer = cognito.call("UpdateUserPoolDomain", UserPoolId=pool_id, Domain=name, CustomDomainConfig=OTHER)

        assert answer == {"ManagedLoginVersion": 2, "CloudFrontDomain": HOST}
        assert described(cognito, name)["CustomDomainConfig"] == OTHER

    def test_changes_the_pages_of_a_prefix(self, cognito, pool_id):
        name = fresh()
        created(cognito, pool_id, name)

        cognito.call("UpdateUserPoolDomain", UserPoolId=pool_id, Domain=name, ManagedLoginVersion=2)

        assert described(cognito, name)["ManagedLoginVersion"] == 2
        fault = refusal(cognito, "UpdateUserPoolDomain", UserPoolId=pool_id, Domain=name, CustomDomainConfig=OTHER)
        assert fault[0] == "InvalidParameterException"

    def test_refuses_the_domain_of_another_pool_like_an_unknown_one(self, cognito, pool_id, other_pool):
        name = fresh()
        created(cognito, pool_id, name)

        for wanted in (name, fresh()):
            given = {"UserPoolId": other_pool, "Domain": wanted, "ManagedLoginVersion": 2}
            assert refusal(cognito, "UpdateUserPoolDomain", **given) == NO_SUCH
        assert described(cognito, name)["ManagedLoginVersion"] == 1

    def test_does_not_take_a_domain_from_who_got_it_meanwhile(self, cognito, pool_id, other_pool, monkeypatch):
        name, updated = fresh(), rules.updated
        created(cognito, pool_id, name)

        def moved(*given):
            cognito.call("DeleteUserPoolDomain", UserPoolId=pool_id, Domain=name)
            created(cognito, other_pool, name)
            return updated(*given)

        monkeypatch.setattr(rules, "updated", moved)
        given = {"UserPoolId": pool_id, "Domain": name, "ManagedLoginVersion": 2}

        assert refusal(cognito, "UpdateUserPoolDomain", **given)[0] == "ConcurrentModificationException"
        told = described(cognito, name)
        assert (told["UserPoolId"], told["ManagedLoginVersion"]) == (other_pool, 1)
        cognito.call("DeleteUserPoolDomain", UserPoolId=other_pool, Domain=name)

    def test_tells_all_but_one_of_many_at_once(self, cognito, pool_id):
        name = f"{fresh()}.example.com"
        custom(cognito, pool_id, name)

        def update(config):
            try:
                cognito.call("UpdateUserPoolDomain", UserPoolId=pool_id, Domain=name, CustomDomainConfig=config)
            except Fault as fault:
                return fault.code
            return "done"

        with ThreadPoolExecutor(4) as together:
            results = list(together.map(update, [OTHER, CERTIFICATE] * 2))

        assert "done" in results
        assert set(results) <= {"done", "ConcurrentModificationException"}
        assert described(cognito, name)["CustomDomainConfig"] in (OTHER, CERTIFICATE)

    def test_refuses_an_unknown_pool(self, cognito):
        given = {"UserPoolId": UNKNOWN, "Domain": fresh(), "ManagedLoginVersion": 2}

        assert refusal(cognito, "UpdateUserPoolDomain", **given)[0] == "ResourceNotFoundException"


class TestDeleteUserPoolDomain:
    def test_frees_the_name_for_any_pool(self, cognito, pool_id, other_pool):
        name = fresh()
        created(cognito, pool_id, name)

        assert cognito.call("DeleteUserPoolDomain", UserPoolId=pool_id, Domain=name) == {}

        assert described(cognito, name) == {}
        assert "Domain" not in pool_of(cognito, pool_id)
        created(cognito, other_pool, name)
        cognito.call("DeleteUserPoolDomain", UserPoolId=other_pool, Domain=name)

    def test_refuses_the_domain_of_another_pool_like_an_unknown_one(self, cognito, pool_id, other_pool):
        name = fresh()
        created(cognito, pool_id, name)

        for wanted in (name, fresh()):
            assert refusal(cognito, "DeleteUserPoolDomain", UserPoolId=other_pool, Domain=wanted) == NO_SUCH
        assert described(cognito, name)["UserPoolId"] == pool_id

    def test_refuses_an_unknown_pool(self, cognito):
        assert refusal(cognito, "DeleteUserPoolDomain", UserPoolId=UNKNOWN, Domain="demo")[0] == (
            "ResourceNotFoundException"
        )


class TestPolicies:
    def test_fence_the_domains_of_other_pools(self, cognito, pool_id, other_pool):
        allowed = {"Effect": "Allow", "Action": "cognito-idp:*", "Resource": arn(pool_id)}
        fenced = Cognito(*operators.create({"Version": "2012-10-17", "Statement": [allowed]}))
        own, foreign = fresh(), fresh()
        created(fenced, pool_id, own)
        created(cognito, other_pool, foreign)

        for operation in ("CreateUserPoolDomain", "UpdateUserPoolDomain", "DeleteUserPoolDomain"):
            denied = refusal(fenced, operation, UserPoolId=other_pool, Domain=foreign)
            assert denied[0] == "AccessDeniedException"
        for name in (own, foreign):
            assert refusal(fenced, "DescribeUserPoolDomain", Domain=name, UserPoolId=pool_id)[0] == (
                "AccessDeniedException"
            )
        cognito.call("DeleteUserPoolDomain", UserPoolId=other_pool, Domain=foreign)


class TestPoolsWithDomains:
    def test_are_not_deleted_before_their_domains(self, cognito, pool_id):
        name = fresh()
        created(cognito, pool_id, name)

        assert refusal(cognito, "DeleteUserPool", UserPoolId=pool_id) == (
            "InvalidParameterException",
            "User pool cannot be deleted. It has a domain configured that should be deleted first.",
        )
        cognito.call("DeleteUserPoolDomain", UserPoolId=pool_id, Domain=name)
        cognito.call("DeleteUserPool", UserPoolId=pool_id)

    def test_keep_them_through_an_update_which_cannot_set_them(self, cognito, pool_id):
        name = fresh()
        created(cognito, pool_id, name)

        cognito.call("UpdateUserPool", UserPoolId=pool_id, Domain="other", CustomDomain="other.example.com")

        pool = pool_of(cognito, pool_id)
        assert pool["Domain"] == name
        assert "CustomDomain" not in pool

    def test_are_gone_or_have_their_domain_but_leave_none_behind(self, cognito):
        """A pool that is deleted while a domain is made."""
        for _ in range(4):
            pool_id, name = cognito.pool(), fresh()

            def attempt(operation, given):
                try:
                    return cognito.call(operation, **given) is not None
                except Fault as fault:
                    assert fault.code in ("InvalidParameterException", "ResourceNotFoundException")
                    return False

            with ThreadPoolExecutor(2) as together:
                made, gone = together.map(
                    attempt,
                    ["CreateUserPoolDomain", "DeleteUserPool"],
                    [{"UserPoolId": pool_id, "Domain": name}, {"UserPoolId": pool_id}],
                )

            assert made != gone
            assert (store.get(Domain, host=name) is not None) is made
