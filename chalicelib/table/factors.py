"""More models: what a user signs in with beside a password. Times are seconds since the epoch with a fraction."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.table.items import Item


class Totp(Item, discriminator="Totp"):
    """An authenticator app: the seed that counts, one that waits to be proved, and the last time step that was used."""

    entity = "Totp"

    seed = BinaryAttribute(legacy_encoding=False, null=True)  # sealed; none until one was proved
    pending = BinaryAttribute(legacy_encoding=False, null=True)  # sealed
    name = UnicodeAttribute(null=True)  # FriendlyDeviceName
    last_step = NumberAttribute(default=0)  # codes of this time step and of earlier ones are spent
    failures = NumberAttribute(default=0)  # wrong codes while the window lasts
    window_ends = NumberAttribute(default=0)
    verified_at = NumberAttribute(null=True)


class Passkey(Item, discriminator="Passkey"):
    """A WebAuthn credential."""

    entity = "Passkey"

    credential_id = UnicodeAttribute()  # base64url; longer than a key may be, so the key has a digest of it
    public_key = BinaryAttribute(legacy_encoding=False)  # COSE
    sign_count = NumberAttribute(default=0)
    relying_party_id = UnicodeAttribute()
    transports = JSONAttribute()
    attachment = UnicodeAttribute(null=True)
    aaguid = UnicodeAttribute()
    name = UnicodeAttribute()
    is_backup_eligible = BooleanAttribute(default=False)  # may be copied to other devices; never changes
    is_backed_up = BooleanAttribute(default=False)
    created_at = NumberAttribute()
    used_at = NumberAttribute(null=True)


class Ceremony(Item, discriminator="Ceremony"):
    """The registration of a passkey that was begun; it is removed by the registration that it allows."""

    entity = "Ceremony"

    challenge = UnicodeAttribute()  # base64url
    client_id = UnicodeAttribute()
    relying_party_id = UnicodeAttribute()


class RecoveryCodes(Item, discriminator="RecoveryCodes"):
    """The recovery codes of a user that were not used yet: only digests, of codes that nobody can try out."""

    entity = "RecoveryCodes"

    digests = JSONAttribute()
    created_at = NumberAttribute()
    failures = NumberAttribute(default=0)  # wrong codes while the window lasts
    window_ends = NumberAttribute(default=0)


class Device(Item, discriminator="Device"):
    """A device that a user confirmed, with the verifier of its own secret."""

    entity = "Device"

    key = UnicodeAttribute()
    group_key = UnicodeAttribute()
    salt = UnicodeAttribute()  # hex, minimal
    verifier = BinaryAttribute(legacy_encoding=False)  # sealed
    name = UnicodeAttribute(null=True)
    is_remembered = BooleanAttribute(default=False)
    created_at = NumberAttribute()
    modified_at = NumberAttribute()
    authenticated_at = NumberAttribute()
    source_ip = UnicodeAttribute(null=True)
    awaited = JSONAttribute(null=True)  # the sign-in that this device may complete without a `Session`
