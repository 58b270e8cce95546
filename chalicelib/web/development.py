"""Pages of a laptop: is the server up, and what it would have sent by mail and SMS. Not there in AWS.

Only for who asks for this machine by a name of its own. The attack is DNS rebinding: a page in the developer's browser
comes from a name that its owner then lets point to 127.0.0.1, and so reads codes as if it were of the same origin; but
the Host header still says that name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from chalicelib.edge.request import Request, Response
from chalicelib.edge.router import FAULTS, SHAPES
from chalicelib.outside import outbox as letters

_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


def health(request: Request) -> Response:
    """That requests are answered."""
    return _shown(request, lambda: {"status": "ok"})


def outbox(request: Request) -> Response:
    """The newest messages, newest first, as JSON."""
    return _shown(request, lambda: {"messages": letters.lines()})


def _shown(request: Request, found: Callable[[], object]) -> Response:
    if not _LOOPBACK.fullmatch(request.headers.get("host", "")):
        return SHAPES["page"](FAULTS[404])
    return Response(200, {}, json.dumps(found()))
