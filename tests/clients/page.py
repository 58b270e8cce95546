"""A page of another origin in headless Chromium: serves it, hands it what it needs, waits for what it reports."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.engines import ROOT

FOLDER = Path(__file__).resolve().parent
LIBRARY = ROOT / "node_modules" / "amazon-cognito-identity-js" / "dist" / "amazon-cognito-identity.min.js"
PATIENCE_SECONDS = 90
NAMES = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """The path of a Chromium, if this machine has one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def told_by_page(program: str, profile: Path, given: dict[str, Any]) -> dict[str, Any]:
    """What page.html reports when it is given this; queue.Empty when it never does."""
    reports: queue.Queue[dict[str, Any]] = queue.Queue()
    with serving(given, reports) as url, browsing(program, profile, url):
        return reports.get(timeout=PATIENCE_SECONDS)


@contextmanager
def serving(given: dict[str, Any], reports: queue.Queue[dict[str, Any]]) -> Iterator[str]:
    """The page's own server, whose origin is not Latchkey's."""
    content = {
        "/": ("text/html", (FOLDER / "page.html").read_bytes()),
        "/amazon-cognito-identity.js": ("text/javascript", LIBRARY.read_bytes()),
        "/given": ("application/json", json.dumps(given).encode()),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = content.get(self.path, ("text/plain", b""))
            self._answer(200 if body else 404, kind, body)

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(204, "text/plain", b"")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def browsing(program: str, profile: Path, url: str) -> Iterator[None]:
    """Chromium with a page open and a profile of its own; its sandbox does not work for root, who is a container's."""
    options = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={profile}"]
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *options, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
