"""More models: groups and their members, what searches find users by, jobs that work on a whole pool.

Times are seconds since the epoch with a fraction.
"""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.table.items import Item


class Group(Item, discriminator="Group"):
    """A group. Its `id` is random and never used again: who was in a deleted group is not in the next of that name."""

    entity = "Group"

    id = UnicodeAttribute()
    document = JSONAttribute()  # GroupType


class Member(Item, discriminator="Member"):
    """That a user is in a group; the user's own item tells the same in `User.groups`, written with this one."""

    entity = "Member"

    sub = UnicodeAttribute()
    added_at = NumberAttribute()


class DeletedGroup(Item, discriminator="DeletedGroup"):
    """The mark of a group that was deleted, kept until nobody is in it any more."""

    entity = "DeletedGroup"

    pool_id = UnicodeAttribute()
    id = UnicodeAttribute()
    name = UnicodeAttribute()
    deleted_at = NumberAttribute()


class SearchEntry(Item, discriminator="SearchEntry"):
    """That a user has a value of a searchable attribute; its sort key is the folded value and the `sub`."""

    entity = "SearchEntry"

    sub = UnicodeAttribute()


class ImportJob(Item, discriminator="ImportJob"):
    """An import of users from a file, and how far it is."""

    entity = "ImportJob"

    id = UnicodeAttribute()
    pool_id = UnicodeAttribute()
    document = JSONAttribute()  # UserImportJobType without PreSignedUrl
    progress = JSONAttribute(null=True)  # where the next run goes on


class ActiveImport(Item, discriminator="ActiveImport"):
    """That an import works on a pool; a second one cannot begin, and jobs find it here."""

    entity = "ActiveImport"

    pool_id = UnicodeAttribute()
    job = UnicodeAttribute()


class ImportLines(Item, discriminator="ImportLines"):
    """What became of some lines of an import, in order."""

    entity = "ImportLines"

    lines = JSONAttribute()  # of each the number, the outcome and the message; none where it is the usual one


class PoolChange(Item, discriminator="PoolChange"):
    """A change of what Cognito never changes: what was asked for, what it would clash with, how far it is."""

    entity = "PoolChange"

    id = UnicodeAttribute()
    pool_id = UnicodeAttribute()
    document = JSONAttribute()  # UserPoolChangeType of our own service
    progress = JSONAttribute(null=True)  # where the next run goes on


class OpenChange(Item, discriminator="OpenChange"):
    """The mark of a change that is not finished: one pool has one at most, and the job finds all of them."""

    entity = "OpenChange"

    pool_id = UnicodeAttribute()
    change_id = UnicodeAttribute()
