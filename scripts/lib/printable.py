"""Text of others on a terminal: names and values of users, or the keys in a file that somebody else has made."""

from __future__ import annotations


def printable(text: str) -> str:
    """A text with an escape in place of each character that is not printed.

    The attack: a value of an attribute that, shown on an operator's terminal, moves the cursor over a finding or types.
    """
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
