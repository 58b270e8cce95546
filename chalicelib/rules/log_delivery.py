"""Where a pool's logs go: which log may go to which kind of place.

Owns the check of a log configuration. Leaves the delivery to nobody yet: the configuration is kept and shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException

Given = Mapping[str, Any]

_LEVELS: Final = {"userNotification": "ERROR", "userAuthEvents": "INFO"}
_DESTINATIONS: Final = {
    "CloudWatchLogsConfiguration": ("LogGroupArn", r"arn:aws[\w-]*:logs:[\w-]+:[0-9]{12}:log-group:\S+"),
    "S3Configuration": ("BucketArn", r"arn:aws[\w-]*:s3:::[\w.-]+(?:/\S*)?"),
    "FirehoseConfiguration": ("StreamArn", r"arn:aws[\w-]*:firehose:[\w-]+:[0-9]{12}:deliverystream/\S+"),
}
"""Of each destination the member with its ARN, and the form of that."""


def refuse_bad(configurations: Iterable[Given]) -> None:
    """Raise InvalidParameterException for log configurations that do not fit, alone or together."""
    sources: set[str] = set()
    for one in configurations:
        source = one["EventSource"]
        if source in sources:
            raise InvalidParameterException(f"There can be one configuration for {source}.")
        sources.add(source)
        if one["LogLevel"] != _LEVELS[source]:
            raise InvalidParameterException(f"The LogLevel of {source} must be {_LEVELS[source]}.")
        _refuse_destination(one, source)


def _refuse_destination(one: Given, source: str) -> None:
    named = [member for member in _DESTINATIONS if member in one]
    if len(named) != 1:
        raise InvalidParameterException(f"The configuration for {source} must have exactly one destination.")
    destination = named[0]
    if source == "userNotification" and destination != "CloudWatchLogsConfiguration":
        raise InvalidParameterException("userNotification logs can go to CloudWatch Logs only.")
    member, form = _DESTINATIONS[destination]
    if not re.fullmatch(form, one[destination].get(member, ""), re.ASCII):
        raise InvalidParameterException(f"{destination} needs a {member} of its kind.")
