"""The template of a deployment as Chalice merges it, for the tests that hold it to what it should be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "scripts" / "lib"

_MAKE = """\
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from deployment import bundle
with tempfile.TemporaryDirectory() as work:
    print(json.dumps(bundle.template_of(Path(sys.argv[2]), Path(work), "prod", "arm64")))
"""

Json = dict[str, Any]


@cache
def made() -> str:
    """What `chalice package` makes of app.py, the configuration, the policies and the template, as text."""
    command = [sys.executable, "-c", _MAKE, LIBRARY, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def of_type(template: Json, kind: str) -> dict[str, Json]:
    return {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}


def statements(template: Json) -> Iterator[tuple[str, Json]]:
    """What is allowed whatever the parameters say."""
    return ((role, statement) for role, statement in all_statements(template) if "Fn::If" not in statement)


def all_statements(template: Json) -> Iterator[tuple[str, Json]]:
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
