"""What a laptop needs before the application can answer; nothing of it runs in AWS.

`app.py` calls `prepare()` before anything reads the settings, if `is_wanted()`. Afterwards the environment points at
the data folder and the table engine, the table exists, the root operator's key lies in an AWS credentials file, and
there is a demo pool. Owns the order of these; leaves folder, engine and variables to the files beside it, and tables,
operators and pools to the application. `scripts/dev` starts the application on it and restarts that on a change.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from chalicelib.laptop import engine
from chalicelib.laptop.environment import adapt, operator_key, port_of
from chalicelib.laptop.folder import Folder, FolderInUse

__all__ = ["is_wanted", "prepare", "run_schedules"]

_PATIENCE_SECONDS = 15.0


def is_wanted(arguments: Sequence[str] | None = None) -> bool:
    """Whether this process is `chalice local`; deploy and package load the application too, but serve nothing.

    `arguments` are the command line after the program's name, by default this process's.
    """
    given = sys.argv[1:] if arguments is None else arguments
    return os.environ.get("AWS_CHALICE_CLI_MODE") == "true" and "local" in given


def prepare() -> None:
    """Make this process a working Latchkey on a laptop; a second call finds everything there and changes nothing.

    Raises FolderRefused, FolderInUse, EngineMissing or EngineFailed, each with a sentence that says what to do.
    """
    folder = Folder.of(os.environ)
    folder.make()
    _follow_supervisor()
    adapt(os.environ, folder, port_of(sys.argv[1:]))
    if "AWS_ENDPOINT_URL_DYNAMODB" not in os.environ:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = _engine_of(folder)
    _furnish(folder)


def run_schedules(app: Any) -> None:
    """Run the schedules of the Chalice application while this process lasts, unless LATCHKEY_SCHEDULES is 0."""
    from chalicelib.laptop import schedules

    schedules.start(app, os.environ)


def _engine_of(folder: Folder) -> str:
    try:
        lock = folder.hold()
    except FolderInUse:
        return engine.await_other(folder, _PATIENCE_SECONDS)
    running = engine.start(folder)
    # The lock must live as long as the engine: two engines on one file would each keep their own idea of it.
    atexit.register(lock.release)
    atexit.register(running.stop)
    return running.url


def _furnish(folder: Folder) -> None:
    from chalicelib.flows import operators
    from chalicelib.laptop import demo
    from chalicelib.table import tables

    tables.ensure()
    asked = operator_key(os.environ) or folder.credentials_kept() or (None, None)
    folder.keep_credentials(*operators.ensure_root(*asked))
    folder.remember(demo=demo.ensure())


def _follow_supervisor() -> None:
    """End with the process that started us: what outlives it would keep the port and refuse the next start."""
    supervisor = os.environ.get("LATCHKEY_SUPERVISOR", "")
    if supervisor.isdigit():
        threading.Thread(target=_await_end_of, args=(int(supervisor),), daemon=True).start()


def _await_end_of(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(0.5)
    os._exit(0)
