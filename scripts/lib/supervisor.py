"""Runs the table engine and the application, restarts the latter when its code changes, and ends both with itself.

Chalice's own reloader is not used: it watches every file of the checkout, leaves its worker behind when it ends, and
stays down after a syntax error. What the application prints goes to its log, and to the terminal if there is one.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from application import Application  # noqa: E402
from instructions import instructions  # noqa: E402

from chalicelib.laptop import engine, environment  # noqa: E402
from chalicelib.laptop.folder import Folder, FolderInUse, FolderRefused  # noqa: E402

_LOOK_SECONDS = 0.25
_LOOK_WHILE_STARTING_SECONDS = 0.05
_PORT_SECONDS = 3.0


class Refused(Exception):
    """The run cannot begin; the message says why and what to do."""


_REFUSALS = (Refused, FolderRefused, FolderInUse, environment.OperatorKeyMalformed)


class Supervisor:
    """One run on one data folder and port."""

    def __init__(self, folder: Folder, port: int) -> None:
        self.folder = folder
        self.variables = {**os.environ, "LATCHKEY_SUPERVISOR": str(os.getpid()), "PYTHONUNBUFFERED": "1"}
        environment.adapt(self.variables, folder, port)
        self.application = Application(folder, port)
        self.is_asked_to_end = False
        self.is_introduced = False

    def heed_signals(self) -> None:
        """End at the next tick of the loop, never in the middle of starting a process, which would be forgotten."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._end)

    def run(self, *, reload: bool) -> int:
        """Serve until asked to end; the exit status. Without `reload`, an application that ends, ends the run."""
        table_engine = None
        try:
            if "AWS_ENDPOINT_URL_DYNAMODB" not in self.variables:
                table_engine = engine.start(self.folder)
                self.variables["AWS_ENDPOINT_URL_DYNAMODB"] = table_engine.url
            return self._serve(reload=reload)
        finally:
            self.application.stop()
            if table_engine:
                table_engine.stop()

    def _serve(self, *, reload: bool) -> int:
        code = _code()
        self.application.start(self.variables)
        while not self.is_asked_to_end:
            time.sleep(_LOOK_WHILE_STARTING_SECONDS if self.application.is_starting else _LOOK_SECONDS)
            self._introduce()
            if self._has_ended() and not reload:
                return 1
            if reload and (now := _code()) != code:
                code = now
                say("the code has changed; starting again")
                self.application.stop()
                self.application.start(self.variables)
        return 0

    def _introduce(self) -> None:
        if self.application.has_begun_to_answer():
            say(*([] if self.is_introduced else self._instructions()), f"ready {self.application.url}")
            self.is_introduced = True

    def _instructions(self) -> list[str]:
        return instructions(self.folder, self.application.url, self.variables["AWS_REGION"])

    def _has_ended(self) -> bool:
        status = self.application.ended_with()
        if status is None:
            return False
        say(self.application.last_words(), f"the application has ended with status {status}")
        return True

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked_to_end = True


def main(port: int, *, fresh: bool, reload: bool) -> int:
    """Take the folder and the port, or say who has them; then run. The exit status: 2 for a run that did not begin."""
    try:
        environment.operator_key(os.environ)
        folder = Folder.of(os.environ)
        folder.make()
        with folder.hold():
            if fresh:
                folder.empty()
                folder.make()
            _await_port(port)
            say(f"data folder {folder.path}")
            supervisor = Supervisor(folder, port)
            supervisor.heed_signals()
            return supervisor.run(reload=reload)
    except (*_REFUSALS, engine.EngineMissing, engine.EngineFailed) as error:
        print(f"scripts/dev: {error}", file=sys.stderr)
        return 2


def _await_port(port: int) -> None:
    """Refuse a port that is taken, after the time that the application of a killed run may need to end."""
    end_of_patience = time.monotonic() + _PORT_SECONDS
    while not _is_free(port):
        if time.monotonic() > end_of_patience:
            raise Refused(f"port {port} is taken by another program; choose one with --port")
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((environment.HOST, port))
        except OSError:
            return False
    return True


def _code() -> dict[str, tuple[int, int]]:
    """The files whose change restarts the application, with their times and sizes."""
    files = [ROOT / "app.py", *ROOT.glob(".chalice/*.json")]
    files += (file for file in (ROOT / "chalicelib").rglob("*") if "__pycache__" not in file.parts)
    return {str(file): stamp for file in files if (stamp := _stamp(file))}


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        facts = file.stat()
    except FileNotFoundError:
        return None
    return None if file.is_dir() else (facts.st_mtime_ns, facts.st_size)


def say(*lines: str) -> None:
    """Print at once; a reader that has gone away is no reason to end."""
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), fresh="fresh" in sys.argv, reload="no_reload" not in sys.argv))
