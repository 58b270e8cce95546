"""When a process is `chalice local`, and that the laptop's set-up ends with the process that it serves."""

import os
import subprocess
import sys
import time

import pytest

from chalicelib.laptop import is_wanted
from chalicelib.laptop.folder import CHECKOUT


class TestIsWanted:
    def test_chalice_local_wants_it(self, monkeypatch):
        monkeypatch.setenv("AWS_CHALICE_CLI_MODE", "true")

        assert is_wanted(["local", "--port", "8000"])

    @pytest.mark.parametrize("command", ["package", "deploy", "gen-policy"])
    def test_other_commands_of_chalice_load_the_application_and_do_not(self, monkeypatch, command):
        monkeypatch.setenv("AWS_CHALICE_CLI_MODE", "true")

        assert not is_wanted([command, "--stage", "dev"])

    def test_a_function_in_the_cloud_does_not(self, monkeypatch):
        monkeypatch.delenv("AWS_CHALICE_CLI_MODE", raising=False)

        assert not is_wanted(["local"])


class TestFollowing:
    def test_the_application_ends_when_its_supervisor_is_killed(self):
        follows = (
            "import os, time; os.environ['LATCHKEY_SUPERVISOR'] = str(os.getppid());"
            "from chalicelib import laptop; laptop._follow_supervisor(); print(os.getpid(), flush=True); time.sleep(60)"
        )
        starts = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(60)"
        command = [sys.executable, "-c", starts, follows]
        with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as supervisor:
            application = int(supervisor.stdout.readline())
            supervisor.kill()

        assert_ends(application)


def assert_ends(pid: int) -> None:
    for _ in range(60):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there after 3 seconds")
