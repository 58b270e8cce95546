"""The stories over HTTP, against `scripts/dev` on this machine: one connection, then eight at once, all kept open.

The client shares the machine with server and engine, so calls a second say what a laptop does, not what a server could.
CPU a call is the server's own, told by the system, without client and engine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench import place
from bench.callers import Caller, OverHttp, accepted
from bench.clocks import Readings
from bench.stories import STORIES, Story, World
from chalicelib.laptop.folder import Folder
from tests.engines import ROOT, free_port

_PATIENCE = 60.0
_KEY = ("LATCHKEYBENCH0000000", "bench-secret-that-lives-for-one-run-00000")
_LEFT_OUT = ("CreateUserPool",)


@dataclass(frozen=True, slots=True)
class Load:
    """One story under load; the times are the client's, the CPU is the server's."""

    story: str
    clients: int
    times: Readings
    seconds: float
    server_cpu_ms: float | None

    @property
    def per_second(self) -> float:
        """Calls a second of all clients together."""
        return len(self.times.wall) / self.seconds


@contextlib.contextmanager
def server() -> Iterator[tuple[str, Folder]]:
    """`scripts/dev` on fresh data, until the block ends: its address and its data folder."""
    folder, port = Path(tempfile.mkdtemp(prefix="latchkey-bench-")), free_port()
    data = folder / "data"
    command = [str(ROOT / "scripts" / "dev"), "--port", str(port), "--data", str(data), "--no-reload"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LATCHKEY_"))}
    profile = {name: value for name, value in os.environ.items() if name.startswith("LATCHKEY_ARGON2_")}
    variables = {**kept, **profile, "LATCHKEY_OPERATOR": ":".join(_KEY)}
    process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        _await_ready(process, f"ready http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", Folder(data)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def measured(url: str, folder: Folder, number: int) -> Iterator[Load]:
    """Every story but the making of pools, with one client and with eight."""
    world = World(Caller(OverHttp(url), _KEY), folder.outbox)
    pid = int(folder.recall()["application"]["pid"])
    for story in STORIES:
        if story.name not in _LEFT_OUT:
            for clients in (1, 8):
                yield _loaded(world, story, clients, (url, pid, number))


def _loaded(world: World, story: Story, clients: int, where: tuple[str, int, int]) -> Load:
    url, pid, number = where
    asks = story.prepare(world, number + clients)
    doors = [OverHttp(url) for _ in range(clients)]
    for door, ask in zip(doors, asks, strict=False):
        accepted(door.ready(ask)())
    shares = [[door.ready(ask) for ask in asks[clients + turn :: clients]] for turn, door in enumerate(doors)]
    before, started = place.process_cpu(pid), time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        walls = [wall for share in pool.map(_timed, shares) for wall in share]
    seconds, after = time.perf_counter() - started, place.process_cpu(pid)
    cpu = None if before is None or after is None else (after - before) * 1000 / len(walls)
    return Load(story.name, clients, Readings(wall=walls), seconds, cpu)


def _timed(calls: list[Callable[[], tuple[int, str]]]) -> list[float]:
    walls = []
    for call in calls:
        started = time.perf_counter()
        answer = call()
        walls.append(time.perf_counter() - started)
        accepted(answer)
    return walls


def _await_ready(process: subprocess.Popen[str], line: str) -> None:
    said = []
    deadline = time.monotonic() + _PATIENCE
    for text in process.stdout or ():
        said.append(text)
        if text.strip() == line:
            return
        if time.monotonic() > deadline:
            break
    raise RuntimeError("scripts/dev did not become ready:\n" + "".join(said))
