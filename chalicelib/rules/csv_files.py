"""The files of user imports, as far as they are lines and values: where a line ends, what its values are, the header.

The dialect is Cognito's: UTF-8 without a byte order mark, one user a line, values apart by commas and trimmed; before
a comma or a backslash inside a value stands a backslash. Quotation marks are characters like all others. Lines come out
of blocks, so a file of 100 MB is never held, nor a line that does not end. Leaves what values mean to `import_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

LARGEST = 100_000_000
"""Bytes of a file."""

MOST_ROWS = 500_000
LONGEST_ROW = 16_000
"""Characters."""

PASSWORD_HASH = "password_hash"  # noqa: S105 - the name of a column
"""The column that a file may have beside those of the pool."""

_MOST_BYTES = 4 * LONGEST_ROW
_MARK = b"\xef\xbb\xbf"
_PART = re.compile(r"\\([,\\])|(,)")
_MOST_NAMED, _LONGEST_NAMED = 2, 28

Read = Callable[[int], bytes]
"""The bytes of a file from an offset on, as many as it likes to give; none at the end."""


class FileRefused(Exception):
    """Nothing of the file can be imported; the message says why, in at most 128 characters."""


class RowRefused(Exception):
    """One line cannot be imported; the message says why, without its values."""


class Line(NamedTuple):
    """A line: its number (the header is 1), its bytes (None when there are too many), the offset behind it."""

    number: int
    content: bytes | None
    ends: int


def lines(read: Read, at: int = 0, number: int = 0) -> Iterator[Line]:
    """The lines of a file from an offset on, behind the line of that number."""
    held, dropped = b"", 0  # the beginning of a line whose end has not come, and how much of it was let go
    while block := read(at + dropped + len(held)):
        *whole, held = (held + block).split(b"\n")
        for content in whole:
            at, number = at + dropped + len(content) + 1, number + 1
            yield Line(number, None if dropped or len(content) > _MOST_BYTES else content, at)
            dropped = 0
        if len(held) > _MOST_BYTES:
            held, dropped = b"", dropped + len(held)
    if held or dropped:
        yield Line(number + 1, None if dropped else held, at + dropped + len(held))


def values(line: Line) -> list[str]:
    """The values of a line, trimmed; none of a blank one. Raises RowRefused."""
    if line.content is None:
        raise RowRefused(f"The row is longer than {LONGEST_ROW} characters.")
    try:
        text = line.content.decode()
    except UnicodeDecodeError:
        raise RowRefused("The row is not in UTF-8.") from None
    if len(text) > LONGEST_ROW:
        raise RowRefused(f"The row is longer than {LONGEST_ROW} characters.")
    return _split(text) if text.strip() else []


def require_countable(rows: int) -> None:
    """Raises FileRefused for more lines than an import may have."""
    if rows > MOST_ROWS:
        raise FileRefused(f"The file has more than {MOST_ROWS} users.")


def header(line: Line | None, columns: Collection[str], *, has_hashes: bool) -> list[str]:
    """The names of a file's columns, in its order; `columns` are those that must be there. Raises FileRefused."""
    found = _names(line)
    wanted = {*columns, PASSWORD_HASH} if has_hashes else set(columns)
    if PASSWORD_HASH in found and not has_hashes:
        raise FileRefused(f"The file has a column {PASSWORD_HASH}, but the job has no PasswordHashingAlgorithm.")
    _refuse("The header of the file lacks", sorted(wanted - set(found)))
    _refuse("The header of the file has unknown columns:", sorted(set(found) - wanted))
    _refuse("The header of the file repeats", sorted({name for name in found if found.count(name) > 1}))
    return found


def _names(line: Line | None) -> list[str]:
    if line is None:
        raise FileRefused("The file is empty.")
    if (line.content or b"").startswith(_MARK):
        raise FileRefused("The file begins with a byte order mark; save it as UTF-8 without one.")
    try:
        return values(line)
    except RowRefused:
        raise FileRefused("The first line of the file is no header in UTF-8.") from None


def _refuse(words: str, names: Sequence[str]) -> None:
    """Attack: a header of thousands of names, each as long as a line, becomes the message; so few and short ones."""
    if names:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        listed = ", ".join(name[:_LONGEST_NAMED] or "an empty name" for name in names[:_MOST_NAMED])
        raise FileRefused(f"{words} {listed}{more}.")


def _split(text: str) -> list[str]:
    found, value, place = [], "", 0
    for part in _PART.finditer(text):
        value += text[place : part.start()] + (part[1] or "")
        place = part.end()
        if part[2]:
            found.append(value.strip())
            value = ""
    return [*found, (value + text[place:]).strip()]
