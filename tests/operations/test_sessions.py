"""Refreshing, revoking and signing out everywhere: facts 117, 151 and 154 to 158."""

import json

import pytest

from chalicelib.table import sessions, store
from chalicelib.wire import model
from tests.application import Cognito
from tests.callers import refused
from tests.clock import DAY, HOUR, later
from tests.contract import calls
from tests.entrance import ROTATING, Entrance, claims
from tests.operations.test_rotation import bind

REVOKED = "Access Token has been revoked"
INVALID = "Invalid Refresh Token"


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


@pytest.fixture
def rotating(shared):
    entrance = shared.another()
    entrance.client = entrance.cognito.client(entrance.pool, **ROTATING)
    return entrance


class TestRefresh:
    @pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
    def test_new_tokens_belong_to_the_same_sign_in(self, entrance, flow):
        first = entrance.tokens()
        with later(5):
            answer = entrance.initiate(flow, REFRESH_TOKEN=first["RefreshToken"])

        second = answer["AuthenticationResult"]
        assert answer["ChallengeParameters"] == {}
        assert second.keys() == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
        for kind in ("AccessToken", "IdToken"):
            old, new = claims(first[kind]), claims(second[kind])
            assert (old["origin_jti"], old["auth_time"]) == (new["origin_jti"], new["auth_time"])
            assert new["iat"] >= old["iat"] + 5
            assert old["jti"] != new["jti"]

    def test_the_attributes_are_those_of_now(self, entrance):
        token = entrance.tokens()["RefreshToken"]
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=[{"Name": "nickname", "Value": "Tessa"}])

        assert claims(entrance.refresh(token)["IdToken"])["nickname"] == "Tessa"

    def test_without_rotation_a_token_may_be_used_again(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        for _ in range(3):
            assert entrance.refresh(token)
        assert "RefreshToken" not in entrance.renew(token)

    def test_tokens_come_for_the_token_of_a_client_that_does_not_list_the_flow(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
        token = entrance.tokens()["RefreshToken"]

        given = {"ClientId": entrance.client, "RefreshToken": token}
        answer = entrance.cognito.call("GetTokensFromRefreshToken", **given)

        assert answer["AuthenticationResult"].keys() == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
        with refused("InvalidParameterException", "Auth flow not enabled for this client"):
            entrance.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)

    @pytest.mark.parametrize("text", ["junk", "A" * 96, "eyJhbGciOiJub25lIn0.e30.e30", "=", "_" * 5000])
    def test_garbage_is_refused(self, entrance, text):
        for attempt in (entrance.refresh, entrance.renew):
            with refused("NotAuthorizedException", INVALID):
                attempt(text)

    def test_an_access_token_is_none(self, entrance):
        tokens = entrance.tokens()

        for kind in ("AccessToken", "IdToken"):
            with refused("NotAuthorizedException", INVALID):
                entrance.refresh(tokens[kind])

    def test_a_token_of_another_client_is_refused(self, entrance):
        token = entrance.tokens()["RefreshToken"]
        entrance.client = entrance.cognito.client(entrance.pool)

        for attempt in (entrance.refresh, entrance.renew):
            with refused("NotAuthorizedException", INVALID):
                attempt(token)

    def test_a_token_of_another_pool_is_refused(self, entrance, cognito):
        token = entrance.tokens()["RefreshToken"]
        entrance.client = cognito.client(cognito.pool())

        with refused("NotAuthorizedException", INVALID):
            entrance.refresh(token)

    def test_every_part_of_a_token_counts(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        for place in range(0, len(token) - 1, 6):
            altered = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
            with refused("NotAuthorizedException", INVALID):
                entrance.refresh(altered)

    def test_a_token_grows_old(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        with later(30 * DAY - 60):
            assert entrance.refresh(token)
        with later(30 * DAY + 1), refused("NotAuthorizedException", "Refresh Token has expired"):
            entrance.refresh(token)

    def test_a_token_lives_as_long_as_its_client_says(self, entrance):
        entrance.client = entrance.cognito.client(
            entrance.pool,
            RefreshTokenValidity=2,
            TokenValidityUnits={"RefreshToken": "hours"},
            AccessTokenValidity=1,
            IdTokenValidity=1,
        )
        token = entrance.tokens()["RefreshToken"]

        with later(2 * HOUR + 1), refused("NotAuthorizedException", "Refresh Token has expired"):
            entrance.refresh(token)

    def test_the_last_access_token_outlives_the_refresh_token(self, entrance):
        token = entrance.tokens()["RefreshToken"]
        with later(30 * DAY - 60):
            last = entrance.refresh(token)["AccessToken"]

        with later(30 * DAY + 60):
            assert entrance.me(last)

    def test_a_disabled_user_is_told_so_and_not_revived_by_enabling(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        entrance.admin("AdminDisableUser")
        with refused("NotAuthorizedException", "User is disabled."):
            entrance.refresh(token)
        entrance.admin("AdminEnableUser")
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            entrance.refresh(token)
        assert entrance.refresh(entrance.tokens()["RefreshToken"])

    def test_a_deleted_user_has_no_tokens(self, entrance):
        tokens = entrance.tokens()
        entrance.admin("AdminDeleteUser")

        with refused("NotAuthorizedException", INVALID):
            entrance.refresh(tokens["RefreshToken"])
        with refused("UserNotFoundException"):
            entrance.me(tokens["AccessToken"])

    def test_of_a_device_that_was_confirmed_needs_its_key(self, entrance):
        key = "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
        token = bind(entrance, entrance.tokens(), key)["RefreshToken"]

        for attempt in (entrance.refresh, entrance.renew):
            with refused("NotAuthorizedException", INVALID):
                attempt(token)
        with refused("NotAuthorizedException", INVALID):
            entrance.refresh(token, DEVICE_KEY=key.upper())
        with refused("NotAuthorizedException", INVALID):
            entrance.renew(token, DeviceKey=key[:-1] + "f")

        assert claims(entrance.renew(token, DeviceKey=key)["AccessToken"])["device_key"] == key
        assert claims(entrance.refresh(token, DEVICE_KEY=key)["AccessToken"])["device_key"] == key

    def test_of_a_device_that_was_never_confirmed_needs_none(self, entrance):
        tokens = entrance.tokens()
        session = entrance.session_of(tokens)
        session.device_key = "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
        store.save(session)

        assert claims(entrance.refresh(tokens["RefreshToken"])["AccessToken"])["device_key"] == session.device_key

    def test_a_changed_password_leaves_tokens_alive(self, entrance):
        tokens = entrance.tokens()
        entrance.admin("AdminSetUserPassword", Password="Fresh-Horse-11", Permanent=True)

        assert entrance.refresh(tokens["RefreshToken"])
        assert entrance.me(tokens["AccessToken"])


class TestRevokeToken:
    def test_all_tokens_of_the_sign_in_die_and_no_others(self, entrance):
        one, other = entrance.tokens(), entrance.tokens()
        refreshed = entrance.refresh(one["RefreshToken"])

        assert entrance.revoke(one["RefreshToken"]) == {}

        for token in (one["AccessToken"], refreshed["AccessToken"]):
            with refused("NotAuthorizedException", REVOKED):
                entrance.me(token)
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            entrance.refresh(one["RefreshToken"])
        assert entrance.me(other["AccessToken"])

    def test_any_member_of_a_rotated_chain_ends_it(self, rotating):
        first = rotating.tokens()["RefreshToken"]
        second = rotating.renew(first)["RefreshToken"]

        rotating.revoke(first)

        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            rotating.renew(second)

    def test_what_is_unknown_or_revoked_already_is_no_error(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        for text in ("junk", "A" * 96, token, token):
            assert entrance.revoke(text) == {}

    def test_an_access_or_id_token_is_of_the_wrong_kind(self, entrance):
        tokens = entrance.tokens()

        for kind in ("AccessToken", "IdToken"):
            with refused("UnsupportedTokenTypeException"):
                entrance.revoke(tokens[kind])

    def test_a_client_without_revocation_is_told_so(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, EnableTokenRevocation=False)
        tokens = entrance.tokens()
        assert "origin_jti" not in claims(tokens["AccessToken"])

        with refused("UnsupportedOperationException"):
            entrance.revoke(tokens["RefreshToken"])

    def test_a_token_of_another_client_is_refused_and_lives_on(self, entrance):
        token = entrance.tokens()["RefreshToken"]
        mine, entrance.client = entrance.client, entrance.cognito.client(entrance.pool)

        with refused("UnauthorizedException"):
            entrance.revoke(token)
        entrance.client = mine
        assert entrance.refresh(token)


class TestClientSecret:
    @pytest.fixture
    def with_secret(self, entrance):
        entrance.client = entrance.cognito.client(entrance.pool, ClientSecret="a" * 24 + "Z_9")
        return entrance

    def test_it_is_missed_when_left_out(self, with_secret):
        sentence = f"Client {with_secret.client} is configured for secret but secret was not received"

        with refused("NotAuthorizedException", sentence):
            with_secret.renew("junk")
        assert self.revoking(with_secret) == ("NotAuthorizedException", sentence)

    def test_a_wrong_one_is_refused(self, with_secret):
        sentence = f"Unable to verify secret for client {with_secret.client}"

        with refused("NotAuthorizedException", sentence):
            with_secret.renew("junk", ClientSecret="a" * 24 + "Z_8")
        assert self.revoking(with_secret, ClientSecret="a" * 24 + "Z_8") == ("NotAuthorizedException", sentence)

    def revoking(self, entrance, **more):
        """RevokeToken answers as the service does, with an error that its model does not declare."""
        operation = model.operation("cognito-idp", "RevokeToken")
        given = {"ClientId": entrance.client, "Token": "junk", **more}
        answer = calls.ask(*calls.question(operation, json.dumps(given).encode()))
        return answer.code(), answer.said()["message"]

    def test_the_right_one_lets_through(self, with_secret):
        with refused("NotAuthorizedException", INVALID):
            with_secret.renew("junk", ClientSecret="a" * 24 + "Z_9")
        assert with_secret.revoke("junk", ClientSecret="a" * 24 + "Z_9") == {}


class TestSignOut:
    def sign_out(self, entrance, who):
        if who == "user":
            return entrance.cognito.call("GlobalSignOut", AccessToken=entrance.tokens()["AccessToken"])
        return entrance.admin("AdminUserGlobalSignOut")

    @pytest.mark.parametrize("who", ["user", "administrator"])
    def test_every_earlier_token_dies(self, entrance, who):
        signed_in = [entrance.tokens() for _ in range(3)]

        assert self.sign_out(entrance, who) == {}

        for tokens in signed_in:
            with refused("NotAuthorizedException", REVOKED):
                entrance.me(tokens["AccessToken"])
            with refused("NotAuthorizedException", "Refresh Token has been revoked"):
                entrance.refresh(tokens["RefreshToken"])

    @pytest.mark.parametrize(
        ("who", "code"), [("user", "NotAuthorizedException"), ("administrator", "UserNotFoundException")]
    )
    def test_a_user_who_is_deleted_in_the_same_moment_has_gone(self, entrance, monkeypatch, who, code):
        real = sessions.signed_out

        def while_the_user_goes(*given):
            entrance.admin("AdminDeleteUser")
            return real(*given)

        monkeypatch.setattr(sessions, "signed_out", while_the_user_goes)

        with refused(code):
            self.sign_out(entrance, who)

    @pytest.mark.parametrize("who", ["user", "administrator"])
    def test_a_sign_in_in_the_same_second_works_at_once(self, entrance, who):
        for _ in range(3):
            self.sign_out(entrance, who)
            tokens = entrance.tokens()

            assert entrance.me(tokens["AccessToken"])
            assert entrance.refresh(tokens["RefreshToken"])

    def test_other_users_stay(self, entrance):
        other = entrance.another().tokens()

        self.sign_out(entrance, "administrator")

        assert entrance.me(other["AccessToken"])

    def test_a_user_who_is_gone_has_nothing_to_sign_out_of(self, entrance):
        token = entrance.tokens()["AccessToken"]
        entrance.admin("AdminDeleteUser")

        with refused("NotAuthorizedException", REVOKED):
            entrance.cognito.call("GlobalSignOut", AccessToken=token)

    def test_an_unknown_user_is_told_so(self, entrance):
        with refused("UserNotFoundException", "User does not exist."):
            entrance.admin("AdminUserGlobalSignOut", "nobody")
