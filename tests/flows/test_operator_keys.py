"""Operator keys as their owner administers them: made, limited, rotated, off; and what a limited one is told."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from chalicelib.flows import operator_keys, operator_mappings
from chalicelib.flows.operator_mappings import Unknown
from chalicelib.flows.operators import EVERYTHING
from chalicelib.table import operator_sessions, store
from tests.application import Cognito, Fault

READER: dict[str, Any] = {"Statement": {"Effect": "Allow", "Action": "cognito-idp:List*", "Resource": "*"}}
PATTERN = "arn:aws:iam::111122223333:role/ci"


@pytest.fixture(autouse=True)
def table(application: Any) -> None:
    operator_sessions.forget_all()


def code(caller: Cognito, operation: str, **given: Any) -> str:
    with pytest.raises(Fault) as caught:
        caller.call(operation, **given)
    return caught.value.code


def listed(kind: str, name: str) -> dict[str, Any] | None:
    return next((entry for entry in operator_keys.listed()[kind] if entry["id"] == name), None)


class TestCreate:
    def test_makes_a_key_that_may_do_what_its_policy_says(self) -> None:
        caller = Cognito(*operator_keys.create(READER, "nightly report"))

        assert "UserPools" in caller.call("ListUserPools", MaxResults=1)
        assert code(caller, "CreateUserPool", PoolName="x") == "AccessDeniedException"

    def test_says_to_a_limited_key_what_aws_says(self) -> None:
        key_id, secret = operator_keys.create(READER)

        with pytest.raises(Fault) as caught:
            Cognito(key_id, secret).call("DescribeUserPool", UserPoolId="us-east-1_abc")

        words = caught.value.message
        assert words.startswith(
            f"User: {key_id} is not authorized to perform: cognito-idp:DescribeUserPool on resource: "
        )
        assert words.endswith(":userpool/us-east-1_abc")

    def test_refuses_what_is_no_policy(self) -> None:
        with pytest.raises(ValueError, match="Effect"):
            operator_keys.create({"Statement": {"Action": "*", "Resource": "*"}})


class TestListed:
    def test_shows_the_key_with_name_and_policy_and_never_its_secret(self) -> None:
        key_id, secret = operator_keys.create(READER, "nightly report")

        found = listed("keys", key_id)

        assert found is not None
        assert (found["about"], found["enabled"], found["policy"]) == ("nightly report", True, READER)
        assert secret not in json.dumps(operator_keys.listed())

    def test_shows_all_of_them_however_many(self) -> None:
        made = {operator_keys.create(READER)[0] for _ in range(102)}

        assert made <= {entry["id"] for entry in operator_keys.listed()["keys"]}


class TestLimit:
    def test_counts_at_once_for_the_process_that_did_it(self) -> None:
        key_id, secret = operator_keys.create(EVERYTHING)
        caller = Cognito(key_id, secret)
        caller.pool()

        operator_keys.limit(key_id, READER)

        assert code(caller, "CreateUserPool", PoolName="x") == "AccessDeniedException"

    def test_refuses_what_is_no_policy_and_whom_it_does_not_know(self) -> None:
        key_id, _ = operator_keys.create(READER)

        with pytest.raises(ValueError, match="Statement"):
            operator_keys.limit(key_id, {})
        with pytest.raises(Unknown):
            operator_keys.limit("LKIANOBODY", READER)


class TestRotate:
    def test_makes_a_key_like_the_old_one_and_disables_that(self) -> None:
        old = operator_keys.create(READER, "report")

        new = operator_keys.rotate(old[0], keep=False)

        found = listed("keys", new[0])
        assert found is not None
        assert (found["about"], found["policy"]) == ("report", READER)
        assert "UserPools" in Cognito(*new).call("ListUserPools", MaxResults=1)
        assert code(Cognito(*old), "ListUserPools", MaxResults=1) == "UnrecognizedClientException"

    def test_leaves_the_old_one_where_both_are_wanted(self) -> None:
        old = operator_keys.create(READER)

        operator_keys.rotate(old[0], keep=True)

        assert "UserPools" in Cognito(*old).call("ListUserPools", MaxResults=1)

    def test_knows_only_keys(self) -> None:
        with pytest.raises(Unknown):
            operator_keys.rotate("LKIANOBODY", keep=False)


class TestSwitch:
    def test_a_disabled_key_is_unknown_until_it_is_enabled(self) -> None:
        key_id, secret = operator_keys.create(READER)
        caller = Cognito(key_id, secret)

        operator_keys.set_enabled(key_id, enabled=False)
        assert code(caller, "ListUserPools", MaxResults=1) == "UnrecognizedClientException"
        assert listed("keys", key_id)["enabled"] is False

        operator_keys.set_enabled(key_id, enabled=True)
        assert "UserPools" in caller.call("ListUserPools", MaxResults=1)

    @pytest.mark.parametrize("name", ["LKIANOBODY", "LKSANOBODY", "nobody", ""])
    def test_who_is_unknown_is_said(self, name: str) -> None:
        with pytest.raises(Unknown):
            operator_keys.set_enabled(name, enabled=False)


class TestMappings:
    def test_are_listed_with_their_pattern(self) -> None:
        name = f"ci-{uuid.uuid4().hex[:6]}"

        operator_mappings.create(name, PATTERN, READER)

        found = listed("mappings", name)
        assert found is not None
        assert (found["about"], found["enabled"], found["policy"]) == (PATTERN, True, READER)
        operator_mappings.remove(name)
        operator_mappings.remove(name)
        assert listed("mappings", name) is None

    def test_have_a_name_each(self) -> None:
        operator_mappings.create("twice", PATTERN, READER)

        with pytest.raises(store.Conflict):
            operator_mappings.create("twice", PATTERN, EVERYTHING)

    def test_are_not_named_like_a_key_so_that_to_disable_one_is_not_to_disable_the_other(self) -> None:
        key_id, _ = operator_keys.create(READER)

        with pytest.raises(ValueError, match="operator key"):
            operator_mappings.create(key_id, PATTERN, READER)

    @pytest.mark.parametrize(
        ("name", "pattern", "policy", "word"),
        [
            ("a b", PATTERN, READER, "A name has"),
            ("", PATTERN, READER, "A name has"),
            ("a#b", PATTERN, READER, "A name has"),
            ("x", "*", READER, "12 digits"),
            ("x", PATTERN, {}, "Statement"),
            ("x" * 65, PATTERN, READER, "A name has"),
            ("LKSA-ci", PATTERN, READER, "begin with LKSA"),
        ],
    )
    def test_are_refused_for_what_is_wrong(self, name: str, pattern: str, policy: dict[str, Any], word: str) -> None:
        with pytest.raises(ValueError, match=word):
            operator_mappings.create(name, pattern, policy)

    def test_are_a_hundred_at_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(operator_mappings, "_MOST", len(operator_mappings.listed()))

        with pytest.raises(ValueError, match="mappings already"):
            operator_mappings.create("one-more", PATTERN, READER)

    def test_are_put_under_valid_policies_alone(self) -> None:
        with pytest.raises(ValueError, match="Statement"):
            operator_mappings.limit("nobody", {})
