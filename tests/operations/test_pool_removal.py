"""The deletion of user pools, against a table engine."""

import time

import pytest

from chalicelib.flows import pool_removal
from chalicelib.table import connection, guards, keys, pools, search, store
from chalicelib.table.directory import ImportJob, ImportLines
from chalicelib.table.documents import BrandingAsset
from chalicelib.table.items import Item, Password, Pool, SigningKey, User
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

    def test_leaves_nothing_of_groups_searches_images_and_imports(self, cognito, pool_id):
        store.change(Pool.at(pool=pool_id), Pool, set={"ours": {"searchable": ["custom:tenant"]}})
        cognito.call("CreateGroup", UserPoolId=pool_id, GroupName="staff")
        _add_user(pool_id, "sub-1", "alice")
        cognito.call("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="staff", Username="alice")
        _make_findable(pool_id, "sub-1", {"email": "a@example.com", "custom:tenant": "42"})
        job = ImportJob.new({"pool": pool_id, "id": "job", "created": keys.sortable(1.0)}, id="job", pool_id=pool_id)
        job.document = {"JobId": "job"}
        store.save(job)
        store.save(ImportLines.new({"pool": pool_id, "job": "job", "line": "1"}, lines=["one"]))
        image = {"pool": pool_id, "client": "client", "asset": "logo", "part": "00"}
        store.save(BrandingAsset.new(image, content=b"image"))
        assert {"A", "F", "N", "P", "Q", "S", "U"} <= _partitions(pool_id)

        cognito.call("DeleteUserPool", UserPoolId=pool_id)

        assert _partitions(pool_id) <= {"G", "X"}  # the mark, and what is kept of the calls

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


def _make_findable(pool_id, sub, attributes):
    user = store.get(User, pool=pool_id, sub=sub)
    user.attributes = attributes
    store.together(store.Save(user), *search.fresh(pools.fresh_pool(pool_id), user))


def _partitions(pool_id):
    """The kinds of partitions, by the first letter of their keys, in which something of a pool lies."""
    request, found = {"TableName": Item.Meta.table_name, "ConsistentRead": True}, set()
    while True:
        reply = connection.send("Scan", request)
        found |= {row["pk"]["S"][0] for row in reply["Items"] if f"#{pool_id}" in row["pk"]["S"]}
        if "LastEvaluatedKey" not in reply:
            return found
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


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
