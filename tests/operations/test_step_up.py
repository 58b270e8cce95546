"""Step-up: levels that clients ask for, what an earlier sign-in is good for, and what tokens tell of both."""

import time

import pytest

from chalicelib.flows import signing_keys
from chalicelib.table import store
from tests.application import PASSWORD, Cognito, Fault
from tests.callers import refused
from tests.clock import later
from tests.entrance import HIDING, claims, fault
from tests.hall import CHOOSING, EMAIL, TOTP, Hall, factors
from tests.token_app import App

LEVELS = [f"urn:cognito:loa:{level}" for level in range(5)]
FIRST = factors("PASSWORD", "EMAIL_OTP", "WEB_AUTHN")
INVALID = "Invalid Access Token"


@pytest.fixture(scope="module")
def shared(application):
    hall = Hall(Cognito(*application), CHOOSING, **FIRST)
    hall.ask("OPTIONAL", TOTP, EMAIL)
    return hall


@pytest.fixture
def hall(shared, outbox):
    found = shared.another()
    found.outbox = outbox
    return found


@pytest.fixture
def hidden(application):
    """Somebody behind a client that does not tell who exists."""
    return Hall(Cognito(*application), CHOOSING | HIDING, **FIRST)


@pytest.fixture
def app(hall):
    """An authenticator app that the user has, but is not asked for at every sign-in."""
    token = hall.tokens()["AccessToken"]
    app = App(hall.cognito.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"])
    hall.cognito.call("VerifySoftwareToken", AccessToken=token, UserCode=app.code())
    return app


def asked(hall, *levels, **more):
    """A first call that asks for levels."""
    return hall.choose_by(TARGET_ACR_VALUES=" ".join(LEVELS[level] for level in levels), **more)


def with_password(hall, *levels, **more):
    return asked(hall, *levels, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD, **more)


def told(answer):
    """`acr` and `amr` of both tokens of an answer, which agree."""
    both = [claims(answer["AuthenticationResult"][kind]) for kind in ("IdToken", "AccessToken")]
    [one, other] = [(said.get("acr"), said.get("amr")) for said in both]
    assert one == other
    return one


def outcome(attempt):
    """What a caller sees of a first call."""
    try:
        answer = attempt()
    except Fault as refusal:
        return str(refusal)
    return answer["ChallengeName"], answer.get("AvailableChallenges"), sorted(answer["ChallengeParameters"])


class TestLevels:
    def test_are_not_told_where_none_was_asked_for(self, hall):
        answer = hall.choose_by(PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)

        assert told(answer) == (None, None)
        assert hall.session_of(answer["AuthenticationResult"]).proved == ["pwd"]

    def test_one_is_a_password(self, hall):
        assert told(with_password(hall, 1)) == (LEVELS[1], ["pwd"])

    def test_two_is_a_code(self, hall):
        code = asked(hall, 2, PREFERRED_CHALLENGE="EMAIL_OTP")

        assert told(hall.answer(code, EMAIL_OTP_CODE=hall.code())) == (LEVELS[2], ["email_otp"])

    def test_four_is_a_password_and_an_app(self, hall, app):
        challenge = with_password(hall, 4)
        assert challenge["ChallengeName"] == TOTP

        answer = hall.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())

        assert told(answer) == (LEVELS[4], ["pwd", "otp", "mfa"])

    def test_are_told_as_they_were_reached(self, hall):
        code = asked(hall, 1, PREFERRED_CHALLENGE="EMAIL_OTP")

        assert told(hall.answer(code, EMAIL_OTP_CODE=hall.code())) == (LEVELS[2], ["email_otp"])

    def test_fall_back_to_what_the_user_can_reach(self, hall):
        challenge = with_password(hall, 4, 1)

        assert told(challenge) == (LEVELS[1], ["pwd"])

    def test_prefer_the_best_that_the_user_can_reach(self, hall, app):
        assert with_password(hall, 4, 1)["ChallengeName"] == TOTP

    def test_out_of_reach_give_no_tokens(self, hall):
        for attempt in (lambda: with_password(hall, 4), lambda: asked(hall, 4)):
            refusal = fault(attempt)

            assert refusal is not None
            assert refusal.code == "NotAuthorizedException"

    @pytest.mark.parametrize("text", ["phr", "urn:cognito:loa:5", " "])
    def test_of_no_name_that_the_pool_has_are_refused(self, hall, text):
        with refused("InvalidParameterException", "None of the TARGET_ACR_VALUES is an ACR value of the user pool."):
            hall.choose_by(TARGET_ACR_VALUES=text)

    def test_are_called_what_the_pool_calls_them(self, cognito):
        names = {"Level1": {"AcrValue": "bronze"}}
        hall = Hall(cognito, CHOOSING, AcrConfiguration=names, **FIRST)

        answer = hall.choose_by(TARGET_ACR_VALUES="bronze", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)

        assert told(answer) == ("bronze", ["pwd"])
        with refused("InvalidParameterException"):
            asked(hall, 1)

    def test_stay_at_a_refresh_with_the_time_of_the_sign_in(self, hall, app):
        answer = hall.answer(with_password(hall, 4), SOFTWARE_TOKEN_MFA_CODE=app.code())
        tokens = answer["AuthenticationResult"]

        with later(600):
            renewed = hall.refresh(tokens["RefreshToken"])

        assert told({"AuthenticationResult": renewed}) == (LEVELS[4], ["pwd", "otp", "mfa"])
        assert claims(renewed["IdToken"])["auth_time"] == claims(tokens["IdToken"])["auth_time"]

    @pytest.mark.parametrize("levels", [[4], [4, 1], [1]], ids=str)
    def test_do_not_tell_who_exists(self, hidden, levels):
        known = outcome(lambda: asked(hidden, *levels))

        hidden.name = "nobody-of-that-name"

        assert outcome(lambda: asked(hidden, *levels)) == known


class TestCredit:
    def test_spares_what_was_proved(self, hall, app):
        token = hall.tokens()["AccessToken"]

        challenge = asked(hall, 4, ACCESS_TOKEN=token)
        assert challenge["ChallengeName"] == TOTP
        answer = hall.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())

        assert told(answer) == (LEVELS[4], ["pwd", "otp", "mfa"])

    def test_makes_a_sign_in_of_its_own(self, hall, app):
        first = hall.tokens()
        with later(30):
            challenge = asked(hall, 4, ACCESS_TOKEN=first["AccessToken"])
            answer = hall.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())

        before, after = claims(first["AccessToken"]), claims(answer["AuthenticationResult"]["AccessToken"])
        assert before["origin_jti"] != after["origin_jti"]
        assert after["auth_time"] >= before["auth_time"] + 30
        assert hall.me(first["AccessToken"])

    def test_is_no_level_by_itself(self, hall, app):
        first = hall.tokens()["AccessToken"]
        both = hall.answer(with_password(hall, 4), SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

        for token, levels in ((first, [1]), (both["AccessToken"], [4]), (both["AccessToken"], [4, 1])):
            with refused("InvalidParameterException", "The ACCESS_TOKEN has reached the authentication level already."):
                asked(hall, *levels, ACCESS_TOKEN=token)

    def test_alone_gives_no_tokens(self, hall, app):
        token = hall.tokens()["AccessToken"]

        challenge = asked(hall, 4, ACCESS_TOKEN=token)
        with refused("CodeMismatchException"):
            hall.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.wrong())

    def test_is_too_old_behind_the_age_that_the_client_takes(self, hall, app):
        token = hall.tokens()["AccessToken"]

        with later(100):
            assert asked(hall, 4, ACCESS_TOKEN=token, MAX_AGE="200")["ChallengeName"] == TOTP
            challenge = asked(hall, 4, ACCESS_TOKEN=token, MAX_AGE="50")
        assert challenge["ChallengeName"] == "PASSWORD" or "PASSWORD" in challenge["AvailableChallenges"]

    def test_that_is_too_old_may_be_proved_again(self, hall):
        token = hall.tokens()["AccessToken"]

        with later(100):
            answer = with_password(hall, 1, ACCESS_TOKEN=token, MAX_AGE="50")

        assert told(answer) == (LEVELS[1], ["pwd"])

    @pytest.mark.parametrize("age", ["-1", "1.5", "x", "1e3", "9" * 11, "\u0661"])
    def test_has_an_age_in_seconds(self, hall, age):
        with refused("InvalidParameterException", "MAX_AGE must be a number of seconds."):
            asked(hall, 1, ACCESS_TOKEN=hall.tokens()["AccessToken"], MAX_AGE=age)

    def test_needs_a_level(self, hall):
        with refused("InvalidParameterException", "ACCESS_TOKEN needs TARGET_ACR_VALUES."):
            hall.choose_by(ACCESS_TOKEN=hall.tokens()["AccessToken"])

    def test_costs_one_more_trip_and_nothing_without_a_token(self, hall, app):
        token = hall.tokens()["AccessToken"]

        with store.counted() as plain:
            hall.choose_by()
        with store.counted() as asking:
            asked(hall, 1)
        with store.counted() as crediting:
            asked(hall, 4, ACCESS_TOKEN=token)

        assert asking.calls == plain.calls
        assert len(crediting.calls) == len(plain.calls) + 1


class TestStolenCredit:
    def test_of_another_user_counts_for_nobody(self, hall, app):
        token = hall.another().tokens()["AccessToken"]

        with refused("NotAuthorizedException", INVALID):
            asked(hall, 4, ACCESS_TOKEN=token)

    def test_is_refused_for_nobody_by_the_same_sentence(self, hidden):
        token = hidden.tokens()["AccessToken"]

        for name in (hidden.another().name, "nobody-of-that-name"):
            with refused("NotAuthorizedException", INVALID):
                hidden.choose_by(USERNAME=name, TARGET_ACR_VALUES=LEVELS[4], ACCESS_TOKEN=token)

    def test_of_another_pool_counts_for_nobody(self, hall, cognito):
        token = Hall(cognito, CHOOSING, **FIRST).tokens()["AccessToken"]

        with refused("NotAuthorizedException", INVALID):
            asked(hall, 4, ACCESS_TOKEN=token)

    def test_of_another_kind_is_none(self, hall):
        tokens = hall.tokens()

        for token in (tokens["IdToken"], tokens["RefreshToken"], "junk", tokens["AccessToken"][:-6] + "AAAAAA"):
            with refused("NotAuthorizedException", INVALID):
                asked(hall, 4, ACCESS_TOKEN=token)

    def test_that_was_revoked_or_is_over_is_none(self, hall):
        revoked, old = hall.tokens(), hall.tokens()
        hall.revoke(revoked["RefreshToken"])

        with refused("NotAuthorizedException", "Access Token has been revoked"):
            asked(hall, 4, ACCESS_TOKEN=revoked["AccessToken"])
        with later(3601), refused("NotAuthorizedException", "Access Token has expired"):
            asked(hall, 4, ACCESS_TOKEN=old["AccessToken"])

    def test_of_who_acts_for_the_user_is_none(self, hall):
        said = claims(hall.tokens()["AccessToken"]) | {"act": {"sub": "service"}}
        token = signing_keys.signer(hall.pool, "access").sign(said)

        with refused("NotAuthorizedException", INVALID):
            asked(hall, 4, ACCESS_TOKEN=token)

    def test_of_a_password_that_was_replaced_counts_no_longer(self, hall, app):
        token = hall.tokens()["AccessToken"]
        hall.admin("AdminSetUserPassword", Password="Fresh-Horse-11", Permanent=True)

        challenge = asked(hall, 4, ACCESS_TOKEN=token)

        assert challenge["ChallengeName"] != TOTP
        assert hall.me(token)

    def test_of_an_app_that_is_gone_counts_no_longer(self, hall, app):
        both = hall.answer(with_password(hall, 4), SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]
        account = hall.account()
        account.totp.verified_at = time.time() + 1
        store.save(account.totp)

        answer = asked(hall, 4, ACCESS_TOKEN=both["AccessToken"])

        assert answer["ChallengeName"] == TOTP
