"""More models: what the schedules keep, beside the users and pools of `items`."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.table.items import Item


class Usage(Item, discriminator="Usage"):
    """The figures of one pool for one day (UTC)."""

    entity = "Usage"

    pool_id = UnicodeAttribute()
    day = UnicodeAttribute()  # 2026-11-21
    users = NumberAttribute()
    active = NumberAttribute()  # users active in the month of that day until they were counted
    sign_ins = NumberAttribute()
    failures = NumberAttribute()  # wrong passwords and proofs
    counted_at = NumberAttribute()


class DeletedPool(Item, discriminator="DeletedPool"):
    """The mark of a pool that was deleted, kept until what belonged to it has gone."""

    entity = "DeletedPool"

    pool_id = UnicodeAttribute()
    deleted_at = NumberAttribute()
    restore = UnicodeAttribute(null=True)  # the restore that stands behind the mark, "" for one that was given up


class Counter(Item, discriminator="Counter"):
    """A number that many add to; one count may lie in several of these."""

    entity = "Counter"

    total = NumberAttribute()


class Lease(Item, discriminator="Lease"):
    """Who does a job now, until when at the most, and where the next run goes on."""

    entity = "Lease"

    owner = UnicodeAttribute()
    held_until = NumberAttribute()
    state = JSONAttribute(null=True)
    ran_at = NumberAttribute(null=True)

    @property
    def job(self) -> str:
        """The name of the job."""
        return self.pk.removeprefix("J#")
