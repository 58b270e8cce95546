"""The managed login style of an app client: what it may hold, how an update merges into it, what it is by default.

Owns the document in the wire's form, where an asset has an `Id` and a `Size` in place of its `Bytes`. An asset is known
by category, colour mode and extension. Leaves the bytes to `flows.branding_assets`, their format to `images`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import images, limits
from chalicelib.rules.branding_defaults import SETTINGS

Document = dict[str, Any]
Given = Mapping[str, Any]

MOST_PER_POOL: Final = 20
MOST_ASSETS: Final = 40
MOST_BYTES: Final = 4_000_000
"""Of all assets of one style: an answer of Lambda holds 6 MB, and what is stored must be described again."""

_PARTS: Final = ("categories", "componentClasses", "components")
_IDENTITY: Final = ("Category", "ColorMode", "Extension")
_FAVICONS: Final = {"FAVICON_ICO": "ICO", "FAVICON_SVG": "SVG"}
_UNSAFE = re.compile(r"[<>{};\"'`\\\x00-\x1f\x7f]|url\(", re.IGNORECASE)


def refuse_bad(given: Given) -> None:
    """Raise InvalidParameterException for content of a create or update request that no style may have."""
    assets = given.get("Assets", [])
    if given.get("UseCognitoProvidedValues") and ("Settings" in given or assets):
        raise InvalidParameterException("UseCognitoProvidedValues cannot be true where Settings or Assets are given.")
    _refuse_settings(given.get("Settings", {}))
    names = [_identity(asset) for asset in assets]
    if len(set(names)) != len(names):
        raise InvalidParameterException("Assets must differ in Category, ColorMode or Extension.")
    for asset in assets:
        _refuse_asset(asset)


def created(given: Given, assets: Iterable[Given], now: float) -> Document:
    """The document of a new style; `assets` are those of the request as documents hold them, `now` is in seconds.

    Raises InvalidParameterException.
    """
    empty = {"UserPoolId": given["UserPoolId"], "UseCognitoProvidedValues": False, "CreationDate": round(now, 3)}
    return updated(empty, given, assets, now)


def updated(document: Given, given: Given, assets: Iterable[Given], now: float) -> Document:
    """The document after an update: sent settings merge into those at hand, sent assets replace their like.

    Raises InvalidParameterException.
    """
    changed = dict(document) | {"LastModifiedDate": round(now, 3)}
    if given.get("UseCognitoProvidedValues"):
        content = {"UseCognitoProvidedValues": True}
        return {member: value for member, value in changed.items() if member not in ("Settings", "Assets")} | content
    if "Settings" in given:
        changed["Settings"] = merged(document.get("Settings", {}), given["Settings"])
    if together := _together(document.get("Assets", []), assets):
        changed["Assets"] = together
    changed["UseCognitoProvidedValues"] = _is_default(changed, given)
    limits.refuse_too_large(changed)
    return changed


def merged(under: Given, over: Given) -> Document:
    """Two settings as one: objects merge member by member, of all else the upper value counts."""
    result = dict(under)
    for name, value in over.items():
        lower = result.get(name)
        result[name] = merged(lower, value) if isinstance(lower, dict) and isinstance(value, dict) else value
    return result


def complete(document: Given) -> Document:
    """A document with the defaults under what was customized."""
    return dict(document) | {"Settings": merged(SETTINGS, document.get("Settings", {}))}


def _is_default(changed: Given, given: Given) -> bool:
    """A style of defaults stays one until something is customized, or it is told not to be one."""
    is_customized = "Settings" in changed or "Assets" in changed
    return bool(given.get("UseCognitoProvidedValues", changed["UseCognitoProvidedValues"])) and not is_customized


def _identity(asset: Given) -> tuple[Any, ...]:
    return tuple(asset[member] for member in _IDENTITY)


def _together(present: list[Document], sent: Iterable[Given]) -> list[Document]:
    resources = {asset["ResourceId"]: asset for asset in present if "ResourceId" in asset}
    new = [_with_content(asset, resources) for asset in sent]
    replaced = {_identity(asset) for asset in new}
    result = [asset for asset in present if _identity(asset) not in replaced] + new
    if len(result) > MOST_ASSETS:
        raise InvalidParameterException(f"A style can have {MOST_ASSETS} assets at most.")
    if sum(asset["Size"] for asset in result) > MOST_BYTES:
        raise InvalidParameterException(f"The assets of a style can have {MOST_BYTES} bytes together at most.")
    return result


def _with_content(asset: Given, resources: Mapping[str, Document]) -> Document:
    """An asset with bytes of its own, or with those of the asset that its ResourceId names."""
    if "Id" in asset:
        return dict(asset)
    same = resources.get(asset["ResourceId"])
    if same is None or same["Extension"] != asset["Extension"]:
        raise InvalidParameterException("ResourceId names no asset of this style with that Extension.")
    return dict(asset) | {"Id": same["Id"], "Size": same["Size"]}


def _refuse_asset(asset: Given) -> None:
    if _FAVICONS.get(asset["Category"], asset["Extension"]) != asset["Extension"]:
        raise InvalidParameterException(f"An asset of {asset['Category']} cannot be {asset['Extension']}.")
    if "Bytes" in asset:
        images.refuse_unlike(asset["Bytes"], [asset["Extension"]])
    elif "ResourceId" not in asset:
        raise InvalidParameterException("An asset needs Bytes or a ResourceId.")


def _refuse_settings(settings: Given) -> None:
    if unknown := settings.keys() - set(_PARTS):
        raise InvalidParameterException(f"Settings can hold {', '.join(_PARTS)}, not {min(unknown)[:64]}.")
    for name, part in settings.items():
        if not isinstance(part, dict):
            raise InvalidParameterException(f"{name} of the Settings must be an object.")
        _refuse_texts(part)


def _refuse_texts(value: Any) -> None:
    """Attack: a colour that ends the rule it is put into and begins another, or a name that ends the page's style."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_texts(name)
            _refuse_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_texts(inner)
    elif isinstance(value, str) and _UNSAFE.search(value):
        raise InvalidParameterException("A text in the Settings holds a character that no name or colour has.")
