"""The table engine of a laptop: one program on one SQLite file, answering the DynamoDB API on a loopback port.

Owns finding the program, starting it, knowing that it answers, and ending it or one that a killed run has left behind.
The engine checks no credentials, so it listens on the loopback address alone.
"""

from __future__ import annotations

import ctypes
import http.client
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.laptop.folder import CHECKOUT, Folder

_HOST = "127.0.0.1"
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
_PROCESSORS = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class EngineMissing(Exception):
    """The program is not installed; the message says how to get it."""


class EngineFailed(Exception):
    """The program ended or does not answer; the message quotes its log."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine that this process has started."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """The endpoint for DynamoDB clients."""
        return f"http://{_HOST}:{self.port}"

    def stop(self) -> None:
        """End it: asked first, then made to. It writes ahead, so nothing that it acknowledged is lost either way."""
        if self.process.poll() is None:
            end(self.process.pid)
        self.process.wait()


def package() -> str:
    """The npm package that holds the program for this machine."""
    system = "darwin" if sys.platform == "darwin" else "linux"
    machine = platform.machine().lower()
    return f"@dynoxide/{system}-{_PROCESSORS.get(machine, machine)}"


def binary() -> Path:
    """The program: what `LATCHKEY_ENGINE` names, else npm's, else the one on the PATH; or EngineMissing."""
    found = [
        os.environ.get("LATCHKEY_ENGINE"),
        str(CHECKOUT / "node_modules" / package() / "dynoxide"),
        shutil.which("dynoxide"),
    ]
    for candidate in filter(None, found):
        if os.access(candidate, os.X_OK):
            return Path(candidate)
    raise EngineMissing(
        f"the table engine is not installed: run scripts/dev, or put dynoxide on the PATH ({package()} in npm), "
        "or name another DynamoDB in AWS_ENDPOINT_URL_DYNAMODB"
    )


def start(folder: Folder) -> Engine:
    """Start the engine on the file of a folder that the caller holds, after ending one that a killed run left there.

    The port of the last run is used again where it is free. Raises EngineMissing, EngineFailed.
    """
    program = binary()
    previous = folder.recall().get("engine") or {}
    _end_left_over(previous, folder)
    port = _free_port(previous.get("port", 0))
    engine = Engine(
        _launch([str(program), "--host", _HOST, "--port", str(port), "--db-path", str(folder.table)], folder), port
    )
    try:
        _await(lambda: answers(port), engine.process, folder)
    except EngineFailed:
        engine.stop()
        raise
    folder.remember(engine={"pid": engine.process.pid, "port": port})
    return engine


def await_other(folder: Folder, seconds: float) -> str:
    """The endpoint of the engine that another process runs on this folder; EngineFailed after waiting `seconds`."""
    end_of_patience = time.monotonic() + seconds
    while time.monotonic() < end_of_patience:
        known = folder.recall().get("engine") or {}
        if is_ours(known.get("pid", 0), folder) and answers(known.get("port", 0)):
            return f"http://{_HOST}:{known['port']}"
        time.sleep(0.1)
    raise EngineFailed(f"another process holds {folder.path}, but its table engine does not answer")


def answers(port: int) -> bool:
    """Whether something speaks HTTP on a loopback port."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_ours(pid: int, folder: Folder) -> bool:
    """Whether a process is an engine on this folder's file; its number alone may by now be somebody else's."""
    if pid <= 0:
        return False
    return str(folder.table) in _command_of(pid)


def end(pid: int) -> None:
    """End a process: asked first, then made to; nothing happens if there is none."""
    try:
        os.kill(pid, signal.SIGTERM)
        for _ in range(int(_STOP_SECONDS / 0.05)):
            time.sleep(0.05)
            if not _is_alive(pid):
                return
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def dying_with_parent() -> Callable[[], None] | None:
    """What a child runs before its program, so that the kernel ends it with us however we end; Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def _launch(command: list[str], folder: Folder) -> subprocess.Popen[bytes]:
    with os.fdopen(os.open(folder.engine_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
            preexec_fn=dying_with_parent(),
        )


def _await(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], folder: Folder) -> None:
    end_of_patience = time.monotonic() + _START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > end_of_patience:
            words = folder.engine_log.read_text(errors="replace").strip()[-500:]
            raise EngineFailed(f"the table engine does not answer: {words or 'it said nothing'}")
        time.sleep(0.02)


def _end_left_over(previous: dict[str, Any], folder: Folder) -> None:
    pid = previous.get("pid", 0)
    if is_ours(pid, folder):
        end(pid)


def _command_of(pid: int) -> str:
    known = Path(f"/proc/{pid}/cmdline")
    if known.exists():
        return known.read_text(errors="replace").replace("\0", " ")
    if Path("/proc/self").exists():
        return ""
    asked = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EngineFailed("no free port on the loopback address")


def _is_alive(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
