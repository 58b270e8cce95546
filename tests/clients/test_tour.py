"""The README's five minutes, run as they stand there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.clients.running import Latchkey
from tests.engines import ROOT

pytestmark = pytest.mark.clients

TOUR = ROOT / "docs" / "tour"


def printed(latchkey: Latchkey, *command: object) -> list[str]:
    """The lines that a program prints in the pasted shell; it must end well."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=60, env=latchkey.shell
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class TestTour:
    def test_boto3_from_sign_up_to_sign_out(self, latchkey):
        mail, signed_in, signed_out = printed(latchkey, sys.executable, "-W", "error", TOUR / "tour.py")

        assert mail == f"ada@example.com was sent the code {latchkey.code('ada')}"
        assert signed_in.startswith("signed in: ada {")
        assert "'email_verified': 'true'" in signed_in
        assert signed_out == "signed out: Access Token has been revoked"

    def test_amplify_on_the_demo_pool(self, latchkey):
        demo = latchkey.facts["demo"]

        mail, signed_in, issuer, refreshed, signed_out = printed(
            latchkey, "node", TOUR / "tour.mjs", demo["pool"], demo["client"], latchkey.url
        )

        name = signed_in.removeprefix("signed in: ")
        assert mail == f"{name}@example.com was sent the code {latchkey.code(name)}"
        assert issuer == f"issued by {latchkey.url}/{demo['pool']}"
        assert refreshed == "refreshed: true"
        assert signed_out == "signed out: true"


class TestReadme:
    @pytest.mark.parametrize(("file", "language"), [("tour.py", "python"), ("tour.mjs", "js")])
    def test_it_shows_what_runs(self, file, language):
        mark = f"docs/tour/{file}"
        _, _, rest = (ROOT / "README.md").read_text().partition(f"<!-- {mark} -->\n")
        shown, _, _ = rest.partition(f"<!-- /{mark} -->")

        assert shown == f"```{language}\n{(TOUR / file).read_text()}```\n"
