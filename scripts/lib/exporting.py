"""The command line of scripts/export: a pool, sealed into one file."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import destination
import passphrase
from progress import Progress, add_option

_ABOUT = "Write everything of a user pool into one file, sealed under a passphrase."
_MORE = """\
in the file:
  the pool with all its settings, signing keys, clients with their secrets, resource servers, terms, branding, domains,
  groups; every user with password (argon2 or imported hash, SRP verifier), sessions, memberships and whatever else the
  table holds of the user; the records of imports and changes, and the daily figures. After scripts/import users sign
  in as before, under the same ids, their refresh tokens work, and old access tokens verify if the address of the
  service is the same.

not in the file:
  codes that were sent (users ask for new ones), audit lines, limits being counted, operator keys, the data keys of the
  stage. Of a refresh token that had been replaced before the export nobody can tell any more that it was one: it is
  refused after a restore, but does not end the session that it belonged to.

while the service is in use:
  Each user is read by one strongly consistent query, at some moment of the run. A user made or deleted during the run
  may be in the file or not; no two users in it have one name. Groups and clients that are made during the run may be
  missing. If the rules for names change during the run, or the pool is deleted, there is no file.

the file:
  Secrets are open inside, so the passphrase is all that protects them: at least five random words. It is read from
  LATCHKEY_PASSPHRASE, or asked for. AES-256-GCM in chunks, the key by argon2id (64 MiB, 3 passes, 4 lanes); the form is
  described in chalicelib/rules/sealed_files.py and chalicelib/flows/pool_exports.py.

The exit status is 1 when it could not be done; there is no file then.
"""


class Refused(Exception):
    """The pool cannot be exported; the message says why."""


def main() -> int:
    """Export one pool; the exit status."""
    options = _options()
    progress = Progress("users", is_asked_for=options.progress)
    try:
        with _draft(Path(options.out), force=options.force) as file:
            words = passphrase.chosen()
            with destination.reached(options):
                said = _exported(options.pool, words, file, progress)
        print(said)
    except (Refused, destination.Unreachable, passphrase.NoPassphrase) as error:
        print(f"scripts/export: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("scripts/export: interrupted; there is no file", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/export", description=_ABOUT, epilog=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    destination.add_options(parser)
    parser.add_argument("--pool", metavar="ID", required=True, help="the id of the user pool")
    parser.add_argument("--out", metavar="FILE", required=True, help="the file to write; only its owner can read it")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    add_option(parser)
    return parser.parse_args()


def _exported(pool_id: str, words: str, file: BinaryIO, progress: Progress) -> str:
    """Write the pool into the file; a line that says what was done."""
    from chalicelib import errors
    from chalicelib.flows import export_files, pool_exports, user_exports
    from chalicelib.outside.secrets import KeyUnavailable, Unsealable
    from chalicelib.table import connection

    counts: dict[str, int] = {}
    try:
        for part in export_files.packed(_counted(pool_exports.lines(pool_id), counts, progress), words):
            file.write(part)
    except (user_exports.Restless, KeyUnavailable, Unsealable, connection.Refused, errors.AwsError) as error:
        raise Refused(str(error)) from error
    except OSError as error:
        raise Refused(f"the file cannot be written: {error.strerror}") from error
    finally:
        progress.end()
    size, rate = file.tell() / 1e6, progress.rate(counts["users"])
    said = f"{counts['users']:,} users, {counts['rows']:,} items, {size:,.1f} MB"
    return f"exported {pool_id}: {said}, in {progress.seconds:,.1f} s ({rate:,.0f} users/s)"


def _counted(lines: Iterator[dict[str, Any]], counts: dict[str, int], progress: Progress) -> Iterator[dict[str, Any]]:
    users = 0
    for line in lines:
        users += "user" in line
        progress.count(users)
        counts |= line.get("end", {})
        yield line


@contextmanager
def _draft(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file beside the one that is wanted, readable by its owner alone, which takes its place when it is complete.

    Raises Refused when there is one already, before any work and again in the end.
    """
    if path.exists() and not force:
        raise Refused(f"{path} exists; --force replaces it")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
            _put(draft, path, force=force)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        raise Refused(f"{path} was made by somebody else meanwhile; --force replaces it") from None
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error


def _put(draft: Path, path: Path, *, force: bool) -> None:
    try:
        if not force:
            os.link(draft, path)  # which does not replace what is there, as a change of names does
            return
    except OSError:  # it exists, or the file system has no links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
