"""The command line of scripts/dev: reads the options, installs what is missing, hands over to the supervisor.

Runs on any Python 3.11 with the standard library alone; the supervisor runs on the Python of `.venv`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

import installation

_ABOUT = "Start Latchkey on this machine: table engine, table, root operator, demo pool, then the application."
_MORE = """\
files in the data folder:
  credentials      AWS credentials file, profile latchkey (the root operator)
  outbox.jsonl     mail and messages that were sent, one JSON object a line
  table.db         the table
  application.log  engine.log

environment:
  LATCHKEY_OPERATOR=ID:SECRET    the root operator's key, at the first start
  LATCHKEY_DATA                  the data folder, where --data is not given
  LATCHKEY_PYTHON                the Python to make .venv with
  AWS_ENDPOINT_URL_DYNAMODB      another DynamoDB; no table engine is started
  AWS_ENDPOINT_URL_<SERVICE> and the other AWS variables reach the application.
"""


def main() -> None:
    """Read the options, install, and become the supervisor."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # an installer must not outlive its caller
    try:
        installation.install_runtime()
    except installation.Missing as error:
        sys.exit(f"scripts/dev: {error}")
    if options.data:
        os.environ["LATCHKEY_DATA"] = str(Path(options.data).expanduser().absolute())
    flags = [name for name in ("fresh", "no_reload") if getattr(options, name)]
    supervisor = str(Path(__file__).with_name("supervisor.py"))
    os.execv(installation.PYTHON, [str(installation.PYTHON), supervisor, str(options.port), *flags])  # noqa: S606


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/dev", description=_ABOUT, epilog=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=_port, default=8000, help="where the application answers (8000)")
    parser.add_argument("--data", metavar="DIR", help="the data folder (one of this checkout's own, outside of it)")
    parser.add_argument("--fresh", action="store_true", help="delete what Latchkey keeps in the data folder first")
    parser.add_argument("--no-reload", action="store_true", help="do not restart the application when its code changes")
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
