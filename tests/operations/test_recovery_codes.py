"""Recovery codes: made with an access token, counted, taken away, and used in the place of a second factor."""

import json
import time

import pytest

from chalicelib.flows import recovery_codes
from chalicelib.table import store
from chalicelib.table.factors import RecoveryCodes
from tests.application import PASSWORD, Cognito
from tests.bearer import BY_SMS_TOO, Bearer
from tests.callers import a_name, refused
from tests.clock import later
from tests.contest import codes, contest, winners
from tests.entrance import claims
from tests.token_app import METHOD, allow, switched_on

SMS = {"SmsMfaConfiguration": {"SmsConfiguration": BY_SMS_TOO["SmsConfiguration"]}}
MISMATCH = ("CodeMismatchException", "Invalid code received for user")


@pytest.fixture(scope="module")
def shared(application):
    bearer = Bearer(Cognito(*application))
    allow(bearer.cognito, bearer.pool)
    return bearer


@pytest.fixture
def bearer(shared):
    return shared.another(email="tess@example.com", email_verified="true")


def ask(bearer, operation, **given):
    content = json.dumps({"AccessToken": bearer.token, **given}).encode()
    return bearer.cognito.send("latchkey", operation, content)


def create(bearer):
    return ask(bearer, "CreateRecoveryCodes")["RecoveryCodes"]


def remaining(bearer):
    return ask(bearer, "DescribeRecoveryCodes")["Remaining"]


def delete(bearer, name=None):
    given = {"UserPoolId": bearer.pool, "Username": name or bearer.name}
    return bearer.cognito.send("latchkey", "AdminDeleteRecoveryCodes", json.dumps(given).encode())


def begin(bearer):
    parameters = {"USERNAME": bearer.signed_in_as, "PASSWORD": PASSWORD}
    given = {"ClientId": bearer.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    return bearer.cognito.call("InitiateAuth", **given)


def answer(bearer, begun, text, member="SOFTWARE_TOKEN_MFA_CODE"):
    responses = {"USERNAME": bearer.signed_in_as, member: text}
    given = {"ClientId": bearer.client, "ChallengeName": begun["ChallengeName"], "Session": begun["Session"]}
    return bearer.cognito.call("RespondToAuthChallenge", ChallengeResponses=responses, **given)


class TestCreate:
    def test_gives_ten_codes_that_are_told_once(self, bearer):
        switched_on(bearer)
        texts = create(bearer)

        assert len(set(texts)) == 10
        assert all(recovery_codes.is_form(text) for text in texts)
        kept = json.dumps(store.get(RecoveryCodes, pool=bearer.pool, sub=bearer.sub).digests)
        assert not any(text in kept for text in texts)

    def test_is_for_who_has_something_that_they_stand_in_for(self, bearer):
        """The attack: made before a factor is switched on, they open the account when it is, unknown to its owner."""
        with refused("InvalidParameterException"):
            create(bearer)

    def test_takes_a_recent_sign_in(self, bearer):
        """The attack: a session that was left open makes codes of somebody else's."""
        switched_on(bearer)

        with later(301), refused("NotAuthorizedException", "Sign in again before making recovery codes."):
            create(bearer)

    def test_takes_the_place_of_those_before(self, bearer):
        switched_on(bearer)
        old, new = create(bearer), create(bearer)

        with refused(*MISMATCH):
            answer(bearer, begin(bearer), old[0])
        assert answer(bearer, begin(bearer), new[0])["AuthenticationResult"]

    def test_is_audited_without_the_codes(self, bearer):
        switched_on(bearer)
        texts = create(bearer)

        given = {"UserPoolId": bearer.pool, "MaxResults": 1000}
        lines = bearer.cognito.send("latchkey", "ListAuditLines", json.dumps(given).encode())["AuditLines"]
        assert [line["Sub"] for line in lines if line["Operation"] == "CreateRecoveryCodes"][-1] == bearer.sub
        assert not any(text in json.dumps(lines) for text in texts)

    def test_by_many_at_once_leaves_the_codes_of_one(self, bearer):
        switched_on(bearer)

        outcomes = contest(bearer.pool, *[lambda: create(bearer)] * 8)

        assert codes(outcomes) == set()
        kept = store.get(RecoveryCodes, pool=bearer.pool, sub=bearer.sub).digests
        matching = [place for place in winners(outcomes) if _digests(bearer, outcomes[place]) == kept]
        assert len(matching) == 1


class TestDescribe:
    def test_counts_what_is_left(self, bearer):
        switched_on(bearer)
        texts = create(bearer)

        answer(bearer, begin(bearer), texts[0])

        found = ask(bearer, "DescribeRecoveryCodes")
        assert found["Remaining"] == 9
        assert abs(found["CreateDate"] - time.time()) < 60

    def test_of_whoever_never_had_any_is_nought(self, bearer):
        assert ask(bearer, "DescribeRecoveryCodes") == {"Remaining": 0}


class TestAdminDelete:
    def test_takes_them_away(self, bearer):
        switched_on(bearer)
        texts = create(bearer)

        assert delete(bearer) == {}

        assert remaining(bearer) == 0
        with refused(*MISMATCH):
            answer(bearer, begin(bearer), texts[0])

    def test_of_whoever_has_none_is_no_error(self, bearer):
        assert delete(bearer) == {}

    def test_of_nobody_is_told(self, shared):
        with refused("UserNotFoundException"):
            delete(shared, a_name())

    def test_they_go_with_the_user(self, bearer):
        switched_on(bearer)
        create(bearer)

        bearer.admin("AdminDeleteUser")

        assert store.get(RecoveryCodes, pool=bearer.pool, sub=bearer.sub) is None


class TestSignIn:
    def test_a_code_stands_in_for_that_of_the_app_once(self, bearer):
        switched_on(bearer)
        text = create(bearer)[0]
        begun = begin(bearer)
        assert begun["ChallengeName"] == METHOD

        tokens = answer(bearer, begun, text)["AuthenticationResult"]

        assert claims(tokens["AccessToken"])["sub"] == bearer.sub
        with refused(*MISMATCH):
            answer(bearer, begin(bearer), text)

    def test_and_for_that_of_a_message(self, cognito):
        bearer = Bearer(cognito, **BY_SMS_TOO).another(phone_number="+15550100")
        allow(cognito, bearer.pool, **SMS)
        bearer.call("SetUserMFAPreference", SMSMfaSettings={"Enabled": True})
        text = create(bearer)[0]

        begun = begin(bearer)

        assert begun["ChallengeName"] == "SMS_MFA"
        assert answer(bearer, begun, text, "SMS_MFA_CODE")["AuthenticationResult"]

    def test_another_users_code_opens_nothing(self, shared, bearer):
        switched_on(bearer)
        other = shared.another()
        switched_on(other)

        with refused(*MISMATCH):
            answer(bearer, begin(bearer), create(other)[0])

    def test_guesses_over_the_limit_are_heard_no_more(self, bearer):
        switched_on(bearer)
        text = create(bearer)[0]
        begun = begin(bearer)
        for wrong in recovery_codes.fresh():
            with refused(*MISMATCH):
                answer(bearer, begun, wrong)

        with refused("TooManyRequestsException"):
            answer(bearer, begun, text)

    def test_it_does_not_stand_in_for_a_password(self, bearer):
        switched_on(bearer)
        text = create(bearer)[0]

        with refused("NotAuthorizedException", "Incorrect username or password."):
            bearer.cognito.sign_in(bearer.client, bearer.signed_in_as, text)
        assert remaining(bearer) == 10

    def test_of_one_code_in_many_sign_ins_at_once_one_goes_through(self, bearer):
        switched_on(bearer)
        text = create(bearer)[0]
        begun = [begin(bearer) for _ in range(8)]

        outcomes = contest(bearer.pool, *[lambda one=one: answer(bearer, one, text) for one in begun])

        assert len(winners(outcomes)) == 1
        assert codes(outcomes) <= {"CodeMismatchException"}


class TestStrangers:
    @pytest.mark.parametrize("operation", ["CreateRecoveryCodes", "DescribeRecoveryCodes"])
    def test_a_junk_token_gets_nothing(self, shared, operation):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            shared.cognito.send("latchkey", operation, b'{"AccessToken": "junk"}')

    def test_an_old_token_makes_none_once_a_reset_is_wanted(self, bearer):
        bearer.admin("AdminResetUserPassword")

        with refused("PasswordResetRequiredException"):
            create(bearer)

    def test_a_deleted_user_makes_none(self, bearer):
        bearer.admin("AdminDeleteUser")

        with refused("UserNotFoundException"):
            create(bearer)
        assert store.get(RecoveryCodes, pool=bearer.pool, sub=bearer.sub) is None


def _digests(bearer, outcome):
    return [recovery_codes._digest(bearer.sub, text) for text in outcome]
