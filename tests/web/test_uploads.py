"""Uploads by our own door, and who may not."""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit

import pytest

from chalicelib import settings
from chalicelib.edge.router import MAX_BODY
from chalicelib.flows import vault
from chalicelib.outside import files
from chalicelib.rules import csv_files
from chalicelib.web import uploads, views
from tests.application import HOST, respond
from tests.importing import Import, csv, put, row

FORBIDDEN = (403, "AccessDeniedException")


@pytest.fixture
def in_a_bucket(monkeypatch):
    monkeypatch.setenv("LATCHKEY_IMPORT_BUCKET", "uploads")
    settings.current.cache_clear()
    yield
    monkeypatch.undo()
    settings.current.cache_clear()


@pytest.fixture
def job(cognito):
    return Import(cognito, cognito.pool(AutoVerifiedAttributes=["email"]))


def refusal(answer):
    return answer["statusCode"], json.loads(answer["body"])["__type"]


def with_token(job, value, now=None, lifetime=900.0, purpose="upload"):
    token = vault.sealed_text(purpose, value, now or time.time(), lifetime)
    return f"{job.url.partition('?')[0]}?token={token}"


def kept(job):
    return files.files().find(job.pool, job.id)


class TestPut:
    def test_keeps_the_file_and_answers_as_s3_does(self, job):
        answer = job.upload(b"name\n")

        assert (answer["statusCode"], answer["body"]) == (200, "")
        assert kept(job).size == 5

    def test_a_second_file_takes_the_place_of_the_first(self, job):
        job.upload(b"one")
        job.upload(b"another")

        assert kept(job).size == 7

    def test_bytes_come_as_they_are(self, job):
        job.upload(b"\xff\x00\r\n")

        assert files.files().read((job.pool, job.id), kept(job).mark, 0) == b"\xff\x00\r\n"

    def test_without_the_header_of_s3_it_works_too(self, job):
        assert put(job.url, b"x", **{"Content-Type": "text/csv"})["statusCode"] == 200

    @pytest.mark.parametrize("token", ["", "x", "AQ" * 80, "%00", "../../key"])
    def test_a_text_that_is_not_ours_opens_nothing(self, job, token):
        assert refusal(put(f"{job.url.partition('?')[0]}?token={token}", b"x")) == FORBIDDEN
        assert kept(job) is None

    def test_no_token_opens_nothing(self, job):
        assert refusal(put(job.url.partition("?")[0], b"x")) == FORBIDDEN

    def test_an_altered_token_opens_nothing(self, job):
        assert refusal(put(job.url[:-1] + ("A" if job.url[-1] != "A" else "B"), b"x")) == FORBIDDEN

    def test_a_token_is_good_for_15_minutes(self, job):
        value = {"pool": job.pool, "job": job.id}

        assert put(with_token(job, value, time.time() - 890), b"x")["statusCode"] == 200
        assert refusal(put(with_token(job, value, time.time() - 901), b"y")) == FORBIDDEN

    def test_what_was_sealed_for_something_else_opens_nothing(self, job):
        value = {"pool": job.pool, "job": job.id}

        assert refusal(put(with_token(job, value, purpose="cursor"), b"x")) == FORBIDDEN

    def test_a_token_opens_its_own_job_alone(self, cognito, job):
        other = Import(cognito, job.pool)

        put(f"{job.url}&job={other.id}&pool={other.pool}", b"x")

        assert kept(other) is None
        assert kept(job) is not None

    def test_a_job_that_is_not_there_takes_nothing(self, job):
        answer = put(with_token(job, {"pool": job.pool, "job": "import-0000000000"}), b"x")

        assert refusal(answer) == (400, "PreconditionNotMetException")

    def test_a_job_that_was_started_takes_nothing_more(self, job):
        job.bring(row("ada"))
        before = kept(job)

        assert refusal(job.upload(csv(job.header(), [row("eve")]))) == (400, "PreconditionNotMetException")
        assert kept(job) == before

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_is_the_one_method(self, job, method):
        parts = urlsplit(job.url)
        answer = respond(method, f"{parts.path}?{parts.query}", {"Host": HOST})

        assert answer["statusCode"] == 405

    def test_the_bucket_takes_the_place_of_this_door(self, in_a_bucket):
        assert "/_uploads" not in {route.template for route in views.routes()}

    def test_a_token_of_before_opens_nothing_where_there_is_a_bucket(self, job, in_a_bucket):
        assert refusal(job.upload(b"x")) == FORBIDDEN


class TestLongest:
    def test_100_million_bytes_with_a_token(self, job):
        token = job.url.partition("=")[2]

        assert uploads.longest({"token": [token]}) == csv_files.LARGEST == 100_000_000

    @pytest.mark.parametrize("query", [{}, {"token": []}, {"token": [""]}, {"token": ["x" * 5000]}], ids=str)
    def test_what_everybody_may_send_without(self, application, query):
        assert uploads.longest(query) == MAX_BODY

    def test_a_larger_file_is_refused(self, job, monkeypatch):
        monkeypatch.setattr(csv_files, "LARGEST", MAX_BODY + 10)

        assert job.upload(b"x" * (MAX_BODY + 10))["statusCode"] == 200
        assert job.upload(b"x" * (MAX_BODY + 11))["statusCode"] == 413
        assert kept(job).size == MAX_BODY + 10

    def test_a_stranger_with_a_large_file_is_refused(self, job):
        assert put(job.url.partition("?")[0], b"x" * (MAX_BODY + 1))["statusCode"] == 413
