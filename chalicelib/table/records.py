"""More models: what a stage keeps about its own running, beside the users and pools of `items`."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.table.items import Item


class AuditLine(Item, discriminator="AuditLine"):
    """What was done in a pool, by whom, from where, and how it ended. Names of members only, never their values."""

    entity = "AuditLine"

    happened_at = NumberAttribute()
    operation = UnicodeAttribute()
    operator = UnicodeAttribute(null=True)  # access key id
    principal = UnicodeAttribute(null=True)  # the IAM ARN behind a temporary key
    pool_id = UnicodeAttribute(null=True)
    client_id = UnicodeAttribute(null=True)
    sub = UnicodeAttribute(null=True)
    members = JSONAttribute()
    source_ip = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute()
    outcome = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
