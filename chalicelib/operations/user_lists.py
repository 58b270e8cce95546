"""ListUsers: all users of a pool, or those whom a filter finds.

Leaves the filter to `flows.searches`, and what is shown of a user to `flows.profiles`.
"""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.flows import paging, profiles, searches
from chalicelib.operations.registry import operation
from chalicelib.rules import attributes, filters
from chalicelib.table import keys
from chalicelib.table.items import User

Answer = dict[str, Any]


@operation
def list_users(call: Call) -> Answer:
    """A page of users: oldest first, or with a Filter by the attribute that it names; shorter if users are very large.

    An attribute of AttributesToGet that a user does not have is left out. Raises InvalidParameterException for a filter
    that is none or that names what is not searchable, for an attribute that the pool does not have, and for a token.
    """
    wanted = call.get("AttributesToGet") or None
    attributes.require_known(call.pool.document["SchemaAttributes"], wanted or [])
    condition = filters.parsed(call.get("Filter") or "")

    def page(limit: int) -> Answer:
        users, cursor = _everybody(call, limit) if condition is None else _found(call, condition, limit)
        answer: Answer = {"Users": [profiles.listed(user, wanted) for user in users]}
        return answer | ({"PaginationToken": cursor} if cursor else {})

    return paging.fitting(call.get("Limit"), page)


def _everybody(call: Call, limit: int) -> tuple[list[User], str | None]:
    listing = keys.listing("User", pool=call.pool.id)
    page = paging.page_for_an_hour(listing, limit, call.get("PaginationToken"), call.now)
    return [user for user in page.items if isinstance(user, User)], page.cursor


def _found(call: Call, condition: filters.Filter, limit: int) -> searches.Found:
    wanted = searches.Wanted(limit, call.get("PaginationToken"))
    return searches.page(call.pool, condition, wanted, call.now)
