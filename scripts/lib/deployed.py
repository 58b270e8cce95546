"""Installs what the tests of a deployment need beside the other tests: scripts/deploy's tools, a stand-in for AWS."""

from __future__ import annotations

import sys

from deployment import tools
from deployment.refusal import Refused
from installation import Missing

if __name__ == "__main__":
    try:
        tools.become_newest()
        for name in tools.REQUIREMENTS:
            tools.installed(name)
    except (Refused, Missing) as problem:
        sys.exit(f"scripts/test: {problem}")
