"""The Python that Lambda will run: the newest of this machine that it knows.

Chalice names the runtime after the Python that it runs on, and byte code fits one minor version alone, so the package
is made by the version that runs it. 3.11 is left out: its runtime's C library is older than wheels of ours take.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deployment.refusal import Refused

KNOWN = ((3, 14), (3, 13), (3, 12))
"""What Lambda and Chalice both know, newest first."""

_PLACES = (".pyenv/versions/{name}.*/bin/python{name}", ".local/share/uv/python/cpython-{name}.*/bin/python{name}")
"""Below the home folder, where pyenv and uv keep theirs."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python of this machine."""

    path: Path
    version: tuple[int, int]

    @property
    def name(self) -> str:
        """As Lambda writes it: "3.13"."""
        return f"{self.version[0]}.{self.version[1]}"


def newest(environment: Mapping[str, str]) -> Interpreter:
    """The Python that `LATCHKEY_PYTHON` names if Lambda knows it, else the newest found; raises Refused."""
    for path in _found(environment.get("LATCHKEY_PYTHON", ""), environment):
        for version in KNOWN:
            if _is(path, version):
                return Interpreter(path, version)
    for version in KNOWN:
        for path in _candidates(version, environment):
            if _is(path, version):
                return Interpreter(path, version)
    raise Refused(
        "Lambda runs Python 3.12 to 3.14, and this machine has none of them with venv and ensurepip"
        f" (this one is {sys.version_info[0]}.{sys.version_info[1]}). Install python3.13 and its venv package,"
        " or name one: LATCHKEY_PYTHON=/path/to/python3.13"
    )


def _candidates(version: tuple[int, int], environment: Mapping[str, str]) -> Iterator[Path]:
    name = f"{version[0]}.{version[1]}"
    if sys.version_info[:2] == version:
        yield Path(sys.executable)
    yield from _found(f"python{name}", environment)
    for place in _PLACES:
        yield from sorted(Path(environment.get("HOME", "/")).glob(place.format(name=name)), reverse=True)


def _found(program: str, environment: Mapping[str, str]) -> Iterator[Path]:
    path = shutil.which(program, path=environment.get("PATH", os.defpath))
    if path:
        yield Path(path)


def _is(path: Path, version: tuple[int, int]) -> bool:
    """Whether it starts, is of this version, and can make environments (pyenv's shims are there without a Python)."""
    check = f"import ensurepip, ssl, sys, venv; sys.exit(sys.version_info[:2] != {version!r})"
    try:
        return subprocess.run([path, "-c", check], capture_output=True, check=False, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
