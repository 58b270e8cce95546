"""One notice to one person: the pool's words, the pool's sender, and the medium.

Owns what a pool's e-mail and SMS configuration mean for a message, and the one error that callers see when it cannot
leave. Leaves the words to `rules.texts`, the sending to `outside`, and what may be told of a user to other flows.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import CodeDeliveryFailureException
from chalicelib.outside import mail, sms
from chalicelib.outside.outbox import DeliveryFailed, Origin
from chalicelib.rules.texts import Document, Kind, Letter, Medium, letter, template

_log = logging.getLogger("latchkey.messages")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told: `pool` is its document in the wire's form, `to` an e-mail address or a number in E.164 form.

    `code` is a code or a temporary password; empty only in the invitation of a user who has no password.
    """

    pool: Document
    client_id: str
    username: str
    kind: Kind
    medium: Medium
    to: str
    code: str

    def __repr__(self) -> str:
        """Without code, receiver and username: what is printed ends in logs."""
        return f"Notice(kind={self.kind!r}, medium={self.medium!r}, pool={self.pool.get('Id')!r})"


def deliver(notice: Notice) -> None:
    """Sends it.

    Raises CodeDeliveryFailureException when it cannot leave, InvalidParameterException for a confirmation by link in a
    pool without a domain.
    """
    words = letter(_template(notice), notice.medium, notice.username, notice.code)
    try:
        if notice.medium == "EMAIL":
            mail.send(_mail(notice, words))
        else:
            sms.send(_sms(notice, words))
    except DeliveryFailed as failure:
        _log.warning("%r was not delivered: %s", notice, failure)
        raise CodeDeliveryFailureException from None


def _template(notice: Notice) -> Any:
    return template(notice.pool, notice.kind, notice.medium, has_code=bool(notice.code))


def _origin(notice: Notice) -> Origin:
    return Origin(notice.pool.get("Id", ""), notice.client_id, notice.username, notice.code)


def _mail(notice: Notice, words: Letter) -> mail.Mail:
    """The pool's EmailConfiguration decides sender, replies and SES; what it leaves out is up to the settings."""
    configuration = notice.pool.get("EmailConfiguration", {})
    region, identity = _identity(configuration.get("SourceArn", ""))
    return mail.Mail(
        to=notice.to,
        subject=words.subject,
        html=words.html,
        text=words.text,
        sender=configuration.get("From") or identity,
        reply_to=configuration.get("ReplyToEmailAddress", ""),
        configuration_set=configuration.get("ConfigurationSet", ""),
        region=region,
        origin=_origin(notice),
    )


def _identity(source_arn: str) -> tuple[str, str]:
    """Region and address of `arn:aws:ses:REGION:ACCOUNT:identity/ADDRESS`; no address when the identity is a domain."""
    if not source_arn:
        return ("", "")
    region = source_arn.split(":")[3]
    identity = source_arn.partition("identity/")[2]
    return (region, identity if "@" in identity else "")


def _sms(notice: Notice, words: Letter) -> sms.Sms:
    region = notice.pool.get("SmsConfiguration", {}).get("SnsRegion", "")
    return sms.Sms(to=notice.to, text=words.text, region=region, origin=_origin(notice))
