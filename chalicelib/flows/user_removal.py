"""Deleting users: what makes one a user goes at once and as one, what nobody can use any more goes after that."""

from __future__ import annotations

from chalicelib.flows import memberships, user_changes
from chalicelib.table import groups, guards, keys, store
from chalicelib.table.users import Account
from chalicelib.table.writes import Remove, Write

_BATCH = 200


def delete(account: Account) -> None:
    """Delete a user with everything. Raises UserNotFoundException when it has gone already."""
    user_changes.carry_out(account, writes)
    remove_rest(account.user.pool_id, account.user.sub)


def writes(account: Account) -> list[Write]:
    """The writes that delete a user with names, memberships and all that a sign-in reads; `remove_rest` does the rest.

    They are for `user_changes.carry_out`, which adds the search entries. A user in more groups than fit leaves the
    others first. That changes the user, so these writes are then refused, and the next round has them right.
    """
    user = account.user
    references = groups.held(user)
    if len(references) > memberships.TOGETHER:
        memberships.leave_most(user)
    members = groups.member_keys(user.pool_id, user.sub, references[: memberships.TOGETHER])
    held = [guards.key(user.pool_id, (kind, name)) for kind, name in user.guards]
    parts = [account.password, account.attempts, account.totp, *account.passkeys, *account.codes.values()]
    keys_of_parts = [keys.Key(part.pk, part.sk) for part in parts if part is not None]
    return [Remove(user, "user"), *(Remove(key) for key in [*held, *keys_of_parts, *members])]


def remove_rest(pool_id: str, sub: str) -> None:
    """Delete what a deleted user leaves behind: sessions and the like, which nobody can use any more."""
    partition, cursor = keys.key("User", pool=pool_id, sub=sub).pk, None
    while True:
        page = store.list(partition, limit=_BATCH, cursor=cursor)
        store.remove_all(page.items)
        cursor = page.cursor
        if cursor is None:
            return
