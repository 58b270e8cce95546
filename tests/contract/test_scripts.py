"""The contract of the scripts: what a person types, what is printed, what lies in the data folder, what is left behind.

Runs the scripts of a copy of the checkout, whose code may be changed, on the installed packages of this one.
"""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest

from chalicelib.laptop.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
COPIED = ["chalicelib", "scripts", ".chalice", "app.py", "package.json", "package-lock.json", ".npmrc"]
LINKED = [".venv", "node_modules"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("checkout")
    for name in [*COPIED, *(file.name for file in ROOT.glob("requirements*"))]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    for name in LINKED:
        (copy / name).symlink_to(ROOT / name)
    return copy


class Run:
    """One scripts/dev on a data folder; what it prints is kept."""

    def __init__(self, checkout: Path, data: Path, *options: str, **variables: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = data.parent / f"{data.name}-{self.port}.out"
        self.began = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [checkout / "scripts" / "dev", "--port", str(self.port), "--data", data, *options],
                env={**shell(), **variables},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def printed(self) -> str:
        return self.output.read_text()

    def await_ready(self, times: int = 1) -> float:
        """Seconds until the ready line has been printed so many times."""
        line = f"ready {self.url}"
        await_that(lambda: self.printed().splitlines().count(line) >= times, self.printed)
        return time.monotonic() - self.began

    def facts(self) -> dict:
        return json.loads((self.data / "local.json").read_text())

    def client(self):
        key_id, secret = Folder(self.data).credentials_kept()
        session = boto3.Session(aws_access_key_id=key_id, aws_secret_access_key=secret)
        return session.client("cognito-idp", "us-east-1", endpoint_url=self.url)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(15)


@contextmanager
def dev(checkout: Path, data: Path, *options: str, **variables: str) -> Iterator[Run]:
    run = Run(checkout, data, *options, **variables)
    try:
        yield run
    finally:
        run.end()


def shell(**changes: str) -> dict[str, str]:
    """A shell without the variables that decide: those of AWS and our own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LATCHKEY_"))}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, **changes}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_that(is_so, words=lambda: "") -> None:
    end_of_patience = time.monotonic() + START_SECONDS
    while not is_so():
        if time.monotonic() > end_of_patience:
            pytest.fail(f"not so after {START_SECONDS} seconds\n{words()}")
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    asked = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()[:1] not in ("", "Z")


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/", timeout=2):
            return True
    except OSError as error:
        return hasattr(error, "code")


def script(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "scripts" / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=shell(**variables))


SCRIPTS = ("bench", "check", "check-table", "deploy", "dev", "export", "import", "job", "operator")
SCRIPTS += ("operator-credentials", "readme-tables", "refresh-model", "test")


class TestHelp:
    @pytest.mark.parametrize("name", SCRIPTS)
    def test_every_script_explains_itself(self, name):
        answer = script(name, "--help")

        assert answer.returncode == 0
        assert answer.stdout.lower().startswith("usage:")

    @pytest.mark.parametrize("option", ["--port", "--data DIR", "--fresh", "--no-reload"])
    def test_dev_names_its_options(self, option):
        assert option in script("dev", "--help").stdout

    @pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "http"], ["--port", "70000"], ["--nonsense"]])
    def test_dev_refuses_what_it_does_not_know(self, arguments):
        answer = script("dev", *arguments)

        assert answer.returncode == 2
        assert "scripts/dev: error:" in answer.stderr


class TestMissing:
    def test_a_machine_without_python_3_11_is_told_so(self, tmp_path):
        stand_in(tmp_path, "python3", "case $1 in --version) echo Python 3.9.2;; esac; exit 1")

        answer = script("dev", PATH=f"{tmp_path}:/nonexistent/bin")

        assert answer.returncode != 0
        assert "Python 3.11 or newer is needed; found: Python 3.9.2" in answer.stderr

    def test_a_machine_without_the_venv_module_is_told_what_to_install(self, tmp_path):
        stand_in(tmp_path, "python3", 'case "$2" in *ensurepip*) exit 1;; esac; exit 0')

        answer = script("dev", PATH=f"{tmp_path}:/nonexistent/bin")

        assert answer.returncode == 2
        assert "apt-get install python3-venv" in answer.stderr

    def test_a_machine_without_node_is_told_so(self, tmp_path, python_alone):
        answer = script("dev", PATH=str(python_alone))

        assert answer.returncode == 1
        assert "node is needed for the table engine: install Node.js 18 or newer with npm" in answer.stderr

    def test_an_old_node_is_named(self, python_alone):
        stand_in(python_alone, "node", "echo v16.20.0")
        stand_in(python_alone, "npm", "exit 0")

        answer = script("dev", PATH=str(python_alone))

        assert answer.returncode == 1
        assert "Node.js 18.2 or newer is needed; found v16.20.0" in answer.stderr

    @pytest.fixture
    def python_alone(self, tmp_path: Path) -> Path:
        (tmp_path / "python3").symlink_to(ROOT / ".venv" / "bin" / "python")
        for name in ("dirname", "sh"):
            (tmp_path / name).symlink_to(shutil.which(name))
        return tmp_path


def stand_in(folder: Path, name: str, script_text: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script_text}\n")
    program.chmod(0o755)
    if not (folder / "dirname").exists():
        (folder / "dirname").symlink_to(shutil.which("dirname"))


class TestDev:
    def test_a_run_serves_from_its_folder_and_leaves_nothing_behind(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as run:
            run.await_ready()
            facts = run.facts()

            assert answers(run.url)
            assert {"credentials", "table.db", "application.log", "engine.log"} <= {
                file.name for file in run.data.iterdir()
            }
            assert stat.S_IMODE((run.data / "credentials").stat().st_mode) == 0o600
            assert (run.data / "credentials").read_text().startswith("[latchkey]\naws_access_key_id = ")

            assert run.end(signal.SIGTERM) == 0

        assert not answers(run.url)
        assert not is_alive(facts["engine"]["pid"])
        assert not is_alive(facts["application"]["pid"])

    def test_it_says_what_to_paste_into_a_client(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as run:
            run.await_ready()
            demo = run.facts()["demo"]

        printed = run.printed()
        assert f"export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={run.url}" in printed
        assert f"AWS_SHARED_CREDENTIALS_FILE={run.data}/credentials AWS_PROFILE=latchkey" in printed
        assert demo
        assert all(str(value) in printed for value in demo.values())

    def test_what_is_pasted_works(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as run:
            run.await_ready()
            exports = "\n".join(re.findall(r"^  (export .*)$", run.printed(), re.MULTILINE))
            lists = "import boto3; print(boto3.client('cognito-idp').list_user_pools(MaxResults=10)['UserPools'])"

            answer = subprocess.run(
                ["sh", "-c", f'{exports}\nexec "$0" -c "$1"', checkout / ".venv" / "bin" / "python", lists],
                env=shell(),
                capture_output=True,
                text=True,
                check=False,
            )

            assert answer.returncode == 0, answer.stderr
            assert all(value in answer.stdout for name, value in run.facts()["demo"].items() if "pool" in name.lower())

    def test_the_root_operator_has_the_key_that_the_shell_names(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data", LATCHKEY_OPERATOR="AKIDCHOSENBYSHELL:chosen-secret") as run:
            run.await_ready()
            client = boto3.client(
                "cognito-idp",
                "eu-west-3",
                endpoint_url=run.url,
                aws_access_key_id="AKIDCHOSENBYSHELL",
                aws_secret_access_key="chosen-secret",
            )

            assert client.list_user_pools(MaxResults=1)["UserPools"]

    def test_half_a_key_in_the_shell_is_refused_at_once(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data", LATCHKEY_OPERATOR="AKIDWITHOUTSECRET") as run:
            assert run.process.wait(START_SECONDS) == 2

        assert "LATCHKEY_OPERATOR must be ID:SECRET" in run.printed()

    def test_data_survive_a_kill_and_the_next_start_takes_under_five_seconds(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as killed:
            killed.await_ready()
            pool = killed.client().create_user_pool(PoolName="kept")["UserPool"]["Id"]
            killed.end(signal.SIGKILL)

        with dev(checkout, tmp_path / "data") as run:
            seconds = run.await_ready()

            assert run.client().describe_user_pool(UserPoolId=pool)["UserPool"]["Name"] == "kept"
            assert (run.data / "credentials").exists()
            assert seconds < 5

    def test_a_killed_run_leaves_no_process(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as run:
            run.await_ready()
            facts = run.facts()
            run.end(signal.SIGKILL)

            await_that(lambda: not any(is_alive(facts[name]["pid"]) for name in ("engine", "application")))

    def test_a_second_run_on_the_folder_is_refused(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as first:
            first.await_ready()
            with dev(checkout, tmp_path / "data") as second:
                assert second.process.wait(START_SECONDS) == 2

            assert f"is in use by process {first.process.pid}" in second.printed()
            assert answers(first.url)

    def test_a_taken_port_is_named(self, checkout, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            command = [checkout / "scripts" / "dev", "--port", str(port), "--data", tmp_path / "data"]
            answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=shell())

        assert answer.returncode == 2
        assert f"port {port} is taken by another program; choose one with --port" in answer.stderr

    def test_fresh_begins_with_an_empty_table(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as first:
            first.await_ready()
            first.client().create_user_pool(PoolName="gone")
            key = (first.data / "key").read_bytes()

        with dev(checkout, tmp_path / "data", "--fresh") as run:
            run.await_ready()

            names = [pool["Name"] for pool in run.client().list_user_pools(MaxResults=60)["UserPools"]]
            assert "gone" not in names
            assert (run.data / "key").read_bytes() != key

    def test_fresh_leaves_a_folder_alone_that_is_not_ours(self, checkout, tmp_path):
        (tmp_path / "credentials").write_text("[default]\n")

        with dev(checkout, tmp_path, "--fresh") as run:
            assert run.process.wait(START_SECONDS) == 2

        assert (tmp_path / "credentials").read_text() == "[default]\n"
        assert "that is not Latchkey's" in run.printed()

    def test_another_dynamodb_is_used_instead_of_an_engine_of_its_own(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "first") as first:
            first.await_ready()
            endpoint = f"http://127.0.0.1:{first.facts()['engine']['port']}"
            table = "latchkey-of-another-run"
            with dev(checkout, tmp_path / "second", AWS_ENDPOINT_URL_DYNAMODB=endpoint, LATCHKEY_TABLE=table) as second:
                second.await_ready()

                assert "engine" not in second.facts()
                assert not (second.data / "table.db").exists()
                assert second.client().list_user_pools(MaxResults=1)["UserPools"]


class TestReload:
    def test_a_change_is_served_and_a_mistake_is_survived(self, checkout, tmp_path):
        watched = checkout / "chalicelib" / "watched.py"
        with dev(checkout, tmp_path / "data") as run:
            run.await_ready()
            watched.write_text("x = 1\n")
            run.await_ready(times=2)
            source = (checkout / "app.py").read_text()

            (checkout / "app.py").write_text(f"{source}\ndef (\n")
            await_that(lambda: "SyntaxError" in run.printed(), run.printed)
            assert run.process.poll() is None

            (checkout / "app.py").write_text(source)
            run.await_ready(times=3)
            assert answers(run.url)
            watched.unlink()

    def test_without_it_a_change_is_left_alone(self, checkout, tmp_path):
        watched = checkout / "chalicelib" / "unwatched.py"
        with dev(checkout, tmp_path / "data", "--no-reload") as run:
            run.await_ready()
            application = run.facts()["application"]
            watched.write_text("x = 1\n")
            time.sleep(1.5)

            assert run.facts()["application"] == application
            watched.unlink()

    def test_without_it_an_application_that_ends_is_the_end(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data", "--no-reload") as run:
            run.await_ready()
            os.kill(run.facts()["application"]["pid"], signal.SIGKILL)

            assert run.process.wait(START_SECONDS) == 1
        assert "the application has ended with status -9" in run.printed()


class TestChaliceLocal:
    def test_it_works_alone_on_the_same_table_and_ends_its_engine(self, checkout, tmp_path):
        with dev(checkout, tmp_path / "data") as run:
            run.await_ready()
            pool = run.client().create_user_pool(PoolName="shared")["UserPool"]["Id"]
            run.end()

        command = [checkout / ".venv" / "bin" / "chalice", "local", "--port", str(run.port)]
        variables = shell(LATCHKEY_DATA=str(run.data))
        with subprocess.Popen(command, cwd=checkout, env=variables, start_new_session=True) as chalice:
            await_that(lambda: answers(run.url))
            engine = run.facts()["engine"]["pid"]

            assert run.client().describe_user_pool(UserPoolId=pool)["UserPool"]["Name"] == "shared"

            os.killpg(chalice.pid, signal.SIGTERM)
        await_that(lambda: not is_alive(engine))


class TestRequirements:
    @pytest.mark.parametrize("file", sorted(ROOT.glob("requirements*.txt")), ids=lambda file: file.name)
    def test_every_package_is_pinned_by_hash_and_comes_from_no_named_place(self, file):
        text = file.read_text()

        assert not re.search(
            r"https?:|file:|^\s*-|index|find-links|trusted-host", text.replace("--hash", ""), re.MULTILINE
        )
        for requirement in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9-]+==[\w.]+( ;.*)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n?)+", requirement)

    def test_the_tests_run_on_the_packages_that_are_shipped(self):
        shipped = pins(ROOT / "requirements.txt")

        assert shipped
        assert shipped.items() <= pins(ROOT / "requirements-dev.txt").items()

    def test_npm_packages_are_pinned_and_come_from_no_named_place(self):
        lock = json.loads((ROOT / "package-lock.json").read_text())
        packages = {name: facts for name, facts in lock["packages"].items() if name}

        assert packages
        assert all("integrity" in facts or facts.get("inBundle") for facts in packages.values())
        assert not any("resolved" in facts for facts in packages.values())


def pins(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", file.read_text(), re.MULTILINE))
