"""The table engine: started on a file, found by others, ended, and cleared away after a killed run."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chalicelib.laptop import engine
from chalicelib.laptop.folder import CHECKOUT, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "data")
    made.make()
    return made


@pytest.fixture
def running(folder: Folder):
    started = engine.start(folder)
    yield started
    started.stop()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path("/proc/self").exists() else True


class TestStart:
    def test_it_answers_on_the_loopback_address_alone(self, running):
        assert engine.answers(running.port)
        with socket.socket() as elsewhere, pytest.raises(OSError):
            elsewhere.settimeout(1)
            elsewhere.connect(("127.0.0.2", running.port))

    def test_the_table_is_a_file_of_its_owner(self, running, folder):
        assert stat.S_IMODE(folder.table.stat().st_mode) == 0o600

    def test_the_next_process_can_find_it(self, running, folder):
        assert folder.recall()["engine"] == {"pid": running.process.pid, "port": running.port}
        assert engine.await_other(folder, 1) == running.url

    def test_the_port_stays_the_same_over_runs(self, folder):
        first = engine.start(folder)
        first.stop()
        second = engine.start(folder)
        second.stop()

        assert second.port == first.port

    def test_a_port_that_somebody_has_taken_since_is_avoided(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            folder.remember(engine={"pid": 0, "port": port})

            started = engine.start(folder)
            started.stop()

        assert started.port != port

    def test_an_engine_that_cannot_start_is_quoted(self, folder):
        folder.table.mkdir()

        with pytest.raises(engine.EngineFailed, match="unable to open database file"):
            engine.start(folder)

    def test_an_engine_left_on_the_file_is_ended_first(self, folder):
        left = subprocess.Popen([engine.binary(), "--port", "0", "--db-path", folder.table], stdout=subprocess.DEVNULL)
        folder.remember(engine={"pid": left.pid, "port": 1})
        while not engine.is_ours(left.pid, folder):
            time.sleep(0.01)

        started = engine.start(folder)
        started.stop()

        assert left.wait(5) in (0, -signal.SIGTERM)

    def test_a_process_that_has_the_number_of_an_old_engine_by_chance_is_left_alone(self, folder):
        with subprocess.Popen(["sleep", "30"]) as stranger:
            folder.remember(engine={"pid": stranger.pid, "port": 1})

            started = engine.start(folder)
            started.stop()

            assert stranger.poll() is None
            stranger.kill()


class TestStop:
    def test_nothing_is_left(self, folder):
        started = engine.start(folder)

        started.stop()

        assert not engine.answers(started.port)
        assert not is_alive(started.process.pid)

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's part of it is there on Linux only")
    def test_it_does_not_outlive_a_killed_parent(self, folder):
        starts = "import os, sys; from chalicelib.laptop.engine import *; print(start(Folder(Path(sys.argv[1]))).process.pid, flush=True); sys.stdin.read()"  # noqa: E501
        command = [sys.executable, "-c", starts, folder.path]
        with subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as parent:
            pid = int(parent.stdout.readline())
            parent.kill()

        for _ in range(100):
            if not is_alive(pid):
                break
            time.sleep(0.02)
        assert not is_alive(pid)


class TestAwaitOther:
    def test_an_engine_that_never_answers_is_reported(self, folder):
        with pytest.raises(engine.EngineFailed, match="does not answer"):
            engine.await_other(folder, 0.2)


class TestBinary:
    def test_the_variable_names_another_program(self, monkeypatch):
        monkeypatch.setenv("LATCHKEY_ENGINE", sys.executable)

        assert engine.binary() == Path(sys.executable)

    def test_a_machine_without_one_is_told_what_to_do(self, monkeypatch, tmp_path):
        monkeypatch.delenv("LATCHKEY_ENGINE", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(engine, "CHECKOUT", tmp_path)

        with pytest.raises(engine.EngineMissing, match=r"run scripts/dev, or put dynoxide on the PATH \(@dynoxide/"):
            engine.binary()
