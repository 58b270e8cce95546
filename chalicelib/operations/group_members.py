"""Who is in a group: added and removed by administrators, and listed from both sides."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.flows import memberships, paging, profiles
from chalicelib.operations.registry import operation
from chalicelib.table import groups
from chalicelib.table.directory import Member

Answer = dict[str, Any]


@operation
def admin_add_user_to_group(call: Call) -> None:
    """Put a user in a group; a member stays one. Raises ResourceNotFoundException and UserNotFoundException.

    Raises InvalidParameterException for a user who is in as many groups as one may be: the model declares no error of
    limits here.
    """
    memberships.join(call.account.user, call["GroupName"], call.now)


@operation
def admin_remove_user_from_group(call: Call) -> None:
    """Take a user out of a group, if in it. Raises ResourceNotFoundException and UserNotFoundException."""
    memberships.leave(call.account.user, call["GroupName"])


@operation
def admin_list_groups_for_user(call: Call) -> Answer:
    """A page of a user's groups by name. Raises UserNotFoundException and InvalidParameterException."""
    found, cursor = memberships.groups_page(call.account.user, call.get("Limit"), call.get("NextToken"))
    answer: Answer = {"Groups": [group.document for group in found]}
    return answer | ({"NextToken": cursor} if cursor else {})


@operation
def list_users_in_group(call: Call) -> Answer:
    """A page of the users in a group. Raises ResourceNotFoundException and InvalidParameterException."""
    pool_id = call["UserPoolId"]
    group = memberships.of(pool_id, call["GroupName"])
    part = paging.Part(*groups.members_part(pool_id, group.id))
    return paging.fitting(call.get("Limit"), lambda limit: _members(call, part, limit))


def _members(call: Call, part: paging.Part, limit: int) -> Answer:
    page = paging.page_of(part, limit, call.get("NextToken"))
    found = groups.users_of(call["UserPoolId"], (item for item in page.items if isinstance(item, Member)))
    answer: Answer = {"Users": [profiles.listed(user) for user in found]}
    return answer | ({"NextToken": page.cursor} if page.cursor else {})
