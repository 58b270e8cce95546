"""The images of managed login styles: their bytes, in parts that fit into items.

Owns how an image is cut, stored, put together and removed. Which images a style has is told by its document alone: new
bytes lie under fresh ids and are written together with the document that names them, replaced ones are removed after
it. So a document never names bytes that are not there; what a crash leaves behind is reached by nobody, and goes with
the client or the pool.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.table import keys, store
from chalicelib.table.documents import BrandingAsset
from chalicelib.table.keys import Key

Asset = Mapping[str, Any]
"""An asset in the wire's form; in a document it has an `Id` and a `Size` (bytes) in place of `Bytes`."""

_PART = 350_000
"""Bytes of one part: an item of DynamoDB holds 409,600."""


def received(given: Iterable[Asset]) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Assets of a request as they stand in a document, and the bytes by id; one without Bytes has no id either."""
    entries, contents = [], {}
    for asset in given:
        entry = {member: value for member, value in asset.items() if member != "Bytes"}
        if "Bytes" in asset:
            entry |= {"Id": uuid.uuid4().hex, "Size": len(asset["Bytes"])}
            contents[entry["Id"]] = asset["Bytes"]
        entries.append(entry)
    return entries, contents


def writes(pool_id: str, client_id: str, contents: Mapping[str, bytes]) -> list[store.Write]:
    """The writes that store the bytes by id."""
    made: list[store.Write] = []
    for asset_id, content in contents.items():
        for key, start in zip(_keys(pool_id, client_id, asset_id, len(content)), _starts(len(content)), strict=True):
            part = BrandingAsset(key.pk, key.sk, content=content[start : start + _PART])
            made.append(store.Save(part, "asset"))
    return made


def shown(pool_id: str, client_id: str, entries: Iterable[Asset]) -> list[dict[str, Any]] | None:
    """Assets of a document as the API shows them, read in one trip; None when some bytes were replaced meanwhile."""
    places = [(entry, _keys(pool_id, client_id, entry["Id"], entry["Size"])) for entry in entries]
    wanted = list(dict.fromkeys(key for _, parts in places for key in parts))
    found = dict(zip(wanted, store.get_many(*wanted), strict=True)) if wanted else {}
    if None in found.values():
        return None
    content = {key: item.content for key, item in found.items() if isinstance(item, BrandingAsset)}
    return [_shown(entry, b"".join(content[key] for key in parts)) for entry, parts in places]


def remove_replaced(pool_id: str, client_id: str, before: Iterable[Asset], after: Iterable[Asset]) -> None:
    """Remove the bytes that a document named before and does not name any more."""
    kept = {entry["Id"] for entry in after}
    gone = {entry["Id"]: entry["Size"] for entry in before if entry["Id"] not in kept}
    store.remove_all(key for asset_id, size in gone.items() for key in _keys(pool_id, client_id, asset_id, size))


def clear(pool_id: str, client_id: str) -> None:
    """Remove all images of a client, those too that a crash left behind; only for a client that is gone."""
    store.remove_all(store.list(partition(pool_id), prefix=f"{client_id}#").items)


def partition(pool_id: str) -> str:
    """The partition in which all images of a pool lie."""
    return keys.key("BrandingAsset", pool=pool_id, client="", asset="", part="").pk


def _shown(entry: Asset, content: bytes) -> dict[str, Any]:
    return {member: value for member, value in entry.items() if member not in ("Id", "Size")} | {"Bytes": content}


def _keys(pool_id: str, client_id: str, asset_id: str, size: int) -> list[Key]:
    places = {"pool": pool_id, "client": client_id, "asset": asset_id}
    return [BrandingAsset.at(part=f"{number:02d}", **places) for number in range(len(_starts(size)))]


def _starts(size: int) -> range:
    return range(0, size, _PART)
