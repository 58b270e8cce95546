"""Where a measurement takes place: the settings of the process, the table engine, and what is told about the machine.

The settings are read once per process, so `make_environment` comes before the first import of the product's table.
"""

from __future__ import annotations

import logging
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_PACKAGES = ("botocore", "pynamodb", "chalice", "cryptography", "argon2-cffi")


def make_environment() -> Path:
    """Make this process a Latchkey with the cost profile of a real one; the folder of its files.

    An argon2 profile that the shell gives stays, for a trial of the bench itself.
    """
    folder = Path(tempfile.mkdtemp(prefix="latchkey-bench-"))
    # Lines of the log are made and written, because that is part of what a request costs; nobody wants to read them.
    logging.basicConfig(filename=os.devnull)
    os.environ.update({
        "LATCHKEY_TABLE": "latchkey-bench",
        "LATCHKEY_LOCAL": "1",
        "LATCHKEY_BASE_URL": "http://latchkey.test",
        "LATCHKEY_KEY_FILE": str(folder / "key"),
        "LATCHKEY_OUTBOX": str(folder / "outbox.jsonl"),
        "LATCHKEY_CACHE_SECONDS": "3600",  # a look-up that falls due in the middle would be measured as noise
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    })  # fmt: skip
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CHALICE_CLI_MODE"):
        os.environ.pop(name, None)
    return folder


def description(engine: str) -> list[str]:
    """Machine and versions, as lines."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    load = "/".join(f"{part:.1f}" for part in os.getloadavg())
    return [
        f"{_processor()}, {os.cpu_count()} cores, load {load}; {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, {packages}; engine {engine}",
    ]


def process_cpu(pid: int) -> float | None:
    """CPU seconds of a process and of those of its children that have ended; None where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return sum(int(field) for field in fields[11:15]) / TICKS


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
