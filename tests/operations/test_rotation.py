"""Refresh tokens that are replaced at each use: facts 65 to 67."""

import pytest

from chalicelib.table import keys, store
from chalicelib.table.items import Session
from tests.application import Cognito
from tests.callers import refused
from tests.clock import DAY, later
from tests.entrance import ROTATING, Entrance, claims

REVOKED = "Access Token has been revoked"
INVALID = "Invalid Refresh Token"


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def rotating(shared):
    entrance = shared.another()
    entrance.client = entrance.cognito.client(entrance.pool, **ROTATING)
    return entrance


@pytest.fixture
def lenient(shared):
    entrance = shared.another()
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60}
    entrance.client = entrance.cognito.client(entrance.pool, RefreshTokenRotation=rotation)
    return entrance


def bind(entrance, tokens, device_key):
    """The tokens, after the device that got them was confirmed under this key."""
    session = entrance.session_of(tokens)
    session.device_key, session.is_device_bound = device_key, True
    store.save(session)
    return tokens


class TestRotation:
    def test_plain_refresh_is_not_for_a_client_that_rotates(self, rotating):
        with refused("InvalidParameterException", "Auth flow not enabled for this client"):
            rotating.refresh(rotating.tokens()["RefreshToken"])

    def test_each_use_gives_a_new_token(self, rotating):
        first = rotating.tokens()["RefreshToken"]
        second = rotating.renew(first)["RefreshToken"]
        third = rotating.renew(second)["RefreshToken"]

        assert len({first, second, third}) == 3
        assert rotating.renew(third)

    def test_a_new_token_lives_no_longer_than_the_first_would_have(self, rotating):
        token = rotating.tokens()["RefreshToken"]
        with later(29 * DAY):
            token = rotating.renew(token)["RefreshToken"]

        with later(30 * DAY + 1), refused("NotAuthorizedException", "Refresh Token has expired"):
            rotating.renew(token)

    def test_a_used_token_is_refused_and_the_new_one_is_not(self, rotating):
        first = rotating.tokens()["RefreshToken"]
        second = rotating.renew(first)["RefreshToken"]

        with refused("RefreshTokenReuseException", "Refresh token has been invalidated"):
            rotating.renew(first)
        assert rotating.renew(second)

    def test_a_used_token_that_comes_back_later_ends_the_family(self, rotating):
        tokens = rotating.tokens()
        renewed = rotating.renew(tokens["RefreshToken"])

        with later(11), refused("RefreshTokenReuseException"):
            rotating.renew(tokens["RefreshToken"])
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            rotating.renew(renewed["RefreshToken"])
        with refused("NotAuthorizedException", REVOKED):
            rotating.me(renewed["AccessToken"])

    def test_a_token_from_long_before_ends_the_family_too(self, rotating):
        first = token = rotating.tokens()["RefreshToken"]
        for _ in range(3):
            token = rotating.renew(token)["RefreshToken"]

        with later(11), refused("RefreshTokenReuseException"):
            rotating.renew(first)
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            rotating.renew(token)

    def test_an_end_of_one_family_leaves_others_alone(self, rotating):
        other = rotating.tokens()["RefreshToken"]
        first = rotating.tokens()["RefreshToken"]
        rotating.renew(first)
        with later(11), refused("RefreshTokenReuseException"):
            rotating.renew(first)

        assert rotating.renew(other)

    def test_inside_the_grace_period_a_used_token_is_taken_again(self, lenient):
        first = lenient.tokens()["RefreshToken"]
        second = lenient.renew(first)["RefreshToken"]

        with later(5):
            assert lenient.renew(first)["RefreshToken"] == second
        assert lenient.renew(second)

    def test_behind_the_grace_period_it_is_not(self, lenient):
        first = lenient.tokens()["RefreshToken"]
        lenient.renew(first)

        with later(61), refused("RefreshTokenReuseException"):
            lenient.renew(first)

    def test_two_steps_inside_the_grace_period_cost_no_session(self, lenient):
        first = lenient.tokens()["RefreshToken"]
        second = lenient.renew(first)["RefreshToken"]
        third = lenient.renew(second)["RefreshToken"]

        with later(20), refused("RefreshTokenReuseException"):
            lenient.renew(first)
        assert lenient.renew(third)

    def test_tokens_are_revocable_even_where_the_client_revokes_none(self, rotating):
        rotating.client = rotating.cognito.client(rotating.pool, EnableTokenRevocation=False, **ROTATING)

        assert "origin_jti" in claims(rotating.tokens()["AccessToken"])

    def test_a_token_of_before_the_client_stopped_rotating_is_invalid(self, rotating):
        first = rotating.tokens()["RefreshToken"]
        second = rotating.renew(first)["RefreshToken"]
        rotating.cognito.call(
            "UpdateUserPoolClient", UserPoolId=rotating.pool, ClientId=rotating.client, RefreshTokenValidity=30
        )

        with refused("NotAuthorizedException", INVALID):
            rotating.renew(first)
        assert "RefreshToken" not in rotating.renew(second)

    def test_a_change_beside_it_costs_no_rotation(self, rotating, monkeypatch):
        tokens = rotating.tokens()
        session, real = rotating.session_of(tokens), store.save

        def save_late(item, name="item"):
            monkeypatch.undo()
            store.change(keys.Key(session.pk, session.sk), Session, set={"is_device_bound": False})
            real(item, name)

        monkeypatch.setattr(store, "save", save_late)

        renewed = rotating.renew(tokens["RefreshToken"])
        assert rotating.renew(renewed["RefreshToken"])

    def test_an_end_of_the_family_in_the_same_moment_is_told(self, rotating, monkeypatch):
        tokens, real = rotating.tokens(), store.save

        def save_late(item, name="item"):
            monkeypatch.undo()
            rotating.revoke(tokens["RefreshToken"])
            real(item, name)

        monkeypatch.setattr(store, "save", save_late)

        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            rotating.renew(tokens["RefreshToken"])


class TestRotationOfABoundDevice:
    KEY = "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

    @pytest.fixture
    def bound(self, rotating):
        """A sign-in of a device that was confirmed."""
        return bind(rotating, rotating.tokens(), self.KEY)

    def test_needs_the_key_of_the_device(self, rotating, bound):
        for given in ({}, {"DeviceKey": self.KEY[:-1] + "f"}):
            with refused("NotAuthorizedException", INVALID):
                rotating.renew(bound["RefreshToken"], **given)

        assert rotating.renew(bound["RefreshToken"], DeviceKey=self.KEY)["RefreshToken"]

    def test_is_not_told_whether_the_token_was_used_without_the_key(self, rotating, bound):
        rotating.renew(bound["RefreshToken"], DeviceKey=self.KEY)

        with later(11), refused("NotAuthorizedException", INVALID):
            rotating.renew(bound["RefreshToken"])
        with later(11), refused("RefreshTokenReuseException"):
            rotating.renew(bound["RefreshToken"], DeviceKey=self.KEY)
