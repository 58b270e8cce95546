"""Files of operators in a folder and in S3, with the ways to reach others than one's own."""

from __future__ import annotations

import os
import re
import stat
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest

from chalicelib.outside import files
from chalicelib.outside.files import Bucket, Changed, Folder, Unavailable
from tests.engines import free_port

POOL, JOB = "us-east-1_Abc", "import-0123456789"
NAME = (POOL, JOB)
BUCKET = "latchkey-uploads"
OUTSIDE = ["../x", "a/b", "", ".", "..", "a\0b", "import-", "x", "import-../../x", "import-é"]


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "uploads")


class TestFiles:
    def test_are_in_the_bucket_of_the_settings(self, configured):
        configured(LATCHKEY_IMPORT_BUCKET=BUCKET, LATCHKEY_UPLOADS="/nowhere")

        assert isinstance(files.files(), Bucket)

    def test_are_in_the_folder_of_the_settings_or_beside_the_key(self, configured, tmp_path):
        configured(LATCHKEY_KEY_FILE=tmp_path / "key")
        files.files().keep(*NAME, b"x")
        assert (tmp_path / "uploads").is_dir()

        configured(LATCHKEY_UPLOADS=tmp_path / "other")
        files.files().keep(*NAME, b"x")
        assert (tmp_path / "other").is_dir()

    def test_are_nowhere_without_either(self, configured):
        configured(LATCHKEY_KMS_KEY="key")

        with pytest.raises(Unavailable, match="LATCHKEY_IMPORT_BUCKET"):
            files.files()


class TestFolder:
    def test_gives_back_in_blocks_what_it_keeps(self, folder):
        content = os.urandom(2_500_000)
        folder.keep(*NAME, content)

        found = folder.find(*NAME)
        read = b""
        while len(read) < found.size:
            read += folder.read(NAME, found.mark, len(read))

        assert read == content

    def test_keeps_files_of_jobs_apart(self, folder):
        folder.keep(*NAME, b"one")

        assert folder.find(POOL, "import-9876543210") is None
        assert folder.find("us-east-1_Xyz", JOB) is None

    def test_lets_nobody_else_read(self, folder, tmp_path):
        folder.keep(*NAME, b"hash")

        [file] = (tmp_path / "uploads").iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    @pytest.mark.parametrize("name", OUTSIDE)
    @pytest.mark.parametrize("call", ["find", "remove", "keep", "read"])
    def test_cannot_be_left(self, folder, tmp_path, name, call):
        for ids in ((POOL, name), (name + "/x", JOB)):
            given = {"find": ids, "remove": ids, "keep": (*ids, b"x"), "read": (ids, "mark", 0)}[call]
            with pytest.raises(ValueError, match="no ids of a pool and a job"):
                getattr(folder, call)(*given)
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    def test_a_file_that_came_again_is_another(self, folder):
        folder.keep(*NAME, b"one")
        mark = folder.find(*NAME).mark
        folder.keep(*NAME, b"two")

        with pytest.raises(Changed):
            folder.read(NAME, mark, 0)
        assert folder.read(NAME, folder.find(*NAME).mark, 0) == b"two"

    def test_a_file_that_has_gone_is_gone(self, folder):
        folder.keep(*NAME, b"one")
        mark = folder.find(*NAME).mark
        folder.remove(*NAME)
        folder.remove(*NAME)

        with pytest.raises(Changed):
            folder.read(NAME, mark, 0)

    def test_an_upload_that_fails_leaves_the_file_of_before(self, folder, tmp_path, monkeypatch):
        folder.keep(*NAME, b"one")

        def full(_descriptor: int) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            folder.keep(*NAME, b"two")

        assert folder.read(NAME, folder.find(*NAME).mark, 0) == b"one"
        assert len(list((tmp_path / "uploads").iterdir())) == 1

    def test_forgets_after_two_days(self, folder, tmp_path):
        folder.keep(*NAME, b"one")
        draft = tmp_path / "uploads" / f".{POOL}.{JOB}.csv.0123"
        draft.write_bytes(b"cut off")
        stranger = tmp_path / "uploads" / "notes.txt"
        stranger.write_bytes(b"not ours")
        now = draft.stat().st_mtime

        assert folder.sweep(now + 2 * 86400 - 60) == 0
        assert folder.sweep(now + 2 * 86400 + 60) == 2

        assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["notes.txt"]

    def test_an_upload_that_ends_while_it_sweeps_is_no_trouble(self, folder, tmp_path, monkeypatch):
        folder.keep(*NAME, b"one")
        monkeypatch.setattr(Path, "glob", lambda path, _pattern: [path / f".{POOL}.{JOB}.csv.0123"])

        assert folder.sweep(1e12) == 0

    def test_sweeps_nothing_where_nothing_ever_came(self, folder):
        assert folder.sweep(1e12) == 0


@pytest.fixture
def s3(in_aws, configured):
    """A client of S3 with a bucket."""
    configured(AWS_ENDPOINT_URL_S3=in_aws.url)
    client = boto3.Session("test", "test").client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def bucket(s3):
    return Bucket(BUCKET, "us-east-1")


def brought(s3, content, job=JOB):
    s3.put_object(Bucket=BUCKET, Key=f"imports/{POOL}/{job}.csv", Body=content)


def refusal(url: str, headers: dict[str, str]) -> str:
    """The code with which S3 refuses an upload."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, b"name\n", headers, method="PUT"), timeout=10)
    with refused.value as answer:
        return re.findall("<Code>(.*)</Code>", answer.read().decode())[0]


class TestBucket:
    def test_its_url_is_good_for_clients_that_ask_for_encryption_and_for_no_others(self, bucket):
        """The emulator knows the signature, and no key of an account, which such a client leaves to S3."""
        url = bucket.url(*NAME)

        assert refusal(url, {"x-amz-server-side-encryption": "aws:kms"}) == "InvalidArgument"
        assert refusal(url, {"x-amz-server-side-encryption": "AES256"}) == "SignatureDoesNotMatch"
        assert refusal(url, {}) == "SignatureDoesNotMatch"
        assert refusal(url.replace(JOB, JOB + "0"), {"x-amz-server-side-encryption": "aws:kms"}) != "InvalidArgument"

    def test_gives_back_in_blocks_what_came(self, s3, bucket):
        content = os.urandom(2_500_000)
        brought(s3, content)

        found = bucket.find(*NAME)
        read = b""
        while len(read) < found.size:
            read += bucket.read(NAME, found.mark, len(read))

        assert read == content

    def test_has_no_file_before_it_comes(self, s3, bucket):
        brought(s3, b"of a job with a longer name", JOB + "0")

        assert bucket.find(*NAME) is None

    def test_a_file_that_came_again_is_another(self, s3, bucket):
        brought(s3, b"one")
        mark = bucket.find(*NAME).mark
        brought(s3, b"two")

        with pytest.raises(Changed):
            bucket.read(NAME, mark, 0)

    def test_a_file_that_has_gone_is_gone(self, s3, bucket):
        brought(s3, b"one")
        mark = bucket.find(*NAME).mark
        bucket.remove(*NAME)

        with pytest.raises(Changed):
            bucket.read(NAME, mark, 0)
        assert bucket.find(*NAME) is None

    def test_one_that_is_not_there_or_does_not_answer_is_unavailable(self, in_aws, configured):
        configured(AWS_ENDPOINT_URL_S3=in_aws.url)
        with pytest.raises(Unavailable, match="S3 refused the request: NoSuchBucket"):
            Bucket("latchkey-none", "us-east-1").find(*NAME)

        configured(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{free_port()}")
        with pytest.raises(Unavailable, match="S3 cannot be reached"):
            Bucket(BUCKET, "us-east-1").find(*NAME)

    @pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
    def test_its_url_is_of_its_region_and_signed_with_the_header_that_clients_send(self, configured, region):
        configured(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret")

        url = Bucket(BUCKET, region).url(*NAME)

        assert url.startswith(f"https://{BUCKET}.s3.{region}.amazonaws.com/imports/{POOL}/{JOB}.csv?")
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
        assert "X-Amz-Expires=900&X-Amz-SignedHeaders=host%3Bx-amz-server-side-encryption" in url

    @pytest.mark.parametrize("name", OUTSIDE)
    def test_its_url_leads_nowhere_else(self, configured, name):
        with pytest.raises(ValueError, match="no ids of a pool and a job"):
            Bucket(BUCKET, "us-east-1").url(POOL, name)
