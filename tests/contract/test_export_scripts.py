"""The contract of scripts/export, scripts/import and scripts/check-table: what a person types and is told."""

from __future__ import annotations

import errno
import importlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.laptop.folder import Folder
from tests.clients.running import Latchkey

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "scripts" / "lib"
WORDS = "five random words of mine"


def script(name: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "scripts" / name, *map(str, arguments)]
    given = {"stdin": subprocess.DEVNULL, "env": shell(**variables)}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **given)


def shell(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LATCHKEY_"))}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "LATCHKEY_PASSPHRASE": WORDS, **changes}


def client_of(run: Latchkey):
    key_id, secret = Folder(run.data).credentials_kept()
    session = boto3.Session(aws_access_key_id=key_id, aws_secret_access_key=secret)
    return session.client("cognito-idp", "us-east-1", endpoint_url=run.url)


def table_of(run: Latchkey):
    endpoint = f"http://127.0.0.1:{run.facts['engine']['port']}"
    return boto3.Session("local", "local", region_name="us-east-1").client("dynamodb", endpoint_url=endpoint)


def sign_in(cognito, client: str, name: str) -> dict:
    parameters = {"USERNAME": name, "PASSWORD": "Correct-Horse-9"}
    return cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A running scripts/dev with a pool of some users, signed in; and another that has none of them."""
    place = tmp_path_factory.mktemp("stages")
    first, second = Latchkey(place / "first"), Latchkey(place / "second")
    try:
        first.start()
        second.start()
        yield first, second
    finally:
        first.discard()
        second.discard()


@pytest.fixture(scope="module")
def pool(stage) -> tuple[str, str, dict]:
    """A pool, its client, and what a sign-in there answered."""
    cognito = client_of(stage[0])
    pool_id = cognito.create_user_pool(PoolName="moved")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="moved", ExplicitAuthFlows=flows)
    client = made["UserPoolClient"]["ClientId"]
    for number in range(30):
        name = f"user-{number}"
        cognito.admin_create_user(UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=name, Password="Correct-Horse-9", Permanent=True)
    return pool_id, client, sign_in(cognito, client, "user-3")["AuthenticationResult"]


@pytest.fixture
def file(stage, pool, tmp_path) -> Path:
    path = tmp_path / "pool.sealed"
    answer = script("export", "--data", stage[0].data, "--pool", pool[0], "--out", path)
    assert answer.returncode == 0, answer.stderr
    return path


class TestHelp:
    @pytest.mark.parametrize("name", ["check-table", "export", "import"])
    def test_every_script_explains_itself(self, name):
        answer = script(name, "--help")

        assert answer.returncode == 0
        assert answer.stdout.startswith(f"usage: scripts/{name}")
        assert "The exit status is" in answer.stdout
        assert all(len(line) <= 120 for line in answer.stdout.splitlines())


class TestRound:
    def test_a_pool_moves_between_two_running_stages(self, stage, pool, file):
        pool_id, client, tokens = pool

        answer = script("import", "--data", stage[1].data, "--in", file)

        assert (answer.returncode, answer.stderr) == (0, "")
        assert re.fullmatch(rf"restored {pool_id}: 30 users, \d+ items, in [\d.]+ s \(\d+ users/s\)\n", answer.stdout)
        cognito = client_of(stage[1])
        assert sign_in(cognito, client, "user-7")["AuthenticationResult"]
        fresh = cognito.initiate_auth(ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH",
                                      AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]})  # fmt: skip
        assert fresh["AuthenticationResult"]["AccessToken"]
        checked = script("check-table", "--data", stage[1].data, "--open")
        assert checked.returncode == 0, checked.stdout
        assert re.match(r"\d+ items, all invariants hold", checked.stdout)

        again = script("import", "--data", stage[1].data, "--in", file)
        assert again.returncode == 1
        assert again.stderr == f"scripts/import: the table has a pool {pool_id} already\n"

    def test_works_on_a_folder_on_which_nothing_runs(self, stage, pool, file, tmp_path):
        run = Latchkey(tmp_path / "data")
        run.start()
        run.end()

        answer = script("import", "--data", run.data, "--in", file)

        assert answer.returncode == 0, answer.stderr
        assert script("check-table", "--data", run.data).returncode == 0

    def test_a_restore_that_is_killed_is_begun_anew_by_the_next(self, stage, pool, file, tmp_path):
        run = Latchkey(tmp_path / "data")
        run.start()
        table = table_of(run)
        mark = {"TableName": "latchkey", "Key": {"pk": {"S": f"G#{pool[0]}"}, "sk": {"S": "."}}}
        command = [ROOT / "scripts" / "import", "--data", run.data, "--in", file]
        try:
            with subprocess.Popen(command, env=shell()) as running:
                while "Item" not in table.get_item(**mark):
                    assert running.poll() is None
                running.send_signal(signal.SIGKILL)
            assert running.returncode == -signal.SIGKILL
            with pytest.raises(ClientError, match="ResourceNotFoundException"):
                client_of(run).describe_user_pool(UserPoolId=pool[0])
            early = script("import", "--data", run.data, "--in", file)
            made = table.update_item(**mark, UpdateExpression="ADD deleted_at :hour",
                                     ExpressionAttributeValues={":hour": {"N": "-300"}})  # fmt: skip
            answer = script("import", "--data", run.data, "--in", file)

            assert made
            assert (early.returncode, answer.returncode) == (1, 0), answer.stderr
            assert re.search(r"was until now; try again in \d+ seconds", early.stderr)
            assert sign_in(client_of(run), pool[1], "user-3")
            assert script("check-table", "--data", run.data).returncode == 0
        finally:
            run.discard()


class TestTheFile:
    def test_can_be_read_by_its_owner_alone_and_shows_nothing(self, file, pool):
        content = file.read_bytes()

        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert content.startswith(b"\x89LATCHKEY\r\n")
        assert pool[0].encode() not in content
        assert [path.name for path in file.parent.iterdir()] == [file.name]

    def test_is_not_replaced_unless_that_is_asked_for(self, stage, pool, file):
        before = file.read_bytes()
        arguments = ("--data", stage[0].data, "--pool", pool[0], "--out", file)

        answer = script("export", *arguments)
        assert answer.returncode == 1
        assert answer.stderr == f"scripts/export: {file} exists; --force replaces it\n"
        assert file.read_bytes() == before

        assert script("export", *arguments, "--force").returncode == 0
        assert file.read_bytes() != before

    @pytest.mark.parametrize("cut", [0, 20, 500, -1])
    def test_that_was_cut_brings_nothing(self, stage, file, cut):
        file.write_bytes(file.read_bytes()[:cut])

        answer = script("import", "--data", stage[1].data, "--in", file)

        assert answer.returncode == 1
        assert re.match(r"scripts/import: (This is not a sealed file|The file is damaged|the table has)", answer.stderr)


class TestTrouble:
    def test_a_wrong_passphrase_is_told(self, stage, file):
        answer = script("import", "--data", stage[1].data, "--in", file, LATCHKEY_PASSPHRASE="other words")

        assert answer.returncode == 1
        assert answer.stderr.startswith("scripts/import: The passphrase is not the one")

    def test_without_a_passphrase_and_a_terminal_it_is_said_how_to_give_one(self, stage, pool, tmp_path):
        kept = {name: value for name, value in shell().items() if name != "LATCHKEY_PASSPHRASE"}
        command = [ROOT / "scripts" / "export", "--data", stage[0].data, "--pool", pool[0], "--out", tmp_path / "out"]
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, env=kept, stdin=subprocess.DEVNULL
        )

        assert answer.returncode == 1
        assert answer.stderr == "scripts/export: there is nobody to ask for it; set LATCHKEY_PASSPHRASE\n"
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_passphrase_is_refused(self, stage, pool, tmp_path):
        answer = script("export", "--data", stage[0].data, "--pool", pool[0], "--out", tmp_path / "out",
                        LATCHKEY_PASSPHRASE="")  # fmt: skip

        assert answer.returncode == 1
        assert "is empty" in answer.stderr

    def test_a_passphrase_leaves_the_environment_before_anything_is_started(self):
        code = "import os, passphrase; print(passphrase.known(), os.environ.get(passphrase.VARIABLE))"
        command = [sys.executable, "-c", code]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=shell(), cwd=LIB)

        assert answer.stdout == f"{WORDS} None\n"

    @pytest.mark.parametrize("refusal", [errno.EPERM, errno.ENOTSUP], ids=["not permitted", "not supported"])
    def test_is_written_where_files_have_no_links(self, tmp_path, monkeypatch, refusal):
        def refused(*_paths: object) -> None:
            raise OSError(refusal, "no links here")

        monkeypatch.syspath_prepend(LIB)
        monkeypatch.setattr(os, "link", refused)
        exporting = importlib.import_module("exporting")
        path = tmp_path / "out"

        with exporting._draft(path, force=False) as file:
            file.write(b"content")
        with pytest.raises(exporting.Refused), exporting._draft(tmp_path / "other", force=False):
            (tmp_path / "other").write_bytes(b"of somebody else")

        assert path.read_bytes() == b"content"
        assert sorted(one.name for one in tmp_path.iterdir()) == ["other", "out"]
        assert (tmp_path / "other").read_bytes() == b"of somebody else"

    def test_a_short_passphrase_is_warned_of(self, stage, pool, tmp_path):
        answer = script("export", "--data", stage[0].data, "--pool", pool[0], "--out", tmp_path / "out",
                        LATCHKEY_PASSPHRASE="short")  # fmt: skip

        assert answer.returncode == 0
        assert answer.stderr.startswith("warning:")

    def test_a_pool_that_is_not_there_leaves_no_file(self, stage, tmp_path):
        answer = script("export", "--data", stage[0].data, "--pool", "us-east-1_Nowhere", "--out", tmp_path / "out")

        assert answer.returncode == 1
        assert answer.stderr == "scripts/export: User pool us-east-1_Nowhere does not exist.\n"
        assert list(tmp_path.iterdir()) == []

    def test_a_place_that_cannot_be_written_is_told_before_any_work(self, stage, pool, tmp_path):
        answer = script("export", "--data", stage[0].data, "--pool", pool[0], "--out", tmp_path / "no" / "out")

        assert answer.returncode == 1
        assert "cannot be written: No such file or directory" in answer.stderr

    @pytest.mark.parametrize("name", ["check-table", "export", "import"])
    def test_a_folder_without_a_table_is_told(self, tmp_path, name):
        (tmp_path / "in").write_bytes(b"")
        given = {"export": ["--pool", "x", "--out", tmp_path / "out"], "import": ["--in", tmp_path / "in"]}

        answer = script(name, "--data", tmp_path, *given.get(name, []))

        assert answer.returncode == (2 if name == "check-table" else 1)
        assert "holds no table; start scripts/dev on it first" in answer.stderr


class TestATableThatMayNotBeRead:
    @pytest.fixture
    def closed(self):
        """The address of a table that refuses everybody."""

        class Refusal(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = b'{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "not for you"}'
                self.send_response(400)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    @pytest.mark.parametrize(("name", "status"), [("check-table", 2), ("export", 1)])
    def test_is_told_in_a_line_and_not_taken_for_a_broken_one(self, closed, tmp_path, name, status):
        arguments = {"export": ["--pool", "us-east-1_Some", "--out", tmp_path / "out"]}.get(name, [])
        answer = script(name, "--data", tmp_path / "data", *arguments, AWS_ENDPOINT_URL_DYNAMODB=closed)

        assert answer.returncode == status
        assert answer.stderr.startswith(f"scripts/{name}: ")
        assert "AccessDeniedException: not for you" in answer.stderr
        assert len(answer.stderr.splitlines()) == 1


class TestCheckTable:
    def test_what_a_user_has_written_cannot_steer_the_terminal(self, tmp_path):
        data = tmp_path / "data"
        run = Latchkey(data)
        run.start()
        row = {"pk": {"S": "S#us-east-1_Nowhere#nickname"}, "sk": {"S": "\x1b[2Kü\0sub"}, "_t": {"S": "SearchEntry"}}
        table_of(run).put_item(TableName="latchkey", Item=row | {"_v": {"N": "1"}, "sub": {"S": "sub"}})

        answer = script("check-table", "--data", data)
        run.discard()

        assert answer.stdout == "S#us-east-1_Nowhere#nickname \\x1b[2Kü\\x00sub: no user has this value\n"

    def test_a_broken_table_is_told_line_by_line(self, stage, pool, tmp_path):
        data = tmp_path / "data"
        run = Latchkey(data)
        run.start()
        cognito = client_of(run)
        pool_id = cognito.create_user_pool(PoolName="broken")["UserPool"]["Id"]
        sub = cognito.admin_create_user(UserPoolId=pool_id, Username="ada")["User"]["Attributes"][0]["Value"]
        table = table_of(run)
        place = {"pk": {"S": f"N#{pool_id}#username#ada"}, "sk": {"S": "."}}
        table.delete_item(TableName="latchkey", Key=place)

        answer = script("check-table", "--data", data)
        run.discard()

        assert answer.returncode == 1
        assert answer.stdout == f"U#{pool_id}#{sub} .: its username guard is not there or is another's\n"
        assert re.fullmatch(r"\d+ items, 1 broken.*\n", answer.stderr)
        shutil.rmtree(data)

    def test_progress_is_shown_where_it_is_asked_for(self, stage):
        quiet = script("check-table", "--data", stage[0].data)
        talking = script("check-table", "--data", stage[0].data, "--progress")

        assert quiet.stderr == ""
        assert re.match(r"[\d,]+ items, [\d,]+ a second\n", talking.stderr)
