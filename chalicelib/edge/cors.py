"""What a browser asks before it lets a page call us. Standard: the Fetch standard (CORS)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.edge.fields import TOKEN

ALLOWED_HEADERS = (
    *("content-type", "x-amz-target", "x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "cache-control"),
    *("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
)
MAX_ASKED_HEADERS = 32


def allowance(asked: str, methods: str) -> Mapping[str, str | list[str]]:
    """The headers of the answer: every header that is a header may come; `asked` is Access-Control-Request-Headers."""
    # Bounded and checked, because it is echoed: response splitting and header stuffing.
    names = [name.strip() for name in asked.split(",", MAX_ASKED_HEADERS)[:MAX_ASKED_HEADERS]]
    extra = [name for name in names if TOKEN.fullmatch(name) and name.lower() not in ALLOWED_HEADERS]
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": ", ".join([*ALLOWED_HEADERS, *extra]),
        "Access-Control-Max-Age": "7200",
        "Vary": "Access-Control-Request-Headers",
    }
