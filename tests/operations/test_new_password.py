"""Temporary passwords and the challenge they lead to: facts 127 to 130."""

import json

import pytest

from tests.application import PASSWORD, Cognito
from tests.callers import a_name, attribute, refused
from tests.clock import DAY, later
from tests.entrance import WRONG, Entrance, at_once, claims, faults

TEMPORARY = "Temporary-1"
CHOSEN = "Chosen-Horse-2"
SPENT = "Invalid session for the user, session can only be used once."
EXPIRED = "Invalid session for the user, session is expired."
INVALID = "Invalid session for the user."


@pytest.fixture(scope="module")
def shared(application):
    schema = [{"Name": "given_name", "AttributeDataType": "String", "Required": True, "Mutable": True}]
    return Entrance(Cognito(*application), Schema=schema)


@pytest.fixture
def entrance(shared):
    entrance = shared.another()
    entrance.name = entrance.invited(a_name(), TEMPORARY, given_name="Tess")
    return entrance


class TestChallenge:
    def test_a_temporary_password_leads_to_it(self, entrance):
        begun = entrance.by_password(TEMPORARY)

        assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert 20 <= len(begun["Session"]) <= 4096
        told = begun["ChallengeParameters"]
        assert told["USER_ID_FOR_SRP"] == entrance.name
        assert json.loads(told["requiredAttributes"]) == []
        assert json.loads(told["userAttributes"]) == {"given_name": "Tess"}
        assert "AuthenticationResult" not in begun

    def test_srp_leads_to_it_as_well(self, entrance):
        begun = entrance.by_srp(TEMPORARY)

        assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert "AuthenticationResult" in entrance.choose(begun)

    def test_attributes_that_the_client_may_not_read_are_not_told(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, ReadAttributes=["email"])

        assert json.loads(entrance.by_password(TEMPORARY)["ChallengeParameters"]["userAttributes"]) == {}

    def test_a_temporary_password_grows_old(self, entrance):
        with later(7 * DAY - 60):
            entrance.by_password(TEMPORARY)
        sentence = "Temporary password has expired and must be reset by an administrator."
        with later(7 * DAY + 1), refused("NotAuthorizedException", sentence):
            entrance.by_password(TEMPORARY)


class TestAnswer:
    def test_a_new_password_confirms_and_signs_in(self, entrance):
        answer = entrance.choose(entrance.by_password(TEMPORARY))

        assert answer["ChallengeParameters"] == {}
        assert entrance.me(answer["AuthenticationResult"]["AccessToken"])["Username"] == entrance.name
        assert entrance.admin("AdminGetUser")["UserStatus"] == "CONFIRMED"
        assert entrance.tokens(CHOSEN)
        assert entrance.by_srp(CHOSEN)
        with refused("NotAuthorizedException", WRONG):
            entrance.by_password(TEMPORARY)

    def test_a_required_attribute_must_come_along(self, entrance):
        name = entrance.invited(a_name(), TEMPORARY)
        begun = entrance.by_password(TEMPORARY, name)
        assert json.loads(begun["ChallengeParameters"]["requiredAttributes"]) == ["userAttributes.given_name"]

        with refused("InvalidParameterException", "Invalid attributes given, given_name is missing"):
            entrance.choose(begun, name=name)
        tokens = entrance.choose(begun, name=name, **{"userAttributes.given_name": "Una"})["AuthenticationResult"]
        assert claims(tokens["IdToken"])["given_name"] == "Una"

    @pytest.mark.parametrize("kind", ["preferred_username", "email"])
    def test_a_name_that_somebody_else_has_is_refused_as_taken(self, cognito, kind):
        rule = {"UsernameAttributes": ["email", "phone_number"]} if kind == "email" else {"AliasAttributes": [kind]}
        entrance, value = Entrance.at(cognito, cognito.pool(**rule)), f"{a_name()}@example.com"
        cognito.user(entrance.pool, value if kind == "email" else a_name(), **{kind: value})
        name = entrance.invited("+15550100" if kind == "email" else a_name(), TEMPORARY)
        begun = entrance.by_password(TEMPORARY, name)

        with refused("AliasExistsException", f"An account with the given {kind} already exists."):
            entrance.choose(begun, name=name, **{f"userAttributes.{kind}": value})
        assert entrance.choose(begun, name=name)["AuthenticationResult"]

    def test_attributes_that_are_too_large_together_are_refused(self, cognito):
        schema = [{"Name": f"c{place}", "AttributeDataType": "String", "Mutable": True} for place in range(50)]
        entrance, value = Entrance.at(cognito, cognito.pool(Schema=schema)), "\u00e9" * 2000
        present, more = ({f"custom:c{place}": value for place in places} for places in (range(24), range(24, 48)))
        name = entrance.invited(a_name(), TEMPORARY, **present)
        begun = entrance.by_password(TEMPORARY, name)

        with refused("InvalidParameterException"):
            entrance.choose(begun, name=name, **{f"userAttributes.{key}": text for key, text in more.items()})

    def test_an_attribute_that_is_there_may_be_repeated_and_not_changed(self, entrance):
        begun = entrance.by_password(TEMPORARY)

        with refused("NotAuthorizedException", "Cannot modify an already provided given_name"):
            entrance.choose(begun, **{"userAttributes.given_name": "Eve"})
        assert entrance.choose(begun, **{"userAttributes.given_name": "Tess"})

    def test_nobody_vouches_for_his_own_address(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        given = {"userAttributes.email": "tess@example.com", "userAttributes.email_verified": "true"}

        with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
            entrance.choose(begun, **given)

    def test_a_password_against_the_policy_is_refused_and_the_session_still_good(self, entrance):
        begun = entrance.by_password(TEMPORARY)

        with refused("InvalidPasswordException"):
            entrance.choose(begun, "short")
        assert entrance.choose(begun)

    def test_an_address_that_is_another_users_name_is_refused(self, cognito):
        entrance = Entrance.at(cognito, cognito.pool(UsernameAttributes=["phone_number", "email"]))
        cognito.user(entrance.pool, "tess@example.com")
        entrance.invited("+15555550100", TEMPORARY)
        begun = entrance.by_password(TEMPORARY, "+15555550100")

        with refused("AliasExistsException"):
            entrance.choose(begun, name="+15555550100", **{"userAttributes.email": "tess@example.com"})
        assert entrance.choose(begun, name="+15555550100", **{"userAttributes.email": "una@example.com"})
        assert entrance.tokens(CHOSEN, "una@example.com")

    def test_an_administrator_may_answer(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        given = {"ClientId": entrance.client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": begun["Session"]}
        responses = {"USERNAME": entrance.name, "NEW_PASSWORD": CHOSEN}

        answer = entrance.cognito.call(
            "AdminRespondToAuthChallenge", UserPoolId=entrance.pool, ChallengeResponses=responses, **given
        )
        assert "AccessToken" in answer["AuthenticationResult"]

    @pytest.mark.parametrize("missing", ["USERNAME", "NEW_PASSWORD"])
    def test_a_response_that_is_missing_is_named(self, entrance, missing):
        begun = entrance.by_password(TEMPORARY)
        responses = {"USERNAME": entrance.name, "NEW_PASSWORD": CHOSEN}
        del responses[missing]

        with refused("InvalidParameterException", f"Missing required parameter {missing}"):
            entrance.respond("NEW_PASSWORD_REQUIRED", responses, Session=begun["Session"])

    def test_a_session_that_is_missing_is_named(self, entrance):
        with refused("InvalidParameterException", "Missing required parameter Session"):
            entrance.respond("NEW_PASSWORD_REQUIRED", {"USERNAME": entrance.name, "NEW_PASSWORD": CHOSEN})

    def test_a_session_that_is_none_answers_nothing(self, entrance):
        with refused("NotAuthorizedException", "Invalid session for the user."):
            entrance.respond("SMS_MFA", {"USERNAME": entrance.name}, Session="x" * 40)


class TestAttacks:
    def test_a_session_signs_in_once(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        entrance.choose(begun)

        with refused("NotAuthorizedException", SPENT):
            entrance.choose(begun, "Another-Horse-3")
        with refused("NotAuthorizedException", WRONG):
            entrance.by_password("Another-Horse-3")

    def test_a_spent_session_stays_spent_when_the_user_gets_a_temporary_password_again(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        entrance.choose(begun)
        entrance.admin("AdminSetUserPassword", Password="Temporary-2", Permanent=False)

        with refused("NotAuthorizedException", INVALID):
            entrance.choose(begun)

    def test_a_session_grows_old(self, entrance):
        begun = entrance.by_password(TEMPORARY)

        with later(181), refused("NotAuthorizedException", EXPIRED):
            entrance.choose(begun)
        with later(179):
            assert entrance.choose(begun)

    def test_a_session_lives_as_long_as_the_client_says(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, AuthSessionValidity=15)
        begun = entrance.by_password(TEMPORARY)

        with later(901), refused("NotAuthorizedException", EXPIRED):
            entrance.choose(begun)
        with later(899):
            assert entrance.choose(begun)

    @pytest.mark.parametrize("text", ["x" * 20, "A" * 4096, "AQAAAAE" + "A" * 900, "-_" * 300])
    def test_an_invented_session_is_refused(self, entrance, text):
        with refused("NotAuthorizedException", INVALID):
            entrance.choose({"Session": text})

    def test_an_altered_session_is_refused(self, entrance):
        text = entrance.by_password(TEMPORARY)["Session"]

        for place in range(0, len(text), 37):
            other = "A" if text[place] != "A" else "B"
            with refused("NotAuthorizedException", INVALID):
                entrance.choose({"Session": text[:place] + other + text[place + 1 :]})

    def test_a_session_of_another_client_is_refused(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        entrance.client = entrance.cognito.client(entrance.pool)

        with refused("NotAuthorizedException", INVALID):
            entrance.choose(begun)

    def test_a_session_of_another_user_is_refused(self, entrance):
        other = entrance.invited(a_name(), TEMPORARY, given_name="Una")
        begun = entrance.by_password(TEMPORARY)

        with refused("NotAuthorizedException", INVALID):
            entrance.choose(begun, name=other)

    def test_a_session_answers_no_other_challenge(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        responses = {"USERNAME": entrance.name, "PASSWORD_CLAIM_SECRET_BLOCK": begun["Session"]}
        proof = {"PASSWORD_CLAIM_SIGNATURE": "x", "TIMESTAMP": "x"}

        with refused("NotAuthorizedException", WRONG):
            entrance.respond("PASSWORD_VERIFIER", responses | proof, Session=begun["Session"])

    def test_a_session_does_not_outlive_the_password_that_it_was_begun_with(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        entrance.admin("AdminSetUserPassword", Password="Temporary-2", Permanent=False)

        with refused("NotAuthorizedException", INVALID):
            entrance.choose(begun)
        assert entrance.choose(entrance.by_password("Temporary-2"))

    def test_a_user_who_was_disabled_or_deleted_meanwhile_does_not_come_in(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        entrance.admin("AdminDisableUser")
        with refused("NotAuthorizedException", "User is disabled."):
            entrance.choose(begun)

        entrance.admin("AdminDeleteUser")
        with refused("NotAuthorizedException"):
            entrance.choose(begun)

    def test_of_two_answers_at_once_one_wins(self, entrance):
        begun = entrance.by_password(TEMPORARY)
        passwords = [f"Chosen-Horse-{place}" for place in range(4)]

        outcomes = at_once(*(lambda text=text: entrance.choose(begun, text) for text in passwords))

        assert len(faults(outcomes)) == 3
        assert {(one.code, one.message) for one in faults(outcomes)} == {("NotAuthorizedException", SPENT)}
        winner = next(
            text for text, outcome in zip(passwords, outcomes, strict=True) if outcome not in faults(outcomes)
        )
        assert entrance.tokens(winner)

    def test_a_count_of_wrong_passwords_ends_with_the_right_temporary_one(self, entrance):
        entrance.wrongly(4)

        entrance.by_password(TEMPORARY)

        assert entrance.failures() == 0

    def test_a_password_that_was_used_before_is_refused(self, cognito):
        policy = {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
        entrance = Entrance(cognito, Policies=policy)
        name = entrance.invited("ivo", PASSWORD)
        begun = entrance.by_password(PASSWORD, name)

        with refused("PasswordHistoryPolicyViolationException"):
            entrance.choose(begun, PASSWORD, name)

    def test_what_a_client_may_not_write_is_refused(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, WriteAttributes=["given_name"])
        begun = entrance.by_password(TEMPORARY)

        with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
            entrance.choose(begun, **{"userAttributes.nickname": "tess"})
        assert attribute("nickname", "tess") not in entrance.admin("AdminGetUser")["UserAttributes"]
