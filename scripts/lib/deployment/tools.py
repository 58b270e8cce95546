"""The Python environments of a deployment, made by the Python that Lambda will run, below `.tools`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from installation import ROOT, _alone, _install_python

from deployment import interpreters

REQUIREMENTS = {
    "deploy": ["requirements-deploy.txt", "requirements.txt"],
    "cloud": ["requirements-cloud.txt", "requirements-ministack.txt"],
}
"""What each environment has: the first file, which holds all of the second. "cloud" is for tests of a deployment."""


def become_newest() -> None:
    """Start this program anew under the newest Python that Lambda runs, unless it is the one; raises Refused."""
    chosen = interpreters.newest(os.environ)
    if sys.version_info[:2] != chosen.version:
        os.execv(chosen.path, [str(chosen.path), *sys.argv])  # noqa: S606


def place(name: str, chosen: interpreters.Interpreter) -> Path:
    """The folder of an environment."""
    return ROOT / ".tools" / f"{name}-{chosen.name}"


def installed(name: str) -> Path:
    """The Python of an environment, installed if it is not there yet; raises Missing."""
    environment = place(name, interpreters.Interpreter(Path(sys.executable), sys.version_info[:2]))
    with _alone():
        _install_python(environment, REQUIREMENTS[name])
    return environment / "bin" / "python"
