"""Clients of AWS services: one per service and region, made when first needed, kept for the life of the process.

Owns time-outs and retries of those calls. Endpoint and credentials are the SDK's own environment variables
(`AWS_ENDPOINT_URL_<SERVICE>` and the rest). The table has its own client, see `table`.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

TIMEOUT = 5
"""Seconds to connect, and seconds to wait for each answer."""

_ATTEMPTS = 2
_OF_S3 = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"signature_version": "s3v4", "s3": _OF_S3},
    "lambda": {"connect_timeout": 2, "retries": {"total_max_attempts": 1, "mode": "standard"}},
}
"""What a service needs otherwise: presigned URLs of S3 are else made in an older way that knows no KMS, and a function
that has failed must not be called again unasked."""

_clients: dict[tuple[str, str], Any] = {}
_making = Lock()


def client(service: str, region: str) -> Any:
    """The client of a service ("kms", "lambda", "s3", "sesv2", "sns") in a region; safe to call from any thread."""
    found = _clients.get((service, region))
    if found is not None:
        return found
    with _making:  # botocore's session may not make two clients at once
        if (service, region) not in _clients:
            _clients[service, region] = _made(service, region)
        return _clients[service, region]


def forget() -> None:
    """Drops all clients, for a process whose endpoints or credentials have changed."""
    with _making:
        _clients.clear()


def _made(service: str, region: str) -> Any:
    # The SDK takes tens of milliseconds to import and to make a client; most requests need neither.
    from botocore.config import Config
    from botocore.session import get_session

    usual: dict[str, Any] = {
        "connect_timeout": TIMEOUT,
        "read_timeout": TIMEOUT,
        "retries": {"total_max_attempts": _ATTEMPTS, "mode": "standard"},
    }
    config = Config(**usual | _OPTIONS.get(service, {}))
    return get_session().create_client(service, region_name=region, config=config)
