"""Tracked sessions: listed, ended, and limited in number: fact 174."""

import json
import re
import time
import uuid

import pytest

from chalicelib import errors
from chalicelib.flows import user_sessions
from chalicelib.rules import session_settings
from chalicelib.table import sessions, store
from chalicelib.table.items import Session
from tests.application import HOST, PASSWORD, Cognito, respond
from tests.callers import refused
from tests.clock import DAY, later
from tests.entrance import ROTATING, Entrance, at_once, claims, faults
from tests.operations.test_session_configuration import put

OFF = "Session tracking is not enabled for this user pool."
REVOKED = "Access Token has been revoked"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"


@pytest.fixture(scope="module")
def shared(application):
    entrance = Entrance(Cognito(*application))
    put(entrance.cognito, entrance.pool, most=20)
    return entrance


@pytest.fixture
def entrance(shared):
    return shared.another()


@pytest.fixture(scope="module")
def strict_pool(application):
    """A pool that lets a user have one session."""
    entrance = Entrance(Cognito(*application))
    put(entrance.cognito, entrance.pool, most=1)
    return entrance


@pytest.fixture
def strict(strict_pool):
    return strict_pool.another()


@pytest.fixture
def untracked(application):
    return Entrance(Cognito(*application))


def listed(entrance, tokens):
    return entrance.cognito.call("ListUserSessions", AccessToken=tokens["AccessToken"])["Sessions"]


def admin_listed(entrance):
    return entrance.admin("AdminListUserSessions")["Sessions"]


def id_of(tokens):
    return session_settings.id_of(claims(tokens["AccessToken"])["origin_jti"])


def revoke(entrance, tokens, session_id, **more):
    given = {"AccessToken": tokens["AccessToken"], "SessionId": session_id, **more}
    return entrance.cognito.call("RevokeUserSession", **given)


def is_dead(entrance, tokens):
    """Whether neither the access token nor the refresh token does any longer."""
    with refused("NotAuthorizedException", REVOKED):
        entrance.me(tokens["AccessToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        entrance.refresh(tokens["RefreshToken"])
    return True


def signed_in_with(entrance, agent):
    """A sign-in whose request has a User-Agent."""
    target = "AWSCognitoIdentityProviderService.InitiateAuth"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target, "Host": HOST, "User-Agent": agent}
    parameters = {"USERNAME": entrance.name, "PASSWORD": PASSWORD}
    given = {"ClientId": entrance.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    answer = respond("POST", "/", headers, json.dumps(given).encode())
    return json.loads(answer["body"])["AuthenticationResult"]


class TestListUserSessions:
    def test_has_each_sign_in_over_all_clients_and_marks_the_callers_own(self, entrance):
        first = entrance.tokens()
        entrance.client = entrance.cognito.client(entrance.pool)
        second = entrance.tokens()

        found = {one["SessionId"]: one for one in listed(entrance, second)}

        assert found.keys() == {id_of(first), id_of(second)}
        assert found[id_of(second)]["IsCurrentSession"] is True
        assert found[id_of(first)]["IsCurrentSession"] is False
        assert found[id_of(second)]["ClientId"] == entrance.client

    def test_tells_when_from_where_and_with_what(self, entrance):
        before = time.time()
        tokens = signed_in_with(entrance, FIREFOX)

        [found] = listed(entrance, tokens)

        assert re.fullmatch("tkn[a-z0-9]{25}", found["SessionId"])
        assert found["SessionType"] == "TOKEN"
        assert (found["DeviceType"], found["LastIPAddress"]) == ("Linux, Firefox", "192.0.2.1")
        assert found["CreateDate"] == found["LastActiveDate"]
        assert before - 0.01 < found["CreateDate"] < time.time() + 0.01
        assert "LastLocation" not in found and "OriginSessionId" not in found

    def test_leaves_out_what_was_revoked_signed_out_or_is_over(self, entrance):
        kept, revoked = entrance.tokens(), entrance.tokens()
        entrance.revoke(revoked["RefreshToken"])
        assert [one["SessionId"] for one in listed(entrance, kept)] == [id_of(kept)]

        entrance.admin("AdminUserGlobalSignOut")
        fresh = entrance.tokens()

        assert [one["SessionId"] for one in listed(entrance, fresh)] == [id_of(fresh)]
        with later(30 * DAY - 60):
            last = entrance.refresh(fresh["RefreshToken"])
        with later(30 * DAY + 60):
            assert listed(entrance, last) == []

    def test_has_nobody_elses(self, entrance):
        entrance.another().tokens()
        tokens = entrance.tokens()

        assert [one["SessionId"] for one in listed(entrance, tokens)] == [id_of(tokens)]

    def test_refuses_a_next_token_because_it_gives_none(self, entrance):
        token = entrance.tokens()["AccessToken"]

        with refused("InvalidParameterException", "Invalid pagination token"):
            entrance.cognito.call("ListUserSessions", AccessToken=token, NextToken="x")

    def test_is_not_for_who_has_to_reset_the_password(self, entrance):
        tokens = entrance.tokens()
        entrance.admin("AdminResetUserPassword")

        with refused("PasswordResetRequiredException"):
            listed(entrance, tokens)
        with refused("PasswordResetRequiredException"):
            revoke(entrance, tokens, id_of(tokens))


class TestAdminListUserSessions:
    def test_has_the_same_sessions_none_of_them_current(self, entrance):
        tokens = [entrance.tokens(), entrance.tokens()]

        found = admin_listed(entrance)

        assert {one["SessionId"] for one in found} == {id_of(one) for one in tokens}
        assert not any(one["IsCurrentSession"] for one in found)

    def test_of_a_disabled_user_is_empty(self, entrance):
        entrance.tokens()
        entrance.admin("AdminDisableUser")

        assert admin_listed(entrance) == []

    def test_of_an_unknown_user_is_refused(self, entrance):
        with refused("UserNotFoundException"):
            entrance.admin("AdminListUserSessions", "nobody")


class TestActivity:
    def test_a_refresh_is_one(self, entrance):
        tokens = signed_in_with(entrance, FIREFOX)
        with later(100):
            entrance.refresh(tokens["RefreshToken"])

        [found] = listed(entrance, tokens)

        assert 99 < found["LastActiveDate"] - found["CreateDate"] < 130
        assert found["DeviceType"] == "unknown"

    def test_a_rotation_is_one_and_costs_no_further_write(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, **ROTATING)
        tokens = entrance.tokens()
        with later(100), store.counted() as trips:
            renewed = entrance.renew(tokens["RefreshToken"])

        [found] = listed(entrance, renewed)
        assert found["LastActiveDate"] - found["CreateDate"] > 99
        assert trips.calls == ["BatchGetItem", "PutItem"]

    def test_one_that_cannot_be_noted_refuses_nobody(self, entrance, monkeypatch):
        token = entrance.tokens()["RefreshToken"]

        for problem in (
            store.Conflict("item"),
            errors.TooManyRequestsException(),
            errors.ServiceUnavailableException(),
        ):

            def fail(*_given, problem=problem):
                raise problem

            monkeypatch.setattr(sessions, "used", fail)
            assert entrance.refresh(token)["AccessToken"]

    def test_one_of_a_session_that_is_over_does_not_revive_it(self, entrance):
        session = entrance.session_of(entrance.tokens())
        store.together(sessions.ended(entrance.pool, session, time.time(), "session"))

        with pytest.raises(store.Conflict):
            sessions.used(entrance.pool, session, {"active_at": time.time()})

    def test_costs_nothing_and_keeps_nothing_where_it_is_not_tracked(self, untracked):
        tokens = untracked.tokens()

        with store.counted() as trips:
            again = untracked.tokens()
        with store.counted() as more:
            untracked.refresh(tokens["RefreshToken"])

        assert trips.calls == ["BatchGetItem", "Query", "PutItem"]
        assert more.calls == ["BatchGetItem"]
        kept = untracked.session_of(again)
        assert (kept.active_at, kept.device_type, kept.source_ip) == (None, None, None)

    def test_costs_one_read_at_sign_in_and_one_write_at_a_refresh(self, entrance):
        tokens = entrance.tokens()

        with store.counted() as trips:
            entrance.tokens()
        with store.counted() as more:
            entrance.refresh(tokens["RefreshToken"])

        assert trips.calls == ["BatchGetItem", "Query", "Query", "PutItem"]
        assert more.calls == ["BatchGetItem", "UpdateItem"]


class TestLimit:
    def test_of_one_ends_the_first_session_at_the_second_sign_in(self, strict):
        first, second = strict.tokens(), strict.tokens()

        assert is_dead(strict, first)
        assert [one["SessionId"] for one in listed(strict, second)] == [id_of(second)]

    def test_ends_the_session_that_was_used_least_recently(self, application):
        entrance = Entrance(Cognito(*application))
        put(entrance.cognito, entrance.pool, most=2)
        old, used = entrance.tokens(), entrance.tokens()
        with later(5):
            entrance.refresh(old["RefreshToken"])

        with later(10):
            fresh = entrance.tokens()

        assert is_dead(entrance, used)
        assert {one["SessionId"] for one in listed(entrance, fresh)} == {id_of(old), id_of(fresh)}

    def test_counts_neither_ended_sessions_nor_other_users(self, application):
        entrance = Entrance(Cognito(*application))
        put(entrance.cognito, entrance.pool, most=2)
        kept, ended = entrance.tokens(), entrance.tokens()
        entrance.revoke(ended["RefreshToken"])
        entrance.another().tokens()

        entrance.tokens()

        assert entrance.me(kept["AccessToken"])

    def test_that_was_lowered_ends_nobodys_session_before_the_next_sign_in(self, application):
        entrance = Entrance(Cognito(*application))
        put(entrance.cognito, entrance.pool, most=5)
        before = [entrance.tokens() for _ in range(5)]

        put(entrance.cognito, entrance.pool, most=2)
        assert len(admin_listed(entrance)) == 5
        entrance.tokens()

        assert len(admin_listed(entrance)) == 2
        assert sum(is_dead(entrance, one) for one in before[:4]) == 4

    def test_ends_sessions_of_before_the_tracking_too(self, untracked):
        before = [untracked.tokens() for _ in range(3)]
        put(untracked.cognito, untracked.pool, most=1)

        untracked.tokens()

        assert all(is_dead(untracked, one) for one in before)

    def test_of_very_many_sessions_is_met_in_steps_that_fit_a_transaction(self, strict, monkeypatch):
        monkeypatch.setattr(user_sessions, "_MOST_AT_ONCE", 3)
        put(strict.cognito, strict.pool, "DISABLED", 1)
        for _ in range(5):
            strict.tokens()
        put(strict.cognito, strict.pool, "ENABLED", 1)

        strict.tokens()
        assert len(admin_listed(strict)) == 3
        strict.tokens()

        assert len(admin_listed(strict)) == 1

    def test_is_kept_by_the_next_sign_in_when_many_come_at_once(self, strict):
        strict.tokens()

        outcomes = at_once(*[strict.tokens] * 6)

        assert {fault.code for fault in faults(outcomes)} <= {"TooManyRequestsException"}
        last = strict.tokens()
        assert [one["SessionId"] for one in admin_listed(strict)] == [id_of(last)]

    def test_at_the_limit_two_sign_ins_do_not_end_the_same_session(self, strict):
        strict.tokens()
        user, pool = strict.account().user, strict.pool
        [session] = sessions.of_user(user, time.time())

        store.together(sessions.ended(pool, session, time.time(), user_sessions.GIVEN_WAY))

        with pytest.raises(store.Conflict) as conflict:
            store.together(sessions.ended(pool, session, time.time(), user_sessions.GIVEN_WAY))
        assert conflict.value.names == (user_sessions.GIVEN_WAY,)

    def test_lets_a_spent_proof_end_nothing(self, strict):
        client, parameters = strict.challenged()
        responses = client.answer(parameters, PASSWORD)
        tokens = strict.verified(responses)["AuthenticationResult"]

        with refused("NotAuthorizedException"):
            strict.verified(responses)

        assert strict.me(tokens["AccessToken"])

    def test_leaves_the_record_as_long_as_a_spent_proof_could_come_again(self, strict):
        first = strict.tokens()
        strict.tokens()

        session = strict.session_of(first)

        assert session.revoked_at is not None
        assert DAY < session.expires - time.time() < 3 * DAY


class TestRevokeUserSession:
    def test_ends_another_session_and_no_more(self, entrance):
        mine, other, third = entrance.tokens(), entrance.tokens(), entrance.tokens()

        assert revoke(entrance, mine, id_of(other)) == {}

        assert is_dead(entrance, other)
        assert {one["SessionId"] for one in listed(entrance, mine)} == {id_of(mine), id_of(third)}

    def test_does_not_end_the_callers_own(self, entrance):
        mine = entrance.tokens()

        with refused("InvalidParameterException"):
            revoke(entrance, mine, id_of(mine))
        assert entrance.me(mine["AccessToken"])

    @pytest.mark.parametrize("linked", ["NONE", "LINKED"])
    def test_has_nothing_linked_to_end(self, entrance, linked):
        mine, other, third = entrance.tokens(), entrance.tokens(), entrance.tokens()

        revoke(entrance, mine, id_of(other), RevokeAssociatedSessions=linked)

        assert entrance.me(third["AccessToken"])

    def test_of_another_user_is_not_found_and_lives_on(self, entrance):
        mine, theirs = entrance.tokens(), entrance.another().tokens()

        with refused("ResourceNotFoundException"):
            revoke(entrance, mine, id_of(theirs))
        assert entrance.me(theirs["AccessToken"])

    def test_of_what_is_not_there_or_is_over_is_not_found(self, entrance):
        mine, over = entrance.tokens(), entrance.tokens()
        entrance.revoke(over["RefreshToken"])

        for text in (session_settings.id_of(str(uuid.uuid4())), "tkn" + "z" * 25, "sso" + "0" * 25, id_of(over)):
            with refused("ResourceNotFoundException"):
                revoke(entrance, mine, text)

    def test_by_two_at_once_is_done(self, entrance):
        one, two, victim = entrance.tokens(), entrance.tokens(), entrance.tokens()

        outcomes = at_once(lambda: revoke(entrance, one, id_of(victim)), lambda: revoke(entrance, two, id_of(victim)))

        assert {fault.code for fault in faults(outcomes)} <= {"ResourceNotFoundException"}
        assert is_dead(entrance, victim)


class TestAdminRevokeUserSession:
    def test_ends_any_session_of_the_user(self, entrance):
        tokens = entrance.tokens()

        assert entrance.admin("AdminRevokeUserSession", SessionId=id_of(tokens)) == {}

        assert is_dead(entrance, tokens)

    def test_ends_none_of_another_user(self, entrance):
        theirs = entrance.another().tokens()

        with refused("ResourceNotFoundException"):
            entrance.admin("AdminRevokeUserSession", SessionId=id_of(theirs))
        assert entrance.me(theirs["AccessToken"])

    def test_of_an_unknown_user_is_refused(self, entrance):
        with refused("UserNotFoundException"):
            entrance.admin("AdminRevokeUserSession", "nobody", SessionId="tkn" + "0" * 25)


class TestWithoutTracking:
    def test_every_one_of_the_operations_says_so(self, untracked):
        tokens = untracked.tokens()

        for attempt in (
            lambda: listed(untracked, tokens),
            lambda: revoke(untracked, tokens, "tkn" + "0" * 25),
            lambda: admin_listed(untracked),
            lambda: untracked.admin("AdminRevokeUserSession", SessionId="tkn" + "0" * 25),
        ):
            with refused("OperationNotEnabledException", OFF):
                attempt()

    def test_a_stranger_learns_no_setting(self, untracked):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            untracked.cognito.call("ListUserSessions", AccessToken="junk")


class TestSessionsOfUser:
    def test_are_read_in_one_query_of_their_own_part(self, entrance):
        entrance.tokens()
        user = entrance.account().user

        with store.counted() as trips:
            found = sessions.of_user(user, time.time())

        assert trips.calls == ["Query"]
        assert [type(one) for one in found] == [Session]
