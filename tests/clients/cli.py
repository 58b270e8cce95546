"""The AWS CLI as a user types it into the shell where the printed lines were pasted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from tests.clients.running import Latchkey, bare_shell
from tests.engines import ROOT

FOLDER = ROOT / ".tools" / "awscli" / "bin"
SECONDS = 60


class Refused(Exception):
    """The CLI ended with an error, whose words these are."""


class Shell:
    """A shell for `aws cognito-idp`, which knows where Latchkey is from its environment alone."""

    def __init__(self, latchkey: Latchkey) -> None:
        self.variables = latchkey.shell

    def __call__(self, operation: str, *options: object) -> Any:
        """The answer to an operation; its options are passed as they are, past any shell."""
        return run("aws", "cognito-idp", operation, *options, **self.variables)

    def typed(self, line: str) -> Any:
        """The answer to a line that a POSIX shell reads, with its quotes."""
        return run("sh", "-c", line, **self.variables)


def run(*words: object, **variables: str) -> Any:
    """What a program prints as JSON, with the CLI on its path. Raises Refused."""
    shell = {**bare_shell(), **variables}
    path = f"{FOLDER}{os.pathsep}{shell.get('PATH', '')}"
    program = shutil.which(str(words[0]), path=path) or words[0]
    done = subprocess.run(
        [program, *map(str, words[1:])],
        capture_output=True,
        check=False,
        timeout=SECONDS,
        env={**shell, "PATH": path, "AWS_DEFAULT_OUTPUT": "json"},
    )
    if done.returncode != 0:
        raise Refused(done.stderr.decode())
    return json.loads(done.stdout or "null")
