"""What functions of custom authentication may say, and the rounds of a sign-in."""

from __future__ import annotations

import pytest

from chalicelib.errors import InvalidLambdaResponseException, NotAuthorizedException
from chalicelib.rules import custom_challenges
from chalicelib.rules.custom_challenges import LARGEST_PUBLIC, LONGEST_METADATA, MOST_ROUNDS, TOKENS

FAILED = r"^Incorrect username or password\.$"
ODD = r"^Unrecognizable lambda output$"


def rounds(*names, metadata=None):
    found = []
    for name in names:
        found = custom_challenges.appended(found, name, metadata, is_right=True)
    return found


def after(response, *names, is_nobody=False):
    return custom_challenges.next_step(response, rounds(*names), is_nobody=is_nobody)


class TestNextStep:
    def test_tokens_are_issued_when_the_function_says_so(self):
        assert after({"issueTokens": True}, "CUSTOM_CHALLENGE") == TOKENS

    def test_tokens_may_come_without_any_proof_if_the_function_wants_that(self):
        assert after({"issueTokens": True, "failAuthentication": False, "challengeName": None}) == TOKENS

    def test_nobody_gets_tokens_never(self):
        with pytest.raises(NotAuthorizedException, match=FAILED):
            after({"issueTokens": True}, is_nobody=True)

    @pytest.mark.parametrize("more", [{}, {"issueTokens": True}, {"challengeName": "CUSTOM_CHALLENGE"}],
                             ids=["alone", "with-tokens", "with-a-name"])  # fmt: skip
    def test_failure_wins(self, more):
        with pytest.raises(NotAuthorizedException, match=FAILED):
            after({"failAuthentication": True, **more})

    @pytest.mark.parametrize("response", [{}, {"issueTokens": None, "challengeName": None}, {"issueTokens": False}],
                             ids=["empty", "nulls", "false"])  # fmt: skip
    def test_nothing_is_no_answer(self, response):
        with pytest.raises(InvalidLambdaResponseException, match=ODD):
            after(response)

    @pytest.mark.parametrize(
        "response",
        [{"issueTokens": "true"}, {"issueTokens": 1}, {"failAuthentication": []}, {"challengeName": 7},
         {"issueTokens": True, "failAuthentication": "no"}],
        ids=["text", "number", "list", "name", "beside-tokens"],
    )  # fmt: skip
    def test_types_are_strict(self, response):
        with pytest.raises(InvalidLambdaResponseException, match=ODD):
            after(response)

    @pytest.mark.parametrize(
        "name", ["CUSTOM_CHALLENGE", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"]
    )
    def test_a_name_is_the_next_step(self, name):
        assert after({"challengeName": name}, "CUSTOM_CHALLENGE") == name

    @pytest.mark.parametrize("name", ["NEW_PASSWORD_REQUIRED", "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"])
    def test_nobody_is_asked_for_what_only_a_user_can_do(self, name):
        with pytest.raises(NotAuthorizedException, match=FAILED):
            after({"challengeName": name}, is_nobody=True)

    def test_nobody_is_asked_what_everybody_is_asked(self):
        assert after({"challengeName": "CUSTOM_CHALLENGE"}, is_nobody=True) == "CUSTOM_CHALLENGE"
        assert after({"challengeName": "PASSWORD_VERIFIER"}, "SRP_A", is_nobody=True) == "PASSWORD_VERIFIER"

    def test_a_password_is_proved_right_after_srp_and_never_later(self):
        assert after({"challengeName": "PASSWORD_VERIFIER"}, "SRP_A") == "PASSWORD_VERIFIER"
        for names in [(), ("CUSTOM_CHALLENGE",), ("SRP_A", "PASSWORD_VERIFIER"), ("SRP_A", "CUSTOM_CHALLENGE")]:
            with pytest.raises(InvalidLambdaResponseException, match=ODD):
                after({"challengeName": "PASSWORD_VERIFIER"}, *names)

    @pytest.mark.parametrize("name", ["", "SRP_A", "WEB_AUTHN", "MFA_SETUP", "custom_challenge", "ADMIN_NO_SRP_AUTH"])
    def test_other_names_are_none(self, name):
        with pytest.raises(InvalidLambdaResponseException, match=ODD):
            after({"challengeName": name}, "SRP_A")


class TestChallenge:
    def test_has_what_the_function_made(self):
        made = custom_challenges.challenge({
            "publicChallengeParameters": {"q": "1+1"},
            "privateChallengeParameters": {"a": "2"},
            "challengeMetadata": "SUM",
        })  # fmt: skip

        assert (made.public, made.private, made.metadata) == ({"q": "1+1"}, {"a": "2"}, "SUM")
        assert "'2'" not in repr(made)

    def test_may_be_empty(self):
        made = custom_challenges.challenge({"publicChallengeParameters": None})

        assert (made.public, made.private, made.metadata) == ({}, {}, None)

    @pytest.mark.parametrize(
        "response",
        [{"publicChallengeParameters": "x"}, {"publicChallengeParameters": {"a": 1}}, {"challengeMetadata": {}},
         {"privateChallengeParameters": {"a": None}}, {"privateChallengeParameters": ["a"]}],
        ids=["public", "number", "metadata", "null", "list"],
    )  # fmt: skip
    def test_types_are_strict(self, response):
        with pytest.raises(InvalidLambdaResponseException, match=ODD):
            custom_challenges.challenge(response)

    def test_is_not_larger_than_answers_and_sessions_can_be(self):
        with pytest.raises(InvalidLambdaResponseException, match="challengeMetadata is longer"):
            custom_challenges.challenge({"challengeMetadata": "x" * (LONGEST_METADATA + 1)})
        with pytest.raises(InvalidLambdaResponseException, match="publicChallengeParameters are longer"):
            custom_challenges.challenge({"publicChallengeParameters": {"a": "x" * LARGEST_PUBLIC}})


class TestRounds:
    def test_are_kept_in_order_with_metadata_of_custom_challenges_alone(self):
        assert rounds("SRP_A", "CUSTOM_CHALLENGE", metadata="SKY") == [
            {"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None},
            {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "SKY"},
        ]

    def test_a_wrong_answer_is_one_too(self):
        [found] = custom_challenges.appended([], "CUSTOM_CHALLENGE", "SKY", is_right=False)

        assert found["challengeResult"] is False

    def test_are_counted(self):
        custom_challenges.require_another(rounds(*["CUSTOM_CHALLENGE"] * (MOST_ROUNDS - 1)))

        with pytest.raises(NotAuthorizedException, match=FAILED):
            custom_challenges.require_another(rounds(*["CUSTOM_CHALLENGE"] * MOST_ROUNDS))

    def test_all_of_them_fit_into_a_session_unless_their_metadata_is_long(self):
        with pytest.raises(InvalidLambdaResponseException, match="too long to be carried in a Session"):
            rounds(*["CUSTOM_CHALLENGE"] * 5, metadata="x" * LONGEST_METADATA)
