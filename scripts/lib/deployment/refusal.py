"""What a person is told when a deployment cannot be done: one sentence with what is wrong and what to do about it."""

from __future__ import annotations


class Refused(Exception):
    """The deployment ends here; the message says why."""
