"""Eras of a pool's names: which rules names follow now, and beside them those that are coming or going.

A pool begins in generation 0. A change of its names is prepared in another generation, whose guards are kept beside the
present ones, and one write makes that the present. So a name is looked for, at every moment and by every process, among
guards that are complete. Guards of a generation carry its number in their kind: `email` and `email~3`. What is kept of
this is `Pool.ours["names"]`: `generation`, `newest` (numbers are never used again) and `beside`. Leaves what names are
to `names`, and when an era begins and ends to the flow of pool changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

Settings = Mapping[str, Any]
Document = dict[str, Any]

MEMBERS: Final = ("UsernameAttributes", "AliasAttributes", "UsernameConfiguration")
"""The settings of a pool that say how its users are named."""

_MARK: Final = "~"


class Era(NamedTuple):
    """Rules for names; `is_found`: whether names of this era lead to users, or are only kept free for them."""

    settings: Settings
    generation: int = 0
    is_found: bool = True

    def kind(self, kind: str) -> str:
        """The kind of a guard as it stands in this era."""
        return f"{kind}{_MARK}{self.generation}" if self.generation else kind

    @property
    def keeps_usernames(self) -> bool:
        """Whether users may have usernames that another era let them choose: in every pool that was changed."""
        return self.generation > 0


def plain(kind: str) -> str:
    """The kind of a guard without its era: `email` of `email~3`."""
    return kind.partition(_MARK)[0]


def of(document: Settings, ours: Settings | None) -> list[Era]:
    """The eras of a pool: the present one first, then the one beside it if there is one."""
    kept = (ours or {}).get("names") or {}
    present = Era(document, kept.get("generation", 0))
    beside = kept.get("beside")
    if beside is None:
        return [present]
    return [present, Era(beside["settings"], beside["generation"], beside["is_found"])]


def begun(ours: Settings | None, settings: Settings) -> Document:
    """What is ours about a pool with another era beside the present one; its names do not lead to users yet."""
    kept = (ours or {}).get("names") or {}
    newest = kept.get("newest", 0) + 1
    beside = {"generation": newest, "settings": dict(settings), "is_found": False}
    return _with(ours, {"generation": kept.get("generation", 0), "newest": newest, "beside": beside})


def opened(ours: Settings) -> Document:
    """The same, but names of both eras lead to users."""
    kept = ours["names"]
    return _with(ours, kept | {"beside": kept["beside"] | {"is_found": True}})


def turned(document: Settings, ours: Settings) -> tuple[Document, Document]:
    """Document and ours when the era beside has become the present one, and the present one stands beside."""
    kept = ours["names"]
    beside = kept["beside"]
    before = {"generation": kept["generation"], "settings": settings_of(document), "is_found": True}
    after = {name: value for name, value in document.items() if name not in MEMBERS}
    return after | beside["settings"], _with(ours, kept | {"generation": beside["generation"], "beside": before})


def ended(ours: Settings) -> Document:
    """What is ours about a pool in which the era beside the present one is over."""
    return _with(ours, {name: value for name, value in ours["names"].items() if name != "beside"})


def settings_of(document: Settings) -> Document:
    """Those settings of a pool that say how its users are named."""
    return {member: document[member] for member in MEMBERS if document.get(member)}


def _with(ours: Settings | None, kept: Document) -> Document:
    return dict(ours or {}) | {"names": kept}
