"""Settings of session tracking, of pools and of clients."""

import pytest

from tests.application import Cognito
from tests.callers import refused
from tests.entrance import Entrance

NOWHERE = "us-east-1_Unknown00"
OFF = "Session tracking is not enabled for this user pool."


@pytest.fixture(scope="module")
def entrance(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def pool_id(entrance):
    put(entrance.cognito, entrance.pool, "DISABLED", 20)
    return entrance.pool


def put(cognito, pool_id, tracking="ENABLED", most=20):
    limit = {"MaxPerUser": most}
    given = {"UserPoolId": pool_id, "UserSessionTracking": tracking, "TokenSession": limit}
    return cognito.call("SetUserPoolSessionConfiguration", **given)


def get(cognito, pool_id):
    return cognito.call("GetUserPoolSessionConfiguration", UserPoolId=pool_id)


def put_client(cognito, pool_id, client_id, minutes):
    given = {"UserPoolId": pool_id, "ClientId": client_id, "SSOSession": {"MaxValidityMinutes": minutes}}
    return cognito.call("SetUserPoolClientSessionConfiguration", **given)


def get_client(cognito, pool_id, client_id):
    return cognito.call("GetUserPoolClientSessionConfiguration", UserPoolId=pool_id, ClientId=client_id)


class TestOfPools:
    def test_is_off_until_it_is_set(self, cognito):
        pool_id = cognito.pool()

        assert get(cognito, pool_id) == {
            "UserPoolId": pool_id, "UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20},
        }  # fmt: skip

    def test_is_replaced_as_a_whole(self, cognito, pool_id):
        wanted = {"UserPoolId": pool_id, "UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 3}}

        assert put(cognito, pool_id, "ENABLED", 3) == wanted
        assert get(cognito, pool_id) == wanted
        assert put(cognito, pool_id, "DISABLED", 7)["TokenSession"] == {"MaxPerUser": 7}

    def test_outlives_an_update_of_the_pool(self, cognito, pool_id):
        put(cognito, pool_id, "ENABLED", 3)

        cognito.call("UpdateUserPool", UserPoolId=pool_id)

        assert get(cognito, pool_id)["TokenSession"] == {"MaxPerUser": 3}

    @pytest.mark.parametrize("most", [0, 101, -1])
    def test_has_bounds(self, cognito, pool_id, most):
        with refused("InvalidParameterException"):
            put(cognito, pool_id, "ENABLED", most)

    def test_of_an_unknown_pool_is_not_found(self, cognito):
        for attempt in (lambda: get(cognito, NOWHERE), lambda: put(cognito, NOWHERE)):
            with refused("ResourceNotFoundException"):
                attempt()


class TestOfClients:
    def test_is_an_hour_until_it_is_set(self, cognito, entrance, pool_id):
        client = cognito.client(pool_id)

        assert get_client(cognito, pool_id, client) == {
            "UserPoolId": pool_id, "ClientId": client, "SSOSession": {"MaxValidityMinutes": 60},
        }  # fmt: skip

    @pytest.mark.parametrize("minutes", [0, 129600])
    def test_is_replaced_while_sessions_are_tracked_and_stays_when_they_are_not(
        self, cognito, entrance, pool_id, minutes
    ):
        put(cognito, pool_id)
        wanted = {"UserPoolId": pool_id, "ClientId": entrance.client, "SSOSession": {"MaxValidityMinutes": minutes}}

        assert put_client(cognito, pool_id, entrance.client, minutes) == wanted
        put(cognito, pool_id, "DISABLED")
        assert get_client(cognito, pool_id, entrance.client) == wanted

    def test_outlives_an_update_of_the_client(self, cognito, entrance, pool_id):
        put(cognito, pool_id)
        client = cognito.client(pool_id)
        put_client(cognito, pool_id, client, 5)

        cognito.call("UpdateUserPoolClient", UserPoolId=pool_id, ClientId=client, ClientName="another")

        assert get_client(cognito, pool_id, client)["SSOSession"] == {"MaxValidityMinutes": 5}

    def test_cannot_be_set_while_no_session_is_tracked(self, cognito, entrance, pool_id):
        with refused("OperationNotEnabledException", OFF):
            put_client(cognito, pool_id, entrance.client, 5)

    def test_of_an_unknown_client_or_one_of_another_pool_is_not_found(self, cognito, pool_id):
        put(cognito, pool_id)
        elsewhere = cognito.client(cognito.pool())

        for client in ("unknown", elsewhere):
            with refused("ResourceNotFoundException", f"User pool client {client} does not exist."):
                put_client(cognito, pool_id, client, 5)
            with refused("ResourceNotFoundException"):
                get_client(cognito, pool_id, client)

    def test_has_bounds(self, cognito, entrance, pool_id):
        put(cognito, pool_id)

        with refused("InvalidParameterException"):
            put_client(cognito, pool_id, entrance.client, 129601)
