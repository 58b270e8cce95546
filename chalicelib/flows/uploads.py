"""Uploads of user imports: the URL that an operator gets, and what comes in by our own door where there is no bucket.

The right to upload is the URL itself: a sealed text, good for 15 minutes, one pool and one job. It names no file, so no
caller says where anything is written. Leaves where files lie to `outside.files`, and jobs to `imports`.
"""

from __future__ import annotations

import contextlib
from typing import Final

from chalicelib import errors
from chalicelib.flows import vault
from chalicelib.outside import files
from chalicelib.outside.files import Found
from chalicelib.outside.secrets import KeyUnavailable
from chalicelib.rules import csv_files
from chalicelib.table import store
from chalicelib.table.directory import ImportJob

PATH: Final = "/_uploads"

_PURPOSE: Final = "upload"


def url(job: ImportJob, base_url: str, now: float) -> str:
    """Where the file of a job may be put for 15 minutes. Raises OperationNotEnabledException."""
    try:
        there = files.files().url(job.pool_id, job.id)
    except files.Unavailable as reason:
        raise errors.OperationNotEnabledException(str(reason)) from None
    if there is not None:
        return there
    token = vault.sealed_text(_PURPOSE, {"pool": job.pool_id, "job": job.id}, now, files.URL_SECONDS)
    return f"{base_url}{PATH}?token={token}"


def find(job: ImportJob) -> Found | None:
    """The file of a job, if it was uploaded. Raises ServiceUnavailableException."""
    try:
        return files.files().find(job.pool_id, job.id)
    except files.Unavailable as reason:
        raise errors.ServiceUnavailableException(str(reason)) from None


def longest(token: str, now: float, otherwise: int) -> int:
    """How many bytes whoever brings this text may send.

    Attack: strangers who send 100 MB each, to be refused only when it is all in memory.
    """
    try:
        _opened(token, now)
    except (errors.AwsError, KeyUnavailable):
        return otherwise
    return csv_files.LARGEST


def receive(token: str, content: bytes, now: float) -> None:
    """Keep a file for its job, in place of an earlier one, until the job is started.

    Raises AccessDeniedException for a text that is not ours or over, and PreconditionNotMetException.
    """
    pool_id, job_id = _opened(token, now)
    folder = files.files()
    if not isinstance(folder, files.Folder):
        raise errors.AccessDeniedException("Uploads do not come this way here.")
    job = store.get(ImportJob, pool=pool_id, id=job_id)
    if job is None or job.document["Status"] != "Created":
        raise errors.PreconditionNotMetException("The job takes no file any more.")
    folder.keep(pool_id, job_id, content)


def forget(job: ImportJob) -> None:
    """Delete the file of a job that has ended; where that fails, it goes two days after it came."""
    with contextlib.suppress(files.Unavailable):
        files.files().remove(job.pool_id, job.id)


def sweep(now: float) -> int:
    """Delete what was left lying, where no bucket does it by itself; how many files went."""
    try:
        folder = files.files()
    except files.Unavailable:
        return 0
    return folder.sweep(now) if isinstance(folder, files.Folder) else 0


def _opened(token: str, now: float) -> tuple[str, str]:
    try:
        held = vault.opened_text(_PURPOSE, token, now)
    except vault.Unsealable:
        raise errors.AccessDeniedException("The URL is not valid, or its time is over.") from None
    return str(held["pool"]), str(held["job"])
