"""One notice to one person, into a laptop's outbox: words, sender, medium, and failures that tell nothing."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from chalicelib import settings
from chalicelib.errors import CodeDeliveryFailureException, InvalidParameterException
from chalicelib.flows import messages
from chalicelib.flows.messages import Notice
from chalicelib.outside import outbox
from tests.outside import relay

POOL = {"Id": "us-east-1_AbCdEfGhI", "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"}}
MAIL = Notice(POOL, "client", "ann", "sign_up", "EMAIL", "ann@example.com", "123456")
TEXT = replace(MAIL, medium="SMS", to="+15555550123")


@pytest.fixture
def laptop(monkeypatch, tmp_path):
    """Settings of a laptop; gives a function that sets more of them."""

    def configure(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.current.cache_clear()

    monkeypatch.delenv("LATCHKEY_SMTP_URL", raising=False)
    configure(LATCHKEY_LOCAL="1", LATCHKEY_OUTBOX=str(tmp_path / "outbox.jsonl"))
    yield configure
    monkeypatch.undo()
    settings.current.cache_clear()


def of_pool(notice, **members):
    return replace(notice, pool=POOL | members)


class TestDeliver:
    def test_a_mail_is_in_the_outbox_with_its_code_and_origin(self, laptop):
        messages.deliver(MAIL)

        (line,) = outbox.lines()
        line.pop("at")
        assert line == {
            "channel": "EMAIL",
            "to": "ann@example.com",
            "subject": "Your verification code",
            "body": "Your verification code is 123456. ",
            "code": "123456",
            "pool": "us-east-1_AbCdEfGhI",
            "client": "client",
            "username": "ann",
        }

    def test_a_text_is_in_the_outbox(self, laptop):
        messages.deliver(replace(TEXT, kind="mfa"))

        (line,) = outbox.lines()
        assert (line["channel"], line["to"], line["subject"]) == ("SMS", "+15555550123", "")
        assert line["body"] == "Your authentication code is 123456. "

    def test_an_invitation_tells_username_and_password(self, laptop):
        messages.deliver(replace(MAIL, kind="invitation", username="<ann>", code="a<b"))

        (line,) = outbox.lines()
        assert line["body"] == "Your username is &lt;ann&gt; and temporary password is a&lt;b. "
        assert (line["username"], line["code"]) == ("<ann>", "a<b")

    def test_an_invitation_without_a_password_has_no_code(self, laptop):
        messages.deliver(replace(TEXT, kind="invitation", code=""))

        (line,) = outbox.lines()
        assert (line["body"], line["code"]) == ("Your username is ann.", "")

    def test_the_pools_words_are_taken(self, laptop):
        words = {"EmailMessage": "<b>{####}</b>", "EmailSubject": "Hi {username}", "SmsMessage": "{####} it is"}
        messages.deliver(of_pool(MAIL, VerificationMessageTemplate=words))
        messages.deliver(of_pool(TEXT, VerificationMessageTemplate=words))

        text, mail = outbox.lines()
        assert (mail["subject"], mail["body"]) == ("Hi ann", "<b>123456</b>")
        assert text["body"] == "123456 it is"

    def test_a_confirmation_by_link_is_refused_and_nothing_leaves(self, laptop):
        with pytest.raises(InvalidParameterException, match="domain"):
            messages.deliver(of_pool(MAIL, VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"}))

        assert outbox.lines() == []


class TestSender:
    @pytest.mark.parametrize(
        ("configuration", "sender", "replies"),
        [
            ({}, "no-reply@localhost", None),
            ({"From": "Demo <demo@example.org>", "ReplyToEmailAddress": "help@example.org"}, "Demo <demo@example.org>",
             "help@example.org"),
            ({"SourceArn": "arn:aws:ses:eu-west-1:1:identity/ses@example.org"}, "ses@example.org", None),
            ({"SourceArn": "arn:aws:ses:eu-west-1:1:identity/example.org"}, "no-reply@localhost", None),
            ({"SourceArn": "arn:aws:ses:eu-west-1:1:identity/example.org", "From": "x@example.org"}, "x@example.org",
             None),
        ],
    )  # fmt: skip
    def test_the_pool_decides_who_sends_before_the_settings(self, laptop, configuration, sender, replies):
        with relay.running() as server:
            laptop(LATCHKEY_SMTP_URL=f"smtp://127.0.0.1:{server.port}", LATCHKEY_MAIL_FROM="no-reply@localhost")
            messages.deliver(of_pool(MAIL, EmailConfiguration=configuration))

        letter = server.received[0].letter
        assert (letter["From"], letter["Reply-To"]) == (sender, replies)

    def test_region_and_configuration_set_go_to_ses(self):
        configuration = {
            "SourceArn": "arn:aws:ses:eu-west-1:1:identity/ses@example.org",
            "ConfigurationSet": "accounts",
        }
        notice = of_pool(MAIL, EmailConfiguration=configuration)

        mail = messages._mail(notice, messages.letter(messages._template(notice), "EMAIL", "ann", "1"))

        assert (mail.region, mail.configuration_set) == ("eu-west-1", "accounts")

    def test_the_region_of_the_pool_goes_to_sns(self):
        notice = of_pool(TEXT, SmsConfiguration={"SnsCallerArn": "arn:aws:iam::1:role/sms", "SnsRegion": "eu-west-1"})

        sms = messages._sms(notice, messages.letter(messages._template(notice), "SMS", "ann", "1"))

        assert sms.region == "eu-west-1"


class TestFailure:
    @pytest.mark.parametrize(
        "notice", [replace(MAIL, to="ann@example.com,eve@example.com"), replace(TEXT, to="5550123")]
    )
    def test_callers_see_one_error_and_logs_no_secret(self, laptop, caplog, notice):
        with caplog.at_level(logging.DEBUG), pytest.raises(CodeDeliveryFailureException) as failure:
            messages.deliver(notice)

        told = caplog.text + str(failure.value) + repr(notice)
        assert not [secret for secret in ("123456", "ann@", "eve@", "5550123") if secret in told]
        assert "us-east-1_AbCdEfGhI" in caplog.text
        assert failure.value.__cause__ is None

    def test_a_mail_server_that_refuses_is_the_same_error(self, laptop):
        with relay.running(refuses={"RCPT": "550 no such user"}) as server:
            laptop(LATCHKEY_SMTP_URL=f"smtp://127.0.0.1:{server.port}")
            with pytest.raises(CodeDeliveryFailureException):
                messages.deliver(MAIL)
