"""The command line of scripts/import: a pool, restored from a file of scripts/export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import BinaryIO

import destination
import passphrase
from printable import printable
from progress import Progress, add_option

_ABOUT = "Restore a user pool from a file that scripts/export has written, with every id, password and key that it had."
_MORE = """\
The table must not have the pool, nor one of its clients or domains in another pool: then nothing is written. (To take a
pool back to the state of a file, delete it first; two minutes later it can be restored.) Secrets are sealed anew under
the data key of this stage. The passphrase is read from LATCHKEY_PASSPHRASE, or asked for.

The pool is served when all of it is there, and not before. If the run is interrupted, run it again: it removes what the
first one has written and begins anew (at once after Ctrl-C or an error, five minutes after a crash). If nobody does,
the job sweep removes it, an hour later.

Old access tokens verify if the address of the service (the issuer) is the same as before. An import of users that was
under way is restored as stopped. scripts/export --help tells what the file holds.

The exit status is 1 when the pool was not restored.
"""


class Refused(Exception):
    """The pool was not restored; the message says why."""


def main() -> int:
    """Restore one pool; the exit status."""
    options = _options()
    progress = Progress("users", is_asked_for=options.progress)
    try:
        with _opened(Path(options.file)) as file:
            words = passphrase.known()
            with destination.reached(options):
                print(_restored(file, words, progress))
    except (Refused, destination.Unreachable, passphrase.NoPassphrase) as error:
        print(f"scripts/import: {printable(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("scripts/import: interrupted; run it again to begin anew", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/import", description=_ABOUT, epilog=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    destination.add_options(parser)
    parser.add_argument("--in", dest="file", metavar="FILE", required=True, help="the file")
    add_option(parser)
    return parser.parse_args()


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error


def _restored(file: BinaryIO, words: str, progress: Progress) -> str:
    """Write the pool of the file into the table; a line that says what was done."""
    from chalicelib import errors
    from chalicelib.flows import export_files, pool_restores
    from chalicelib.outside.secrets import KeyUnavailable
    from chalicelib.settings import current
    from chalicelib.table import connection, tables

    lines = export_files.unpacked(file.read, words)
    try:
        if current().is_local:
            tables.ensure()
        done = pool_restores.restore(lines, progress.say, progress.count)
    except (export_files.NotSealed, export_files.WrongPassphrase, export_files.Damaged) as error:
        raise Refused(f"{error} Nothing of it is in use.") from error
    except pool_restores.Interrupted as error:
        raise Refused(f"{error}; the pool is not in use, run it again to begin anew") from error
    except (pool_restores.Refused, pool_restores.Foreign, KeyUnavailable, errors.AwsError, OSError) as error:
        raise Refused(str(error)) from error
    except connection.Refused as error:
        raise Refused(f"the table does not take what is in the file: {error}") from error
    finally:
        progress.end()
    said = f"{done['users']:,} users, {done['rows']:,} items"
    rate = progress.rate(done["users"])
    return f"restored {done['pool']}: {said}, in {progress.seconds:,.1f} s ({rate:,.0f} users/s)"


if __name__ == "__main__":
    sys.exit(main())
