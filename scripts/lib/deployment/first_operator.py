"""The root operator of a deployed table: made by the application's own code, with the deployer's credentials.

So its secret exists in this process alone until it is shown: no function answers it, no output or log has it. Whoever
may write the table and use its key could make an operator anyhow; no further door is opened.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def ensure(outputs: Mapping[str, str], *, anew: bool) -> tuple[str, str] | None:
    """Id and secret of a root operator that was made, which is when the table had no operator, or `anew`; else None."""
    os.environ.update(LATCHKEY_TABLE=outputs["TableName"], LATCHKEY_KMS_KEY=outputs["KeyArn"])
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    # Settings are read once, at the first import, so the environment comes before it.
    from chalicelib.flows import operators
    from chalicelib.table import keys, store

    if not anew and store.listed(keys.listing("OperatorKey"), limit=1).items:
        return None
    return operators.ensure_root()
