"""The PynamoDB models: what each entity of `keys` holds.

One base class with the list index, the version and the time to live, one subclass per entity. Settings-only resources
keep the form that the wire uses in `document`. Times are seconds since the epoch with a fraction. Sealed values are
opaque bytes here: `flows.vault` opens them.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    VersionAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.settings import current
from chalicelib.table import keys


class Listing(GlobalSecondaryIndex["Item"]):
    """The one index: lists, in order of creation. Nothing about identity or permission is decided on it."""

    class Meta:
        """Projects everything, because the discriminator filter needs its attribute in the index."""

        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class WholeSeconds(NumberAttribute):
    """A time as DynamoDB's own expiry takes it: without a fraction, rounded up so that nothing ends too early."""

    def serialize(self, value: float) -> str:
        """The number as DynamoDB's text."""
        return str(math.ceil(value))


class Item(Model):
    """What all items have. `version` makes a fresh save create-only, and refuses a save of what was changed since."""

    class Meta:
        """Endpoint and credentials are the SDK's own environment variables."""

        table_name = current().table
        region = current().region
        billing_mode = "PAY_PER_REQUEST"
        max_pool_connections = 50
        connect_timeout_seconds = 1
        read_timeout_seconds = 1.5  # between two packets; leaves room for a second try within four seconds
        max_retry_attempts = 0  # connection.py retries: it knows what may be repeated

    entity: ClassVar[str] = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute(attr_name="_t")
    version = VersionAttribute(attr_name="_v")
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    expires = WholeSeconds(null=True)
    listing = Listing()

    @classmethod
    def at(cls, **parts: str) -> keys.Key:
        """The key of one of these: `User.at(pool=..., sub=...)`."""
        return keys.key(cls.entity, **parts)

    @classmethod
    def new(cls, parts: dict[str, str], **values: Any) -> Self:
        """A fresh one with keys and list place made from `parts`; not yet written."""
        key = keys.key(cls.entity, **parts)
        listed, order = keys.place(cls.entity, **parts)
        return cls(key.pk, key.sk, gsi1pk=listed, gsi1sk=order, **values)

    def is_expired(self, now: float) -> bool:
        """Whether its time is over: DynamoDB removes expired items late, so every reader asks."""
        return self.expires is not None and self.expires <= now


class Pool(Item, discriminator="Pool"):
    """A user pool: settings in the wire's form, and what is ours about it."""

    entity = "Pool"

    document = JSONAttribute()  # UserPoolType as DescribeUserPool shows it, without computed members
    mfa = JSONAttribute(null=True)  # what SetUserPoolMfaConfig holds beside MfaConfiguration
    allows_srp = BooleanAttribute(default=False)  # some client may use SRP, so passwords get a verifier
    srp_at = NumberAttribute(null=True)  # when a client that may was last written
    secret = BinaryAttribute(legacy_encoding=False)  # sealed, 32 bytes: simulated users, per pool
    ours = JSONAttribute(null=True)  # what Cognito has no setting for: "searchable", "names" (see `rules.eras`)
    sessions = JSONAttribute(null=True)  # what SetUserPoolSessionConfiguration holds

    @property
    def id(self) -> str:
        """The pool id, `<region>_<name>`."""
        return self.pk.removeprefix("P#")

    @property
    def name_in_srp(self) -> str:
        """The part of the id that enters the SRP hash."""
        return self.id.partition("_")[2]


class SigningKey(Item, discriminator="SigningKey"):
    """One key pair of a pool, published for as long as it is here; `rules.rotation` tells what follows when."""

    entity = "SigningKey"

    kid = UnicodeAttribute()
    purpose = UnicodeAttribute()  # "id" or "access"
    state = UnicodeAttribute()  # "next", "active" or "retired"
    algorithm = UnicodeAttribute()
    public_jwk = JSONAttribute()
    private_key = BinaryAttribute(legacy_encoding=False)  # sealed PKCS #8
    created_at = NumberAttribute()
    since = NumberAttribute(null=True)  # when the state began, if it is not that of the beginning


class Client(Item, discriminator="Client"):
    """An app client: settings in the wire's form, without secrets."""

    entity = "Client"

    pool_id = UnicodeAttribute()
    document = JSONAttribute()  # UserPoolClientType without ClientSecret
    sessions = JSONAttribute(null=True)  # what SetUserPoolClientSessionConfiguration holds
    has_secret = BooleanAttribute(null=True)  # made with one: without any it lets nobody in, see `pools.fresh_client`

    @property
    def id(self) -> str:
        """The client id."""
        return self.pk.removeprefix("C#")


class ClientSecret(Item, discriminator="ClientSecret"):
    """One of the secrets of a client."""

    entity = "ClientSecret"

    secret = BinaryAttribute(legacy_encoding=False)  # sealed
    created_at = NumberAttribute()


class User(Item, discriminator="User"):
    """A user's profile. `guards` are the name guards it holds, as [kind, name] pairs."""

    entity = "User"

    pool_id = UnicodeAttribute()
    sub = UnicodeAttribute()
    username = UnicodeAttribute()  # as it is shown, in tokens too
    attributes = JSONAttribute()  # name -> text, without sub
    status = UnicodeAttribute()  # UserStatusType
    enabled = BooleanAttribute(default=True)
    guards = JSONAttribute()
    generation = NumberAttribute(null=True)  # of the pool's names, see `rules.eras`: the newest that `guards` are in
    groups = UnicodeSetAttribute(null=True)  # of each group the id and the name, written with the `Member`
    pending = JSONAttribute(null=True)  # attribute -> value that replaces the present one once it is proved
    source = UnicodeAttribute(null=True)  # the line of the import that made the user, `<job>#<line>`
    mfa = JSONAttribute(null=True)  # {"enabled": [...], "preferred": "..."}
    created_at = NumberAttribute()
    modified_at = NumberAttribute()
    signed_out_at = NumberAttribute(null=True)  # every session made before this moment is dead
    active_month = UnicodeAttribute(null=True)  # the last month (UTC, 2026-11) in which the user was active
    active_before = UnicodeAttribute(null=True)  # the month before that one in which the user was


class Password(Item, discriminator="Password"):
    """A password: its hash, and while SRP is allowed its sealed verifier with the salt (hex, minimal)."""

    entity = "Password"

    hash = UnicodeAttribute()
    salt = UnicodeAttribute(null=True)
    verifier = BinaryAttribute(legacy_encoding=False, null=True)
    set_at = NumberAttribute()
    valid_until = NumberAttribute(null=True)  # of a temporary password
    history = JSONAttribute(null=True)  # earlier hashes, newest first


class Attempts(Item, discriminator="Attempts"):
    """Wrong passwords in a row, and when the last one came; `rules.lockout` tells how long that locks."""

    entity = "Attempts"

    failures = NumberAttribute()
    failed_at = NumberAttribute()


class Code(Item, discriminator="Code"):
    """A code that was sent: only a keyed digest is kept. Sends and guesses count by the hour, over new codes too."""

    entity = "Code"

    digest = BinaryAttribute(legacy_encoding=False, null=True)  # none: spent
    attribute = UnicodeAttribute(null=True)  # the attribute that the code proves: "email" or "phone_number"
    valid_until = NumberAttribute(default=0)
    sends = NumberAttribute(default=0)
    guesses = NumberAttribute(default=0)
    window_ends = NumberAttribute(default=0)  # when all counts start again
    sessions = JSONAttribute(null=True)  # of codes at sign-in: the wrong answers to each challenge session
    sources = JSONAttribute(null=True)  # of codes at sign-in: how many were sent on behalf of each client address


class Session(Item, discriminator="Session"):
    """One sign-in: the refresh family. Tokens carry its id as `origin_jti`."""

    entity = "Session"

    id = UnicodeAttribute()
    sub = UnicodeAttribute()
    client_id = UnicodeAttribute()
    created_at = NumberAttribute()
    ends_at = NumberAttribute()  # the item is kept a day longer, so that late tokens are told why
    scope = UnicodeAttribute()
    refresh_digest = BinaryAttribute(legacy_encoding=False)
    generation = NumberAttribute(default=0)
    rotated_at = NumberAttribute(null=True)
    revoked_at = NumberAttribute(null=True)
    device_key = UnicodeAttribute(null=True)  # the device that signed in, or the new key that it was given
    is_device_bound = BooleanAttribute(null=True)  # the device was confirmed: refreshing needs its key
    proved = JSONAttribute(null=True)  # the factors that were proved, in the words of `amr`
    acr = UnicodeAttribute(null=True)  # the level that was asked for and reached; with it tokens tell acr and amr
    active_at = NumberAttribute(null=True)  # the last use, while the pool tracks sessions
    device_type = UnicodeAttribute(null=True)
    source_ip = UnicodeAttribute(null=True)


class Guard(Item, discriminator="Guard"):
    """A name that is taken: who has it."""

    entity = "Guard"

    sub = UnicodeAttribute()


class Once(Item, discriminator="Once"):
    """The mark of something that was spent and may not be spent again."""

    entity = "Once"


class DataKey(Item, discriminator="DataKey"):
    """A data key wrapped by KMS or by the key file; everything sealed is sealed under one of these."""

    entity = "DataKey"

    wrapped = BinaryAttribute(legacy_encoding=False)
    created_at = NumberAttribute()
