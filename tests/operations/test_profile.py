"""A user's own profile."""

from contextlib import contextmanager

import pytest

from chalicelib.table import keys, store
from tests.application import PASSWORD, Fault


@contextmanager
def refused(code, message=None):
    with pytest.raises(Fault) as caught:
        yield
    assert caught.value.code == code
    if message is not None:
        assert caught.value.message == message


def values(answer):
    return {one["Name"]: one["Value"] for one in answer["UserAttributes"]}


class TestGetUser:
    def test_the_bearer_is_shown_with_the_sub_first(self, cognito):
        pool = cognito.pool()
        client = cognito.client(pool)
        name = cognito.user(pool, email="alice@example.com")

        answer = cognito.call("GetUser", AccessToken=cognito.sign_in(client, name)["AccessToken"])

        assert answer.keys() == {"Username", "UserAttributes"}
        assert answer["Username"] == name
        assert answer["UserAttributes"][0]["Name"] == "sub"
        assert values(answer)["email"] == "alice@example.com"

    def test_a_client_sees_what_its_list_names_and_the_sub(self, cognito):
        pool = cognito.pool()
        client = cognito.client(pool, ReadAttributes=["email"])
        name = cognito.user(pool, email="alice@example.com", nickname="A")

        answer = cognito.call("GetUser", AccessToken=cognito.sign_in(client, name)["AccessToken"])

        assert values(answer).keys() == {"sub", "email"}

    def test_it_costs_one_trip(self, cognito):
        pool = cognito.pool()
        client = cognito.client(pool)
        token = cognito.sign_in(client, cognito.user(pool))["AccessToken"]
        cognito.call("GetUser", AccessToken=token)

        with store.counted() as trips:
            cognito.call("GetUser", AccessToken=token)

        assert len(trips.calls) == 1

    def test_a_deleted_user_is_gone_for_tokens_too(self, cognito):
        pool = cognito.pool()
        client = cognito.client(pool)
        name = cognito.user(pool)
        token = cognito.sign_in(client, name)["AccessToken"]
        cognito.call("AdminDeleteUser", UserPoolId=pool, Username=name)

        with refused("UserNotFoundException", "User does not exist."):
            cognito.call("GetUser", AccessToken=token)


class TestDeleteUser:
    def test_nothing_of_the_bearer_is_left(self, cognito):
        pool = cognito.pool()
        client = cognito.client(pool)
        name = cognito.user(pool, email="alice@example.com", email_verified="true")
        tokens = cognito.sign_in(client, name)
        sub = values(cognito.call("GetUser", AccessToken=tokens["AccessToken"]))["sub"]

        cognito.call("DeleteUser", AccessToken=tokens["AccessToken"])

        assert store.list(keys.key("User", pool=pool, sub=sub).pk).items == []
        with refused("UserNotFoundException"):
            cognito.sign_in(client, name, PASSWORD)
        parameters = {"REFRESH_TOKEN": tokens["RefreshToken"]}
        with refused("NotAuthorizedException"):
            cognito.call("InitiateAuth", ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)

    def test_the_name_is_free_again(self, cognito):
        pool = cognito.pool()
        client = cognito.client(pool)
        name = cognito.user(pool)
        cognito.call("DeleteUser", AccessToken=cognito.sign_in(client, name)["AccessToken"])

        assert cognito.user(pool, name) == name

    def test_a_junk_token_deletes_nobody(self, cognito):
        with refused("NotAuthorizedException"):
            cognito.call("DeleteUser", AccessToken="junk")
