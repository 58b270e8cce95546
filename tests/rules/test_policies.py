"""Policies of operator keys."""

import fnmatch
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rules import policies
from chalicelib.rules.policies import is_allowed, problems

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI"


def statement(effect="Allow", action="cognito-idp:*", resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


class TestIsAllowed:
    def test_denies_what_no_statement_names(self):
        assert not is_allowed(policy(statement(action="cognito-idp:ListUsers")), "cognito-idp:DeleteUserPool", POOL)

    def test_allows_what_a_statement_names(self):
        assert is_allowed(
            policy(statement(action="cognito-idp:ListUsers", resource=POOL)), "cognito-idp:ListUsers", POOL
        )

    def test_lets_a_denial_win_in_any_order(self):
        allow, deny = statement(), statement("Deny", "cognito-idp:Delete*")

        for order in ((allow, deny), (deny, allow)):
            assert not is_allowed(policy(*order), "cognito-idp:DeleteUserPool", POOL)
            assert is_allowed(policy(*order), "cognito-idp:ListUsers", POOL)

    def test_reads_one_statement_without_a_list(self):
        assert is_allowed({"Statement": statement()}, "cognito-idp:ListUsers", POOL)

    def test_reads_lists_of_actions_and_resources(self):
        given = policy(statement(action=["a:B", "cognito-idp:List*"], resource=["arn:x", POOL]))

        assert is_allowed(given, "cognito-idp:ListUsers", POOL)
        assert not is_allowed(given, "cognito-idp:ListUsers", POOL + "x")

    def test_ignores_case_in_actions_only(self):
        given = policy(statement(action="COGNITO-IDP:listusers", resource=POOL))

        assert is_allowed(given, "cognito-idp:ListUsers", POOL)
        assert not is_allowed(given, "cognito-idp:ListUsers", POOL.lower())

    def test_reads_not_action_and_not_resource(self):
        given = policy({"Effect": "Allow", "NotAction": "cognito-idp:Delete*", "NotResource": POOL})

        assert is_allowed(given, "cognito-idp:ListUsers", "arn:other")
        assert not is_allowed(given, "cognito-idp:DeleteGroup", "arn:other")
        assert not is_allowed(given, "cognito-idp:ListUsers", POOL)

    @pytest.mark.parametrize("condition", [{"Bool": {"aws:SecureTransport": "true"}}])
    def test_never_allows_under_a_condition_and_still_denies(self, condition):
        assert not is_allowed(policy(statement(Condition=condition)), "cognito-idp:ListUsers", POOL)
        assert not is_allowed(
            policy(statement(), statement("Deny", Condition=condition)), "cognito-idp:ListUsers", POOL
        )

    def test_takes_an_empty_condition_as_none(self):
        assert is_allowed(policy(statement(Condition={})), "cognito-idp:ListUsers", POOL)

    def test_allows_nothing_by_a_document_with_one_malformed_statement(self):
        assert not is_allowed(policy(statement(), {"Effect": "deny", "Action": "x:*", "Resource": "*"}), "y:Z", "*")
        assert not is_allowed(policy(statement(), statement("Deny", resource="${aws:username}")), "cognito-idp:A", POOL)


class TestWildcards:
    @pytest.mark.parametrize(
        ("pattern", "text", "is_match"),
        [
            ("*", "", True),
            ("", "", True),
            ("a*", "a", True),
            ("a?", "a", False),
            ("a?c", "abc", True),
            ("a*b*c", "a-b-b-c", True),
            ("ab*ba", "aba", False),
            ("*a*", "xax", True),
            ("**", "x", True),
            ("a.c", "abc", False),
            ("[a]", "a", False),
            ("a*", "a\nb", True),
        ],
    )
    def test_mean_any_text_and_any_character(self, pattern, text, is_match):
        assert policies._matches(pattern, text) is is_match

    @given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
    def test_agree_with_the_standard_library(self, pattern, text):
        assert policies._matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)

    @pytest.mark.parametrize("pattern", ["*a" * 1000 + "b", "*" * 2048, "a*" * 1000 + "b", "?*" * 1000 + "b"])
    def test_cannot_be_made_slow(self, pattern):
        started = time.process_time()

        policies._matches(pattern, "a" * 2048)

        assert time.process_time() - started < 1


class TestProblems:
    def test_are_none_in_a_full_document(self):
        given = {"Version": "2012-10-17", "Id": "x", "Statement": [statement(Sid="one", Condition={"Bool": {}})]}

        assert problems(given) == []

    @pytest.mark.parametrize(
        ("given", "text"),
        [
            ([], "The policy must be an object."),
            ({}, "Statement must hold 1 to 100 statements."),
            ({"Statement": []}, "Statement must hold 1 to 100 statements."),
            (policy(*[statement()] * 101), "Statement must hold 1 to 100 statements."),
            ({"Version": "2020-01-01", "Statement": statement()}, "Version must be one of 2012-10-17, 2008-10-17."),
            ({"Statement": statement(), "Other": 1}, "Other is not a member of a policy."),
            ({"Statement": ["x"]}, "Statement 1: it must be an object."),
            (policy(statement("Permit")), "Statement 1: Effect must be Allow or Deny."),
            (policy(statement(), statement(Principal="*")), "Statement 2: Principal is not supported."),
            (policy(statement(NotAction="x")), "Statement 1: exactly one of Action and NotAction is needed."),
            (
                policy({"Effect": "Allow", "Action": "x"}),
                "Statement 1: exactly one of Resource and NotResource is needed.",
            ),
            (policy(statement(Condition=[])), "Statement 1: Condition must be an object."),
            (policy(statement(action=[])), "Statement 1: Action must hold 1 to 200 patterns."),
            (policy(statement(action=["x"] * 201)), "Statement 1: Action must hold 1 to 200 patterns."),
            (
                policy(statement(action=[1])),
                "Statement 1: Action must hold texts of 1 to 2048 characters, without variables.",
            ),
            (
                policy(statement(resource="")),
                "Statement 1: Resource must hold texts of 1 to 2048 characters, without variables.",
            ),
            (
                policy(statement(resource="x" * 2049)),
                "Statement 1: Resource must hold texts of 1 to 2048 characters, without variables.",
            ),
        ],
    )
    def test_name_what_is_wrong(self, given, text):
        assert text in problems(given)

    @pytest.mark.parametrize("version", [None, [], {}, 1])
    def test_survive_a_version_of_another_type(self, version):
        assert problems({"Version": version, "Statement": statement()})

    @settings(deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.sampled_from(["Allow", "Deny", "*", "x:Y"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["Version", "Statement", "Effect", "Action", "Resource", "NotAction", "Condition"]),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=12,
        )
    )
    def test_and_evaluation_survive_any_json(self, document):
        assert isinstance(problems(document), list)
        assert is_allowed(document, "x:Y", "*") in (True, False)
