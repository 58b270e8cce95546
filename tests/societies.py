"""A pool with groups for tests, and the check that both sides of every membership agree."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from chalicelib.flows import memberships
from chalicelib.table import connection, keys, rows, store
from chalicelib.table.directory import DeletedGroup, Group, Member
from chalicelib.table.items import Item, User
from tests.application import Cognito

ROLE = "arn:aws:iam::123456789012:role"


class Society:
    """A pool, a client, and an administrator's calls about groups."""

    def __init__(self, cognito: Cognito, **settings: Any) -> None:
        self.cognito = cognito
        self.pool = cognito.pool(**settings)
        self.client = cognito.client(self.pool)

    def call(self, operation: str, group: str | None = None, user: str | None = None, **given: Any) -> dict[str, Any]:
        """Any operation about a group, a user, or both."""
        named = {"GroupName": group, "Username": user}
        told = {member: name for member, name in named.items() if name is not None}
        return self.cognito.call(operation, UserPoolId=self.pool, **told, **given)

    def group(self, name: str | None = None, **given: Any) -> str:
        """A fresh group's name."""
        name = name or f"group-{uuid.uuid4().hex[:8]}"
        self.call("CreateGroup", name, **given)
        return name

    def user(self, *groups: str) -> str:
        """A fresh user in these groups; the name."""
        name = self.cognito.user(self.pool)
        for group in groups:
            self.add(name, group)
        return name

    def add(self, user: str, group: str) -> dict[str, Any]:
        """AdminAddUserToGroup."""
        return self.call("AdminAddUserToGroup", group, user)

    def remove(self, user: str, group: str) -> dict[str, Any]:
        """AdminRemoveUserFromGroup."""
        return self.call("AdminRemoveUserFromGroup", group, user)

    def of(self, user: str) -> list[str]:
        """The names of a user's groups."""
        return [group["GroupName"] for group in self.call("AdminListGroupsForUser", user=user)["Groups"]]

    def members(self, group: str) -> list[str]:
        """The names of the users in a group."""
        return sorted(user["Username"] for user in self.call("ListUsersInGroup", group)["Users"])

    def tokens(self, user: str) -> dict[str, Any]:
        """AuthenticationResult of a sign-in."""
        return self.cognito.sign_in(self.client, user)

    def stored(self, user: str) -> User:
        """A user as it stands in the table."""
        told = self.call("AdminGetUser", user=user)
        sub = next(one["Value"] for one in told["UserAttributes"] if one["Name"] == "sub")
        found = store.get(User, pool=self.pool, sub=sub)
        assert found is not None
        return found

    def stored_group(self, name: str) -> Group:
        """A group as it stands in the table."""
        found = store.get(Group, pool=self.pool, name=name)
        assert found is not None
        return found


def finish_deleted_groups() -> None:
    """What the job does in the end."""
    for mark in store.listed(keys.listing("DeletedGroup")).items:
        if isinstance(mark, DeletedGroup):
            assert memberships.clear(mark)


def disagreements(pool: str, *, is_settled: bool = True) -> list[str]:
    """Where the sides of memberships in a pool do not tell the same; settled: where a deleted group is left, too."""
    told, stand, ids = set(), set(), set()
    for item in _everything(pool):
        if isinstance(item, User) and item.pool_id == pool:
            told |= {(text.partition("#")[0], item.sub) for text in item.groups or ()}
        elif isinstance(item, Member) and item.pk.startswith(f"Q#{pool}#"):
            stand.add((item.pk.rpartition("#")[2], item.sub))
        elif isinstance(item, Group) and item.pk == f"P#{pool}":
            ids.add(item.id)
        elif isinstance(item, DeletedGroup) and item.pool_id == pool:
            ids |= set() if is_settled else {item.id}
    wrong = [f"member without user: {json.dumps(one)}" for one in stand - told]
    wrong += [f"user without member: {json.dumps(one)}" for one in told - stand]
    return sorted(wrong + [f"without group: {json.dumps(one)}" for one in stand | told if one[0] not in ids])


def _everything(pool: str) -> Iterator[Item]:
    request: dict[str, Any] = {
        "TableName": Item.Meta.table_name,
        "ConsistentRead": True,
        "FilterExpression": "contains(pk, :p)",
        "ExpressionAttributeValues": {":p": {"S": pool}},
    }
    while True:
        reply = connection.send("Scan", request)
        yield from (item for _, item in rows.known(reply["Items"], 0.0))
        if "LastEvaluatedKey" not in reply:
            return
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
