"""The command line of scripts/check-table: whether all invariants of the table hold."""

from __future__ import annotations

import argparse
import sys

import destination
from printable import printable
from progress import Progress, add_option

_ABOUT = "Read the whole table once and check what must hold between its items; change nothing."
_MORE = """\
what must hold:
  every name guard has its user and every user has the guards of its names, and no others; memberships are told by the
  user and by the group; everybody is found by what the search entries say, and by nothing else; parts of users, clients
  and pools have their user, client and pool; clients that were made with a secret have one; domains and pools name each
  other; images and records of imports have what they belong to; every item is of a known kind, and
  stands in the list index where it must.

It may be run while the service is in use: what looks broken is read again, both ends at one moment, before it is told.
What is left of deleted pools until the job sweep comes, and what only waits for the end of its time, is counted.
Memory does not grow with the table; an index on disk takes some 250 bytes for each item while it runs.

The exit status is 0 when everything holds, 1 with a line for each finding, 2 when the table could not be read.
"""


class Refused(Exception):
    """The table cannot be read; the message says why."""


def main() -> int:
    """Check the table; the exit status."""
    options = _options()
    progress = Progress("items", is_asked_for=options.progress)
    try:
        with destination.reached(options):
            return _checked(options, progress)
    except (Refused, destination.Unreachable) as error:
        print(f"scripts/check-table: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("scripts/check-table: interrupted", file=sys.stderr)
    return 2


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/check-table",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    destination.add_options(parser)
    parser.add_argument("--open", action="store_true", help="also open every sealed value, which takes longer")
    parser.add_argument("--most", metavar="N", type=int, default=100, help="findings to tell at the most (100)")
    add_option(parser)
    return parser.parse_args()


def _checked(options: argparse.Namespace, progress: Progress) -> int:
    from chalicelib import errors
    from chalicelib.flows import sealed_values
    from chalicelib.outside.secrets import KeyUnavailable
    from chalicelib.table import connection, invariants

    look = sealed_values.fault if options.open else None
    try:
        found = invariants.checked(most=max(1, options.most), look=look, told=progress.count)
    except (errors.AwsError, connection.Refused, KeyUnavailable) as error:
        raise Refused(str(error)) from error
    finally:
        progress.end()
    for line in [*found.broken, *([f"and up to {found.more} more"] if found.more else [])]:
        print(printable(line))
    passing = f"; {found.leftovers} left over, {found.expired} expired" if found.leftovers or found.expired else ""
    end = f"{len(found.broken)} broken" if found.broken else "all invariants hold"
    print(f"{found.items} items, {end}{passing}", file=sys.stderr if found.broken else sys.stdout)
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
