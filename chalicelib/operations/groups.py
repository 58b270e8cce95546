"""Groups of a user pool: create, get, list, update, delete.

Groups are kept in the wire's form, so getting is a read; all reads here are fresh. Leaves who is in them to
`group_members`.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import memberships, paging, rounds
from chalicelib.operations.registry import operation
from chalicelib.table import groups, store
from chalicelib.table.directory import Group
from chalicelib.table.items import Pool

Answer = dict[str, Any]

_SETTINGS: Final = ("Description", "RoleArn", "Precedence")


@operation
def create_group(call: Call) -> Answer:
    """A new group with nobody in it, whoever was in an earlier one of that name.

    Raises GroupExistsException and ResourceNotFoundException.
    """
    pool_id, moment = call["UserPoolId"], round(call.now, 3)
    journal.note(pool=pool_id)
    names = {"GroupName": call["GroupName"], "UserPoolId": pool_id}
    group = groups.new(pool_id, names | _given(call) | {"LastModifiedDate": moment, "CreationDate": moment})
    try:
        store.together(store.Check(Pool.at(pool=pool_id), "pool"), store.Save(group, "group"))
    except store.Conflict as conflict:
        if "pool" in conflict.names:
            raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.") from None
        raise errors.GroupExistsException from None
    return {"Group": group.document}


@operation
def get_group(call: Call) -> Answer:
    """All settings of a group. Raises ResourceNotFoundException."""
    return {"Group": _read(call).document}


@operation
def list_groups(call: Call) -> Answer:
    """A page of a pool's groups by name. Raises ResourceNotFoundException and InvalidParameterException."""
    pool = fresh_pool_of(call["UserPoolId"])
    page = paging.page_of(paging.Part(*groups.part(pool.id)), call.get("Limit"), call.get("NextToken"))
    answer: Answer = {"Groups": [group.document for group in page.items if isinstance(group, Group)]}
    return answer | ({"NextToken": page.cursor} if page.cursor else {})


@operation
def update_group(call: Call) -> Answer:
    """Replace the settings that are given; the others stay. Raises ResourceNotFoundException."""
    return {"Group": rounds.retried(lambda: _updated(call))}


@operation
def delete_group(call: Call) -> None:
    """Delete a group; who was in it is out of it. Raises ResourceNotFoundException."""
    rounds.retried(lambda: memberships.delete(_read(call), call["UserPoolId"], call.now))


def _updated(call: Call) -> Answer:
    pool_id, group = call["UserPoolId"], _read(call)
    document: Answer = group.document | _given(call) | {"LastModifiedDate": round(call.now, 3)}
    place, stands = Group.at(pool=pool_id, name=call["GroupName"]), groups.same(group)
    store.together(store.Change(place, Group, set={"document": document}, condition=stands))
    groups.forget(pool_id, group.id)
    return document


def _read(call: Call) -> Group:
    return memberships.of(call["UserPoolId"], call["GroupName"])


def _given(call: Call) -> Answer:
    return {name: call[name] for name in _SETTINGS if name in call}
