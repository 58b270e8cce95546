"""More models: what a pool is configured with beside its own settings, mostly in the wire's form.

Describing one of these is a read of its `document`. Times are seconds since the epoch with a fraction.
"""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.table.items import Item


class Domain(Item, discriminator="Domain"):
    """A host name that leads to a pool: a prefix of ours, or a name of the owner's."""

    entity = "Domain"

    pool_id = UnicodeAttribute()
    document = JSONAttribute()  # DomainDescriptionType without computed members
    is_custom = BooleanAttribute(default=False)


class ResourceServer(Item, discriminator="ResourceServer"):
    """A resource server with its scopes."""

    entity = "ResourceServer"

    document = JSONAttribute()  # ResourceServerType


class Terms(Item, discriminator="Terms"):
    """Terms of use or a privacy policy of a client."""

    entity = "Terms"

    id = UnicodeAttribute()
    document = JSONAttribute()  # TermsType


class Branding(Item, discriminator="Branding"):
    """The managed login style of a client; its assets lie apart, because they are large."""

    entity = "Branding"

    id = UnicodeAttribute()
    client_id = UnicodeAttribute()
    document = JSONAttribute()  # ManagedLoginBrandingType; of the Assets the `Id` and `Size` in place of Bytes


class BrandingAsset(Item, discriminator="BrandingAsset"):
    """A part of an asset: an item holds less than an asset may have."""

    entity = "BrandingAsset"

    content = BinaryAttribute(legacy_encoding=False)


class UiCustomization(Item, discriminator="UiCustomization"):
    """CSS and logo of the classic pages, for one client or for all."""

    entity = "UiCustomization"

    document = JSONAttribute()  # UICustomizationType without ImageUrl
    image = BinaryAttribute(legacy_encoding=False, null=True)


class Risk(Item, discriminator="Risk"):
    """The risk configuration of a pool, or of one client."""

    entity = "Risk"

    document = JSONAttribute()  # RiskConfigurationType


class LogDelivery(Item, discriminator="LogDelivery"):
    """Where a pool's logs go."""

    entity = "LogDelivery"

    document = JSONAttribute()  # LogDeliveryConfigurationType


class Replica(Item, discriminator="Replica"):
    """The replica of a pool in another region, as far as it is recorded; a pool has one at most."""

    entity = "Replica"

    document = JSONAttribute()  # UserPoolReplicaType, and the tags it was made with


class Certificate(Item, discriminator="Certificate"):
    """The key pair with which a pool signs SAML requests, and its certificate."""

    entity = "Certificate"

    certificate = BinaryAttribute(legacy_encoding=False)  # DER
    private_key = BinaryAttribute(legacy_encoding=False)  # sealed PKCS #8
    created_at = NumberAttribute()


class ProvisionedLimit(Item, discriminator="ProvisionedLimit"):
    """A limit of the account that was set."""

    entity = "ProvisionedLimit"

    value = NumberAttribute()
