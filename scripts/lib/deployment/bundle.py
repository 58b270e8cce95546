"""The package and the template: Chalice's, of a copy of the checkout, finished by us.

Owns the copy (Chalice reads the configuration of its folder, and would pack whatever lies in it), the refusal of a
package that Chalice calls incomplete, and the names by which the template finds the package in the bucket.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployment import requirements, trimming
from deployment.refusal import Refused

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's name of a processor, and that of wheels."""

LARGEST = 50_000_000
"""Bytes of a zip; Lambda takes 250 MB unzipped."""

_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
_WARNING = "Could not install dependencies"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is deployed. `template` names the package by `Bucket` and `Key` once `placed` has been asked."""

    package: Path
    template: dict[str, Any]
    unzipped: int

    @property
    def digest(self) -> str:
        """SHA-256 of the package, hexadecimal."""
        return hashlib.sha256(self.package.read_bytes()).hexdigest()

    @property
    def zipped(self) -> int:
        """Bytes of the package."""
        return self.package.stat().st_size

    def placed(self, bucket: str, key: str) -> str:
        """The template as JSON text, every function pointed at the package in a bucket."""
        template = json.loads(json.dumps(self.template))
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
        return json.dumps(template, separators=(",", ":"))


def made(checkout: Path, work: Path, stage: str, architecture: str) -> Bundle:
    """Package a checkout for a stage and "arm64" or "x86_64", in the empty folder `work`; raises Refused."""
    copy, files = work / "checkout", work / "files"
    _copy(checkout, copy, architecture)
    requirements.install(
        checkout / "requirements.txt", checkout / "requirements.in", copy / "vendor", MACHINES[architecture]
    )
    template = _packaged(copy, stage)
    with zipfile.ZipFile(copy / "out" / "deployment.zip") as package:
        package.extractall(files)
    trimming.trim(files)
    trimming.compiled(files)
    trimming.zipped(files, work / "package.zip")
    unzipped = sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
    bundle = Bundle(work / "package.zip", template, unzipped)
    if bundle.zipped > LARGEST:
        raise Refused(f"The package has {bundle.zipped:,} bytes; Lambda takes {LARGEST:,}.")
    return bundle


def template_of(checkout: Path, work: Path, stage: str, architecture: str) -> dict[str, Any]:
    """The template alone, for the Python that asks; nothing is fetched."""
    _copy(checkout, work / "checkout", architecture)
    return _packaged(work / "checkout", stage)


def _copy(checkout: Path, copy: Path, architecture: str) -> None:
    copy.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "venv")
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(checkout / name, copy / name, ignore=unwanted)
    shutil.copy(checkout / "app.py", copy)
    (copy / "requirements.txt").write_text("")  # ours lie in vendor/, every one checked by its hash
    path = copy / ".chalice" / "config.json"
    config = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(config | {"lambda_architecture": architecture}), "utf-8")


def _packaged(copy: Path, stage: str) -> dict[str, Any]:
    """Chalice's template; its package lies beside it.

    Chalice imports the application, and what this shell has set must not change what it finds.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LATCHKEY_"))}
    command = [sys.executable, "-c", _CHALICE, "package", "--stage", stage]
    done = subprocess.run(
        [*command, "--merge-template", ".chalice/template.json", "out"],
        cwd=copy,
        env=kept | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    refuse_incomplete(done.returncode, done.stdout + done.stderr)
    template: dict[str, Any] = json.loads((copy / "out" / "sam.json").read_text("utf-8"))
    return template


def refuse_incomplete(status: int, words: str) -> None:
    """Raise Refused when Chalice failed, or only warned: it ends well with a package that lacks what it warns of."""
    if status != 0 or _WARNING in words:
        raise Refused(f"Chalice could not package the application:\n{words.strip()}")
