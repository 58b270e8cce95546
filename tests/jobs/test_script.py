"""scripts/job by hand, beside a running scripts/dev, whose schedules run by themselves, and without one."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request

import pytest

from tests.clients.running import Latchkey, bare_shell
from tests.engines import ROOT

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def latchkey(tmp_path_factory):
    """A running scripts/dev."""
    running = Latchkey(tmp_path_factory.mktemp("jobs") / "data", LATCHKEY_CACHE_SECONDS="1")
    running.start()
    yield running
    running.discard()


def job(*arguments, **variables):
    command = [ROOT / "scripts" / "job", *map(str, arguments)]
    done = subprocess.run(
        command, env={**bare_shell(), **variables}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def key_ids(latchkey):
    """The key ids of the demo pool, as a verifier gets them."""
    with urllib.request.urlopen(f"{latchkey.url}/{latchkey.facts['demo']['pool']}/.well-known/jwks.json") as answer:
        return {key["kid"] for key in json.load(answer)["keys"]}


class TestByHand:
    def test_help_names_the_jobs(self):
        status, lines, _ = job("--help")

        assert status == 0
        assert all(
            any(line.startswith(f"  {name} ") for line in lines) for name in ("keys", "sweep", "unconfirmed", "usage")
        )

    @pytest.mark.parametrize("name", ["keys", "sweep", "unconfirmed", "usage"])
    def test_a_job_says_what_it_did(self, latchkey, name):
        status, lines, trouble = job(name, "--data", latchkey.data)

        assert (status, trouble) == (0, "")
        assert lines
        assert all(line.startswith(f"{name}: ") for line in lines)

    @pytest.mark.parametrize(
        "arguments", [["nothing"], ["keys", "--now"], ["keys", "--pool", "x"], ["sweep", "--now", "--pool", "x"], []]
    )
    def test_what_makes_no_sense_is_refused(self, arguments):
        status, lines, trouble = job(*arguments)

        assert status == 2
        assert lines == []
        assert "usage: scripts/job" in trouble

    def test_keys_in_wrong_hands_are_dropped_for_the_running_application_too(self, latchkey):
        before = key_ids(latchkey)

        status, lines, _ = job("keys", "--pool", latchkey.facts["demo"]["pool"], "--now", "--data", latchkey.data)
        unknown = job("keys", "--pool", "us-east-1_nobody", "--now", "--data", latchkey.data)

        assert status == 0
        assert "2 keys are gone; 2 others sign now" in lines[0]
        assert unknown[0] == 1
        assert "does not exist" in unknown[2]
        time.sleep(1.1)  # what the application remembers is over
        assert len(key_ids(latchkey)) == 2
        assert not key_ids(latchkey) & before

    def test_a_folder_without_a_table_is_refused(self, tmp_path):
        status, _, trouble = job("sweep", "--data", tmp_path)

        assert status == 1
        assert "holds no table" in trouble


class TestByItself:
    def test_the_schedules_of_scripts_dev_run_soon_after_the_start(self, latchkey):
        log = latchkey.data / "application.log"
        deadline = time.monotonic() + 60

        def ran():
            return {name for name in ("keys", "sweep", "unconfirmed", "usage") if f'"{name}: ' in log.read_text()}

        while len(ran()) < 4 and time.monotonic() < deadline:
            time.sleep(0.5)

        assert ran() == {"keys", "sweep", "unconfirmed", "usage"}
        assert "failed" not in log.read_text()
