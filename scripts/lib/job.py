"""The command line of scripts/job: one run of a scheduled job, by hand."""

from __future__ import annotations

import argparse
import logging
import sys
import time

import destination

from chalicelib.jobs import JOBS, SECONDS

_ABOUT = "Run one of the scheduled jobs once, now, and say what it did."
_MORE = """\
jobs:
{jobs}

Each is leased, so it does not get in the way of its own schedule, works for {seconds:g} seconds at the most,
and goes on with the next run where it stopped.

in an emergency:
  scripts/job keys --pool ID --now
  drops the signing keys of a pool because they are in wrong hands. Keys that nobody has yet sign at once, and every ID
  and access token of before is refused. Clients get new ones with their refresh tokens.

The exit status is 1 when something could not be done.
"""


class Refused(Exception):
    """The job could not be done, or not all of it; the message says why."""


def main() -> int:
    """Run what is asked for; the exit status."""
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        with destination.reached(options):
            print(*_done(options), sep="\n")
    except (Refused, destination.Unreachable) as error:
        print(f"scripts/job: {error}", file=sys.stderr)
        return 1
    return 0


def _done(options: argparse.Namespace) -> list[str]:
    from chalicelib import errors
    from chalicelib.jobs import keys, runner
    from chalicelib.outside.secrets import KeyUnavailable

    try:
        if options.now:
            return keys.drop(options.pool, time.time())
        return runner.run(options.name, time.time()).lines
    except (runner.JobFailed, KeyUnavailable, errors.AwsError) as error:
        raise Refused(str(error)) from error


def _options() -> argparse.Namespace:
    jobs = "\n".join(f"  {name:12} {about}" for name, about in JOBS.items())
    parser = argparse.ArgumentParser(
        prog="scripts/job",
        description=_ABOUT,
        epilog=_MORE.format(jobs=jobs, seconds=SECONDS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", choices=sorted(JOBS), help="the job; see below")
    destination.add_options(parser)
    parser.add_argument("--pool", metavar="ID", help="with keys and --now: the pool")
    parser.add_argument("--now", action="store_true", help="with keys and --pool: drop the keys of a pool at once")
    options = parser.parse_args()
    if options.now != bool(options.pool) or (options.now and options.name != "keys"):
        parser.error("--now and --pool go together, with the job keys")
    return options


if __name__ == "__main__":
    sys.exit(main())
