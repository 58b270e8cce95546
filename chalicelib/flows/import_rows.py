"""One line of a user import: from its values to a user who is written as a sign-up writes one, or to what is wrong.

Owns what the new user is like, the writes, and what a name that is taken means. A line makes the same user however
often it is worked on: its `sub` comes from the job and the number of the line, and `User.source` tells. So a line that
is repeated after a crash finds its own user, and counts as what it was. No triggers, no messages.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from chalicelib import errors
from chalicelib.flows import enrolment
from chalicelib.rules import attributes, import_rows, names
from chalicelib.rules.csv_files import RowRefused
from chalicelib.table import guards, keys, search, store
from chalicelib.table.connection import Refused
from chalicelib.table.directory import ImportJob
from chalicelib.table.items import Password, Pool, User
from chalicelib.table.store import Conflict, Save, Write

SUCCEEDED: Final = "SUCCEEDED"
SKIPPED: Final = "SKIPPED"
FAILED: Final = "FAILED"

_BY_SMS = {"enabled": ["SMS_MFA"], "preferred": "SMS_MFA"}
_LONGEST_MESSAGE = 1000
_BUSY = (errors.TooManyRequestsException, errors.ServiceUnavailableException)
_OF_ONE_LINE = ("ValidationException", "TransactionCanceledException")
"""What DynamoDB calls writes that it will never take."""

_log = logging.getLogger("latchkey.jobs")


class Result(NamedTuple):
    """What became of a line."""

    number: int
    outcome: str
    message: str


class Work(NamedTuple):
    """What the lines of a job have in common; `header` are the columns in the order of the file."""

    pool: Pool
    job: ImportJob
    header: Sequence[str]
    now: float

    def source(self, number: int) -> str:
        """What a user says of where it comes from."""
        return f"{self.job.id}#{number}"


class Entry(NamedTuple):
    """A line that can be written. `names` are what no two lines may be written with at once."""

    number: int
    user: User
    writes: list[Write]
    names: frozenset[str]


def entry(work: Work, number: int, values: Sequence[str]) -> Entry | Result:
    """What a line asks for, or what is wrong with it."""
    try:
        return _entry(work, number, values)
    except (RowRefused, errors.InvalidParameterException) as refusal:
        return failed(number, str(refusal))
    except Exception as trouble:  # noqa: BLE001 - see `_broken`
        return _broken(work, number, trouble)


def written(work: Work, made: Entry) -> Result:
    """Write the user of a line; what became of it.

    Raises what a table raises that is busy or lets nobody in: all lines are to be repeated.
    """
    try:
        store.together(*made.writes)
    except Conflict as conflict:
        return _met(work, made, conflict)
    except Exception as trouble:  # one line is not to stop all others; what concerns all of them goes on
        if isinstance(trouble, _BUSY) or (isinstance(trouble, Refused) and trouble.code not in _OF_ONE_LINE):
            raise
        return _broken(work, made.number, trouble)
    return _succeeded(made.number)


def failed(number: int, message: str) -> Result:
    """That a line cannot be imported; in one line, and not without end."""
    return Result(number, FAILED, " ".join(message.split())[:_LONGEST_MESSAGE])


def _broken(work: Work, number: int, trouble: Exception) -> Result:
    """That a line is more than we understand: it is not to keep all others waiting, again and again."""
    # Without the text of the trouble: it may quote the line.
    _log.error("%s: line %d: %s", work.job.id, number, type(trouble).__name__)
    return failed(number, "An internal error occurred.")


def _succeeded(number: int) -> Result:
    return Result(number, SUCCEEDED, import_rows.SUCCEEDED)


def _entry(work: Work, number: int, values: Sequence[str]) -> Entry:
    given = import_rows.row(work.header, values)
    username = import_rows.username(work.pool.document, given)
    accepted = _attributes(work.pool, username, given)
    user = _user(work, number, username, accepted)
    if import_rows.has_mfa(work.pool.document, given, accepted):
        user.mfa = dict(_BY_SMS)
    password = import_rows.password_hash(given, work.job.document.get("PasswordHashingAlgorithm"))
    if password or (enrolment.is_passwordless(work.pool) and enrolment.has_way_in(work.pool, accepted)):
        user.status = "CONFIRMED"
    writes: list[Write] = [Save(user, "user"), *guards.reguarded(work.pool, user), *search.fresh(work.pool, user)]
    if password:
        writes.append(Save(_password(work, user, password), "password"))
    return Entry(number, user, writes, frozenset(name for _, name in user.guards))


def _attributes(pool: Pool, username: str, given: import_rows.Row) -> dict[str, str]:
    values = enrolment.with_address(pool, username, import_rows.attributes(given))
    enrolment.require_address_of_flags(values)
    accepted = attributes.accepted_in_full(pool.document["SchemaAttributes"], values)
    import_rows.require_verified(pool.document, accepted)
    return accepted


def _user(work: Work, number: int, username: str, accepted: dict[str, str]) -> User:
    """A user who is not active yet: that begins with the first sign-in."""
    document = work.pool.document
    sub = _sub(work, number)
    return User.new(
        {"pool": work.pool.id, "sub": sub, "created": keys.sortable(work.now)},
        pool_id=work.pool.id,
        sub=sub,
        username=sub if names.has_generated_usernames(document) else names.folded(document, username),
        attributes=accepted,
        status="RESET_REQUIRED",
        guards=[],
        source=work.source(number),
        created_at=work.now,
        modified_at=work.now,
    )


def _sub(work: Work, number: int) -> str:
    """The `sub` of a line: random, for the seed of the job is, and always the same."""
    progress: dict[str, Any] = work.job.progress
    digest = hashlib.sha256(f"{progress['seed']}#{number}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _password(work: Work, user: User, text: str) -> Password:
    return Password.new({"pool": work.pool.id, "sub": user.sub}, hash=text, set_at=work.now)


def _met(work: Work, made: Entry, conflict: Conflict) -> Result:
    """What somebody who is there already means for a line."""
    if "user" in conflict.names and _is_own(work, made):
        return _succeeded(made.number)
    is_alias = not names.has_generated_usernames(work.pool.document) and "username" not in conflict.names
    kind = next((name for name in conflict.names if name in names.CANDIDATES), None)
    if is_alias and kind is not None:
        return failed(made.number, f"An account with the given {kind} already exists.")
    return Result(made.number, SKIPPED, import_rows.EXISTS)


def _is_own(work: Work, made: Entry) -> bool:
    found = store.get(User, pool=work.pool.id, sub=made.user.sub)
    return found is not None and found.source == work.source(made.number)
