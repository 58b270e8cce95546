"""Chromium driven by its DevTools protocol over a pipe: a page, a virtual authenticator, a picture of what is shown."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

Answer = dict[str, Any]

PATIENCE_SECONDS = 60
BUILT_IN = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""An authenticator that is built into the machine and that its user unlocks."""

LAUNCHER = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 64) for number in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Puts the ends of the pipes where Chromium looks for them, whatever numbers they have had."""


class Page:
    """One page of a Chromium; every command waits for its answer."""

    def __init__(self, commands: IO[bytes], answers: IO[bytes]) -> None:
        self.commands, self.answers = commands, answers
        self.number, self.session = 0, ""
        self.thrown: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")
        self.ask("Runtime.enable")

    def ask(self, method: str, **parameters: Any) -> Answer:
        """One command; its result."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        command |= {"sessionId": self.session} if self.session else {}
        self.commands.write(json.dumps(command).encode() + b"\0")
        self.commands.flush()
        while (answer := self._next()).get("id") != self.number:
            if answer["method"] == "Runtime.exceptionThrown":
                self.thrown.append(str(answer["params"]["exceptionDetails"]["exception"].get("description"))[:500])
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: Answer = answer["result"]
        return result

    def authenticator(self, **options: Any) -> str:
        """Plug in a virtual authenticator; its id."""
        self.ask("WebAuthn.enable")
        return str(self.ask("WebAuthn.addVirtualAuthenticator", options=BUILT_IN | options)["authenticatorId"])

    def credentials(self, authenticator: str) -> list[Answer]:
        """What an authenticator holds."""
        found: list[Answer] = self.ask("WebAuthn.getCredentials", authenticatorId=authenticator)["credentials"]
        return found

    def told(self, url: str) -> Any:
        """What the page at an address puts into `document.title` as JSON, once it does."""
        self.ask("Page.navigate", url=url)
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            found = self.ask("Runtime.evaluate", expression="document.title", returnByValue=True)
            title = found["result"].get("value", "")
            if title.startswith("{"):
                return json.loads(title)
            time.sleep(0.1)
        raise AssertionError(f"The page has told nothing; its title is {title!r}, it threw {self.thrown}.")

    def picture(self, path: Path) -> None:
        """All of what the page shows, as PNG."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        shown = {"format": "png", "captureBeyondViewport": True, "clip": size | {"scale": 1}}
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", **shown)["data"]))

    def _next(self) -> Answer:
        content = b""
        while not content.endswith(b"\0"):
            part = self.answers.read(1)
            assert part, "Chromium has ended."
            content += part
        found: Answer = json.loads(content[:-1])
        return found


@contextmanager
def browsing(program: str, profile: Path) -> Iterator[Page]:
    """A page of a headless Chromium; its sandbox does not work for root, who is a container's."""
    options = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe"]
    options += [f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    heard, commands = os.pipe()
    answers, told = os.pipe()
    command = [sys.executable, "-c", LAUNCHER, str(heard), str(told), program, *options]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, pass_fds=(heard, told), **quiet)  # type: ignore[call-overload]
    os.close(heard)
    os.close(told)
    try:
        with os.fdopen(commands, "wb") as writing, os.fdopen(answers, "rb") as reading:
            yield Page(writing, reading)
    finally:
        process.terminate()
        process.wait(20)
