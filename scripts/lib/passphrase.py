"""The passphrase of an export file: from the environment, or from whoever sits at the terminal."""

from __future__ import annotations

import getpass
import os
import sys

VARIABLE = "LATCHKEY_PASSPHRASE"
_SHORT = 12  # characters


class NoPassphrase(Exception):
    """There is none; the message says why and what to do."""


def known() -> str:
    """The passphrase of a file that exists. Raises NoPassphrase."""
    return _given() or _typed("passphrase of the file: ")


def chosen() -> str:
    """The passphrase for a new file, typed twice if it is typed; a short one is warned of. Raises NoPassphrase."""
    passphrase = _given()
    if passphrase is None:
        passphrase = _typed("passphrase for the file: ")
        if _typed("the same once more: ") != passphrase:
            raise NoPassphrase("the two are not the same")
    if len(passphrase) < _SHORT:
        print(f"warning: {_SHORT} characters are the least; a shorter passphrase is found by trying", file=sys.stderr)
    return passphrase


def _given() -> str | None:
    """What the environment holds, from which it goes: the table engine that we start has no use for it."""
    passphrase = os.environ.pop(VARIABLE, None)
    if passphrase == "":
        raise NoPassphrase(f"{VARIABLE} is empty")
    return passphrase


def _typed(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise NoPassphrase(f"there is nobody to ask for it; set {VARIABLE}")
    passphrase = getpass.getpass(prompt)
    if not passphrase:
        raise NoPassphrase("it may not be empty")
    return passphrase
