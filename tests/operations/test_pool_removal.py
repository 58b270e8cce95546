"""The deletion of user pools, against a table engine."""

import time

import pytest

from chalicelib.flows import pool_removal
from chalicelib.table import guards, keys, pools, store
from chalicelib.table.items import Password, SigningKey, User
from tests.application import Fault


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


@pytest.fixture
def pool_id(cognito):
    return cognito.pool()


def described(cognito, pool_id):
    return cognito.call("DescribeUserPool", UserPoolId=pool_id)["UserPool"]


class TestDeleteUserPool:
    def test_makes_the_id_unknown(self, cognito, pool_id):
        cognito.call("DeleteUserPool", UserPoolId=pool_id)

        assert refusal(cognito, "DescribeUserPool", UserPoolId=pool_id) == (
            "ResourceNotFoundException",
            f"User pool {pool_id} does not exist.",
        )
        assert pools.pool(pool_id) is None

    def test_leaves_nothing_behind(self, cognito, pool_id):
        client = cognito.call("CreateUserPoolClient", UserPoolId=pool_id, ClientName="c", GenerateSecret=True)
        client_id = client["UserPoolClient"]["ClientId"]
        _add_user(pool_id, "sub-1", "alice")

        cognito.call("DeleteUserPool", UserPoolId=pool_id)

        places = [
            keys.key("Pool", pool=pool_id).pk,
            keys.key("Client", client=client_id).pk,
            keys.key("User", pool=pool_id, sub="sub-1").pk,
            guards.key(pool_id, ("username", "alice")).pk,
        ]
        assert [store.list(place).items for place in places] == [[], [], [], []]

    def test_refuses_while_the_pool_is_protected(self, cognito):
        protected = cognito.pool(DeletionProtection="ACTIVE")

        code, message = refusal(cognito, "DeleteUserPool", UserPoolId=protected)

        assert code == "InvalidParameterException"
        assert "deletion protection is activated" in message
        assert described(cognito, protected)["DeletionProtection"] == "ACTIVE"

    def test_refuses_a_second_time(self, cognito, pool_id):
        cognito.call("DeleteUserPool", UserPoolId=pool_id)

        assert refusal(cognito, "DeleteUserPool", UserPoolId=pool_id)[0] == "ResourceNotFoundException"

    def test_leaves_other_pools_alone(self, cognito, pool_id):
        other = cognito.pool()
        _add_user(other, "sub-1", "alice")

        cognito.call("DeleteUserPool", UserPoolId=pool_id)

        assert described(cognito, other)["EstimatedNumberOfUsers"] == 1
        assert store.get(Password, pool=other, sub="sub-1")


class TestClear:
    def test_stops_in_time_and_goes_on_where_it_stopped(self, cognito, pool_id):
        for number in range(3):
            _add_user(pool_id, f"sub-{number}", f"user-{number}")
        store.remove_all([keys.key("Pool", pool=pool_id)])

        assert pool_removal.clear(pool_id, seconds=0) is False
        assert store.get(User, pool=pool_id, sub="sub-2")

        assert pool_removal.clear(pool_id) is True
        assert store.get(User, pool=pool_id, sub="sub-2") is None
        assert store.list(SigningKey.at(pool=pool_id, kid="").pk).items == []


def _add_user(pool_id, sub, name):
    now = time.time()
    parts = {"pool": pool_id, "sub": sub}
    user = User.new(
        parts | {"created": keys.sortable(now)},
        pool_id=pool_id,
        sub=sub,
        username=name,
        attributes={},
        status="CONFIRMED",
        guards=[["username", name]],
        created_at=now,
        modified_at=now,
    )
    password = Password.new(parts, hash="x", set_at=now)
    guard = guards.item(pool_id, ("username", name), sub)
    store.together(store.Save(user, "user"), store.Save(password, "password"), store.Save(guard, "guard"))
