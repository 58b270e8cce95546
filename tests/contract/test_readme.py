"""What the README says is so: its table of operations, the files it names, the scripts it tells people to run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.calls import OF_COGNITO
from tests.contract.test_operations import BUILT

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
LINKS = sorted(set(re.findall(r"\]\(([^)\s]+)\)", README)))
FENCES = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED = sorted(set(re.findall(r"`((?:scripts|docs|chalicelib|tests|bench)/[\w./-]+)`", FENCES.sub("", README))))


def rows() -> list[tuple[str, str]]:
    """(built, not yet) of every row of the table of operations."""
    table = README.partition("<!-- operations -->")[2].partition("<!-- /operations -->")[0]
    cells = [line.split("|") for line in table.splitlines() if line.startswith("|") and "`" in line]
    return [(cell[2], cell[3]) for cell in cells]


def names(column: int) -> list[str]:
    return [name for row in rows() for name in re.findall(r"`(\w+)`", row[column])]


class TestTheTableOfOperations:
    def test_is_what_the_script_writes(self) -> None:
        told = subprocess.run(
            [sys.executable, ROOT / "scripts" / "readme-tables", "--check"], capture_output=True, text=True, timeout=60
        )

        assert told.returncode == 0, told.stdout + told.stderr

    def test_names_every_operation_of_the_three_services_once_for_each(self) -> None:
        assert sorted(names(0) + names(1)) == sorted(operation.name for operation in OF_COGNITO)

    def test_says_of_those_that_are_built_that_they_are(self) -> None:
        assert sorted(names(0)) == sorted(BUILT)

    def test_has_an_area_for_every_operation(self) -> None:
        assert "| Others |" not in README

    def test_comes_from_a_script_that_explains_itself(self) -> None:
        told = subprocess.run(
            [sys.executable, ROOT / "scripts" / "readme-tables", "--help"], capture_output=True, text=True, timeout=60
        )

        assert told.returncode == 0
        assert "--check" in told.stdout


class TestLinks:
    def test_there_are_some(self) -> None:
        assert len(LINKS) > 5

    @pytest.mark.parametrize("link", [link for link in LINKS if not link.startswith(("https://", "http://", "#"))])
    def test_a_file_that_is_linked_is_there(self, link: str) -> None:
        assert (ROOT / link.partition("#")[0]).exists()

    @pytest.mark.parametrize("name", NAMED)
    def test_a_file_that_is_named_is_there(self, name: str) -> None:
        assert (ROOT / name).exists()

    def test_links_inside_the_page_have_their_headings(self) -> None:
        headings = re.findall(r"^#+ (.+)$", FENCES.sub("", README), re.MULTILINE)
        anchors = {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

        assert {link for link in LINKS if link.startswith("#")} <= anchors
