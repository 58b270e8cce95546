"""User pools through their operations, against a table engine."""

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import signing_keys, vault
from chalicelib.table import keys, pools, store
from chalicelib.table.items import Pool
from tests.application import Fault
from tests.importing import Import, row

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


def created(cognito, **settings):
    return cognito.call("CreateUserPool", PoolName="demo", **settings)["UserPool"]


def described(cognito, pool_id):
    return cognito.call("DescribeUserPool", UserPoolId=pool_id)["UserPool"]


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


def attribute(pool, name):
    return next(entry for entry in pool["SchemaAttributes"] if entry["Name"] == name)


@pytest.fixture
def pool_id(cognito):
    return created(cognito)["Id"]


class TestCreateUserPool:
    def test_gives_an_id_and_an_arn(self, cognito):
        pool = created(cognito)

        assert re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d_[0-9A-Za-z]{9}", pool["Id"])
        assert pool["Arn"].endswith(f"userpool/{pool['Id']}")

    def test_answers_what_describe_answers(self, cognito):
        pool = created(cognito, UserPoolTags={"k": "v"})

        assert described(cognito, pool["Id"]) == pool

    def test_fills_in_the_defaults_of_the_service(self, cognito):
        pool = created(cognito)

        assert (pool["MfaConfiguration"], pool["DeletionProtection"], pool["UserPoolTier"]) == (
            "OFF",
            "INACTIVE",
            "ESSENTIALS",
        )
        assert pool["VerificationMessageTemplate"] == {"DefaultEmailOption": "CONFIRM_WITH_CODE"}
        assert pool["Policies"]["SignInPolicy"] == {"AllowedFirstAuthFactors": ["PASSWORD"]}
        assert pool["EstimatedNumberOfUsers"] == 0
        assert abs(pool["CreationDate"] - time.time()) < 60

    def test_names_attributes_with_their_prefixes(self, cognito):
        schema = [
            {"Name": "x", "AttributeDataType": "String"},
            {"Name": "y", "AttributeDataType": "Number", "DeveloperOnlyAttribute": True},
        ]

        pool = created(cognito, Schema=schema)

        assert attribute(pool, "custom:x")["Mutable"] is True
        assert attribute(pool, "dev:custom:y")["DeveloperOnlyAttribute"] is True

    def test_gives_equal_names_different_ids(self, cognito):
        assert created(cognito)["Id"] != created(cognito)["Id"]

    def test_draws_another_id_when_one_is_taken(self, cognito, pool_id, monkeypatch):
        taken, choice = list(pool_id.partition("_")[2]), secrets.choice
        monkeypatch.setattr(secrets, "choice", lambda letters: taken.pop(0) if taken else choice(letters))

        pool = created(cognito)

        assert taken == []
        assert pool["Id"] != pool_id
        assert described(cognito, pool_id)["CreationDate"] < pool["CreationDate"]

    def test_takes_null_for_nothing(self, cognito):
        nothing = dict.fromkeys(["Policies", "LambdaConfig", "Schema", "AutoVerifiedAttributes", "UserPoolTags"])

        assert created(cognito, **nothing)["Policies"]["PasswordPolicy"]["MinimumLength"] == 8

    def test_makes_a_secret_and_two_signing_keys(self, cognito, pool_id):
        pool = store.get(Pool, pool=pool_id)

        assert len(vault.open(pool.secret, f"{pool.pk}|{pool.sk}")) == 32
        assert {key.purpose for key in pools.signing_keys(pool_id)} == {"id", "access"}
        assert len(signing_keys.jwks(pool_id)["keys"]) == 2

    def test_writes_nothing_when_it_refuses(self, cognito):
        before = store.count(keys.listing("Pool"), 1000)

        code, _ = refusal(
            cognito, "CreateUserPool", PoolName="x", AliasAttributes=["email"], UsernameAttributes=["email"]
        )

        assert code == "InvalidParameterException"
        assert store.count(keys.listing("Pool"), 1000) == before

    def test_refuses_mfa_without_a_method(self, cognito):
        assert refusal(cognito, "CreateUserPool", PoolName="x", MfaConfiguration="ON")[0] == "InvalidParameterException"

    def test_refuses_bad_tags_with_a_fault_of_their_own(self, cognito):
        fault = refusal(cognito, "CreateUserPool", PoolName="x", UserPoolTags={"aws:x": "v"})

        assert fault[0] == "UserPoolTaggingException"

    def test_opens_every_feature_in_the_smallest_tier(self, cognito):
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}
        history = {"PasswordPolicy": {"PasswordHistorySize": 5}}

        pool = created(cognito, UserPoolTier="LITE", Policies=factors | history)

        assert pool["UserPoolTier"] == "LITE"
        assert pool["Policies"]["PasswordPolicy"]["PasswordHistorySize"] == 5


class TestDescribeUserPool:
    def test_refuses_an_unknown_pool(self, cognito):
        assert refusal(cognito, "DescribeUserPool", UserPoolId="us-east-1_Unknown00") == (
            "ResourceNotFoundException",
            "User pool us-east-1_Unknown00 does not exist.",
        )

    def test_counts_users(self, cognito, pool_id):
        cognito.user(pool_id)

        assert described(cognito, pool_id)["EstimatedNumberOfUsers"] == 1

    def test_shows_a_change_of_another_process_at_once(self, cognito, pool_id):
        described(cognito, pool_id)
        item = store.get(Pool, pool=pool_id)
        item.document = item.document | {"Name": "changed"}
        store.save(item)

        assert described(cognito, pool_id)["Name"] == "changed"


class TestListUserPools:
    def test_pages_through_all_of_them(self, cognito):
        wanted = {created(cognito)["Id"] for _ in range(3)}

        found, token = [], {}
        while True:
            page = cognito.call("ListUserPools", MaxResults=2, **token)
            assert len(page["UserPools"]) <= 2
            found += [pool["Id"] for pool in page["UserPools"]]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}

        assert wanted <= set(found)
        assert len(found) == len(set(found))

    def test_shows_short_records(self, cognito, pool_id):
        page = cognito.call("ListUserPools", MaxResults=60)

        assert {frozenset(pool) for pool in page["UserPools"]} == {
            frozenset({"Id", "Name", "LambdaConfig", "CreationDate", "LastModifiedDate"})
        }

    def test_refuses_a_token_that_is_none(self, cognito):
        assert refusal(cognito, "ListUserPools", MaxResults=1, NextToken="garbage") == (
            "InvalidParameterException",
            "Invalid pagination token",
        )

    def test_needs_a_limit(self, cognito):
        code, message = refusal(cognito, "ListUserPools")

        assert code == "InvalidParameterException"
        assert "at 'maxResults'" in message
        assert "Member must not be null" in message


class TestUpdateUserPool:
    def test_returns_what_was_left_out_to_its_default(self, cognito):
        pool = created(cognito, LambdaConfig={"PreSignUp": ARN}, AutoVerifiedAttributes=["email"])

        assert cognito.call("UpdateUserPool", UserPoolId=pool["Id"]) == {}

        after = described(cognito, pool["Id"])
        assert after["LambdaConfig"] == {}
        assert "AutoVerifiedAttributes" not in after

    def test_keeps_schema_sign_in_names_and_protection(self, cognito):
        schema = [{"Name": "x", "AttributeDataType": "String"}]
        pool = created(cognito, Schema=schema, UsernameAttributes=["email"], DeletionProtection="ACTIVE")

        cognito.call("UpdateUserPool", UserPoolId=pool["Id"], PoolName="new")

        after = described(cognito, pool["Id"])
        assert after["Name"] == "new"
        assert {member for member in pool if pool[member] != after[member]} == {"Name", "LastModifiedDate"}

    def test_is_seen_by_who_remembered_the_pool(self, cognito, pool_id):
        assert pools.pool(pool_id).document["Name"] == "demo"

        cognito.call("UpdateUserPool", UserPoolId=pool_id, PoolName="new")

        assert pools.pool(pool_id).document["Name"] == "new"

    def test_changes_nothing_when_it_refuses(self, cognito, pool_id):
        before = described(cognito, pool_id)

        code, _ = refusal(cognito, "UpdateUserPool", UserPoolId=pool_id, MfaConfiguration="ON")

        assert code == "InvalidParameterException"
        assert described(cognito, pool_id) == before

    def test_lets_one_of_many_at_once_win_and_tells_the_others(self, cognito, pool_id):
        def rename(number):
            try:
                cognito.call("UpdateUserPool", UserPoolId=pool_id, PoolName=f"name-{number}")
            except Fault as fault:
                return fault.code
            return f"name-{number}"

        with ThreadPoolExecutor(6) as together:
            results = list(together.map(rename, range(6)))

        winners = [result for result in results if result.startswith("name-")]
        assert described(cognito, pool_id)["Name"] in winners
        assert set(results) - set(winners) <= {"ConcurrentModificationException"}

    def test_refuses_an_unknown_pool(self, cognito):
        assert refusal(cognito, "UpdateUserPool", UserPoolId="us-east-1_Unknown00")[0] == "ResourceNotFoundException"


class TestDuringAnImport:
    @pytest.fixture
    def job(self, cognito):
        job = Import(cognito, cognito.pool(AutoVerifiedAttributes=["email"]))
        job.bring(row("ada"))
        return job

    @pytest.mark.parametrize(
        ("operation", "given"),
        [
            ("UpdateUserPool", {}),
            ("DeleteUserPool", {}),
            ("AddCustomAttributes", {"CustomAttributes": [{"Name": "x", "AttributeDataType": "String"}]}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_pool_is_neither_changed_nor_deleted(self, cognito, job, operation, given):
        before = described(cognito, job.pool)

        fault = refusal(cognito, operation, UserPoolId=job.pool, **given)

        assert fault[0] == "UserImportInProgressException"
        assert described(cognito, job.pool) == before
