"""The command line of scripts/bench: what is measured, in which order, on which engine."""

from __future__ import annotations

import argparse
import shutil

from bench import place

_ABOUT = "Measure what Latchkey's stories cost on this machine, beside what they cannot cost less than."
_MORE = """\
what the columns mean:
  CPU ms     CPU of the application's process a call (median); the table engine is another process
  crypto     the story's cryptography by itself, measured in the same run
  SDK        the story's own DynamoDB requests sent by the bare client, measured in the same run
  own CPU    what is left: CPU - crypto - SDK
  ratio      CPU / (crypto + SDK)
  noise      how far the medians of the rounds lie apart

Other work on the machine moves wall times a lot and CPU by some 10 %.
"""


def main() -> None:
    """Read the options, make the place, measure and print."""
    options = _options()
    folder = place.make_environment()
    try:
        from bench import session  # reads the environment

        session.run(options, folder / "outbox.jsonl")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=_ABOUT, epilog=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few calls and small crowds: a look, no result")
    parser.add_argument(
        "--users",
        type=_users,
        nargs="*",
        metavar="N",
        help="the cost of a pool's size alone, at these sizes (1000 100000)",
    )
    parser.add_argument("--engine", choices=("dynoxide", "dynamodb-local"), default="dynoxide")
    parser.add_argument("--http", action="store_true", help="also over HTTP, against scripts/dev")
    parser.add_argument("--calls", type=int, metavar="N", help="calls of each story in a round (50)")
    return parser.parse_args()


def _users(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a number from 1 to 1000000")
    return int(text)


if __name__ == "__main__":
    main()
