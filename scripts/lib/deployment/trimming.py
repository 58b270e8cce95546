"""From Chalice's package to ours: what Lambda never reads is left out, the rest is compiled and zipped anew.

botocore is shipped although Lambda has one: Lambda's changes without notice, and the table's client stands on parts
that a new one may change. Of its service models only those of our services go along, so it costs 1.8 MB of zip.
"""

from __future__ import annotations

import compileall
import json
import py_compile
import shutil
import zipfile
from pathlib import Path
from typing import Any

SERVICES = ("dynamodb", "kms", "lambda", "s3", "sesv2", "sns", "sts")
"""What the application speaks to; a client of any other service cannot be made in the cloud."""

_LEFT_OUT = (
    "chalicelib/laptop", "chalicelib/edge/local.py",
    "bin", "botocore/data/**/examples-1.json", "botocore/data/**/completions-1.json",
    "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/direct_url.json",
    "cffi/*.h", "**/__pycache__", "**/*.pyi",
)  # fmt: skip
_WHEN = (1980, 1, 1, 0, 0, 0)


def trim(folder: Path) -> None:
    """Leave out what only a laptop or a developer needs, and the models of services that are not ours."""
    for pattern in _LEFT_OUT:
        for found in list(folder.glob(pattern)):
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    data = folder / "botocore" / "data"
    for entry in data.iterdir():
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)
    _trim_endpoints(data / "endpoints.json")


def _trim_endpoints(path: Path) -> None:
    """A fresh process reads the whole file before its first call: 1 MB of JSON for seven services."""
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for partition in content["partitions"]:
        partition["services"] = {name: value for name, value in partition["services"].items() if name in _ENDPOINTS}
    path.write_text(json.dumps(content, separators=(",", ":")), "utf-8")


_ENDPOINTS = {*SERVICES, "email"}  # sesv2's name there


def compiled(folder: Path) -> None:
    """Byte code beside every source, which Lambda's own start otherwise makes anew each time: its disk is read-only.

    Unchecked: the files of a zip have no times of their own to compare, and nobody changes them.
    """
    compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=str(folder),
        prependdir="/var/task",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def zipped(folder: Path, target: Path) -> None:
    """A zip that is the same to the byte for the same files, so that an unchanged package is no change of the stack."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _WHEN)
                entry.external_attr = (0o755 if path.suffix == ".so" else 0o644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                package.writestr(entry, path.read_bytes())
