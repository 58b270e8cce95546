"""More models: whose signed calls are heard. Long-lived keys, temporary ones, and which IAM callers may have those."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.table.items import Item


class OperatorKey(Item, discriminator="OperatorKey"):
    """An access key for signed callers: sealed secret and an IAM-style policy."""

    entity = "OperatorKey"

    secret = BinaryAttribute(legacy_encoding=False)  # sealed
    policy = JSONAttribute()
    enabled = BooleanAttribute(default=True)
    created_at = NumberAttribute()
    name = UnicodeAttribute(null=True)  # for people

    @property
    def id(self) -> str:
        """The access key id."""
        return self.pk.removeprefix("K#")


class OperatorSession(Item, discriminator="OperatorSession"):
    """Temporary credentials of an IAM caller. Their secret is in the sealed session token alone, not here."""

    entity = "OperatorSession"

    arn = UnicodeAttribute()  # as STS told it, with the name of the session
    principal = UnicodeAttribute()  # what the mapping's pattern was held against
    mapping = UnicodeAttribute()
    enabled = BooleanAttribute(default=True)
    created_at = NumberAttribute()
    ends_at = NumberAttribute()

    @property
    def id(self) -> str:
        """The access key id."""
        return self.pk.removeprefix("K#")


class OperatorMapping(Item, discriminator="OperatorMapping"):
    """Which IAM callers may have a session, and under which policy: that of the mapping at the time of each call."""

    entity = "OperatorMapping"

    name = UnicodeAttribute()
    pattern = UnicodeAttribute()
    policy = JSONAttribute()
    enabled = BooleanAttribute(default=True)
    created_at = NumberAttribute()
