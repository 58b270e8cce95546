"""How large our own records may grow.

The model bounds each member of a request, but not what they add up to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import InvalidParameterException

MOST_BYTES = 300_000
"""Of a settings record as it is stored: DynamoDB's 400 KB, less the keys, the list index and what may join later."""


def refuse_too_large(document: Mapping[str, Any]) -> None:
    """Raise InvalidParameterException for settings that are each within their limits and together too large to keep."""
    if len(json.dumps(document)) > MOST_BYTES:
        raise InvalidParameterException("The settings are too large to be stored; shorten their texts and lists.")
