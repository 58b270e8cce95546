"""One `scripts/dev` for the tests of clients: started, waited for, ended or killed, and what a user knows of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.engines import ROOT, free_port

START_SECONDS = 120
END_SECONDS = 20
STEP_SECONDS = 0.02

PASSWORD = "Correct-Horse-9"
NEW_PASSWORD = "Battery-Staple-10"
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]

Told = dict[str, Any]
"""What a script reported, by step."""


@dataclass(frozen=True)
class Pool:
    """A pool with a client for applications without a secret and one for servers that have one."""

    id: str
    client: str
    server_client: str
    server_secret: str


class Latchkey:
    """`scripts/dev` on a data folder and a port of its own; `variables` are added to its environment."""

    def __init__(self, data: Path, **variables: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.variables = variables
        self.output = data.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; the seconds until its ready line."""
        began = time.monotonic()
        command = [ROOT / "scripts" / "dev", "--port", str(self.port), "--data", self.data, "--no-reload"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, env={**bare_shell(), **self.variables}, stdout=output, stderr=output, start_new_session=True
            )
        while f"ready {self.url}" not in self.printed().splitlines():
            if self.process.poll() is not None or time.monotonic() > began + START_SECONDS:
                raise AssertionError(f"scripts/dev is not ready:\n{self.printed()}")
            time.sleep(STEP_SECONDS)
        return time.monotonic() - began

    def printed(self) -> str:
        """What it has printed since its start."""
        return self.output.read_text()

    def end(self) -> int:
        """Ask it to end, as a terminal or a service manager does; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_SECONDS)

    def kill(self) -> None:
        """End supervisor, application and table engine without a word, in one blow."""
        assert self.process is not None
        for process in (self.process.pid, self.facts["application"]["pid"], self.facts["engine"]["pid"]):
            os.kill(process, signal.SIGKILL)
        self.process.wait(END_SECONDS)

    def discard(self) -> None:
        """End it however it stands; nothing of a failed test stays behind."""
        if self.process is not None and self.process.poll() is None:
            self.end()

    @property
    def facts(self) -> dict[str, Any]:
        """What scripts/dev remembers of this run: its processes, and the demo pool and client."""
        facts: dict[str, Any] = json.loads((self.data / "local.json").read_text())
        return facts

    @property
    def shell(self) -> dict[str, str]:
        """A shell into which the printed `export` lines have been pasted."""
        exports = re.findall(r"^ +export (.+)$", self.printed(), re.MULTILINE)
        return {**bare_shell(), **dict(pair.split("=", 1) for line in exports for pair in line.split())}

    def messages(self, username: str) -> list[dict[str, Any]]:
        """The mail and SMS to a user, oldest first."""
        lines = [json.loads(line) for line in (self.data / "outbox.jsonl").read_text().splitlines()]
        return [line for line in lines if line["username"] == username]

    def code(self, username: str) -> str:
        """The code in the newest message to a user."""
        return str(self.messages(username)[-1]["code"])

    def cognito(self, **options: Any) -> Any:
        """A boto3 client with the printed profile, region and endpoint, and nothing else."""
        return boto3.Session(profile_name="latchkey").client(
            "cognito-idp", region_name="us-east-1", endpoint_url=self.url, **options
        )


def bare_shell() -> dict[str, str]:
    """The shell of a user who has set nothing up for AWS or Latchkey."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LATCHKEY_"))}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
