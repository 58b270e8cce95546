"""The command line of scripts/deploy: finds the Python that Lambda will run, installs the tools, hands over.

Runs on the standard library alone, twice: under any Python 3.11 to find the newest Python that Lambda runs, then under
that one, because the package is made by, and compiled for, the very version that will run it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from deployment import interpreters, options
from deployment.refusal import Refused
from installation import ROOT, Missing, _alone, _install_python


def main() -> None:
    """Read the options, install, and become the deployer."""
    options.read()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        chosen = interpreters.newest(os.environ)
        if sys.version_info[:2] != chosen.version:
            os.execv(chosen.path, [str(chosen.path), __file__, *sys.argv[1:]])  # noqa: S606
        environment = ROOT / ".tools" / f"deploy-{chosen.name}"
        with _alone():
            _install_python(environment, ["requirements-deploy.txt", "requirements.txt"])
    except (Refused, Missing) as problem:
        sys.exit(f"scripts/deploy: {problem}")
    python = environment / "bin" / "python"
    deployer = Path(__file__).with_name("deployer.py")
    os.execv(python, [str(python), str(deployer), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
