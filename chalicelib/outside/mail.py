"""One e-mail to one person: SMTP when its URL is set, else the outbox on a laptop, else Amazon SES.

Owns how a mail leaves, its form (RFC 5322; HTML with a text alternative) and the refusal of what is no single address.
Leaves its words to `flows.messages`. `LATCHKEY_SMTP_URL` is `smtp://user:password@host:587` (STARTTLS required) or
`smtps://host:465`; `?tls=none` sends in the clear, which is also how a server on this very machine is spoken to.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from chalicelib import settings
from chalicelib.outside import aws, outbox
from chalicelib.outside.outbox import NOBODY, DeliveryFailed, Origin

TIMEOUT = 5
"""Seconds to connect, and seconds to wait for each answer."""

_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f@,;:<>()\[\]\"\\]+@[^\s\x00-\x20\x7f@,;:<>()\[\]\"\\]+")
_NAMED_ADDRESS = re.compile(r"[^<>@]*<([^<>]+)>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")

Protection = Literal["implicit", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Mail:
    """`to` is one bare address; `sender` may have a name before its address in angle brackets, empty: the settings'."""

    to: str
    subject: str
    html: str
    text: str
    sender: str = ""
    reply_to: str = ""
    configuration_set: str = ""
    """Of SES."""
    region: str = ""
    """Of the SES to use; empty: our own."""
    origin: Origin = NOBODY


@dataclass(frozen=True, slots=True)
class Relay:
    """Where and how SMTP is spoken."""

    host: str
    port: int
    protection: Protection
    user: str
    password: str = field(repr=False)


def send(message: Mail) -> None:
    """Hands the mail over; raises DeliveryFailed."""
    _check(message)
    current = settings.current()
    if current.smtp_url:
        _post(message, relay(current.smtp_url))
    elif current.is_local:
        line = {"to": message.to, "subject": message.subject, "body": message.html}
        outbox.append("EMAIL", line, message.origin)
    else:
        _hand_to_ses(message)


def _sender(message: Mail) -> str:
    return message.sender or settings.current().mail_from


def _check(message: Mail) -> None:
    """Refuses what would not stay inside its header.

    A line break in an address or a subject lets a caller add headers and receivers of their own; a comma or a semicolon
    in an address sends a stranger's code to the caller as well.
    """
    if not _ADDRESS.fullmatch(message.to):
        raise DeliveryFailed("The receiver is not a single e-mail address.")
    if message.reply_to and not _ADDRESS.fullmatch(_bare(message.reply_to)):
        raise DeliveryFailed("The address for replies is not a single e-mail address.")
    if not _ADDRESS.fullmatch(_bare(_sender(message))):
        raise DeliveryFailed("The sender is not a single e-mail address.")
    if any(_CONTROL.search(value) for value in (message.subject, message.reply_to, _sender(message))):
        raise DeliveryFailed("A header would hold a control character.")


def _bare(address: str) -> str:
    """The address without the name before it."""
    named = _NAMED_ADDRESS.fullmatch(address)
    return named[1] if named else address


def relay(url: str) -> Relay:
    """The relay that a URL names; raises DeliveryFailed without repeating it, for it holds a password."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise DeliveryFailed("LATCHKEY_SMTP_URL has a port that is no number.") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise DeliveryFailed("LATCHKEY_SMTP_URL must be smtp://host:port or smtps://host:port.")
    protection = _protection(parts)
    usual = 465 if protection == "implicit" else 587
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Relay(parts.hostname, port or usual, protection, user, password)


def _protection(parts: SplitResult) -> Protection:
    """STARTTLS is demanded, not merely used when offered: who sits between could take the offer away and read codes."""
    wish = parse_qs(parts.query).get("tls", [""])[0]
    if parts.scheme == "smtps":
        return "implicit"
    if wish == "none" or (not wish and _is_this_machine(parts.hostname or "")):
        return "none"
    return "starttls"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _post(message: Mail, server: Relay) -> None:
    try:
        with _connected(server) as session:
            if server.user:
                session.login(server.user, server.password)
            session.send_message(_letter(message), from_addr=_bare(_sender(message)), to_addrs=[message.to])
    except smtplib.SMTPResponseException as error:
        raise DeliveryFailed(f"The mail server refused: {error.smtp_code}.") from None
    except (smtplib.SMTPException, MessageError, OSError, ValueError) as error:
        raise DeliveryFailed(f"The mail server did not take the mail: {type(error).__name__}.") from None


def _connected(server: Relay) -> smtplib.SMTP:
    if server.protection == "implicit":
        trusted = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=trusted)
    session = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    if server.protection == "starttls":
        try:
            session.starttls(context=ssl.create_default_context())
        except BaseException:  # whatever it was, the connection must not stay open; it goes on to the caller
            session.close()
            raise
    return session


def _letter(message: Mail) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = _sender(message)
    letter["To"] = message.to
    letter["Subject"] = message.subject
    letter["Date"] = formatdate()
    letter["Message-ID"] = make_msgid(domain=_bare(_sender(message)).rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer of an absent person's mailbox, please
    if message.reply_to:
        letter["Reply-To"] = message.reply_to
    letter.set_content(message.text)
    letter.add_alternative(message.html, subtype="html")
    return letter


def _hand_to_ses(message: Mail) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = aws.client("sesv2", message.region or settings.current().region)
        client.send_email(**_request(message))
    except ClientError as error:
        raise DeliveryFailed(f"SES refused the mail: {error.response['Error']['Code']}.") from None
    except BotoCoreError as error:
        raise DeliveryFailed(f"SES was not reached: {type(error).__name__}.") from None


def _request(message: Mail) -> dict[str, Any]:
    """The input of SES v2 SendEmail."""
    body = {"Html": _content(message.html), "Text": _content(message.text)}
    request: dict[str, Any] = {
        "FromEmailAddress": _sender(message),
        "Destination": {"ToAddresses": [message.to]},
        "Content": {"Simple": {"Subject": _content(message.subject), "Body": body}},
    }
    if message.reply_to:
        request["ReplyToAddresses"] = [message.reply_to]
    if message.configuration_set:
        request["ConfigurationSetName"] = message.configuration_set
    return request


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
