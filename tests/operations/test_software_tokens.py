"""Authenticator apps with an access token: associated, verified, taken away; and who may not."""

import re

import pytest

from chalicelib.table import store
from chalicelib.table.factors import Totp
from tests.application import Fault
from tests.bearer import Bearer
from tests.callers import a_name, refused
from tests.clock import later
from tests.contest import codes, contest, winners
from tests.token_app import METHOD, App, allow, associated, equipped, switched_on

WRONG = ("EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA")
NOT_FOUND = "SoftwareTokenMFANotFoundException"
NOT_OFFERED = (NOT_FOUND, "Software Token MFA has not been enabled by the userPool")


@pytest.fixture(scope="module")
def shared(application):
    from tests.application import Cognito

    cognito = Cognito(*application)
    bearer = Bearer(cognito)
    allow(cognito, bearer.pool)
    return bearer


@pytest.fixture
def bearer(shared):
    return shared.another(email="tess@example.com", email_verified="true")


def item(bearer):
    found = store.get(Totp, pool=bearer.pool, sub=bearer.sub)
    assert found is not None
    return found


def verify(bearer, code, **given):
    return bearer.call("VerifySoftwareToken", UserCode=code, **given)


class TestAssociate:
    def test_gives_a_secret_of_256_bits_and_no_session(self, bearer):
        answer = bearer.call("AssociateSoftwareToken")

        assert answer.keys() == {"SecretCode"}
        assert re.fullmatch("[A-Z2-7]{52}", answer["SecretCode"])

    def test_gives_another_one_each_time_and_only_the_last_counts(self, bearer):
        first, second = associated(bearer), associated(bearer)

        with refused(*WRONG):
            verify(bearer, first.code())
        assert verify(bearer, second.code()) == {"Status": "SUCCESS"}

    def test_keeps_the_secret_sealed(self, bearer):
        secret = bearer.call("AssociateSoftwareToken")["SecretCode"]

        kept = bytes(item(bearer).pending)
        assert secret.encode() not in kept
        assert len(kept) > 32

    def test_leaves_the_app_that_counts_as_it_is(self, bearer):
        app = equipped(bearer)
        before = item(bearer).seed

        fresh = associated(bearer)

        assert item(bearer).seed == before
        with refused(*WRONG):
            verify(bearer, app.code())
        verify(bearer, fresh.code())
        assert item(bearer).seed != before

    def test_is_refused_where_the_pool_offers_none(self, cognito):
        bearer = Bearer(cognito)

        with refused(*NOT_OFFERED):
            bearer.call("AssociateSoftwareToken")
        with refused(*NOT_OFFERED):
            verify(bearer, "123456")

    @pytest.mark.parametrize("given", [{}, {"AccessToken": "x", "Session": "x" * 20}], ids=["neither", "both"])
    def test_takes_a_token_or_a_session(self, cognito, given):
        with refused("InvalidParameterException"):
            cognito.call("AssociateSoftwareToken", **given)
        with refused("InvalidParameterException"):
            cognito.call("VerifySoftwareToken", UserCode="123456", **given)


class TestVerify:
    def test_a_right_code_makes_it_count_and_switches_nothing_on(self, bearer):
        app = associated(bearer)

        assert verify(bearer, app.code()) == {"Status": "SUCCESS"}

        assert "UserMFASettingList" not in bearer.call("GetUser")
        assert (item(bearer).pending, item(bearer).verified_at is not None) == (None, True)

    def test_a_wrong_code_is_told_and_the_right_one_still_counts(self, bearer):
        app = associated(bearer)

        with refused(*WRONG):
            verify(bearer, app.wrong())
        verify(bearer, app.code())

    def test_without_a_secret_there_is_nothing_to_verify(self, bearer):
        with refused(NOT_FOUND):
            verify(bearer, "123456")

    def test_nor_a_second_time(self, bearer):
        app = equipped(bearer)

        with refused(NOT_FOUND):
            verify(bearer, app.code())

    def test_a_code_of_another_users_secret_is_wrong(self, shared, bearer):
        other = shared.another()
        associated(other)
        app = associated(bearer)

        with refused(*WRONG):
            verify(other, app.code())

    def test_the_code_that_proved_it_is_spent(self, bearer):
        app = equipped(bearer)

        assert item(bearer).last_step == app._last

    def test_its_name_is_kept_within_bounds(self, bearer):
        app = associated(bearer)

        with refused("InvalidParameterException"):
            verify(bearer, app.code(), FriendlyDeviceName="x" * 257)
        verify(bearer, app.again(), FriendlyDeviceName="x" * 256)

        assert item(bearer).name == "x" * 256

    def test_an_empty_name_is_none(self, bearer):
        verify(bearer, associated(bearer).code(), FriendlyDeviceName="")

        assert item(bearer).name is None

    @pytest.mark.parametrize("code", ["12345", "1234567", "12345x", "\u0661\u0662\u0663\u0664\u0665\u0666"])
    def test_a_code_has_six_digits(self, bearer, code):
        with refused("InvalidParameterException"):
            verify(bearer, code)


class TestStrangers:
    def test_a_junk_token_is_none(self, cognito):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.call("AssociateSoftwareToken", AccessToken="junk")
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.call("VerifySoftwareToken", AccessToken="junk", UserCode="123456")

    def test_an_old_token_sets_nothing_up_once_a_reset_is_wanted(self, bearer):
        """Attack: whoever took the account over adds an app while the administrator is about to save it."""
        app = associated(bearer)
        bearer.admin("AdminResetUserPassword")

        with refused("NotAuthorizedException", "Password reset required for the user"):
            bearer.call("AssociateSoftwareToken")
        with refused("PasswordResetRequiredException"):
            verify(bearer, app.code())
        assert item(bearer).seed is None

    def test_a_deleted_user_sets_nothing_up(self, bearer):
        bearer.admin("AdminDeleteUser")

        with refused("NotAuthorizedException", "User does not exist."):
            bearer.call("AssociateSoftwareToken")
        with refused("UserNotFoundException"):
            verify(bearer, "123456")
        assert store.get(Totp, pool=bearer.pool, sub=bearer.sub) is None

    def test_a_revoked_token_is_told_so(self, bearer):
        bearer.call("GlobalSignOut")

        with refused("NotAuthorizedException", "Access Token has been revoked"):
            bearer.call("AssociateSoftwareToken")


class TestAdminDelete:
    def delete(self, bearer):
        return bearer.admin("AdminDeleteSoftwareToken")

    def test_takes_the_app_and_its_setting_away(self, bearer):
        switched_on(bearer)
        assert bearer.admin("AdminGetUser")["UserMFASettingList"] == [METHOD]

        assert self.delete(bearer) == {}

        found = bearer.admin("AdminGetUser")
        assert not {"UserMFASettingList", "PreferredMfaSetting"} & found.keys()
        assert store.get(Totp, pool=bearer.pool, sub=bearer.sub) is None

    def test_leaves_other_methods_on(self, bearer):
        switched_on(bearer)
        user = bearer.stored()
        user.mfa = {"enabled": ["SMS_MFA", METHOD], "preferred": METHOD}
        store.save(user)

        self.delete(bearer)

        assert bearer.stored().mfa == {"enabled": ["SMS_MFA"]}

    def test_takes_a_secret_that_waits_away_too(self, bearer):
        app = associated(bearer)

        self.delete(bearer)

        with refused(NOT_FOUND):
            verify(bearer, app.code())

    def test_lets_the_user_begin_anew(self, bearer):
        switched_on(bearer)
        self.delete(bearer)

        switched_on(bearer)

        assert bearer.call("GetUser")["PreferredMfaSetting"] == METHOD

    def test_of_a_user_without_one_changes_nothing(self, bearer):
        before = bearer.stored().modified_at

        assert self.delete(bearer) == {}

        assert bearer.stored().modified_at == before

    def test_of_nobody_is_told(self, shared):
        with refused("UserNotFoundException"):
            shared.cognito.call("AdminDeleteSoftwareToken", UserPoolId=shared.pool, Username=a_name())


class TestAtOnce:
    def test_of_several_secrets_one_waits_in_the_end(self, shared):
        bearer = shared.another()

        outcomes = contest(bearer.pool, *[lambda: bearer.call("AssociateSoftwareToken")] * 8)

        assert codes(outcomes) == set()
        apps = [App(outcomes[place]["SecretCode"]) for place in winners(outcomes)]
        assert len([app for app in apps if _does(bearer, app)]) == 1

    def test_a_code_proves_the_secret_that_it_belongs_to_or_none(self, shared):
        bearer = shared.another()
        app = associated(bearer)
        code = app.code()

        outcomes = contest(
            bearer.pool,
            *[lambda: bearer.call("AssociateSoftwareToken")] * 4,
            *[lambda: verify(bearer, code)] * 4,
        )

        assert codes(outcomes) <= {WRONG[0], NOT_FOUND}
        verified = [place for place in winners(outcomes) if place >= 4]
        assert len(verified) <= 1
        assert (item(bearer).seed is not None) == bool(verified)

    def test_taking_it_away_and_proving_it_leave_no_half(self, shared):
        for _ in range(3):
            bearer = shared.another()
            app = associated(bearer)
            code = app.code()

            contest(
                bearer.pool,
                *[lambda bearer=bearer, code=code: verify(bearer, code)] * 2,
                *[lambda bearer=bearer: self._switch_on(bearer)] * 4,
                *[lambda bearer=bearer: bearer.admin("AdminDeleteSoftwareToken")] * 2,
            )

            found = store.get(Totp, pool=bearer.pool, sub=bearer.sub)
            is_ready = found is not None and found.seed is not None
            assert is_ready or METHOD not in (bearer.stored().mfa or {}).get("enabled", [])

    def _switch_on(self, bearer):
        return bearer.call("SetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": True})


class TestSignIn:
    """Through the whole of a sign-in."""

    def begin(self, bearer):
        parameters = {"USERNAME": bearer.signed_in_as, "PASSWORD": "Correct-Horse-9"}
        given = {"ClientId": bearer.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        return bearer.cognito.call("InitiateAuth", **given)

    def answer(self, bearer, begun, code):
        responses = {"USERNAME": bearer.signed_in_as, "SOFTWARE_TOKEN_MFA_CODE": code}
        given = {"ClientId": bearer.client, "ChallengeName": METHOD, "Session": begun["Session"]}
        return bearer.cognito.call("RespondToAuthChallenge", ChallengeResponses=responses, **given)

    def test_asks_for_a_code_by_the_name_of_the_app(self, bearer):
        app = associated(bearer)
        verify(bearer, app.code(), FriendlyDeviceName="telephone")
        bearer.call("SetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": True})

        begun = self.begin(bearer)

        assert begun["ChallengeName"] == METHOD
        assert begun["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "telephone"
        assert self.answer(bearer, begun, app.code())["AuthenticationResult"]["AccessToken"]

    def test_a_code_signs_in_once(self, bearer):
        app = switched_on(bearer)
        sentence = "Your software token has already been used once."

        with refused("ExpiredCodeException", sentence):
            self.answer(bearer, self.begin(bearer), app.again())
        self.answer(bearer, self.begin(bearer), app.code())

        with refused("ExpiredCodeException", sentence):
            self.answer(bearer, self.begin(bearer), app.again())

    def test_of_two_answers_at_once_with_one_code_one_signs_in(self, bearer):
        app = switched_on(bearer)
        code = app.code()
        begun = [self.begin(bearer) for _ in range(8)]

        outcomes = contest(bearer.pool, *[lambda one=one: self.answer(bearer, one, code) for one in begun])

        assert len(winners(outcomes)) == 1
        assert codes(outcomes) <= {"ExpiredCodeException"}

    def test_a_wrong_code_may_be_followed_by_the_right_one(self, bearer):
        app = switched_on(bearer)
        begun = self.begin(bearer)

        with refused("CodeMismatchException", "Invalid code received for user"):
            self.answer(bearer, begun, app.wrong())
        assert self.answer(bearer, begun, app.code())["AuthenticationResult"]

    def test_guesses_over_the_limit_are_heard_no_more_in_any_session(self, bearer):
        app = switched_on(bearer)
        for _ in range(10):
            with refused("CodeMismatchException"):
                self.answer(bearer, self.begin(bearer), app.wrong())

        with refused("TooManyRequestsException", "Attempt limit exceeded, please try after some time."):
            self.answer(bearer, self.begin(bearer), app.code())

    def test_a_secret_that_was_replaced_opens_nothing_and_the_new_one_does(self, bearer):
        old = switched_on(bearer)
        new = equipped(bearer)
        begun = self.begin(bearer)

        with refused("CodeMismatchException"):
            self.answer(bearer, begun, old.code())
        assert self.answer(bearer, begun, new.code())["AuthenticationResult"]

    def test_a_secret_that_waits_opens_nothing(self, bearer):
        app = switched_on(bearer)
        waiting = associated(bearer)
        begun = self.begin(bearer)

        with refused("CodeMismatchException"):
            self.answer(bearer, begun, waiting.code())
        assert self.answer(bearer, begun, app.code())["AuthenticationResult"]

    def test_a_later_code_does(self, bearer):
        app = switched_on(bearer)

        with later(90):
            assert self.answer(bearer, self.begin(bearer), app.code())["AuthenticationResult"]


def _does(bearer, app):
    try:
        verify(bearer, app.code())
    except Fault:
        return False
    return True
