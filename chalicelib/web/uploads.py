"""Where files of user imports come in, when there is no bucket for them: a PUT to the URL that an operator was given.

The header that asks S3 for encryption may come and means nothing here. Leaves who may send what to `flows.uploads`.
"""

from __future__ import annotations

import json
import time

from chalicelib import errors
from chalicelib.edge.request import Request, Response
from chalicelib.edge.router import MAX_BODY, Query


def put(request: Request) -> Response:
    """PUT /_uploads?token=...: 200 and nothing, as S3 answers."""
    from chalicelib.flows import uploads

    try:
        uploads.receive(_token(request.query), request.body, time.time())
    except errors.AwsError as refusal:
        status = 403 if isinstance(refusal, errors.AccessDeniedException) else refusal.status
        told = {"__type": refusal.code, "message": refusal.message}
        return Response(status, {"X-Amzn-ErrorType": refusal.code}, json.dumps(told))
    return Response(200, {}, b"", "")


def longest(query: Query) -> int:
    """How many bytes whoever brings this query may send."""
    from chalicelib.flows import uploads

    return uploads.longest(_token(query), time.time(), MAX_BODY)


def _token(query: Query) -> str:
    return next(iter(query.get("token", [])), "")
