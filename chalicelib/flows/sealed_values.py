"""Which values of the table are sealed, declared once for every model, and what opens and seals them row by row.

For whoever takes rows out of a stage and brings them into another one, whose data keys are its own: exports, restores,
and the check that everything opens. A value is sealed for its place (`flows.vault`), so it is opened and sealed with
its key. A test finds every binary attribute of every model in one of the two lists.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, Final

from chalicelib.flows import vault
from chalicelib.outside.secrets import Unsealable
from chalicelib.table.items import Item

Row = dict[str, Any]

SEALED: Final = {
    "Pool": ("secret",),
    "SigningKey": ("private_key",),
    "ClientSecret": ("secret",),
    "Password": ("verifier",),
    "Totp": ("seed", "pending"),
    "Device": ("verifier",),
    "Certificate": ("private_key",),
    "OperatorKey": ("secret",),
}
"""By kind the attributes, as they are named in the table, that hold a value sealed under the stage's data key."""

PLAIN: Final = {
    "Code": ("digest",),
    "Session": ("refresh_digest",),
    "Passkey": ("public_key",),
    "DataKey": ("wrapped",),
    "BrandingAsset": ("content",),
    "UiCustomization": ("image",),
    "Certificate": ("certificate",),
}
"""By kind the binary attributes that are no sealed values."""


def opened(row: Row) -> Row:
    """A row with its sealed values open; raises Unsealable and KeyUnavailable."""
    return row | {name: _cell(vault.open_for(_item(row), _bytes(row[name]))) for name in _sealed(row)}


def sealed(row: Row) -> Row:
    """A row that was `opened`, sealed for its place under the newest data key of this stage; raises KeyUnavailable."""
    return row | {name: _cell(vault.seal_for(_item(row), _bytes(row[name]))) for name in _sealed(row)}


def fault(item: Item) -> str | None:
    """What is wrong with the sealed values of an item, in words; None when all open. Raises KeyUnavailable."""
    for name in SEALED.get(item.entity, ()):
        value = getattr(item, name)
        try:
            if value is not None:
                vault.open_for(item, value)
        except Unsealable as problem:
            return f"its {name} does not open: {problem}"
    return None


def _sealed(row: Row) -> list[str]:
    return [name for name in SEALED.get(row["_t"]["S"], ()) if "B" in row.get(name, {})]


def _item(row: Row) -> Item:
    return Item(row["pk"]["S"], row["sk"]["S"])


def _bytes(cell: Row) -> bytes:
    return b64decode(cell["B"])


def _cell(value: bytes) -> Row:
    return {"B": b64encode(value).decode()}
