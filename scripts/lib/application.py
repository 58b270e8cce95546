"""The application as a child process: `chalice local` on one port, its output in the log of the data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from chalicelib.laptop import engine, environment
from chalicelib.laptop.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
_STOP_SECONDS = 5.0
_LARGEST_LOG = 8 * 1024 * 1024
_LAST_WORDS = 4000


class Application:
    """`chalice local`, started, watched and ended; each start is one process in a group of its own."""

    def __init__(self, folder: Folder, port: int) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://{environment.HOST}:{port}"
        self.is_starting = False
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begin = 0
        self._log_shown = 0

    def start(self, variables: Mapping[str, str]) -> None:
        """Start it. Its output goes to a file: a pipe that nobody reads would stop it in the middle of an answer."""
        log = os.open(self._log(), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._log_begin = self._log_shown = os.fstat(log).st_size
        options = ["--no-autoreload", "--stage", "dev", "--host", environment.HOST, "--port", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHALICE, "local", *options],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=engine.dying_with_parent(),
        )
        os.close(log)
        self.folder.remember(application={"pid": self._process.pid, "port": self.port})
        self.is_starting = True

    def stop(self) -> None:
        """End it and whatever it started; at once if it does not answer the request to end."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._process = None
        self.is_starting = False

    def has_begun_to_answer(self) -> bool:
        """True once for each start: the first time that it answers."""
        self._show_log()
        if self.is_starting and engine.answers(self.port):
            self.is_starting = False
            return True
        return False

    def ended_with(self) -> int | None:
        """Its exit status, told once; None while it runs."""
        status = None if self._process is None else self._process.poll()
        if status is not None:
            self._process = None
            self.is_starting = False
        return status

    def last_words(self) -> str:
        """The end of what it has printed since its start."""
        with self.folder.application_log.open("rb") as log:
            log.seek(self._log_begin)
            return log.read()[-_LAST_WORDS:].decode(errors="replace").strip()

    def _log(self) -> Path:
        log = self.folder.application_log
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_name(f"{log.name}.1"))
        return log

    def _show_log(self) -> None:
        if not sys.stdout.isatty():
            return
        with self.folder.application_log.open("rb") as log:
            log.seek(self._log_shown)
            new = log.read()
        self._log_shown += len(new)
        sys.stdout.write(new.decode(errors="replace"))
        sys.stdout.flush()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if self._process:
                os.killpg(self._process.pid, number)
