"""scripts/bench runs through and says what it should. What it measures is not judged here: that is the bench's own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORIES = [
    "SignUp", "ConfirmSignUp", "sign-in, password", "sign-in, SRP 1", "sign-in, SRP 2", "sign-in, TOTP",
    "sign-in, device", "sign-in, passkey", "refresh", "refresh, rotating", "GetUser", "AdminGetUser",
    "ListUsers, 60", "JWKS", "CreateUserPool",
]  # fmt: skip

CALLS = ["sign-in, password", "GetUser", "AdminGetUser", "ListUsers, 60", "ListUsers, e-mail =", "ListUsers, name ^="]


def bench(*options: str) -> str:
    done = subprocess.run([ROOT / "scripts" / "bench", *options], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text: str, title: str) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    section = text.partition(f"## {title}")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture(scope="module")
def told() -> str:
    return bench("--quick", "--calls", "1")


@pytest.fixture(scope="module")
def crowds() -> str:
    return bench("--quick", "--calls", "1", "--users", "2", "3")


class TestARun:
    def test_measures_every_story(self, told):
        measured = rows(told, "Stories in process")

        assert [row[0] for row in measured] == STORIES
        assert all(float(row[4]) > 0 for row in measured)

    def test_judges_what_has_a_target(self, told):
        judged = {row[0]: row[-1] for row in rows(told, "Stories in process") if row[-1]}

        assert set(judged) == {"sign-in, password", "refresh", "refresh, rotating", "GetUser"}
        assert all(re.search(r": (met|MISSED by [0-9.]+)$", verdict) for verdict in judged.values())

    def test_tells_what_each_story_sends(self, told):
        sent = {row[0]: row[-1].split() for row in rows(told, "What the stories send to DynamoDB")}

        assert list(sent) == STORIES
        assert sent["JWKS"] == ["-"]
        assert sent["sign-in, password"][-1] == "PutItem"

    def test_tells_units_of_capacity(self, told):
        units = {row[0]: (float(row[2]), float(row[3])) for row in rows(told, "What the stories send to DynamoDB")}

        assert units["GetUser"][0] > 0
        assert units["GetUser"][1] == 0
        assert units["SignUp"][1] > 0

    def test_shows_the_floor_beside_it(self, told):
        floor = {row[0]: float(row[1]) for row in rows(told, "Floor")}

        assert {"argon2 verify", "RS256 sign", "SRP step 2"} <= set(floor)

    def test_makes_a_crowd_too(self, told):
        assert "1000" in {row[1] for row in rows(told, "Cost by the number of users")}

    def test_tells_what_a_cold_start_takes(self, told):
        steps = {row[0]: float(row[1]) for row in rows(told, "Cold start")}

        assert steps["import app"] > 0
        assert steps["then GetUser"] > 0


class TestARunOfCrowds:
    def test_measures_each_call_with_each_size_and_nothing_else(self, crowds):
        points = [(row[0], row[1]) for row in rows(crowds, "Cost by the number of users")]

        assert points == [(call, size) for call in CALLS for size in ("2", "3")]
        assert rows(crowds, "Stories in process") == []

    def test_judges_how_much_more_the_most_users_cost(self, crowds):
        judged = [row[-1] for row in rows(crowds, "Cost by the number of users") if row[1] == "3"]

        assert all(re.search(r": (met|MISSED by [0-9.]+)$", verdict) for verdict in judged)


class TestItsHelp:
    def test_explains_the_columns(self):
        text = bench("--help")

        assert text.startswith("usage: scripts/bench")
        assert "own CPU" in text


class TestAWrongOption:
    @pytest.mark.parametrize("options", [["--users", "0"], ["--users", "many"], ["--engine", "sqlite"]])
    def test_is_refused_with_the_usage(self, options):
        done = subprocess.run([ROOT / "scripts" / "bench", *options], capture_output=True, text=True, timeout=60)

        assert done.returncode == 2
        assert "usage: scripts/bench" in done.stderr
