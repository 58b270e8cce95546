"""Who may import whom: the contracts of pyproject.toml, and what import-linter cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "chalicelib"
SOURCES = [*sorted(HOUSE.rglob("*.py")), ROOT / "app.py"]

NETWORK = {"boto3", "botocore", "http", "requests", "smtplib", "socket", "socketserver", "ssl", "urllib3"}
NETWORK_PARTS = {"urllib.request", "urllib.error"}
# The client of the table, which PynamoDB stands on too, is made once for all; and the server of a laptop is a server.
ALLOWED_NETWORK = {("table/connection.py", "botocore"), ("edge/local.py", "http"), ("edge/local.py", "http.server")}
ENVIRONMENT_READERS = ("app.py", "settings.py", "laptop/")


def place(path: Path) -> str:
    """A source by its path below the house; `app.py` for itself."""
    return path.relative_to(HOUSE).as_posix() if path.is_relative_to(HOUSE) else path.name


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at any depth of the code."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(packages: set[str]) -> set[tuple[str, str]]:
    """(file, module) for every import of one of these packages or their parts."""
    return {(place(path), name) for path in SOURCES for name in imports(path) if is_in(name, packages)}


def is_in(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


class TestContracts:
    def test_import_linter_finds_every_contract_kept(self) -> None:
        program = Path(sys.executable).with_name("lint-imports")

        told = subprocess.run(
            [program, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60
        )

        assert told.returncode == 0, told.stdout


class TestImports:
    def test_chalice_is_known_to_the_doors_and_the_jobs_alone(self) -> None:
        found = {file for file, _ in importers({"chalice"})}

        assert {file for file in found if not file.startswith(("app.py", "edge/", "jobs/"))} == set()
        assert found

    def test_pynamodb_is_known_to_the_table_alone(self) -> None:
        found = {file for file, _ in importers({"pynamodb"})}

        assert {file for file in found if not file.startswith("table/")} == set()
        assert found

    def test_connections_are_opened_by_the_outside_alone(self) -> None:
        found = importers(NETWORK | NETWORK_PARTS)

        strangers = {(file, name) for file, name in found if not file.startswith(("outside/", "laptop/"))}
        unexpected = {(file, name) for file, name in strangers if not is_allowed(file, name)}
        assert unexpected == set()
        assert strangers != found

    def test_rules_import_the_standard_library_and_six_packages(self) -> None:
        packages = {"cryptography", "jwt", "argon2", "bcrypt", "pyotp", "webauthn"}
        allowed = set(sys.stdlib_module_names) | packages | {"chalicelib"}

        found = {name.partition(".")[0] for path in (HOUSE / "rules").glob("*.py") for name in imports(path)}

        assert found <= allowed

    def test_rules_know_of_the_house_themselves_and_the_errors(self) -> None:
        own = {name for path in (HOUSE / "rules").glob("*.py") for name in imports(path) if is_in(name, {"chalicelib"})}

        strange = {
            name for name in own if name != "chalicelib" and not is_in(name, {"chalicelib.rules", "chalicelib.errors"})
        }
        assert strange == set()

    def test_nothing_of_the_product_imports_its_tests(self) -> None:
        assert importers({"tests", "pytest", "hypothesis", "moto"}) == set()


class TestEnvironment:
    @pytest.mark.parametrize("path", SOURCES, ids=place)
    def test_is_read_by_the_settings_alone(self, path: Path) -> None:
        if place(path).startswith(ENVIRONMENT_READERS):
            return

        tree = ast.parse(path.read_text("utf-8"))

        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert names & {"environ", "environb", "getenv", "putenv"} == set()


def is_allowed(file: str, name: str) -> bool:
    return any(file == allowed and is_in(name, {package}) for allowed, package in ALLOWED_NETWORK)
