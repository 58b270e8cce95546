"""How far a long piece of work is, told on standard error: on one line of a terminal, else only if asked for."""

from __future__ import annotations

import argparse
import sys
import time

_ON_TERMINAL, _ELSEWHERE = 0.2, 10.0  # seconds between two words


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a command line ask for progress where there is no terminal."""
    parser.add_argument("--progress", action="store_true", help="show progress although standard error is no terminal")


class Progress:
    """Counts things as they go by."""

    def __init__(self, what: str, *, is_asked_for: bool) -> None:
        self._what = what
        self._on_terminal = sys.stderr.isatty()
        self._is_shown = self._on_terminal or is_asked_for
        self._began = time.monotonic()
        self._told = 0.0
        self._width = 0

    def count(self, number: int) -> None:
        """Tell how many there are so far, if it is time to."""
        now = time.monotonic()
        if self._is_shown and now - self._told >= (_ON_TERMINAL if self._on_terminal else _ELSEWHERE):
            self._told = now
            self._say(f"{number:,} {self._what}, {self.rate(number):,.0f} a second")

    def say(self, words: str) -> None:
        """Tell what is being done instead of counting."""
        if self._is_shown:
            self._say(words)

    def end(self) -> None:
        """Leave the line to others."""
        if self._on_terminal and self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)

    def rate(self, number: int) -> float:
        """How many there were in a second."""
        return number / self.seconds

    @property
    def seconds(self) -> float:
        """How long it has been."""
        return max(time.monotonic() - self._began, 0.001)

    def _say(self, words: str) -> None:
        if not self._on_terminal:
            print(words, file=sys.stderr, flush=True)
            return
        print("\r" + words.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = len(words)
