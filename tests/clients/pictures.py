"""Pictures for tests: one of any size, and what a browser makes of the one behind an address."""

from __future__ import annotations

import os
import struct
import subprocess
import zlib
from pathlib import Path

SECONDS = 60


def png(width: int, height: int) -> bytes:
    """A red picture (PNG, RFC 2083)."""
    rows = (b"\x00" + b"\xff\x00\x00" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def size_in_browser(program: str, folder: Path, address: str) -> str:
    """Width and height of a picture on a page of another origin, as Chromium sees it; `none` if it shows nothing."""
    said = "document.body.textContent"
    shown = f"{said} = it.naturalWidth + 'x' + it.naturalHeight"
    page = folder / "page.html"
    page.write_text(f"""<body><img id="it" src="{address}" onload="{shown}" onerror="{said} = 'none'">""")
    options = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    options += ["--no-sandbox"] if os.geteuid() == 0 else []  # which does not work for root, who is a container's
    command = [program, *options, f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
    return done.stdout.partition("<body>")[2].partition("</body>")[0].strip()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
