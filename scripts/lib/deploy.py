"""The command line of scripts/deploy: finds the Python that Lambda will run, installs the tools, hands over.

Runs on the standard library alone, twice: under any Python 3.11 to find the newest Python that Lambda runs, then under
that one, because the package is made by, and compiled for, the very version that will run it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from deployment import options, tools
from deployment.refusal import Refused
from installation import Missing


def main() -> None:
    """Read the options, install, and become the deployer."""
    options.read()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an installer must not outlive its caller
    try:
        tools.become_newest()
        python = tools.installed("deploy")
    except (Refused, Missing) as problem:
        sys.exit(f"scripts/deploy: {problem}")
    os.execv(python, [str(python), str(Path(__file__).with_name("deployer.py")), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
