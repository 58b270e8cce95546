"""Whose access token it is, in one trip: facts 153 to 155 and 159; forgeries are among the attacks."""

import time
import uuid

import pytest

from chalicelib import errors
from chalicelib.call import Call, Caller, Origin
from chalicelib.flows import access, signing_keys
from chalicelib.table import store
from tests.application import HOST, Cognito
from tests.callers import refused
from tests.entrance import Entrance, claims


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


def call(token, base_url=f"http://{HOST}"):
    return Call({"AccessToken": token}, Caller(), Origin(base_url=base_url), time.time())


class TestOwner:
    def test_is_who_signed_in(self, entrance):
        found = access.owner(call(entrance.tokens()["AccessToken"]))

        assert found.user.username == entrance.name
        assert (found.pool.id, found.client.id) == (entrance.pool, entrance.client)
        assert found.session.id == found.claims["origin_jti"]

    def test_is_found_in_one_trip(self, entrance):
        token = entrance.tokens()["AccessToken"]
        access.owner(call(token))

        with store.counted() as trips:
            access.owner(call(token))
        assert trips.calls == ["BatchGetItem"]

    def test_is_known_under_our_own_address_only(self, entrance):
        token = entrance.tokens()["AccessToken"]

        with pytest.raises(errors.NotAuthorizedException, match="Invalid Access Token"):
            access.owner(call(token, "http://another.test"))

    def test_has_a_session_that_was_never_begun(self, entrance):
        told = claims(entrance.tokens()["AccessToken"])
        token = signing_keys.signer(entrance.pool, "access").sign(told | {"event_id": str(uuid.uuid4())})

        with pytest.raises(errors.NotAuthorizedException, match="Access Token has been revoked"):
            access.owner(call(token))

    def test_is_read_as_of_now(self, entrance):
        token = entrance.tokens()["AccessToken"]
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=[{"Name": "nickname", "Value": "Tessa"}])

        assert access.owner(call(token)).user.attributes["nickname"] == "Tessa"

    def test_who_is_disabled_is_none(self, entrance):
        token = entrance.tokens()["AccessToken"]
        entrance.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "Access Token has been revoked"):
            entrance.me(token)

    def test_who_is_gone_is_told_so(self, entrance):
        token = entrance.tokens()["AccessToken"]
        entrance.admin("AdminDeleteUser")

        with refused("UserNotFoundException", "User does not exist."):
            entrance.me(token)

    def test_a_client_of_another_pool_is_none(self, entrance, cognito):
        told = claims(entrance.tokens()["AccessToken"])
        elsewhere = cognito.client(cognito.pool())
        token = signing_keys.signer(entrance.pool, "access").sign(told | {"client_id": elsewhere})

        with pytest.raises(errors.NotAuthorizedException, match="Invalid Access Token"):
            access.owner(call(token))
