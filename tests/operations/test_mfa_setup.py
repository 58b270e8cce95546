"""MFA_SETUP: an authenticator app that is set up while signing in, because everybody of the pool needs one."""

import json

import pytest

from chalicelib.table import store
from chalicelib.table.factors import Totp
from tests.application import PASSWORD, Cognito
from tests.bearer import BY_SMS_TOO
from tests.callers import attribute, refused
from tests.clock import later
from tests.contest import codes, contest, winners
from tests.entrance import Entrance
from tests.token_app import METHOD, TOKENS, App, allow

FOREIGN = ("NotAuthorizedException", "Invalid session for the user.")
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": BY_SMS_TOO["SmsConfiguration"]}}


@pytest.fixture(scope="module")
def hall(application):
    entrance = Entrance(Cognito(*application))
    allow(entrance.cognito, entrance.pool, "ON")
    return entrance


@pytest.fixture
def entrance(hall):
    return hall.another()


def begin(entrance):
    begun = entrance.by_password()
    assert begun["ChallengeName"] == "MFA_SETUP"
    return begun


def associate(entrance, begun):
    answer = entrance.cognito.call("AssociateSoftwareToken", Session=begun["Session"])
    return App(answer["SecretCode"]), answer


def verify(entrance, associated, code, **given):
    given = {"Session": associated["Session"], "UserCode": code, **given}
    return entrance.cognito.call("VerifySoftwareToken", **given)


def complete(entrance, verified):
    return entrance.respond("MFA_SETUP", {"USERNAME": entrance.name}, Session=verified["Session"])


def set_up(entrance):
    app, answer = associate(entrance, begin(entrance))
    return app, verify(entrance, answer, app.code())


def by_code(entrance, code):
    begun = entrance.by_password()
    responses = {"USERNAME": entrance.name, "SOFTWARE_TOKEN_MFA_CODE": code}
    return entrance.respond(METHOD, responses, Session=begun["Session"])


class TestSetUp:
    def test_the_methods_that_can_be_set_up_are_named(self, entrance):
        begun = begin(entrance)

        assert json.loads(begun["ChallengeParameters"]["MFAS_CAN_SETUP"]) == [METHOD]

    def test_a_secret_a_code_and_an_answer_sign_in(self, entrance):
        app, verified = set_up(entrance)
        assert verified["Status"] == "SUCCESS"

        tokens = complete(entrance, verified)["AuthenticationResult"]

        assert tokens["AccessToken"]
        assert by_code(entrance, app.code())["AuthenticationResult"]

    def test_the_app_is_switched_on_and_preferred_by_that(self, entrance):
        set_up(entrance)

        found = entrance.admin("AdminGetUser")
        assert (found["UserMFASettingList"], found["PreferredMfaSetting"]) == ([METHOD], METHOD)

    def test_it_counts_even_if_the_sign_in_is_left(self, entrance):
        set_up(entrance)

        assert entrance.by_password()["ChallengeName"] == METHOD

    def test_the_code_that_proved_it_is_spent(self, entrance):
        app, _ = set_up(entrance)

        with refused("ExpiredCodeException"):
            by_code(entrance, app.again())

    def test_a_wrong_code_is_told_and_may_be_followed_by_the_right_one(self, entrance):
        app, answer = associate(entrance, begin(entrance))

        with refused("EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA"):
            verify(entrance, answer, app.wrong())
        assert verify(entrance, answer, app.code())["Status"] == "SUCCESS"

    def test_nothing_is_written_before_a_code_came_back(self, entrance):
        associate(entrance, begin(entrance))

        assert entrance.account().totp is None

    def test_two_sign_ins_do_not_get_in_each_others_way(self, entrance):
        """Attack: a thief who knows the password lets the owner's code prove the thief's secret, or the other way."""
        mine, my_answer = associate(entrance, begin(entrance))
        theirs, _ = associate(entrance, begin(entrance))

        with refused("EnableSoftwareTokenMFAException"):
            verify(entrance, my_answer, theirs.code())
        assert verify(entrance, my_answer, mine.code())["Status"] == "SUCCESS"

    def test_a_sign_in_that_began_before_replaces_no_app(self, entrance):
        """Attack: a thief begins a sign-in with the password, and sets up an app when the owner has done so."""
        app, answer = associate(entrance, begin(entrance))
        begun = begin(entrance)
        owners, _ = set_up(entrance)

        with refused(*FOREIGN):
            verify(entrance, answer, app.code())
        with refused(*FOREIGN):
            associate(entrance, begun)
        assert by_code(entrance, owners.code())["AuthenticationResult"]

    def test_nor_does_the_same_sign_in_a_second_time(self, entrance):
        app, answer = associate(entrance, begin(entrance))
        verified = verify(entrance, answer, app.code())

        for session in (answer, verified):
            with refused(*FOREIGN):
                verify(entrance, session, app.code())
            with refused(*FOREIGN):
                associate(entrance, session)

    def test_nor_one_that_was_begun_with_a_password_that_is_another_now(self, entrance):
        app, answer = associate(entrance, begin(entrance))
        entrance.admin("AdminSetUserPassword", Password="Other-Horse-77", Permanent=True)

        with refused(*FOREIGN):
            verify(entrance, answer, app.code())
        assert entrance.account().totp is None

    def test_nor_one_of_a_user_who_is_shut_out(self, entrance):
        app, answer = associate(entrance, begin(entrance))

        entrance.admin("AdminDisableUser")
        with refused(*FOREIGN):
            verify(entrance, answer, app.code())
        entrance.admin("AdminDeleteUser")

        with refused(*FOREIGN):
            verify(entrance, answer, app.code())

    def test_nor_one_of_a_user_whose_password_is_to_be_reset(self, entrance):
        app, answer = associate(entrance, begin(entrance))
        entrance.admin("AdminResetUserPassword")

        with refused("PasswordResetRequiredException"):
            verify(entrance, answer, app.code())
        with refused("NotAuthorizedException", "Password reset required for the user"):
            associate(entrance, answer)

    def test_without_a_secret_there_is_nothing_to_verify(self, entrance):
        with refused("SoftwareTokenMFANotFoundException"):
            verify(entrance, begin(entrance), "123456")

    def test_an_answer_before_the_code_is_no_way_in(self, entrance):
        begun = begin(entrance)
        _, associated = associate(entrance, begun)

        for session in (begun, associated):
            with refused("InvalidParameterException"):
                complete(entrance, session)

    def test_the_answer_is_good_for_one_sign_in(self, entrance):
        _, verified = set_up(entrance)
        complete(entrance, verified)

        with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
            complete(entrance, verified)

    def test_another_client_cannot_go_on_with_it(self, entrance):
        _, verified = set_up(entrance)
        entrance.client = entrance.cognito.client(entrance.pool)

        with refused(*FOREIGN):
            complete(entrance, verified)

    def test_neither_can_another_user(self, hall, entrance):
        _, verified = set_up(entrance)

        with refused(*FOREIGN):
            complete(hall.another(), verified)

    def test_a_session_of_another_challenge_sets_nothing_up(self, entrance):
        """Attack: who knows the password answers the question for a code by setting up an app of his own."""
        set_up(entrance)
        asked = entrance.by_password()

        with refused(*FOREIGN):
            associate(entrance, asked)
        with refused(*FOREIGN):
            verify(entrance, asked, "123456")

    @pytest.mark.parametrize("session", ["x" * 20, "x" * 4096])
    def test_garbage_is_no_session(self, cognito, session):
        with refused(*FOREIGN):
            cognito.call("AssociateSoftwareToken", Session=session)

    def test_a_session_is_over_after_three_minutes(self, entrance):
        begun = begin(entrance)

        with later(181), refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
            associate(entrance, begun)

    def test_of_two_apps_at_once_one_is_set_up(self, entrance):
        began = [associate(entrance, begin(entrance)) for _ in range(8)]

        outcomes = contest(
            entrance.pool,
            *[lambda app=app, answer=answer: verify(entrance, answer, app.code()) for app, answer in began],
        )

        assert codes(outcomes) <= {"NotAuthorizedException"}
        (place,) = winners(outcomes)
        assert by_code(entrance, began[place][0].code())["AuthenticationResult"]

    def test_the_factor_is_told_in_the_session(self, entrance):
        _, verified = set_up(entrance)
        tokens = complete(entrance, verified)["AuthenticationResult"]

        assert entrance.session_of(tokens).proved == ["pwd", "otp"]

    def test_a_chosen_password_comes_before_it(self, entrance):
        entrance.admin("AdminSetUserPassword", Password="Temporary-1", Permanent=False)
        begun = entrance.by_password("Temporary-1")
        assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        responses = {"USERNAME": entrance.name, "NEW_PASSWORD": PASSWORD}

        asked = entrance.respond("NEW_PASSWORD_REQUIRED", responses, Session=begun["Session"])

        assert asked["ChallengeName"] == "MFA_SETUP"
        app, answer = associate(entrance, asked)
        verified = verify(entrance, answer, app.code())
        assert complete(entrance, verified)["AuthenticationResult"]

    def test_an_app_taken_away_by_an_administrator_is_set_up_anew(self, entrance):
        set_up(entrance)
        entrance.admin("AdminDeleteSoftwareToken")

        app, verified = set_up(entrance)

        assert complete(entrance, verified)["AuthenticationResult"]
        assert store.get(Totp, pool=entrance.pool, sub=entrance.account().user.sub).last_step == app._last

    def test_a_pool_that_takes_none_any_more_sets_none_up(self, cognito):
        entrance = Entrance(cognito, **BY_SMS_TOO)
        allow(cognito, entrance.pool, "ON")
        app, answer = associate(entrance, begin(entrance))
        allow(cognito, entrance.pool, "ON", **SMS)

        with refused("SoftwareTokenMFANotFoundException", "Software Token MFA has not been enabled by the userPool"):
            verify(entrance, answer, app.code())

    def test_a_phone_number_that_came_meanwhile_is_asked_before_an_app_is_set_up(self, cognito):
        entrance = Entrance(cognito, **BY_SMS_TOO)
        allow(cognito, entrance.pool, "ON", **TOKENS, **SMS)
        begun = begin(entrance)
        listed = [attribute("phone_number", "+15550100")]
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=listed)

        with refused(*FOREIGN):
            associate(entrance, begun)
        assert entrance.by_password()["ChallengeName"] == "SMS_MFA"
