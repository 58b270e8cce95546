"""What is kept of an app client beside its own settings: terms, branding, classic customization, risk configuration.

Owns that none of it is written for a pool or a client that is gone, and that it goes together with its client. Leaves
what the documents say to `rules`, and the bytes of images to `branding_assets`.
"""

from __future__ import annotations

from chalicelib import errors, journal
from chalicelib.flows import branding_assets
from chalicelib.rules import terms
from chalicelib.table import pools, store
from chalicelib.table.documents import Branding, Risk, Terms, UiCustomization
from chalicelib.table.items import Client, Pool

ALL = "ALL"
"""Stands for the client of what holds for every client of a pool."""

_ONE_EACH = (Branding, UiCustomization, Risk)


def require_client(pool_id: str, client_id: str) -> None:
    """Raise ResourceNotFoundException unless the client is there, read now; one of another pool is as unknown as none.

    The pool is read by the caller.
    """
    found = pools.fresh_client(client_id)
    if found is None or found.pool_id != pool_id:
        raise errors.ResourceNotFoundException(f"User pool client {client_id} does not exist.")
    journal.note(client=client_id)


def write(pool_id: str, client_id: str, *writes: store.Write) -> None:
    """Carry out the writes together, if the pool, and the client unless it is `ALL`, are still there.

    Raises ResourceNotFoundException, and store.Conflict for what the writes themselves demand.
    """
    standing = [store.Check(Pool.at(pool=pool_id), "pool")]
    if client_id != ALL:
        standing.append(store.Check(Client.at(client=client_id), "client"))
    try:
        store.together(*standing, *writes)
    except store.Conflict as conflict:
        if "pool" in conflict.names:
            raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.") from None
        if "client" in conflict.names:
            raise errors.ResourceNotFoundException(f"User pool client {client_id} does not exist.") from None
        raise


def removal(pool_id: str, client_id: str) -> list[store.Write]:
    """The writes that remove all of a client's documents: to be made together with the one that removes the client.

    Whatever is written for the client checks that it is there, so nothing can come after these. The images follow with
    `clear`.
    """
    places = {"pool": pool_id, "client": client_id}
    named = [Terms.at(name=name, **places) for name in terms.NAMES]
    return [store.Remove(key, "document") for key in (*named, *(kind.at(**places) for kind in _ONE_EACH))]


def clear(pool_id: str, client_id: str) -> None:
    """Remove the images of a client that is gone."""
    branding_assets.clear(pool_id, client_id)
