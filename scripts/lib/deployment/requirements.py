"""Which packages are shipped: what the application imports, in the pinned versions, as wheels of Lambda's platform.

Chalice's own command line stays at home (of Chalice, Lambda gets the one module that Chalice packs itself). Chalice
could fetch the rest too, but checks no hash of a wheel of another platform and only warns when it finds none.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deployment.refusal import Refused

_AT_HOME = {"chalice"}
_GLIBC = range(34, 16, -1)
"""Minor versions of the C library whose wheels the runtimes of Python 3.12 and newer take (Amazon Linux 2023)."""


def install(pins: Path, wanted: Path, target: Path, machine: str) -> None:
    """Put what `wanted` (requirements.in) needs into `target`, as `pins` has it, for "aarch64" or "x86_64".

    Every file's hash is checked. Raises Refused when there is no wheel for a package, or nothing answers.
    """
    chosen = target.with_suffix(".txt")
    chosen.write_text(_blocks(pins.read_text("utf-8"), _closure(wanted.read_text("utf-8"))))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--target", str(target)]
    command += [f"--platform={tag}_{machine}" for tag in _tags()] + ["-r", str(chosen)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(_explanation(done.stderr, machine))


def _tags() -> list[str]:
    return [f"manylinux_2_{minor}" for minor in _GLIBC] + ["manylinux2014"]


def _explanation(words: str, machine: str) -> str:
    missing = re.findall(r"No matching distribution found for (\S+)", words)
    if missing:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return f"There is no wheel of {', '.join(missing)} for Python {version} on Linux {machine}."
    errors = [line for line in words.splitlines() if line.startswith("ERROR")] or words.splitlines()[-3:]
    return "The packages could not be fetched: " + " ".join(errors)


def _closure(text: str) -> set[str]:
    """Names of all packages that these lines need, as the packages installed here say."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    open_names = [Requirement(line).name for line in lines if line and not line.startswith("-")]
    closed: set[str] = set()
    while open_names:
        name = canonicalize_name(open_names.pop())
        if name in closed | _AT_HOME:
            continue
        closed.add(name)
        needs = (Requirement(line) for line in metadata.requires(name) or ())
        open_names += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return closed


def _blocks(pins: str, names: set[str]) -> str:
    """The lines of a pinned file, hashes included, that belong to some packages; raises Refused if one has none."""
    blocks = re.findall(r"^([A-Za-z0-9._-]+)==.*\n(?:[ \t]+.*\n)*", pins, re.MULTILINE)
    found = {canonicalize_name(name) for name in blocks}
    if names - found:
        raise Refused(f"requirements.txt does not pin {', '.join(sorted(names - found))}")
    texts = re.finditer(r"^([A-Za-z0-9._-]+)==.*\n(?:[ \t]+.*\n)*", pins, re.MULTILINE)
    return "".join(match[0] for match in texts if canonicalize_name(match[1]) in names)
