"""The data folder: whose it is, who may read it, who is using it, and what --fresh may delete."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.laptop.folder import CHECKOUT, Folder, FolderInUse, FolderRefused


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "data")
    made.make()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestOf:
    def test_a_named_folder_is_taken_as_an_absolute_path(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        assert Folder.of({"LATCHKEY_DATA": "here"}).path == tmp_path / "here"

    def test_a_checkout_has_a_folder_of_its_own_outside_of_itself(self, tmp_path):
        path = Folder.of({"XDG_DATA_HOME": str(tmp_path)}).path

        assert path.parent == tmp_path / "latchkey"
        assert path.name.startswith(f"{CHECKOUT.name}-")
        assert not path.is_relative_to(CHECKOUT)


class TestUploads:
    def test_go_with_the_rest(self, folder):
        uploads = folder.path / "uploads"
        uploads.mkdir()
        (uploads / "us-east-1_A.import-0123456789.csv").write_text("hashes")

        folder.empty()

        assert list(uploads.iterdir()) == []


class TestMake:
    def test_others_on_the_machine_cannot_list_it(self, folder):
        assert mode(folder.path) == 0o700

    def test_a_second_time_changes_nothing(self, folder):
        folder.keep_credentials("A", "B")
        before = sorted(folder.path.iterdir())

        folder.make()

        assert sorted(folder.path.iterdir()) == before
        assert folder.credentials_kept() == ("A", "B")

    def test_a_folder_with_somebody_elses_credentials_is_refused_and_left_as_it_is(self, tmp_path):
        (tmp_path / "credentials").write_text("[default]\n")

        with pytest.raises(FolderRefused, match="credentials that is not Latchkey's"):
            Folder(tmp_path).make()

        assert [entry.name for entry in tmp_path.iterdir()] == ["credentials"]
        assert (tmp_path / "credentials").read_text() == "[default]\n"

    def test_a_folder_with_other_files_may_be_used(self, tmp_path):
        (tmp_path / "start.log").write_text("mine")

        Folder(tmp_path).make()

        assert (tmp_path / ".latchkey").exists()

    def test_a_path_that_is_a_file_is_refused_with_the_reason(self, tmp_path):
        (tmp_path / "file").write_text("")

        with pytest.raises(FolderRefused, match="cannot be used as the data folder: File exists"):
            Folder(tmp_path / "file").make()


class TestEmpty:
    def test_what_latchkey_keeps_is_deleted_and_nothing_else(self, folder):
        for name in ("table.db", "table.db-wal", "outbox.jsonl", "application.log", "application.log.1", "notes.txt"):
            (folder.path / name).write_text("x")
        folder.keep_credentials("AKID", "secret")

        folder.empty()

        assert {entry.name for entry in folder.path.iterdir()} == {".latchkey", "notes.txt"}

    def test_a_folder_that_is_not_ours_keeps_its_files(self, tmp_path):
        (tmp_path / "key").write_text("to the front door")

        with pytest.raises(FolderRefused):
            Folder(tmp_path).empty()

        assert (tmp_path / "key").read_text() == "to the front door"


class TestHold:
    def test_a_second_process_is_told_who_has_the_folder(self, folder):
        asks = "from chalicelib.laptop.folder import *; import sys; Folder(Path(sys.argv[1])).hold()"

        with folder.hold():
            answer = subprocess.run(
                [sys.executable, "-c", asks, folder.path], cwd=CHECKOUT, capture_output=True, text=True, check=False
            )

        assert answer.returncode != 0
        assert f"in use by process {os.getpid()}" in answer.stderr

    def test_a_folder_that_was_let_go_can_be_held_again(self, folder):
        folder.hold().release()

        with folder.hold(), pytest.raises(FolderInUse):
            folder.hold()

    def test_a_killed_holder_holds_nothing(self, folder):
        holds = "import os, signal, sys; from chalicelib.laptop.folder import *; Folder(Path(sys.argv[1])).hold()"
        killed = subprocess.run(
            [sys.executable, "-c", f"{holds}; os.kill(os.getpid(), signal.SIGKILL)", folder.path],
            cwd=CHECKOUT,
            check=False,
        )

        assert killed.returncode < 0
        folder.hold().release()


class TestRemember:
    def test_facts_are_added_to_those_that_are_known(self, folder):
        folder.remember(engine={"port": 1})
        folder.remember(demo={"pool": "p"})

        assert folder.recall() == {"engine": {"port": 1}, "demo": {"pool": "p"}}

    @pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
    def test_what_a_crash_has_left_unreadable_counts_as_forgotten(self, folder, text):
        (folder.path / "local.json").write_text(text)

        assert folder.recall() == {}


class TestKeepCredentials:
    def test_the_profile_is_one_that_the_sdk_reads(self, folder, monkeypatch):
        botocore_session = pytest.importorskip("botocore.session")
        folder.keep_credentials("AKIDEXAMPLE", "a/b+c=")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder.credentials))
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)

        found = botocore_session.Session(profile="latchkey").get_credentials()

        assert (found.access_key, found.secret_key) == ("AKIDEXAMPLE", "a/b+c=")
        assert mode(folder.credentials) == 0o600

    def test_the_next_run_finds_them(self, folder):
        folder.keep_credentials("AKIDEXAMPLE", "a/b+c=%:")

        assert folder.credentials_kept() == ("AKIDEXAMPLE", "a/b+c=%:")

    @pytest.mark.parametrize("text", ["", "aws_access_key_id = A", "[latchkey]\naws_access_key_id = A\n"])
    def test_an_incomplete_file_counts_as_none(self, folder, text):
        folder.credentials.write_text(text)

        assert folder.credentials_kept() is None

    def test_a_reader_never_sees_half_a_file(self, folder):
        folder.keep_credentials("A", "B")

        assert not list(folder.path.glob("*.new"))
