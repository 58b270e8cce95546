"""The laptop's outbox: its lines, its privacy, and its absence elsewhere."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from chalicelib.outside import outbox
from chalicelib.outside.outbox import Closed, DeliveryFailed, Origin

MESSAGE = {"to": "ann@example.com", "subject": "Hello", "body": "Your code is 123456"}
ORIGIN = Origin(pool="us-east-1_abc", client="client", username="ann", code="123456")


@pytest.fixture
def path(configured, tmp_path):
    path = tmp_path / "outbox.jsonl"
    configured(LATCHKEY_LOCAL="1", LATCHKEY_OUTBOX=path)
    return path


class TestAppend:
    def test_a_line_has_every_member_of_the_contract(self, path):
        outbox.append("EMAIL", MESSAGE, ORIGIN)

        line = json.loads(path.read_text())
        assert datetime.fromisoformat(line.pop("at")).tzinfo is not None
        assert line == {
            "channel": "EMAIL",
            "to": "ann@example.com",
            "subject": "Hello",
            "body": "Your code is 123456",
            "code": "123456",
            "pool": "us-east-1_abc",
            "client": "client",
            "username": "ann",
        }

    def test_only_the_owner_can_read_it(self, path):
        outbox.append("SMS", MESSAGE, ORIGIN)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_message_with_line_breaks_stays_on_one_line(self, path):
        outbox.append("EMAIL", MESSAGE | {"body": "a\nb\r\nc\u2028d"}, ORIGIN)

        assert path.read_bytes().count(b"\n") == 1
        assert outbox.lines()[0]["body"] == "a\nb\r\nc\u2028d"

    def test_lines_of_many_writers_never_mix(self, path):
        bodies = {f"{number}:" + "x" * 20_000 for number in range(64)}

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda body: outbox.append("EMAIL", MESSAGE | {"body": body}, ORIGIN), bodies))

        assert {line["body"] for line in outbox.lines(100)} == bodies

    def test_a_folder_that_is_not_there_is_a_failed_delivery(self, configured, tmp_path):
        configured(LATCHKEY_LOCAL="1", LATCHKEY_OUTBOX=tmp_path / "missing" / "outbox.jsonl")

        with pytest.raises(DeliveryFailed, match="cannot be written"):
            outbox.append("EMAIL", MESSAGE, ORIGIN)


class TestOutsideALaptop:
    @pytest.mark.parametrize("local", ["", "0", "true"])
    def test_codes_can_neither_be_kept_nor_read(self, configured, tmp_path, local):
        path = tmp_path / "outbox.jsonl"
        configured(LATCHKEY_LOCAL=local, LATCHKEY_OUTBOX=path)
        path.write_text(json.dumps(MESSAGE) + "\n")

        with pytest.raises(Closed):
            outbox.append("EMAIL", MESSAGE, ORIGIN)
        with pytest.raises(Closed):
            outbox.lines()
        assert path.read_text() == json.dumps(MESSAGE) + "\n"

    def test_a_laptop_without_a_file_has_none_either(self, configured):
        configured(LATCHKEY_LOCAL="1")

        with pytest.raises(Closed):
            outbox.lines()


class TestLines:
    def test_the_newest_come_first_and_no_more_than_asked_for(self, path):
        for number in range(7):
            outbox.append("EMAIL", MESSAGE | {"subject": str(number)}, ORIGIN)

        assert [line["subject"] for line in outbox.lines(3)] == ["6", "5", "4"]
        assert [line["subject"] for line in outbox.lines(100)] == ["6", "5", "4", "3", "2", "1", "0"]

    @pytest.mark.parametrize("limit", [0, -1])
    def test_none_are_given_when_none_are_asked_for(self, path, limit):
        outbox.append("EMAIL", MESSAGE, ORIGIN)

        assert outbox.lines(limit) == []

    def test_an_outbox_never_used_is_empty(self, path):
        assert outbox.lines() == []

    def test_lines_longer_than_one_read_are_whole(self, path):
        for number in range(3):
            outbox.append("EMAIL", MESSAGE | {"subject": str(number), "body": "é" * 50_000}, ORIGIN)

        assert [line["subject"] for line in outbox.lines(2)] == ["2", "1"]
        assert len(outbox.lines(3)) == 3

    def test_a_line_still_being_written_is_left_out(self, path):
        outbox.append("EMAIL", MESSAGE, ORIGIN)
        with path.open("a") as file:
            file.write('{"at": "2026')

        assert [line["subject"] for line in outbox.lines()] == ["Hello"]

    def test_a_first_line_still_being_written_is_left_out(self, path):
        path.write_text('{"at": "2026')

        assert outbox.lines() == []
