"""The steps of a pool change, each one write: announced, checking, checked, offered, switched, released, finishing.

Owns their order, and the waits between: a process remembers a pool for a while, so what one step lets everybody write
the next relies on only when the last process has learnt of it. Names of the wanted era are written beside the present
ones (announced), held by everybody (checking), and found too (offered); then both eras change places (switched), and
the old one goes (released, finishing). Until the switch all can be taken back (withdrawn, removing). A step may be cut
off at any point and done twice. Leaves users to `pool_change_walks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.errors import InvalidParameterException
from chalicelib.flows import pool_change_walks as walks
from chalicelib.flows.pool_change_walks import Part, Walk
from chalicelib.rules import eras, filters, pool_changes
from chalicelib.settings import current
from chalicelib.table import pools, search, store
from chalicelib.table.directory import OpenChange, PoolChange
from chalicelib.table.items import Pool
from chalicelib.table.writes import Remove, Save, Write

FINAL: Final = frozenset({"APPLIED", "CHECKED", "CLASHED", "STOPPED", "FAILED"})
"""How a change can end."""

WITHDRAWABLE: Final = frozenset({"announced", "checking", "checked", "offered"})
"""The steps from which a change can be taken back."""

WAITING: Final = "Waiting until every process knows the settings of this step."

_CLASHED: Final = "Nothing was changed; what clashes has to be changed first."
_REQUEST: Final = 45.0  # seconds; a request works with the pool that it has read, at most 29 of them, and indexes lag
_LOCAL_REQUEST: Final = 2.0
_BATCH: Final = 500


@dataclass
class Case:
    """A change with its pool, both as they are now, and the moment."""

    pool: Pool
    change: PoolChange
    now: float

    @property
    def asked(self) -> dict[str, Any]:
        """What is wanted, and more."""
        return self.change.document

    @property
    def progress(self) -> dict[str, Any]:
        """Where the change stands."""
        return self.change.progress


def advance(pool_id: str, change_id: str, now: float) -> bool:
    """Do a bounded bit of a change; whether there may be more to do at once. False: it is over, or waits."""
    change, pool = store.get(PoolChange, pool=pool_id, id=change_id), pools.fresh_pool(pool_id)
    if change is None or pool is None or change.document["Status"] in FINAL:
        return False  # the list index still shows what is over
    case = Case(pool, change, now)
    try:
        return _advanced(case)
    except store.Conflict:
        return True  # somebody else changed the pool or the change at that moment: look again


def _advanced(case: Case) -> bool:
    step = case.progress["step"]
    try:
        return _STEPS[step](case)
    except InvalidParameterException as refused:
        if step not in WITHDRAWABLE:
            raise
        return withdraw(case, "FAILED", f"The pool was changed meanwhile: {refused.message}")


def beginning(pool: Pool, asked: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The progress of a new change, and in the pool the era that it needs; the pool has to be saved."""
    settings = pool_changes.names_after(pool.document, asked)
    if settings is not None:
        pool.ours = eras.begun(pool.ours, settings)
    return {
        "step": "announced" if settings is not None else "checking",
        "since": now,
        "memory": current().cache_seconds,
        "is_naming": settings is not None,
        "retyped": [entry["Name"] for entry in pool_changes.retyped(pool.document, asked)],
        "required": pool_changes.newly_required(pool.document, asked),
    }


def withdraw(case: Case, outcome: str, message: str) -> bool:
    """Take back what was prepared and end so; nothing has been different for anybody. Raises store.Conflict."""
    if not case.progress["is_naming"]:
        return _close(case, outcome, message)
    case.pool.ours = eras.ended(case.pool.ours)
    case.progress.update(outcome=outcome, message=message)
    return _step(case, "withdrawn", "TAKING_BACK")


def _announced(case: Case) -> bool:
    return _has_settled(case) and _step(case, "checking", "CHECKING", saves_pool=False)


def _checking(case: Case) -> bool:
    names = case.progress["retyped"]
    wanted = {entry["Name"]: entry for entry in pool_changes.schema_after(case.pool.document, case.asked)}
    found = walks.part(
        Walk(
            case.pool,
            definitions=[wanted[name] for name in names],
            required=case.progress["required"],
            is_naming=case.progress["is_naming"],
        ),
        case.progress.get("cursor"),
    )
    _count(case, found, "UsersChecked")
    return _saved(case) if found.cursor is not None else _step(case, "checked", "CHECKING", saves_pool=False)


def _checked(case: Case) -> bool:
    """Nothing goes on if anything clashes."""
    _note(case, walks.client_clashes(case.pool, case.progress["required"]))
    if case.change.document["ClashCount"]:
        return withdraw(case, "CLASHED", _CLASHED)
    if case.change.document["DryRun"]:
        return withdraw(case, "CHECKED", "Nothing clashes.")
    if not case.progress["is_naming"]:
        return _switch(case)
    case.pool.ours = eras.opened(case.pool.ours)
    return _step(case, "offered", "CHECKING")


def _offered(case: Case) -> bool:
    """Clients may have been changed while it was waited."""
    if not _has_settled(case):
        return False
    _note(case, walks.client_clashes(case.pool, case.progress["required"]))
    return withdraw(case, "CLASHED", _CLASHED) if case.change.document["ClashCount"] else _switch(case)


def _switch(case: Case) -> bool:
    """The one write by which all wanted settings are the pool's."""
    case.pool.document = pool_changes.after(case.pool.document, case.asked, case.now)
    if case.progress["is_naming"]:
        case.pool.document, case.pool.ours = eras.turned(case.pool.document, case.pool.ours)
    before = filters.added(case.pool.ours, "searchable")
    after = case.asked.get("SearchableAttributes", before)
    case.progress["no_longer"] = [name for name in before if name not in after]
    _search(case, [name for name in before if name in after], list(dict.fromkeys([*before, *after])))
    return _step(case, "switched", "APPLYING")


def _switched(case: Case) -> bool:
    """Once every process has switched, none needs the old era, nor the entries that are searched no longer."""
    if not _has_settled(case):
        return False
    if not case.progress["is_naming"] and not case.progress["no_longer"]:
        is_walk_due = case.progress["retyped"] or filters.added(case.pool.ours, "becoming_searchable")
        return _step(case, "finishing" if is_walk_due else "clearing", "APPLYING", saves_pool=False)
    if case.progress["is_naming"]:
        case.pool.ours = eras.ended(case.pool.ours)
    gone = case.progress["no_longer"]
    coming = [name for name in filters.added(case.pool.ours, "becoming_searchable") if name not in gone]
    _search(case, filters.added(case.pool.ours, "searchable"), coming)
    return _step(case, "released", "APPLYING")


def _released(case: Case) -> bool:
    return _has_settled(case) and _step(case, "finishing", "APPLYING", saves_pool=False)


def _finishing(case: Case) -> bool:
    """All is in force; each user is left with what the new settings ask for and nothing else."""
    entries = {entry["Name"]: entry for entry in case.pool.document["SchemaAttributes"]}
    found = walks.part(
        Walk(
            case.pool,
            definitions=[entries[name] for name in case.progress["retyped"]],
            searchable=filters.added(case.pool.ours, "becoming_searchable"),
            is_naming=case.progress["is_naming"],
            is_final=True,
        ),
        case.progress.get("cursor"),
    )
    _count(case, found, "UsersRewritten")
    return _saved(case) if found.cursor is not None else _step(case, "clearing", "APPLYING", saves_pool=False)


def _clearing(case: Case) -> bool:
    """Remove the entries of attributes that are searched no longer; then it is done."""
    for name in case.progress["no_longer"]:
        rows = store.list(search.partition(case.pool.id, name), limit=_BATCH).items
        store.remove_all(rows)
        if rows:
            return True
    late = case.change.document["ClashCount"]
    _search(case, case.asked.get("SearchableAttributes", filters.added(case.pool.ours, "searchable")), [])
    message = f"Applied; {late} faults came about while it was applied." if late else "Applied."
    return _close(case, "APPLIED", message)


def _withdrawn(case: Case) -> bool:
    return _has_settled(case) and _step(case, "removing", "TAKING_BACK", saves_pool=False)


def _removing(case: Case) -> bool:
    found = walks.part(Walk(case.pool), case.progress.get("cursor"))
    case.progress["cursor"] = found.cursor
    if found.cursor is not None:
        return _saved(case)
    return _close(case, case.progress["outcome"], case.progress["message"])


def _has_settled(case: Case) -> bool:
    """Whether no process and no request works with the pool as it was before the step."""
    request = _LOCAL_REQUEST if current().is_local else _REQUEST
    memory = max(case.progress["memory"], current().cache_seconds)
    return case.now >= float(case.progress["since"]) + memory + request


def _search(case: Case, searchable: list[str], coming: list[str]) -> None:
    kept = {"searchable": searchable, "becoming_searchable": [name for name in coming if name not in searchable]}
    ours = {name: value for name, value in (case.pool.ours or {}).items() if name not in kept}
    case.pool.ours = ours | {name: value for name, value in kept.items() if value}


def _count(case: Case, found: Part, member: str) -> None:
    document = case.change.document
    document[member] += found.users
    document["MissingCount"] += len(found.lacks)
    document["Missing"] = (document["Missing"] + found.lacks)[: pool_changes.MOST_NAMED]
    _note(case, found.clashes)
    case.progress["cursor"] = found.cursor


def _note(case: Case, clashes: list[dict[str, Any]]) -> None:
    document = case.change.document
    document["ClashCount"] += len(clashes)
    document["Clashes"] = (document["Clashes"] + clashes)[: pool_changes.MOST_NAMED]


def _step(case: Case, step: str, status: str, *, saves_pool: bool = True) -> bool:
    case.change.document["Status"] = status
    is_waiting = step in ("offered", "switched", "released", "withdrawn")
    case.change.document["Message"] = WAITING if is_waiting else ""
    case.progress.update(step=step, since=case.now, cursor=None)
    return _saved(case, *([Save(case.pool, "pool")] if saves_pool else []))


def _close(case: Case, outcome: str, message: str) -> bool:
    case.change.document |= {"Status": outcome, "Message": message, "CompletionDate": round(case.now, 3)}
    case.progress["cursor"] = None
    _saved(case, Save(case.pool, "pool"), Remove(OpenChange.at(pool=case.pool.id)))
    return False


def _saved(case: Case, *writes: Write) -> bool:
    case.change.document["LastModifiedDate"] = round(case.now, 3)
    store.together(Save(case.change, "change"), *writes)
    pools.forget_pool(case.pool.id)
    return True


_STEPS: Final[Mapping[str, Callable[[Case], bool]]] = {
    "announced": _announced,
    "checking": _checking,
    "checked": _checked,
    "offered": _offered,
    "switched": _switched,
    "released": _released,
    "finishing": _finishing,
    "clearing": _clearing,
    "withdrawn": _withdrawn,
    "removing": _removing,
}
