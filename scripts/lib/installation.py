"""Installs what the checkout needs into the checkout: `.venv` for Python, `node_modules`, `.tools` for the rest.

Everything is pinned: Python packages by hash, npm's by the lock file. What is there already is recognised by a stamp
(the hash of the file that was installed), so that a second start installs nothing. Runs on the standard library alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
_MODULES = ROOT / "node_modules"
_STAMP = ".latchkey-installed"
_OLDEST_NODE = (18, 2)


class Missing(Exception):
    """Something that only the owner of the machine can install; the message says what and how."""


def install_runtime() -> None:
    """What the application needs: the packages that it imports, and the table engine."""
    _refuse_without_node()
    with _alone():
        _install_python(ROOT / ".venv", ["requirements.txt"])
        _install_node(["--omit=dev"], accepted=("runtime", "all"))
        _install_engine()


def install_all() -> None:
    """What the tests and checks need beside that; Python tools whose pins clash get environments of their own."""
    _refuse_without_node()
    with _alone():
        _install_python(ROOT / ".venv", ["requirements-dev.txt", "requirements.txt"])
        _install_node([], accepted=("all",))
        _install_engine()
        for tool in ("awscli", "ministack"):
            _install_python(ROOT / ".tools" / tool, [f"requirements-{tool}.txt"])


def _refuse_without_node() -> None:
    """Without a table engine there is nothing to start; a DynamoDB named by the shell needs neither Node nor npm."""
    if os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") and not shutil.which("npm"):
        return
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise Missing(f"{program} is needed for the table engine: install Node.js 18 or newer with npm")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = tuple(int(part) for part in said.lstrip("v").split(".")[:2] if part.isdigit())
    if version < _OLDEST_NODE:
        raise Missing(f"Node.js 18.2 or newer is needed; found {said or 'one that does not start'}")


@contextmanager
def _alone() -> Iterator[None]:
    """One installation at a time: two scripts started together would delete each other's files."""
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _install_python(environment: Path, files: list[str]) -> None:
    """Install the first of `files` (which includes the others) with every file's hash checked."""
    wanted = {name: _digest(ROOT / name) for name in files}
    python = environment / "bin" / "python"
    if wanted.items() <= _stamp_of(environment).items() and _runs(python):
        return
    if not _runs(python):
        _say(f"making {environment.relative_to(ROOT)}")
        _run([sys.executable, "-m", "venv", "--clear", str(environment)])
    _say(f"installing Python packages from {files[0]}")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--require-hashes"]
    _run([*pip, "-r", str(ROOT / files[0])])
    _stamp(environment, wanted)


def _install_node(options: list[str], accepted: tuple[str, ...]) -> None:
    if not shutil.which("npm"):
        return
    wanted = _digest(ROOT / "package-lock.json")
    stamp = _stamp_of(_MODULES)
    if any(stamp.get(kind) == wanted for kind in accepted):
        return
    _say("installing npm packages from package-lock.json")
    _run(["npm", "ci", "--no-audit", "--no-fund", *options])
    _stamp(_MODULES, {accepted[0]: wanted})


def _install_engine() -> None:
    """The engine of another platform than the lock file's: by name, in the version that the lock file's has."""
    sys.path.insert(0, str(ROOT))
    from chalicelib.laptop import engine

    try:
        engine.binary()
    except engine.EngineMissing:
        if os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"):
            return
        versions = set(json.loads((ROOT / "package.json").read_text())["optionalDependencies"].values())
        _say(f"installing the table engine {engine.package()}")
        _run(["npm", "install", "--no-save", "--no-package-lock", "--omit=dev", f"{engine.package()}@{versions.pop()}"])


def _run(command: list[str]) -> None:
    """Run a step, its output to the terminal; Missing with the step's name if it fails."""
    try:
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    except (subprocess.CalledProcessError, OSError) as error:
        shown = " ".join(Path(part).name if part.startswith("/") else part for part in command[:6])
        raise Missing(f"`{shown} ...` failed; its own words are above") from error


def _runs(python: Path) -> bool:
    """Whether an environment's Python starts: its base may have been removed or be too old since."""
    if not python.exists():
        return False
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


def _stamp_of(place: Path) -> dict[str, str]:
    try:
        stamp = json.loads((place / _STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _stamp(place: Path, facts: dict[str, str]) -> None:
    place.mkdir(exist_ok=True)
    (place / _STAMP).write_text(json.dumps(facts, indent=2) + "\n")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _say(text: str) -> None:
    print(f"-- {text}", flush=True)


if __name__ == "__main__":
    try:
        install_all()
    except Missing as error:
        sys.exit(str(error))
