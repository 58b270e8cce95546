"""User imports as jobs: made, shown, listed, started, stopped, ended. One at a time works on a pool.

Owns the states and their order, and the mark that a pool is being imported into, which stands and goes in the same
transaction as the state. Leaves the file to `uploads`, the work to `import_runs`. A job that nobody starts within a day
is over: it is shown so and cannot be started, without anybody writing it down.
"""

from __future__ import annotations

import secrets
import string
from typing import Any, Final

from chalicelib import errors
from chalicelib.flows import rounds, uploads
from chalicelib.outside.files import Found
from chalicelib.table import keys, store
from chalicelib.table.directory import ActiveImport, ImportJob, OpenChange
from chalicelib.table.items import Pool

Answer = dict[str, Any]

ACTIVE: Final = "active import"
STOPPED: Final = "The Import Job was stopped by the developer."

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 10
_DAY = 86400.0
_MOST_JOBS = 1000  # of a pool; beyond, the oldest that has ended goes
_BATCH = 100


def new(pool_id: str, document: Answer, now: float) -> ImportJob:
    """A fresh job of a pool, not yet written."""
    job_id = "import-" + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    known = {"JobId": job_id, "UserPoolId": pool_id, "CreationDate": now, "Status": "Created"}
    counts = {"ImportedUsers": 0, "SkippedUsers": 0, "FailedUsers": 0}
    parts = {"pool": pool_id, "id": job_id, "created": keys.sortable(now)}
    return ImportJob.new(parts, id=job_id, pool_id=pool_id, document={**document, **known, **counts})


def create(job: ImportJob) -> None:
    """Write a fresh job. Raises ResourceNotFoundException, and LimitExceededException when none can go for it."""
    writes = [store.Save(job, "job"), store.Check(Pool.at(pool=job.pool_id), "pool"), *_making_room(job.pool_id)]
    try:
        store.together(*writes)
    except store.Conflict as conflict:
        if "pool" in conflict.names:
            raise _no_pool(job.pool_id) from None
        raise


def read(pool_id: str, job_id: str) -> ImportJob:
    """A job, read now. Raises ResourceNotFoundException."""
    found = store.get(ImportJob, pool=pool_id, id=job_id)
    if found is None:
        raise errors.ResourceNotFoundException(f"Import job {job_id} does not exist.")
    return found


def shown(job: ImportJob, now: float) -> Answer:
    """A job as UserImportJobType, without the URL.

    Attack: an operator who may only look gets the right to replace the file.
    """
    return job.document | {"Status": _status(job, now)}


def page(pool_id: str, limit: int, cursor: str | None) -> store.Page:
    """A page of a pool's jobs, newest first. Raises InvalidParameterException."""
    try:
        return store.listed(keys.listing("ImportJob", pool=pool_id), limit, cursor, newest_first=True)
    except store.BadCursor:
        raise errors.InvalidParameterException("Invalid pagination token") from None


def start(job: ImportJob, now: float) -> None:
    """Let a job begin.

    Raises PreconditionNotMetException for one without file, in another state, beside another job, or while the pool is
    being changed.
    """
    if _status(job, now) != "Created":
        raise errors.PreconditionNotMetException(f"The job cannot be started in the state {_status(job, now)}.")
    found = uploads.find(job)
    if found is None:
        raise errors.PreconditionNotMetException("No file was uploaded for the job.")
    job.document |= {"Status": "Pending", "StartDate": now}
    job.progress = _beginning(found)
    parts = {"pool": job.pool_id, "created": keys.sortable(now)}
    mark = ActiveImport.new(parts, pool_id=job.pool_id, job=job.id)
    pool = store.Check(Pool.at(pool=job.pool_id), "pool")
    change = store.Check(OpenChange.at(pool=job.pool_id), "change", absent=True)
    try:
        store.together(store.Save(job, "job"), store.Save(mark, ACTIVE), pool, change)
    except store.Conflict as conflict:
        raise _not_started(job, conflict) from None


def stop(pool_id: str, job_id: str) -> ImportJob:
    """Let a job end where it is; the job. Raises PreconditionNotMetException, and ResourceNotFoundException.

    The work goes on meanwhile and writes how far it is, so this may take several rounds.
    """

    def attempt() -> ImportJob:
        job = read(pool_id, job_id)
        if job.document["Status"] not in ("Pending", "InProgress"):
            raise errors.PreconditionNotMetException("Only a job that is pending or in progress can be stopped.")
        job.document |= {"Status": "Stopping"}
        store.together(store.Save(job, "job"))
        return job

    return rounds.retried(attempt, "job")


def end(job: ImportJob, outcome: tuple[str, str], now: float) -> None:
    """End a job with a state and a message, and free its pool. One that was to be stopped is stopped."""

    def attempt() -> None:
        fresh = read(job.pool_id, job.id)
        if "CompletionDate" in fresh.document:
            return
        state, message = ("Stopped", STOPPED) if fresh.document["Status"] == "Stopping" else outcome
        fresh.document |= {"Status": state, "CompletionMessage": message, "CompletionDate": now}
        mark = store.Remove(ActiveImport.at(pool=job.pool_id), ACTIVE)
        store.together(store.Save(fresh, "job"), mark)

    rounds.retried(attempt, "job")
    uploads.forget(job)


def active() -> list[ActiveImport]:
    """All jobs that were started and have not ended, in the order of their start."""
    found: list[ActiveImport] = []
    cursor = None
    while True:
        part = store.listed(keys.listing("ActiveImport"), _BATCH, cursor)
        found += [item for item in part.items if isinstance(item, ActiveImport)]
        cursor = part.cursor
        if cursor is None:
            return found


def idle(pool_id: str) -> store.Check:
    """The check that no job works on a pool, named `ACTIVE`: to be made together with what must not meet one."""
    return store.Check(ActiveImport.at(pool=pool_id), ACTIVE, absent=True)


def _status(job: ImportJob, now: float) -> str:
    status = str(job.document["Status"])
    is_over = status == "Created" and now > job.document["CreationDate"] + _DAY
    return "Expired" if is_over else status


def _beginning(found: Found) -> Answer:
    """Where the work begins. The seed gives each line a `sub` of its own, the same however often it is worked on."""
    return {"mark": found.mark, "size": found.size, "at": 0, "line": 0, "header": None, "seed": secrets.token_hex(16)}


def _not_started(job: ImportJob, conflict: store.Conflict) -> errors.AwsError:
    if "pool" in conflict.names:
        return _no_pool(job.pool_id)
    if ACTIVE in conflict.names:
        return errors.PreconditionNotMetException("Another import job of the user pool is in progress.")
    if "change" in conflict.names:
        return errors.PreconditionNotMetException("A change of the user pool is in progress.")
    return errors.PreconditionNotMetException("The job was changed by another request.")


def _no_pool(pool_id: str) -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")


def _making_room(pool_id: str) -> list[store.Write]:
    listing = keys.listing("ImportJob", pool=pool_id)
    if store.count(listing, _MOST_JOBS) < _MOST_JOBS:
        return []
    for job in store.listed(listing, _BATCH).items:
        if isinstance(job, ImportJob) and job.document["Status"] not in ("Pending", "InProgress", "Stopping"):
            return [store.Remove(job, "oldest")]
    raise errors.LimitExceededException(f"A user pool has at most {_MOST_JOBS} import jobs.")
