"""ministack, a stand-in for AWS, as a process of its own on the loopback interface, for the time of a block."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines import ROOT, free_port

_PATIENCE = 60.0  # seconds
_PLACES = os.pathsep.join([str(ROOT / ".tools" / "ministack" / "bin"), os.environ.get("PATH", "")])
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its address."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What the environment must hold so that the SDK speaks to it about keys, mails and texts."""
        services = ("KMS", "SESV2", "SNS")
        return _CREDENTIALS | {f"AWS_ENDPOINT_URL_{service}": self.url for service in services}

    def seen(self, path: str) -> dict[str, Any]:
        """What the emulator shows of itself under a path."""
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return dict(json.load(answer))


def missing() -> str | None:
    """What this machine lacks to run it, as a sentence; None when it can run."""
    return None if _command() else "ministack is not installed; run scripts/test, which installs it."


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Emulator]:
    """An emulator that keeps its files in a folder; RuntimeError when it does not answer."""
    port = free_port()
    here = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "TMPDIR": str(folder)}
    command = [str(_command())]
    process = subprocess.Popen(
        command, env=os.environ | _CREDENTIALS | here, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        emulator = Emulator(f"http://127.0.0.1:{port}")
        _await_answer(emulator, process)
        yield emulator
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command() -> str | None:
    return shutil.which("ministack", path=_PLACES)


def _await_answer(emulator: Emulator, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            emulator.seen("/_ministack/health")
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ministack did not start (exit code {process.returncode}).") from None
            time.sleep(0.1)
