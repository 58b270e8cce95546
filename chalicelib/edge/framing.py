"""Where an HTTP/1.1 message ends: the strict reading of heads and bodies at the door of a laptop.

Owns the refusal of everything that two parsers could read differently. The attack is request smuggling: a proxy in
front of us believes in one end of a body, we in another, and the rest becomes a request that nobody checked.
Standard: RFC 9112, sections 5 to 7. The gateway in the cloud does all this itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from io import BufferedIOBase

MAX_LINE = 256
MAX_TRAILERS = 32


class Refused(Exception):
    """A request whose body is not read: `status` says why. The connection must end, for its framing is not trusted."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class StrictLines:
    """The lines of a head, with an eye on those that `email.parser` splits or joins and a proxy does not."""

    def __init__(self, source: BufferedIOBase) -> None:
        self._source = source
        self.is_torn = False

    def readline(self, limit: int = -1) -> bytes:
        """The next line; `is_torn` stays true after a bare CR or LF, a NUL, or a folded line (RFC 9112 2.2 and 5.2)."""
        line = self._source.readline(limit)
        is_whole = line.endswith(b"\r\n") and b"\r" not in line[:-2] and b"\0" not in line
        self.is_torn = self.is_torn or not is_whole or line[:1] in (b" ", b"\t")
        return line


@dataclass(frozen=True, slots=True)
class Framing:
    """How to read one body: where from, how many bytes at most, and what to do before the first (100 Continue)."""

    source: BufferedIOBase
    limit: int
    go_on: Callable[[], None]

    def body(self, head: Message, version: str) -> bytes:
        """The whole body; raises Refused with 400 (malformed, cut short) or 413 (too long; nothing of it is read)."""
        lengths = set(head.get_all("Content-Length", []))
        encodings = [encoding.lower() for encoding in head.get_all("Transfer-Encoding", [])]
        if encodings:
            # Both lengths at once, or an encoding that we cannot undo: RFC 9112 6.1 allows refusal, safety wants it.
            if lengths or encodings != ["chunked"] or version == "HTTP/1.0":
                raise Refused(400)
            return self._chunked()
        return self._sized(lengths) if lengths else b""

    def _sized(self, lengths: set[str]) -> bytes:
        text = lengths.pop()
        if lengths or not re.fullmatch("[0-9]{1,18}", text):
            raise Refused(400)
        if int(text) > self.limit:
            raise Refused(413)
        self.go_on()
        return self._exactly(int(text))

    def _chunked(self) -> bytes:
        self.go_on()
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > self.limit:
                raise Refused(413)
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise Refused(400)
        self._skip_trailers()
        return bytes(body)

    def _chunk_size(self) -> int:
        size = re.fullmatch(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n", self.source.readline(MAX_LINE))
        if not size:
            raise Refused(400)
        return int(size[1], 16)

    def _skip_trailers(self) -> None:
        """Trailers are read and forgotten: as headers they could overwrite what was already checked."""
        for _ in range(MAX_TRAILERS):
            line = self.source.readline(MAX_LINE)
            if line == b"\r\n":
                return
            if not line.endswith(b"\r\n"):
                break
        raise Refused(400)

    def _exactly(self, size: int) -> bytes:
        data = self.source.read(size)
        if len(data) != size:
            raise Refused(400)
        return data


def check_head(head: Message, target: str, version: str) -> None:
    """Raise Refused(400) for a head that is malformed, an absent or repeated Host, or a target that is not a path."""
    hosts = head.get_all("Host", [])
    needs_host = version != "HTTP/1.0"
    is_malformed = bool(head.defects) or bool(head.get_payload())
    if is_malformed or len(hosts) > 1 or (needs_host and not hosts) or not target.startswith("/"):
        raise Refused(400)
