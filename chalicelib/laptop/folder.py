"""The data folder of a laptop: the table's file, the keys, the outbox, the logs, and who is using it.

Owns every file name in it, its permissions (the owner's alone) and the lock that lets one process run it. By default it
lies outside the checkout, because `chalice local` starts anew whenever a file inside the checkout changes.
"""

from __future__ import annotations

import configparser
import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
PROFILE = "latchkey"
_MARK = ".latchkey"
_NAMES = (
    "table.db*",
    "key",
    "credentials",
    "outbox.jsonl",
    "local.json",
    "application.log*",
    "engine.log",
    "uploads/*",
)
_MARK_TEXT = "Made by Latchkey; scripts/dev --fresh may delete its own files here.\n"


class FolderRefused(Exception):
    """The folder cannot be used; the message says why and what to do."""


class FolderInUse(Exception):
    """Another process runs on this folder; the message names it."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A hold on a folder, for a `with` too. The kernel lets go of it when the process ends, however it ends."""

    descriptor: int

    def __enter__(self) -> None: ...

    def __exit__(self, *_problem: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others hold the folder."""
        os.close(self.descriptor)


@dataclass(frozen=True, slots=True)
class Folder:
    """One data folder by its absolute path; nothing is read or written before a method is called."""

    path: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Folder:
        """The folder that `LATCHKEY_DATA` names, else this checkout's own below `XDG_DATA_HOME`."""
        named = environment.get("LATCHKEY_DATA")
        if named:
            return cls(Path(named).expanduser().absolute())
        home = Path(environment.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
        mark = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
        return cls(home / "latchkey" / f"{CHECKOUT.name}-{mark}")

    @property
    def table(self) -> Path:
        """The engine's SQLite file."""
        return self.path / "table.db"

    @property
    def credentials(self) -> Path:
        """The AWS credentials file with the root operator's key."""
        return self.path / "credentials"

    @property
    def outbox(self) -> Path:
        """Mail and messages that were sent, one JSON object a line."""
        return self.path / "outbox.jsonl"

    @property
    def key(self) -> Path:
        """The key file that seals the table's secrets; made by `outside/secrets.py` when it first seals."""
        return self.path / "key"

    @property
    def application_log(self) -> Path:
        """What the application prints."""
        return self.path / "application.log"

    @property
    def engine_log(self) -> Path:
        """What the table engine prints."""
        return self.path / "engine.log"

    def make(self) -> None:
        """Make the folder and its mark where they are missing; FolderRefused if it cannot be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._mark()
        except OSError as error:
            raise FolderRefused(f"{self.path} cannot be used as the data folder: {error.strerror}") from error

    def empty(self) -> None:
        """Delete all that Latchkey keeps in the folder, and nothing else; FolderRefused if it is not ours.

        A mistyped --data must not cost anybody their own files.
        """
        self._refuse_a_stranger()
        for entry in self._ours():
            entry.unlink()

    def hold(self) -> Lock:
        """Take the folder for this process, or raise FolderInUse at once."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise FolderInUse(f"{self.path} is in use by process {holder}; end it or choose another --data") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return Lock(descriptor)

    def recall(self) -> dict[str, Any]:
        """What was remembered; empty when nothing was, or when a crash left it unreadable."""
        try:
            facts = json.loads((self.path / "local.json").read_text())
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def remember(self, **facts: object) -> None:
        """Keep facts for the next process: the engine's port and process, the application's, the demo pool."""
        self._write("local.json", json.dumps({**self.recall(), **facts}, indent=2) + "\n")

    def credentials_kept(self) -> tuple[str, str] | None:
        """Key id and secret of the root operator of an earlier run, if there was one."""
        file = configparser.RawConfigParser(default_section="")
        try:
            file.read(self.credentials)
            profile = file[PROFILE]
            return profile["aws_access_key_id"], profile["aws_secret_access_key"]
        except (configparser.Error, KeyError):
            return None

    def keep_credentials(self, key_id: str, secret: str) -> None:
        """Write the operator's key as a profile that SDKs and the AWS CLI read."""
        self._write(
            "credentials",
            f"[{PROFILE}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n",
        )

    def _mark(self) -> None:
        self._refuse_a_stranger()
        if not (self.path / _MARK).exists():
            self._write(_MARK, _MARK_TEXT)

    def _refuse_a_stranger(self) -> None:
        """Keep away from a folder such as ~/.aws, whose `credentials` would otherwise be overwritten."""
        strange = [] if (self.path / _MARK).exists() else self._ours()
        if strange:
            raise FolderRefused(
                f"{self.path} has a file {strange[0].name} that is not Latchkey's; choose another folder"
            )

    def _ours(self) -> list[Path]:
        return sorted(entry for name in _NAMES for entry in self.path.glob(name))

    def _write(self, name: str, text: str) -> None:
        """Replace a file in one step, readable by its owner alone: other accounts of the machine must not read keys."""
        draft = self.path / f"{name}.{os.getpid()}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        draft.replace(self.path / name)
