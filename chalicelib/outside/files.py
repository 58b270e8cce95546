"""Files that operators hand over for a while, uploads of user imports: in an S3 bucket, or in a folder of this machine.

A file is named by the pool and the job that it is for. Whoever reads one says which state of it, by its `mark`: a file
that was uploaded again meanwhile must not be read half old and half new. Leaves who may upload, and the way by which a
file comes into the folder, to `flows.imports`. Uploads to S3 go by presigned URL (Signature Version 4).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, NamedTuple, Protocol

from chalicelib import settings
from chalicelib.outside import aws

URL_SECONDS: Final = 900
KEPT_SECONDS: Final = 2 * 86400
"""How long a file stays that nobody took away; the lifecycle of the bucket says the same."""

_BLOCK: Final = 1 << 20
_POOL = re.compile(r"[\w-]{1,55}", re.ASCII)
_JOB = re.compile(r"import-[0-9a-zA-Z]{1,40}", re.ASCII)


class Unavailable(RuntimeError):
    """Files cannot be kept or reached now; the message says why, without names or contents."""


class Changed(Exception):
    """The file is not there any more, or was uploaded again since."""


class Found(NamedTuple):
    """A file that is there: its bytes, and the mark of its present state."""

    size: int
    mark: str


class Files(Protocol):
    """A place for files."""

    def url(self, pool_id: str, job_id: str) -> str | None:
        """Where the file may be put by HTTP for 15 minutes; None: it comes through our own door."""

    def find(self, pool_id: str, job_id: str) -> Found | None:
        """The file, if it was uploaded. Raises Unavailable."""

    def read(self, name: tuple[str, str], mark: str, start: int) -> bytes:
        """A block of a file of (pool, job) from an offset before its end. Raises Changed and Unavailable."""

    def remove(self, pool_id: str, job_id: str) -> None:
        """Delete the file, if it is there. Raises Unavailable."""


def files() -> Files:
    """The place that the settings name. Raises Unavailable when they name none."""
    current = settings.current()
    if current.import_bucket:
        return Bucket(current.import_bucket, current.region)
    if current.uploads or current.key_file:
        return Folder(Path(current.uploads) if current.uploads else Path(current.key_file).with_name("uploads"))
    raise Unavailable("There is no place for uploads: LATCHKEY_IMPORT_BUCKET is not set.")


class Bucket:
    """A private bucket. Who asks whether a file is there needs no right to read it: it holds hashes of passwords."""

    def __init__(self, name: str, region: str) -> None:
        self._name = name
        self._region = region

    def url(self, pool_id: str, job_id: str) -> str:
        """A presigned PUT.

        S3 refuses every `x-amz-` header that was not signed, and clients of Cognito send the one that asks for
        encryption by KMS, as its guide says. So that header is signed, and an upload without it is refused.
        """
        given = {"Bucket": self._name, "Key": _key(pool_id, job_id), "ServerSideEncryption": "aws:kms"}
        return str(self._client().generate_presigned_url("put_object", given, URL_SECONDS, "PUT"))

    def find(self, pool_id: str, job_id: str) -> Found | None:
        """Asked of the list of the bucket."""
        key = _key(pool_id, job_id)
        with _reached():
            listed = self._client().list_objects_v2(Bucket=self._name, Prefix=key, MaxKeys=1).get("Contents", [])
        return next((Found(one["Size"], one["ETag"]) for one in listed if one["Key"] == key), None)

    def read(self, name: tuple[str, str], mark: str, start: int) -> bytes:
        """By range, on condition of the mark."""
        wanted = {"Key": _key(*name), "Range": f"bytes={start}-{start + _BLOCK - 1}", "IfMatch": mark}
        with _reached():
            return bytes(self._client().get_object(Bucket=self._name, **wanted)["Body"].read())

    def remove(self, pool_id: str, job_id: str) -> None:
        """A bucket without versions keeps nothing of it."""
        with _reached():
            self._client().delete_object(Bucket=self._name, Key=_key(pool_id, job_id))

    def _client(self) -> Any:
        return aws.client("s3", self._region)


class Folder:
    """A folder of this machine, open to its owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def url(self, _pool_id: str, _job_id: str) -> None:
        """None: files come through our own door."""

    def find(self, pool_id: str, job_id: str) -> Found | None:
        """Asked of the file system."""
        try:
            return _found(self._file(pool_id, job_id).stat())
        except FileNotFoundError:
            return None

    def read(self, name: tuple[str, str], mark: str, start: int) -> bytes:
        """On condition of the mark."""
        try:
            with self._file(*name).open("rb") as file:
                if _found(os.fstat(file.fileno())).mark != mark:
                    raise Changed
                file.seek(start)
                return file.read(_BLOCK)
        except FileNotFoundError:
            raise Changed from None

    def remove(self, pool_id: str, job_id: str) -> None:
        """Nothing of it stays."""
        self._file(pool_id, job_id).unlink(missing_ok=True)

    def keep(self, pool_id: str, job_id: str, content: bytes) -> None:
        """Keep a file that came through our door, in place of one of before: whole or not at all, and on the disk."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self._file(pool_id, job_id)
        draft = target.with_name(f".{target.name}.{token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def sweep(self, now: float) -> int:
        """Delete what was left lying for two days; how many files went."""
        files = [*self._path.glob("*.csv"), *self._path.glob(".*.csv.*")]  # the latter of uploads that were cut off
        return sum(_swept(file, now) for file in files)

    def _file(self, pool_id: str, job_id: str) -> Path:
        return self._path / _key(pool_id, job_id).replace("/", ".")


def _key(pool_id: str, job_id: str) -> str:
    """Attack: an id that is a path, or leads out of the folder."""
    if not (_POOL.fullmatch(pool_id) and _JOB.fullmatch(job_id)):
        raise ValueError("These are no ids of a pool and a job.")
    return f"imports/{pool_id}/{job_id}.csv"


def _found(status: os.stat_result) -> Found:
    return Found(status.st_size, f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}")


def _swept(file: Path, now: float) -> bool:
    try:
        if now - file.stat().st_mtime <= KEPT_SECONDS:
            return False
        file.unlink()
    except FileNotFoundError:  # its upload has just ended
        return False
    return True


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """S3's refusals in our words; neither names nor contents get into them."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("PreconditionFailed", "412", "NoSuchKey", "404", "InvalidRange", "416"):
            raise Changed from None
        raise Unavailable(f"S3 refused the request: {code}.") from None
    except BotoCoreError as error:
        raise Unavailable(f"S3 cannot be reached: {type(error).__name__}.") from None
