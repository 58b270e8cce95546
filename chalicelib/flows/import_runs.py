"""The work of a user import: part by part through the file, written down after each, so that any run can go on.

Owns how far a job is: the offset and the number of the line, counts and lines, which change in one transaction. Whoever
is cut off repeats the last part, whose lines find their own users. Whoever was overtaken by another run writes nothing
more. Leaves lines to `import_rows`, states to `imports`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any, Final, NamedTuple

from chalicelib.errors import TooManyRequestsException
from chalicelib.flows import import_rows, imports, passwords
from chalicelib.flows.import_rows import FAILED, SKIPPED, SUCCEEDED, Entry, Result, Work
from chalicelib.outside import files
from chalicelib.rules import csv_files
from chalicelib.rules.csv_files import FileRefused, Line, RowRefused
from chalicelib.rules.import_rows import columns, password_hash, row
from chalicelib.table import pools, store
from chalicelib.table.directory import ActiveImport, ImportJob, ImportLines
from chalicelib.table.items import Pool

PART: Final = 100
"""Lines that are written down together; the messages of so many fit into one item."""

_AT_ONCE = 6  # transactions
_KEPT = 90 * 86400  # seconds that lines are kept
_ROUNDS = 5
_SOON = 10_000  # lines
_MEMBERS = {SUCCEEDED: "ImportedUsers", SKIPPED: "SkippedUsers", FAILED: "FailedUsers"}

_DONE = "Import Job Completed Successfully."
_TOO_MANY = "Too many users have failed or been skipped during the import."
_NO_USERS = "The file has no users."
_CHANGED = "The file was changed or removed after the job was started."


class Overtaken(Exception):
    """Nothing is left for this run: another has written down the same part, or the pool has gone."""


class Moment(NamedTuple):
    """The time that a run works by, and whether it is up."""

    now: float
    is_over: Callable[[], bool]


def advance(active: ActiveImport, moment: Moment) -> Counter[str]:
    """Go on with a job until it has ended or the time is up; what became of lines, counted."""
    job = store.get(ImportJob, pool=active.pool_id, id=active.job)
    pool = pools.fresh_pool(active.pool_id)
    if pool is None:
        store.remove_all([active])
    if job is None or pool is None or _has_ended(job):
        return Counter()  # the mark was old: it goes with the job's end, and may be the next one's already
    run = _Run(job, moment)
    try:
        outcome = run.outcome()
    except FileRefused as refusal:
        outcome = ("Failed", str(refusal))
    except files.Changed:
        outcome = ("Failed", _CHANGED)
    except Overtaken:
        outcome = None
    if outcome is not None:
        imports.end(run.job, outcome, moment.now)
    return run.counted


class _Run:
    """One run of one job; `job` is as this run last wrote it."""

    def __init__(self, job: ImportJob, moment: Moment) -> None:
        self.job = job
        self.counted: Counter[str] = Counter()
        self._moment = moment

    def outcome(self) -> tuple[str, str] | None:
        """Work; state and message in which the job ends now, None when it does not yet."""
        if self.job.document["Status"] == "Stopping":
            return ("Stopped", imports.STOPPED)
        if self.job.progress["header"] is None:
            self._begin()
        with ThreadPoolExecutor(_AT_ONCE) as writers:
            for part in self._parts():
                self._write_down(part[-1], _results(self._work(), part, writers))
                if self.job.document["Status"] == "Stopping":
                    return ("Stopped", imports.STOPPED)
                if self._moment.is_over():
                    return None
        return self._ending()

    def _begin(self) -> None:
        """Check the file as a whole, so that what cannot be imported at all is not imported in part."""
        progress: dict[str, Any] = self.job.progress
        if progress["size"] > csv_files.LARGEST:
            raise FileRefused("The file is larger than 100 MB.")
        first = next(csv_files.lines(self._read), None)
        has_hashes = "PasswordHashingAlgorithm" in self.job.document
        header = csv_files.header(first, columns(self._pool().document["SchemaAttributes"]), has_hashes=has_hashes)
        for line in csv_files.lines(self._read):
            csv_files.require_countable(line.number - 1)
        if has_hashes and (example := self._example(header)):
            passwords.expect_foreign(self.job.pool_id, example)
        self._save(lambda job: _set_out(job, header, first))

    def _example(self, header: list[str]) -> str | None:
        """The first hash of the file that can be kept, if there is one soon."""
        algorithm = self.job.document["PasswordHashingAlgorithm"]
        for line in islice(csv_files.lines(self._read), _SOON):
            with suppress(RowRefused):
                found = password_hash(row(header, csv_files.values(line)), algorithm)
                if found:
                    return found
        return None

    def _ending(self) -> tuple[str, str]:
        imported, *others = (int(self.job.document[member]) for member in _MEMBERS.values())
        if imported:
            return ("Succeeded", _DONE)
        return ("Failed", _TOO_MANY if any(others) else _NO_USERS)

    def _work(self) -> Work:
        return Work(self._pool(), self.job, self.job.progress["header"], self._moment.now)

    def _pool(self) -> Pool:
        """The pool, read anew for each part: whoever was faster than an import may have changed or deleted it."""
        pool = pools.fresh_pool(self.job.pool_id)
        if pool is None:
            raise Overtaken
        return pool

    def _parts(self) -> Iterator[list[Line]]:
        progress: dict[str, Any] = self.job.progress
        found = csv_files.lines(self._read, int(progress["at"]), int(progress["line"]))
        while part := list(islice(found, PART)):
            yield part

    def _read(self, at: int) -> bytes:
        progress: dict[str, Any] = self.job.progress
        if at >= progress["size"]:
            return b""
        return files.files().read((self.job.pool_id, self.job.id), progress["mark"], at)

    def _write_down(self, last: Line, results: Sequence[Result]) -> None:
        counts = Counter(result.outcome for result in results)
        self._save(lambda job: _go_on(job, last, counts), *_kept(self.job, results, self._moment.now))
        self.counted += counts

    def _save(self, change: Callable[[ImportJob], None], *beside: store.Write) -> None:
        """Change the job as it is now, unless another run has been here. Raises Overtaken."""
        began = self.job.progress["at"], self.job.progress["header"]
        for _ in range(_ROUNDS):
            change(self.job)
            try:
                return store.together(store.Save(self.job, "job"), *beside)
            except store.Conflict:
                self.job = imports.read(self.job.pool_id, self.job.id)
                if (self.job.progress["at"], self.job.progress["header"]) != began or _has_ended(self.job):
                    raise Overtaken from None
        raise TooManyRequestsException


def _has_ended(job: ImportJob) -> bool:
    return "CompletionDate" in job.document


def _set_out(job: ImportJob, header: list[str], first: Line | None) -> None:
    job.progress |= {"header": header, "at": first.ends if first else 0, "line": 1}
    if job.document["Status"] == "Pending":
        job.document |= {"Status": "InProgress"}


def _go_on(job: ImportJob, last: Line, counts: Counter[str]) -> None:
    job.progress |= {"at": last.ends, "line": last.number}
    job.document |= {member: int(job.document[member]) + counts[outcome] for outcome, member in _MEMBERS.items()}


def _kept(job: ImportJob, results: Sequence[Result], now: float) -> list[store.Write]:
    """What is kept of a part, in one item; of what is as usual no message."""
    if not results:
        return []
    lines = [[one.number, one.outcome, one.message if one.outcome == FAILED else None] for one in results]
    parts = {"pool": job.pool_id, "job": job.id, "line": f"{results[0].number:09}"}
    return [store.Save(ImportLines.new(parts, lines=lines, expires=now + _KEPT), "lines")]


def _results(work: Work, part: Iterable[Line], writers: ThreadPoolExecutor) -> list[Result]:
    """What becomes of the lines of a part, in their order. Lines that name the same are written one after the other."""
    read = [found for line in part if (found := _read_line(work, line)) is not None]
    done = {one.number: one for one in read if isinstance(one, Result)}
    left = [one for one in read if isinstance(one, Entry)]
    while left:
        wave, left = _apart(left)
        for result in writers.map(lambda made: import_rows.written(work, made), wave):
            done[result.number] = result
    return [done[number] for number in sorted(done)]


def _read_line(work: Work, line: Line) -> Entry | Result | None:
    try:
        values = csv_files.values(line)
    except RowRefused as refusal:
        return import_rows.failed(line.number, str(refusal))
    return import_rows.entry(work, line.number, values) if values else None


def _apart(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Of some lines those that may be written at once, and the rest: of two with one name the first is the first."""
    taken: set[str] = set()
    now: list[Entry] = []
    later: list[Entry] = []
    for one in entries:
        (later if one.names & taken else now).append(one)
        taken |= one.names
    return now, later
