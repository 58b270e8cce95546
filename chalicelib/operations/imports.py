"""User imports: the header of a file, jobs that import one, what became of its lines."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import import_lines, imports, uploads
from chalicelib.operations.registry import operation
from chalicelib.rules import import_rows
from chalicelib.table.directory import ImportJob

Answer = dict[str, Any]

_MEMBERS = ("JobName", "CloudWatchLogsRoleArn", "PasswordHashingAlgorithm")
_PAGE = 100


@operation
def get_csv_header(call: Call) -> Answer:
    """The columns that the file of an import must have. Raises ResourceNotFoundException."""
    pool = fresh_pool_of(call["UserPoolId"])
    return {"UserPoolId": pool.id, "CSVHeader": import_rows.columns(pool.document["SchemaAttributes"])}


@operation
def create_user_import_job(call: Call) -> Answer:
    """A new job, and the URL to which its file goes within 15 minutes; the role is kept and shown, and not used.

    Raises ResourceNotFoundException, LimitExceededException, and OperationNotEnabledException where no place for files
    is set up.
    """
    pool = fresh_pool_of(call["UserPoolId"])
    job = imports.new(pool.id, {name: call[name] for name in _MEMBERS if name in call}, call.now)
    url = uploads.url(job, call.origin.base_url, call.now)
    imports.create(job)
    return {"UserImportJob": imports.shown(job, call.now) | {"PreSignedUrl": url}}


@operation
def describe_user_import_job(call: Call) -> Answer:
    """A job as it is now; its counts grow while it works. Raises ResourceNotFoundException."""
    return _shown(call, _job(call))


@operation
def list_user_import_jobs(call: Call) -> Answer:
    """A page of a pool's jobs, newest first. Raises ResourceNotFoundException and InvalidParameterException."""
    pool = fresh_pool_of(call["UserPoolId"])
    page = imports.page(pool.id, call["MaxResults"], call.get("PaginationToken"))
    jobs = [imports.shown(item, call.now) for item in page.items if isinstance(item, ImportJob)]
    answer: Answer = {"UserImportJobs": jobs}
    return answer | ({"PaginationToken": page.cursor} if page.cursor else {})


@operation
def start_user_import_job(call: Call) -> Answer:
    """Let a job whose file has come begin within a minute.

    Raises PreconditionNotMetException for one without file, in another state than Created, or while another job of the
    pool works, and ResourceNotFoundException.
    """
    job = _job(call)
    imports.start(job, call.now)
    return _shown(call, job)


@operation
def stop_user_import_job(call: Call) -> Answer:
    """Let a job end where it is; who was imported stays. Raises PreconditionNotMetException and ResourceNotFound."""
    fresh_pool_of(call["UserPoolId"])
    return _shown(call, imports.stop(call["UserPoolId"], call["JobId"]))


@operation(service="latchkey")
def list_user_import_lines(call: Call) -> Answer:
    """What became of the lines of a job, as far as it is. Raises ResourceNotFound- and InvalidParameterException."""
    lines, token = import_lines.page(_job(call), call.get("MaxResults", _PAGE), call.get("NextToken"))
    return {"Lines": lines} | ({"NextToken": token} if token else {})


def _job(call: Call) -> ImportJob:
    return imports.read(fresh_pool_of(call["UserPoolId"]).id, call["JobId"])


def _shown(call: Call, job: ImportJob) -> Answer:
    return {"UserImportJob": imports.shown(job, call.now)}
