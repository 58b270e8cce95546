"""Exporting a pool from one table and restoring it into another one, as another stage would."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.flows import export_files, pool_exports, pool_restores, signing_keys
from chalicelib.table import groups, walks
from tests import engines
from tests.application import Cognito, sign_in_operator
from tests.engines import Engine

PASSPHRASE = "five random words of mine"

Row = dict[str, Any]


@contextmanager
def used(engine: Engine) -> Iterator[Cognito]:
    """A caller of the API on another table, with nothing remembered of the one before, and on that again afterwards."""
    with engines.in_use(engine):
        forget()
        yield Cognito(*sign_in_operator())
    forget()
    sign_in_operator()


def forget() -> None:
    """Forget what a process holds open of pools: it would serve a restored pool from the memory of the first."""
    signing_keys._open.clear()
    signing_keys._key_sets.clear()
    groups._definitions.clear()


def exported(pool_id: str) -> bytes:
    """The file of a pool."""
    return b"".join(export_files.packed(pool_exports.lines(pool_id), PASSPHRASE))


def restored(file: bytes, passphrase: str = PASSPHRASE) -> dict[str, Any]:
    """Restore the pool of a file; the counts."""
    return pool_restores.restore(export_files.unpacked(io.BytesIO(file).read, passphrase))


def rows_of(pool_id: str) -> dict[tuple[str, str], Row]:
    """Every row that belongs to a pool, by its key."""
    found = [row for part in walks.scanned() for row in part]
    clients = {row["pk"]["S"] for row in found if row.get("pool_id", {}).get("S") == pool_id}
    ours = [row for row in found if row["pk"]["S"] in clients or pool_id in row["pk"]["S"].split("#")]
    return {(row["pk"]["S"], row["sk"]["S"]): row for row in ours}
