"""Pages of a laptop: is the server up, and what it would have sent by mail and SMS. Not there in AWS."""

from __future__ import annotations

import json

from chalicelib.edge.request import Request, Response
from chalicelib.outside import outbox as letters


def health(request: Request) -> Response:
    """That requests are answered."""
    return Response(200, {}, json.dumps({"status": "ok"}))


def outbox(request: Request) -> Response:
    """The newest messages, newest first, as JSON."""
    return Response(200, {}, json.dumps({"messages": letters.lines()}))
