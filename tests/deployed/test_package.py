"""The package that is deployed: what it has, what it has not, and that it runs on nothing but itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.deployed.cloud import LIBRARY, ROOT, tool

pytestmark = pytest.mark.deployed

CPU_MILLISECONDS = 700
MEGABYTES = 15
_MAKE = """\
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from deployment import bundle, requirements
from deployment.refusal import Refused
action, *given = sys.argv[2:]
try:
    if action == "bundle":
        made = bundle.made(Path(given[0]), Path(given[1]), "prod", given[2])
        print(json.dumps([str(made.package), made.digest, json.loads(made.placed("bucket", "key"))]))
    elif action == "install":
        requirements.install(*map(Path, given[:3]), given[3])
    else:
        bundle.refuse_incomplete(int(given[0]), given[1])
except Refused as refused:
    print(refused, file=sys.stderr)
    sys.exit(1)
"""
_COLD = """\
import json, sys, time
sys.path.insert(0, sys.argv[1])
import app
answer = app.app(json.loads(sys.argv[2]), None)
cpu = time.process_time() * 1000
files = sorted({module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)})
print(json.dumps({"status": answer["statusCode"], "cpu": cpu, "from": files}))
"""


def deployment(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """A step of scripts/deploy, under its own Python."""
    command = [tool("deploy"), "-c", _MAKE, LIBRARY, *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=240)


class Package:
    """A package for one processor, unzipped."""

    def __init__(self, folder: Path, architecture: str) -> None:
        work = folder / "work"
        work.mkdir()
        done = deployment("bundle", ROOT, work, architecture)
        assert done.returncode == 0, done.stderr
        path, self.digest, self.template = json.loads(done.stdout)
        self.size = Path(path).stat().st_size
        self.files = folder / "files"
        with zipfile.ZipFile(path) as package:
            package.extractall(self.files)
            self.times = {entry.date_time for entry in package.infolist()}

    def names(self) -> set[str]:
        return {path.relative_to(self.files).as_posix() for path in self.files.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """For this machine's processor."""
    return Package(tmp_path_factory.mktemp("package"), "x86_64")


class TestContent:
    def test_is_small(self, package: Package) -> None:
        assert package.size <= MEGABYTES * 1_000_000

    def test_is_the_same_for_the_same_checkout(self, package: Package, tmp_path: Path) -> None:
        assert Package(tmp_path, "x86_64").digest == package.digest
        assert package.times == {(1980, 1, 1, 0, 0, 0)}

    def test_has_nothing_of_a_laptop(self, package: Package) -> None:
        assert [
            name for name in package.names() if name.startswith(("chalicelib/laptop", "tests", "scripts", ".venv"))
        ] == []
        assert [name for name in package.names() if "edge/local" in name or name.startswith("boto3")] == []

    def test_has_byte_code_beside_every_source(self, package: Package) -> None:
        names = package.names()
        sources = [name for name in names if name.endswith(".py") and not name.startswith("cffi/")]

        lacking = [name for name in sources if not compiled(name) & names]

        assert sources
        assert lacking == []

    def test_brings_the_models_of_all_services_that_the_code_speaks_to(self, package: Package) -> None:
        text = "\n".join(path.read_text("utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
        spoken = set(re.findall(r"""(?:aws\.client|create_client)\(\s*"([a-z0-9-]+)""", text))

        brought = {
            name.split("/")[2] for name in package.names() if name.startswith("botocore/data/") and name.count("/") > 3
        }

        assert {"dynamodb", "kms", "sesv2", "sns"} <= spoken <= brought

    def test_its_libraries_are_for_the_processor_that_is_asked_for(self, tmp_path: Path) -> None:
        arm = Package(tmp_path, "arm64")

        machines = {path.read_bytes()[18:20] for path in arm.files.rglob("*.so")}

        assert machines == {b"\xb7\x00"}  # EM_AARCH64
        assert arm.template["Resources"]["APIHandler"]["Properties"]["Architectures"] == ["arm64"]


def compiled(name: str) -> set[str]:
    folder, _, file = name.rpartition("/")
    place = f"{folder}/__pycache__" if folder else "__pycache__"
    return {f"{place}/{file[:-3]}.cpython-3{minor}.pyc" for minor in (12, 13, 14)}


class TestColdStart:
    @pytest.fixture
    def cold(self, package: Package) -> dict[str, Any]:
        """Import and first answer in a fresh Python that has nothing but the package."""
        path = "nobody/.well-known/nothing"
        context = {"resourcePath": "/{proxy+}", "httpMethod": "GET", "path": f"/{path}"}
        absent = ("multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables")
        event = dict.fromkeys((*absent, "body")) | {
            "resource": "/{proxy+}",
            "path": f"/{path}",
            "httpMethod": "GET",
            "headers": {"Host": "localhost"},
            "pathParameters": {"proxy": path},
            "isBase64Encoded": False,
            "requestContext": context,
        }
        variables = {"LATCHKEY_TABLE": "none", "AWS_REGION": "us-east-1", "PATH": os.environ["PATH"]}
        base = subprocess.run(
            [tool("deploy"), "-c", "import sys; print(sys._base_executable)"],
            capture_output=True,
            text=True,
            check=True,
        )
        done = subprocess.run(
            [base.stdout.strip(), "-I", "-S", "-B", "-c", _COLD, str(package.files), json.dumps(event)],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told

    def test_it_runs_on_nothing_but_itself(self, cold: dict[str, Any]) -> None:
        assert cold["status"] == 404
        assert [path for path in cold["from"] if "site-packages" in path] == []

    def test_it_is_quick(self, cold: dict[str, Any]) -> None:
        assert cold["cpu"] < CPU_MILLISECONDS


class TestRefusal:
    def test_a_package_without_a_wheel_ends_it(self, tmp_path: Path) -> None:
        done = deployment(
            "install", ROOT / "requirements.txt", ROOT / "requirements.in", tmp_path / "vendor", "riscv64"
        )

        assert done.returncode == 1
        assert re.fullmatch(r"There is no wheel of \S+ for Python 3\.\d+ on Linux riscv64\.\n", done.stderr)

    def test_a_wheel_with_another_hash_ends_it(self, tmp_path: Path) -> None:
        pins = tmp_path / "requirements.txt"
        text = (ROOT / "requirements.txt").read_text("utf-8")
        block = re.search(r"^pyotp==.*\n(?:[ \t]+.*\n)+", text, re.MULTILINE)
        assert block is not None
        pins.write_text(text.replace(block[0], re.sub(r"sha256:\w{8}", "sha256:00000000", block[0])))

        done = deployment("install", pins, ROOT / "requirements.in", tmp_path / "vendor", "x86_64")

        assert done.returncode == 1
        assert "The packages could not be fetched: ERROR: " in done.stderr
        assert "HASHES" in done.stderr

    @pytest.mark.parametrize("status", [0, 1])
    def test_what_chalice_merely_warns_of_ends_it(self, status: int) -> None:
        done = deployment(
            "refuse", status, "Could not install dependencies:\ncbor2==5.6\nYou will have to build these yourself"
        )

        assert done.returncode == 1
        assert "Chalice could not package the application:\nCould not install dependencies:\ncbor2==5.6" in done.stderr

    def test_chalices_own_way_of_warning_is_known(self) -> None:
        """A new Chalice that words it anew would slip through."""
        found = subprocess.run(
            [tool("deploy"), "-c", "from chalice.deploy import packager as p; print(p.MISSING_DEPENDENCIES_TEMPLATE)"],
            capture_output=True,
            text=True,
            check=True,
        )

        assert "Could not install dependencies" in found.stdout
