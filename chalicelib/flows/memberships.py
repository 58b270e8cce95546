"""Who is in which group: joining, leaving, and what the end of a group or of a user means for it.

Both sides of a membership change in one transaction (`table.groups`), so at no moment does one tell what the other does
not. A group is deleted with a mark in its place; its members are taken out bit by bit, and while the mark stands, a job
goes on with what was cut short. An add that races with the deletion comes before it, and is found, or is refused.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

from chalicelib import errors, journal
from chalicelib.flows import paging, rounds
from chalicelib.rules import groups as rules
from chalicelib.table import groups, riders, store
from chalicelib.table.directory import DeletedGroup, Group, Member
from chalicelib.table.groups import Reference
from chalicelib.table.items import User
from chalicelib.table.keys import Key

SECONDS: Final = 10.0
"""How long one request takes members out of a deleted group: an API Gateway answers after 29 seconds at the latest."""

TOGETHER: Final = 40
"""Groups of a user who is deleted that go in the same transaction; of more, the others are left before."""

_BATCH: Final = 20  # members of one transaction: the more, the likelier one of them is busy
_MOST_REMOVALS: Final = 99  # memberships of one user that one transaction ends
_TOO_MANY: Final = (
    f"A user can be in at most {rules.MOST} groups, "
    f"and their names can take at most {rules.MOST_BYTES} bytes in a token."
)


def of(pool_id: str, name: str) -> Group:
    """A group of a pool, read now. Raises ResourceNotFoundException for group and pool."""
    pool, group = groups.with_pool(pool_id, name)
    if pool is None:
        raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")
    journal.note(pool=pool_id)
    if group is None:
        raise errors.ResourceNotFoundException("Group not found.")
    return group


def join(user: User, name: str, now: float) -> None:
    """Put a user in a group, if not in it already.

    Raises ResourceNotFoundException, UserNotFoundException, InvalidParameterException for a user who is in as many
    groups as one may be, and TooManyRequestsException when others were faster again and again.
    """
    try:
        rounds.retried(lambda: _join(user, name, now), "group", "user")
    except store.Conflict:
        return  # somebody else put the same user in the same group


def leave(user: User, name: str) -> None:
    """Take a user out of a group, if in it. Raises ResourceNotFoundException and UserNotFoundException."""
    group, found = _standing(user, name)
    left = groups.reference(group)
    if left.text not in (found.groups or ()):
        return
    try:
        store.together(*groups.leaving(user.pool_id, user.sub, [left]))
    except store.Conflict:
        raise errors.UserNotFoundException from None


def leave_most(user: User) -> None:
    """Take a user who is to be deleted out of all groups but `TOGETHER`, whose end fits beside that of the user.

    Nothing is halved when it is cut short: the user is still there, and in fewer groups. A user who is gone is in none.
    """
    going = groups.held(user)[TOGETHER:]
    with riders.left_behind():
        for first in range(0, len(going), _MOST_REMOVALS):
            part = going[first : first + _MOST_REMOVALS]
            try:
                store.together(*groups.leaving(user.pool_id, user.sub, part))
            except store.Conflict:
                return


def groups_page(user: User, limit: int | None, cursor: str | None) -> tuple[list[Group], str | None]:
    """Some of a user's groups by name, read now, and the cursor to the next; those that are gone are left out.

    Raises InvalidParameterException for a cursor that is malformed or another list's.
    """
    references = groups.held(user)
    if cursor is not None:
        behind = _place(user, cursor)
        references = [one for one in references if one > behind]
    shown = references[: limit or paging.LARGEST]
    more = groups.cursor(user, shown[-1]) if len(shown) < len(references) else None
    return groups.present(user.pool_id, shown), more


def delete(group: Group, pool_id: str, now: float) -> None:
    """Delete a group and take its members out, as many as a request has time for; a job does the rest.

    Raises store.Conflict when the group is no longer the one that was read.
    """
    mark = groups.mark(pool_id, group, now)
    store.together(*groups.deletion(group, mark))
    groups.forget(pool_id, group.id)
    with suppress(store.Conflict, errors.AwsError):  # the group is gone: a table that is busy is the job's trouble
        clear(mark)


def clear(mark: DeletedGroup, seconds: float = SECONDS) -> bool:
    """Take the members out of a deleted group and then its mark away; whether nobody is left.

    It stops only after somebody has gone, so it comes to an end however short the time of each call.
    """
    ends = time.monotonic() + seconds
    gone = Reference(mark.name, mark.id)
    while found := groups.some_members(mark.pool_id, mark.id, _BATCH):
        _take_out(mark.pool_id, gone, found)
        if time.monotonic() >= ends:
            return False
    store.together(store.Remove(Key(mark.pk, mark.sk)))
    return True


def _take_out(pool_id: str, gone: Reference, members: list[Member]) -> None:
    """Members of a deleted group, all in one transaction; one who was deleted meanwhile does not keep the others."""
    while members:
        writes = [write for member in members for write in groups.leaving(pool_id, member.sub, [gone])]
        try:
            store.together(*writes)
        except store.Conflict as conflict:
            left = {member.sub for member in members} & set(conflict.names)
            if not left:
                raise
            store.remove_all(member for member in members if member.sub in left)
            members = [member for member in members if member.sub not in left]
        else:
            return


def _join(user: User, name: str, now: float) -> None:
    """One round, on both sides as they are now.

    The number of groups is made sure of again by the write, so no race gets past it; the length has room to spare.
    """
    group, found = _standing(user, name)
    held = groups.held(found)
    if groups.reference(group) in held:
        return
    if rules.are_too_many([name, *(one.name for one in held)]):
        raise errors.InvalidParameterException(_TOO_MANY)
    store.together(*groups.joining(found, group, now))


def _standing(user: User, name: str) -> tuple[Group, User]:
    group, found = groups.with_user(user, name)
    if group is None:
        raise errors.ResourceNotFoundException("Group not found.")
    if found is None:
        raise errors.UserNotFoundException
    return group, found


def _place(user: User, cursor: str) -> Reference:
    try:
        return groups.place(user, cursor)
    except store.BadCursor:
        raise errors.InvalidParameterException("Invalid pagination token") from None
