"""What device a User-Agent tells of, in a few words for people: the operating system, and the browser or the app.

Pure, and trusts nothing: the header is the caller's own word, so only names that stand here come out, and never a part
of the text. What is not known is "unknown", as with Cognito. Order counts, because browsers name each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

UNKNOWN: Final = "unknown"

_READ: Final = 1024  # characters that are looked at
_SYSTEMS: Final = (
    ("iphone", "iOS"), ("ipad", "iPadOS"), ("ios/", "iOS"), ("android", "Android"), ("windows", "Windows"),
    ("cros ", "ChromeOS"), ("mac os x", "macOS"), ("macintosh", "macOS"), ("darwin", "Apple"), ("linux", "Linux"),
)  # fmt: skip
_PROGRAMS: Final = (
    ("edg/", "Edge"), ("edga/", "Edge"), ("edgios/", "Edge"), ("opr/", "Opera"), ("samsungbrowser/", "Samsung"),
    ("firefox/", "Firefox"), ("fxios/", "Firefox"), ("crios/", "Chrome"), ("chrome/", "Chrome"), ("safari/", "Safari"),
    ("aws-cli/", "AWS CLI"), ("boto3/", "boto3"), ("aws-sdk", "AWS SDK"), ("aws-amplify", "Amplify"),
    ("amplify", "Amplify"), ("okhttp/", "app"), ("dalvik/", "app"), ("cfnetwork/", "app"), ("dart/", "app"),
    ("python-requests/", "Python"), ("python/", "Python"), ("node", "Node.js"), ("curl/", "curl"),
)  # fmt: skip


def device(text: str) -> str:
    """`Windows, Chrome`; one of the two words where only that is known, else "unknown"."""
    seen = text[:_READ].lower()
    words = [word for word in (_first(seen, _SYSTEMS), _first(seen, _PROGRAMS)) if word]
    return ", ".join(words) or UNKNOWN


def _first(seen: str, known: Sequence[tuple[str, str]]) -> str:
    return next((word for mark, word in known if mark in seen), "")
