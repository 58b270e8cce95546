"""Tags of user pools through their operations, against a table engine."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import operator_keys
from chalicelib.table import pools, store
from chalicelib.table.items import Pool
from tests.application import Cognito, Fault
from tests.lines import audited

UNKNOWN = "us-east-1_Unknown00"


def arn(pool_id):
    return f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool_id}"


def tag(cognito, pool_id, **tags):
    return cognito.call("TagResource", ResourceArn=arn(pool_id), Tags=tags)


def listed(cognito, pool_id):
    return cognito.call("ListTagsForResource", ResourceArn=arn(pool_id))["Tags"]


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


@pytest.fixture
def pool_id(cognito):
    return cognito.pool()


@pytest.fixture(scope="module")
def shared_pool(application):
    """A pool for tests that leave it as it is; making one costs two RSA keys."""
    return Cognito(*application).pool()


class TestTagResource:
    def test_joins_the_tags_of_the_pool(self, cognito):
        pool_id = cognito.pool(UserPoolTags={"a": "1", "b": "2"})

        assert tag(cognito, pool_id, b="3", c="") == {}

        wanted = {"a": "1", "b": "3", "c": ""}
        assert listed(cognito, pool_id) == wanted
        assert cognito.call("DescribeUserPool", UserPoolId=pool_id)["UserPool"]["UserPoolTags"] == wanted
        assert pools.pool(pool_id).document["UserPoolTags"] == wanted

    def test_refuses_more_than_fifty_in_all(self, cognito, pool_id):
        tag(cognito, pool_id, **{f"k{number}": "" for number in range(50)})

        assert tag(cognito, pool_id, k0="new") == {}
        assert refusal(cognito, "TagResource", ResourceArn=arn(pool_id), Tags={"new": ""}) == (
            "InvalidParameterException",
            "A user pool cannot have more than 50 tags.",
        )

    @pytest.mark.parametrize("tags", [{"aws:x": "v"}, {"": "v"}, {"k" * 129: "v"}, {"k": "v" * 257}], ids=ascii)
    def test_refuses_bad_tags(self, cognito, shared_pool, tags):
        fault = refusal(cognito, "TagResource", ResourceArn=arn(shared_pool), Tags=tags)

        assert fault[0] == "InvalidParameterException"
        assert listed(cognito, shared_pool) == {}

    def test_loses_nothing_of_several_writers_at_once(self, cognito, pool_id):
        with ThreadPoolExecutor(4) as together:
            list(together.map(lambda number: tag(cognito, pool_id, **{f"k{number}": str(number)}), range(8)))

        assert listed(cognito, pool_id) == {f"k{number}": str(number) for number in range(8)}

    def test_loses_nothing_against_who_removes(self, cognito):
        pool_id = cognito.pool(UserPoolTags={f"old{number}": "" for number in range(4)})

        def write(number):
            cognito.call("UntagResource", ResourceArn=arn(pool_id), TagKeys=[f"old{number}"])
            tag(cognito, pool_id, **{f"new{number}": ""})

        with ThreadPoolExecutor(4) as together:
            list(together.map(write, range(4)))

        assert listed(cognito, pool_id) == {f"new{number}": "" for number in range(4)}


class TestUntagResource:
    def test_removes_by_name_and_passes_over_what_is_none(self, cognito):
        pool_id = cognito.pool(UserPoolTags={"a": "1", "b": "2"})

        assert cognito.call("UntagResource", ResourceArn=arn(pool_id), TagKeys=["a", "x"]) == {}

        assert listed(cognito, pool_id) == {"b": "2"}

    def test_takes_an_empty_list(self, cognito, shared_pool):
        assert cognito.call("UntagResource", ResourceArn=arn(shared_pool), TagKeys=[]) == {}


class TestListTagsForResource:
    def test_has_none_at_first(self, cognito, shared_pool):
        assert cognito.call("ListTagsForResource", ResourceArn=arn(shared_pool)) == {"Tags": {}}


class TestResources:
    @pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTagsForResource"])
    @pytest.mark.parametrize(
        "resource",
        [
            arn(UNKNOWN),
            arn("x" * 1900),
            arn("me/{pool}"),
            "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{pool}",
            "arn:aws:cognito-idp:us-east-1:123456789012:userpool/{pool}",
            "arn:aws:cognito-identity:us-east-1:000000000000:identitypool/{pool}",
            "arn:aws:cognito-idp:us-east-1:000000000000:userpool/",
        ],
        ids=lambda text: f"{text[:70]} {len(text)}",
    )
    def test_that_are_no_pool_are_not_found(self, cognito, shared_pool, operation, resource):
        given = {"TagResource": {"Tags": {"k": "v"}}, "UntagResource": {"TagKeys": ["k"]}}.get(operation, {})

        fault = refusal(cognito, operation, ResourceArn=resource.replace("{pool}", shared_pool), **given)

        assert fault[0] in ("ResourceNotFoundException", "InvalidParameterException")
        assert fault[0] == "ResourceNotFoundException" or "pattern" in fault[1]

    def test_are_fenced_by_the_policy_of_an_operator(self, cognito, shared_pool):
        own = cognito.pool()
        allowed = {"Effect": "Allow", "Action": "cognito-idp:*", "Resource": arn(own)}
        key_id, secret = operator_keys.create({"Version": "2012-10-17", "Statement": [allowed]}, "fenced")
        fenced = Cognito(key_id, secret)

        assert tag(fenced, own, k="v") == {}
        for trick in ({}, {"UserPoolId": own}):
            given = {"ResourceArn": arn(shared_pool), "Tags": {"k": "v"}, **trick}
            assert refusal(fenced, "TagResource", **given)[0] == "AccessDeniedException"
        assert listed(cognito, shared_pool) == {}

    def test_have_their_changes_told_in_the_audit_of_their_pool(self, cognito, pool_id):
        tag(cognito, pool_id, k="v")
        cognito.call("UntagResource", ResourceArn=arn(pool_id), TagKeys=["k"])

        assert [told["Operation"] for told in audited(cognito, pool_id)] == ["TagResource", "UntagResource"]


class TestSizes:
    def test_of_tags_count_together_with_all_else_of_the_pool(self, cognito, pool_id):
        pool = store.get(Pool, pool=pool_id)
        pool.document |= {"Name": "x" * 100_000}
        pool.mfa = {"EmailMfaConfiguration": {"Message": "x" * 190_000}}
        store.save(pool)

        fault = refusal(cognito, "TagResource", ResourceArn=arn(pool_id), Tags=dict.fromkeys("abcdefgh", "é" * 256))

        assert fault[0] == "InvalidParameterException"
        assert "too large" in fault[1]


class TestUpdatedPools:
    def test_have_the_tags_of_the_update(self, cognito):
        pool_id = cognito.pool(UserPoolTags={"a": "1"})
        tag(cognito, pool_id, b="2")

        cognito.call("UpdateUserPool", UserPoolId=pool_id, UserPoolTags={"c": "3"})

        assert listed(cognito, pool_id) == {"c": "3"}

    @pytest.mark.parametrize("operation", ["CreateUserPool", "UpdateUserPool"])
    def test_refuse_bad_tags_with_a_fault_of_their_own(self, cognito, shared_pool, operation):
        named = {"UserPoolId": shared_pool} if operation == "UpdateUserPool" else {"PoolName": "x"}

        assert refusal(cognito, operation, UserPoolTags={"aws:x": "v"}, **named)[0] == "UserPoolTaggingException"
