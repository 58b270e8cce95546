"""Mail by SMTP to a real server, by SES to the emulator, and into the outbox; what is refused before it leaves."""

from __future__ import annotations

import dataclasses
import json
import ssl

import pytest

from chalicelib.outside import aws, mail, outbox
from chalicelib.outside.mail import Mail
from chalicelib.outside.outbox import DeliveryFailed, Origin
from tests.engines import free_port
from tests.outside import relay

LETTER = Mail(
    to="ann@example.com",
    subject="Zażółć: your code",
    html="<p>Your code is <b>123456</b> &amp; łódź</p>",
    text="Your code is 123456 & łódź",
    sender="Demo <no-reply@example.org>",
    reply_to="help@example.org",
    origin=Origin("us-east-1_abc", "client", "ann", "123456"),
)


def changed(**members):
    return dataclasses.replace(LETTER, **members)


@pytest.fixture
def server(configured):
    with relay.running() as found:
        configured(LATCHKEY_SMTP_URL=f"smtp://127.0.0.1:{found.port}")
        yield found


class TestSmtp:
    def test_a_mail_arrives_as_html_with_a_text_alternative(self, server):
        mail.send(LETTER)

        (received,) = server.received
        letter = received.letter
        assert (received.sender, received.receivers) == ("no-reply@example.org", ["ann@example.com"])
        assert letter["From"] == "Demo <no-reply@example.org>"
        assert letter["To"] == "ann@example.com"
        assert letter["Subject"] == "Zażółć: your code"
        assert letter["Reply-To"] == "help@example.org"
        assert letter["Date"]
        assert letter["Message-ID"].endswith("@example.org>")
        assert letter.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
        assert letter.get_body(("html",)).get_content().strip() == LETTER.html
        assert letter.get_body(("plain",)).get_content().strip() == LETTER.text

    def test_without_a_sender_the_settings_give_it(self, server, configured):
        configured(LATCHKEY_MAIL_FROM="accounts@example.net")

        mail.send(changed(sender="", reply_to=""))

        assert server.received[0].sender == "accounts@example.net"
        assert server.received[0].letter["From"] == "accounts@example.net"
        assert server.received[0].letter["Reply-To"] is None

    def test_a_line_of_one_dot_does_not_end_the_mail(self, server):
        mail.send(changed(text="before\n.\nafter"))

        text = server.received[0].letter.get_body(("plain",)).get_content()
        assert text.split() == ["before", ".", "after"]

    def test_an_address_beyond_ascii_arrives(self, server):
        mail.send(changed(to="żółw@example.com"))

        assert server.received[0].receivers == ["żółw@example.com"]

    def test_it_logs_in_with_the_decoded_name_and_password(self, server, configured):
        configured(LATCHKEY_SMTP_URL=f"smtp://us%40er:p%2Fw%3A@127.0.0.1:{server.port}")

        mail.send(LETTER)

        assert server.received[0].login == "\0us@er\0p/w:"

    @pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA", "AUTH"])
    def test_every_refusal_is_a_failed_delivery_that_tells_no_secret(self, server, configured, command):
        configured(LATCHKEY_SMTP_URL=f"smtp://user:hunter2@127.0.0.1:{server.port}")
        server.refuses |= {command: "550 no, ann@example.com hunter2 123456", "HELO": "550 no"}

        with pytest.raises(DeliveryFailed) as failure:
            mail.send(LETTER)

        assert not [secret for secret in ("ann", "hunter2", "123456") if secret in str(failure.value)]
        assert failure.value.__cause__ is None
        assert server.received == []

    def test_a_server_that_is_not_there_is_a_failed_delivery(self, configured):
        configured(LATCHKEY_SMTP_URL=f"smtp://127.0.0.1:{free_port()}")

        with pytest.raises(DeliveryFailed, match="ConnectionRefusedError"):
            mail.send(LETTER)


class TestTls:
    @pytest.fixture
    def pem(self, tmp_path):
        return relay.certificate(tmp_path)

    @pytest.fixture
    def context(self, pem):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def test_starttls_is_used_before_the_login(self, configured, pem, context):
        with relay.running(context=context) as server:
            configured(SSL_CERT_FILE=pem, LATCHKEY_SMTP_URL=f"smtp://u:p@127.0.0.1:{server.port}?tls=starttls")
            mail.send(LETTER)

        assert server.received[0].was_encrypted
        assert server.commands.index("STARTTLS") < server.commands.index("AUTH")

    def test_smtps_is_encrypted_from_the_start(self, configured, pem, context):
        with relay.running(context=context, is_implicit=True) as server:
            configured(SSL_CERT_FILE=pem, LATCHKEY_SMTP_URL=f"smtps://u:p@127.0.0.1:{server.port}")
            mail.send(LETTER)

        assert server.received[0].was_encrypted
        assert "STARTTLS" not in server.commands

    @pytest.mark.parametrize(("scheme", "is_implicit"), [("smtp", False), ("smtps", True)])
    def test_a_certificate_that_nobody_vouches_for_is_refused(self, configured, context, scheme, is_implicit):
        with relay.running(context=context, is_implicit=is_implicit) as server:
            configured(LATCHKEY_SMTP_URL=f"{scheme}://u:p@127.0.0.1:{server.port}?tls=starttls")
            with pytest.raises(DeliveryFailed, match="SSLCertVerificationError"):
                mail.send(LETTER)

        assert "AUTH" not in server.commands
        assert server.received == []

    def test_a_server_whose_offer_of_tls_was_stripped_gets_neither_login_nor_mail(self, configured):
        with relay.running() as server:
            configured(LATCHKEY_SMTP_URL=f"smtp://u:p@127.0.0.1:{server.port}?tls=starttls")
            with pytest.raises(DeliveryFailed):
                mail.send(LETTER)

        assert not {"AUTH", "MAIL", "DATA"} & set(server.commands)


class TestRelay:
    @pytest.mark.parametrize(
        ("url", "host", "port", "protection"),
        [
            ("smtp://mail.example.com", "mail.example.com", 587, "starttls"),
            ("smtp://mail.example.com:25", "mail.example.com", 25, "starttls"),
            ("smtp://mailpit:1025?tls=none", "mailpit", 1025, "none"),
            ("smtp://10.0.0.1", "10.0.0.1", 587, "starttls"),
            ("smtp://localhost:1025", "localhost", 1025, "none"),
            ("smtp://[::1]:1025", "::1", 1025, "none"),
            ("smtps://mail.example.com", "mail.example.com", 465, "implicit"),
            ("smtps://mail.example.com?tls=none", "mail.example.com", 465, "implicit"),
        ],
    )
    def test_only_this_machine_is_spoken_to_in_the_clear_unasked(self, url, host, port, protection):
        found = mail.relay(url)

        assert (found.host, found.port, found.protection) == (host, port, protection)

    @pytest.mark.parametrize("url", ["http://u:hunter2@host", "smtp://", "host:25", "smtp://u:hunter2@host:many"])
    def test_a_malformed_url_is_refused_without_repeating_it(self, url):
        with pytest.raises(DeliveryFailed) as failure:
            mail.relay(url)

        assert "hunter2" not in str(failure.value)


class TestInjection:
    @pytest.mark.parametrize(
        "to",
        [
            "ann@example.com\r\nBcc: eve@example.com", "ann@example.com\n", "ann@example.com,eve@example.com",
            "ann@example.com;eve@example.com", "ann@example.com eve@example.com", "Ann <ann@example.com>",
            "ann@example.com>", "ann@@example.com", "ann", "@example.com", "ann@", "", '"ann eve"@example.com',
            "ann@example.com\u2028", "ann\x00@example.com", "a:ann@example.com",
        ],
    )  # fmt: skip
    def test_a_receiver_that_is_more_than_one_address_is_refused(self, server, to):
        with pytest.raises(DeliveryFailed, match="single e-mail address"):
            mail.send(changed(to=to))

        assert server.commands == []

    @pytest.mark.parametrize("subject", ["a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\x00b", "a\x85b", "a\u2028b"])
    def test_a_subject_with_a_line_break_is_refused(self, server, subject):
        with pytest.raises(DeliveryFailed, match="control character"):
            mail.send(changed(subject=subject))

        assert server.commands == []

    @pytest.mark.parametrize("member", ["sender", "reply_to"])
    @pytest.mark.parametrize("address", ["a@b.c\r\nBcc: e@f.g", "A\n <a@b.c>", "a@b.c, e@f.g", "nobody", "A <b>"])
    def test_a_sender_or_an_address_for_replies_with_more_in_it_is_refused(self, server, member, address):
        with pytest.raises(DeliveryFailed):
            mail.send(changed(**{member: address}))

        assert server.commands == []


class TestOutbox:
    def test_a_laptop_keeps_the_mail_instead(self, configured, tmp_path):
        configured(LATCHKEY_LOCAL="1", LATCHKEY_OUTBOX=tmp_path / "outbox.jsonl")

        mail.send(LETTER)

        (line,) = outbox.lines()
        assert (line["channel"], line["to"], line["code"]) == ("EMAIL", "ann@example.com", "123456")
        assert line["body"] == LETTER.html

    def test_an_injection_is_refused_here_too(self, configured, tmp_path):
        configured(LATCHKEY_LOCAL="1", LATCHKEY_OUTBOX=tmp_path / "outbox.jsonl")

        with pytest.raises(DeliveryFailed):
            mail.send(changed(to="ann@example.com,eve@example.com"))
        assert outbox.lines() == []


class TestSes:
    def test_a_mail_is_handed_to_ses(self, in_aws):
        aws.client("sesv2", "us-east-1").create_email_identity(EmailIdentity="no-reply@example.org")

        mail.send(changed(sender="no-reply@example.org"))

        shown = json.dumps(in_aws.seen("/_ministack/ses/messages"), ensure_ascii=False)
        for part in ("ann@example.com", "no-reply@example.org", LETTER.subject, LETTER.text):
            assert part in shown

    def test_every_part_of_the_mail_is_in_the_request(self):
        request = mail._request(changed(configuration_set="accounts"))

        assert request == {
            "FromEmailAddress": "Demo <no-reply@example.org>",
            "Destination": {"ToAddresses": ["ann@example.com"]},
            "ReplyToAddresses": ["help@example.org"],
            "ConfigurationSetName": "accounts",
            "Content": {
                "Simple": {
                    "Subject": {"Data": LETTER.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Html": {"Data": LETTER.html, "Charset": "UTF-8"},
                        "Text": {"Data": LETTER.text, "Charset": "UTF-8"},
                    },
                }
            },
        }

    def test_a_sender_that_ses_does_not_know_is_a_failed_delivery(self, in_aws):
        with pytest.raises(DeliveryFailed, match=r"^SES refused the mail: MessageRejected\.$"):
            mail.send(changed(sender="stranger@example.net"))

    def test_ses_out_of_reach_is_a_failed_delivery(self, configured):
        there = f"http://127.0.0.1:{free_port()}"
        configured(AWS_ENDPOINT_URL_SESV2=there, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")

        with pytest.raises(DeliveryFailed, match="EndpointConnectionError"):
            mail.send(LETTER)
