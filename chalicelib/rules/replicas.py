"""Replicas of a pool in other regions: which region and which change a record takes.

Owns the record in the wire's form. Nothing here copies a pool: see `operations.replicas` for what that means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException, OperationNotEnabledException, UserPoolTaggingException

Document = dict[str, Any]

_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+){1,3}-[1-9][0-9]?")
_MOST_TAGS: Final = 50


def primary(arn: str) -> Document:
    """The record of the pool itself, from its ARN."""
    return {"RegionName": region(arn), "Status": "ACTIVE", "Role": "PRIMARY", "UserPoolArn": arn}


def secondary(arn: str, region_name: str, tags: Mapping[str, str]) -> Document:
    """The record of a new replica of the pool with this ARN.

    Raises InvalidParameterException and UserPoolTaggingException.
    """
    if not _REGION.fullmatch(region_name):
        raise InvalidParameterException("RegionName is not the name of a region.")
    if region_name == region(arn):
        raise InvalidParameterException("The replica must be in another region than the user pool.")
    _refuse_tags(tags)
    parts = arn.split(":")
    parts[3] = region_name
    return {
        "RegionName": region_name,
        "Status": "INACTIVE",
        "Role": "SECONDARY",
        "UserPoolArn": ":".join(parts),
        "UserPoolTags": dict(tags),
    }


def refuse_status(status: str) -> None:
    """Raise OperationNotEnabledException for a status that is not true: ACTIVE says that users can sign in there."""
    if status == "ACTIVE":
        raise OperationNotEnabledException(
            "The replica cannot be activated: this installation does not copy user pools to other regions."
        )


def region(arn: str) -> str:
    """The region that an ARN names."""
    return arn.split(":")[3]


def _refuse_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > _MOST_TAGS:
        raise UserPoolTaggingException(f"A user pool cannot have more than {_MOST_TAGS} tags.")
    if any(name.lower().startswith("aws:") for name in tags):
        raise UserPoolTaggingException("Tag keys cannot begin with aws:.")
