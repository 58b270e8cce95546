"""Text messages by SNS to the emulator and into the outbox; numbers that are none."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from chalicelib.outside import outbox, sms
from chalicelib.outside.outbox import DeliveryFailed, Origin
from chalicelib.outside.sms import Sms
from tests.engines import free_port

TEXT = Sms("+15555550123", "Your code is 123456", origin=Origin("us-east-1_abc", "client", "ann", "123456"))


class Refusal(BaseHTTPRequestHandler):
    """SNS as it answers for a number whose owner wants no more messages: the emulator never refuses."""

    def do_POST(self):
        error = b"<Error><Code>OptedOut</Code><Message>+15555550123 has opted out</Message></Error>"
        body = b"<ErrorResponse>" + error + b"</ErrorResponse>"
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def refusing():
    with HTTPServer(("127.0.0.1", 0), Refusal) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class TestSns:
    def test_a_text_is_published_to_the_telephone(self, in_aws):
        sms.send(TEXT)

        shown = json.dumps(in_aws.seen("/_ministack/sns/sms-messages"))
        assert "+15555550123" in shown
        assert "Your code is 123456" in shown

    def test_a_refusal_is_a_failed_delivery_named_by_its_code(self, configured, refusing):
        configured(AWS_ENDPOINT_URL_SNS=refusing, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")

        with pytest.raises(DeliveryFailed, match=r"^SNS refused the message: OptedOut\.$"):
            sms.send(TEXT)

    def test_sns_out_of_reach_is_a_failed_delivery(self, configured):
        there = f"http://127.0.0.1:{free_port()}"
        configured(AWS_ENDPOINT_URL_SNS=there, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")

        with pytest.raises(DeliveryFailed, match="EndpointConnectionError"):
            sms.send(TEXT)


class TestOutbox:
    def test_a_laptop_keeps_the_text_instead(self, configured, tmp_path):
        configured(LATCHKEY_LOCAL="1", LATCHKEY_OUTBOX=tmp_path / "outbox.jsonl")

        sms.send(TEXT)

        (line,) = outbox.lines()
        assert (line["channel"], line["to"], line["body"]) == ("SMS", "+15555550123", "Your code is 123456")
        assert (line["subject"], line["code"], line["username"]) == ("", "123456", "ann")


class TestNumbers:
    @pytest.mark.parametrize(
        "number",
        ["", "5555550123", "+", "+0123456", "+1", "+1234567890123456", "+1555\n", "+1 555", "+1555,+1556", "+١٢٣٤٥"],
    )
    def test_what_is_not_e164_is_refused(self, configured, tmp_path, number):
        configured(LATCHKEY_LOCAL="1", LATCHKEY_OUTBOX=tmp_path / "outbox.jsonl")

        with pytest.raises(DeliveryFailed, match=r"E\.164"):
            sms.send(Sms(number, "text"))
        assert outbox.lines() == []
