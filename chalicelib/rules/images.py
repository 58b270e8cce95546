"""Images that owners upload for their pages: that each is what it says it is.

Owns the signatures of the formats (PNG, JPEG, WebP, ICO). Leaves SVG, which is a program as much as an image, to
`drawings`. Nothing is decoded here: a browser does that, and is told the type and not to guess another.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import drawings

MEDIA_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "ICO": "image/x-icon",
    "SVG": "image/svg+xml",
}
"""The media type of each format."""

_RIFF_HEADER: Final = 12
_SIGNATURES: Final = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "ICO": b"\x00\x00\x01\x00"}


def kind(content: bytes) -> str | None:
    """The format of an image that is no drawing, by its first bytes."""
    if content[:4] == b"RIFF" and content[8:_RIFF_HEADER] == b"WEBP":
        return "WEBP"
    return next((name for name, start in _SIGNATURES.items() if content.startswith(start)), None)


def refuse_unlike(content: bytes, formats: Collection[str]) -> None:
    """Raise InvalidParameterException unless the content is an image of one of the formats.

    Attack: a page with a script that is called an image and is opened from our own address.
    """
    if "SVG" in formats and kind(content) is None:
        drawings.refuse_bad(content)
    elif kind(content) not in formats:
        raise InvalidParameterException(f"The image is not {' or '.join(formats)}.")
