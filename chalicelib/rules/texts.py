"""The words of messages: default texts, the choice among a pool's templates, and what stands in the placeholders.

Owns which member of the pool's document speaks for which kind of message, older spellings included, and the difference
between a text (SMS, subject) and a page (the body of an e-mail is HTML). Leaves sending to `flows.messages`.
Defaults are Cognito's own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.errors import InvalidParameterException

Kind = Literal["sign_up", "resend", "forgot_password", "verify_attribute", "invitation", "mfa"]
Medium = Literal["EMAIL", "SMS"]
Document = dict[str, Any]

CODE = "{####}"
USERNAME = "{username}"

_PLACEHOLDER = re.compile(r"\{####\}|\{username\}")
_BLOCKS = frozenset({"address", "article", "blockquote", "br", "div", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
                     "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"})  # fmt: skip
_UNSEEN = {"!--": "--", "head": "/head", "script": "/script", "style": "/style", "title": "/title"}
_MARK = re.compile(r"<(!--)|(--)>|<([/!?]?[a-z][a-z0-9]*+)[^<>]*+>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Template:
    """A subject (empty for SMS) and a body with placeholders in them."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in full: `html` is the page of an e-mail and empty for SMS, `text` is for whoever shows no page."""

    subject: str
    text: str
    html: str = ""


VERIFICATION = Template("Your verification code", f"Your verification code is {CODE}. ")
INVITATION = Template("Your temporary password", f"Your username is {USERNAME} and temporary password is {CODE}. ")
WELCOME = Template("Your temporary password", f"Your username is {USERNAME}.")
"""The invitation of a user who has no password, because the pool lets them in without."""
AUTHENTICATION = Template("Your authentication code", f"Your authentication code is {CODE}. ")


def letter(template: Template, medium: Medium, username: str, code: str) -> Letter:
    """The template filled in for one person."""
    subject = filled(template.subject, username, code)
    if medium == "SMS":
        return Letter("", filled(template.body, username, code))
    page = filled_page(template.body, username, code)
    return Letter(subject, plain(page), page)


def filled(text: str, username: str, code: str) -> str:
    """The text with both placeholders filled in.

    In one pass: a user named after a placeholder would else have it filled in too, and could carry the code about.
    """
    values = {CODE: code, USERNAME: username}
    return _PLACEHOLDER.sub(lambda found: values[found[0]], text)


def filled_page(page: str, username: str, code: str) -> str:
    """HTML with both placeholders filled in, escaped.

    Anyone may choose a username and give a stranger's address: unescaped, it would put links and forms of their own
    into a mail that comes from the pool. A temporary password may hold a "<" and must still be readable.
    """
    return filled(page, html.escape(username), html.escape(code))


def plain(page: str) -> str:
    """What a reader sees of an HTML page, as text: no tags, entities resolved, a line for each block."""
    lines = (" ".join(line.split()) for line in html.unescape("".join(_seen(page))).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _seen(page: str) -> Iterator[str]:
    """The shown parts of a page, in time that grows with its length alone; the library's parser fails at a "<![" ."""
    position, hidden_until = 0, ""
    for mark in _MARK.finditer(page):
        name = str(mark[mark.lastindex or 0]).lower()
        if not hidden_until:
            yield page[position : mark.start()]
            yield "\n" if name.strip("/") in _BLOCKS else "-->" if name == "--" else ""
            hidden_until = _UNSEEN.get(name, "")
        elif name == hidden_until:
            hidden_until = ""
        position = mark.end()
    if not hidden_until:
        yield page[position:]


def template(pool: Document, kind: Kind, medium: Medium, *, has_code: bool = True) -> Template:
    """The template of a pool (in the wire's form) for one kind of message, its own words or the default's.

    `has_code` is false for the invitation of a user without a password. Raises InvalidParameterException for a
    confirmation by link, which needs a domain.
    """
    if kind == "invitation":
        return _invitation(pool, medium) if has_code else WELCOME
    if kind == "mfa":
        return _authentication(pool, medium)
    if medium == "EMAIL" and kind in ("sign_up", "resend"):
        _refuse_link(pool)
    return _verification(pool, medium)


def _verification(pool: Document, medium: Medium) -> Template:
    words = pool.get("VerificationMessageTemplate", {})
    if medium == "SMS":
        return Template("", words.get("SmsMessage") or pool.get("SmsVerificationMessage") or VERIFICATION.body)
    return Template(
        words.get("EmailSubject") or pool.get("EmailVerificationSubject") or VERIFICATION.subject,
        words.get("EmailMessage") or pool.get("EmailVerificationMessage") or VERIFICATION.body,
    )


def _invitation(pool: Document, medium: Medium) -> Template:
    words = pool.get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
    if medium == "SMS":
        return Template("", words.get("SMSMessage") or INVITATION.body)
    return Template(words.get("EmailSubject") or INVITATION.subject, words.get("EmailMessage") or INVITATION.body)


def _authentication(pool: Document, medium: Medium) -> Template:
    if medium == "SMS":
        return Template("", pool.get("SmsAuthenticationMessage") or AUTHENTICATION.body)
    words = pool.get("EmailMfaConfiguration", {})
    return Template(words.get("Subject") or AUTHENTICATION.subject, words.get("Message") or AUTHENTICATION.body)


def _refuse_link(pool: Document) -> None:
    """Links are served by a domain of the pool, and no pool has one yet; attributes and passwords always use codes."""
    if pool.get("VerificationMessageTemplate", {}).get("DefaultEmailOption") == "CONFIRM_WITH_LINK":
        raise InvalidParameterException(
            "Cannot perform specific action because there does not exist a valid use pool domain associated with the "
            "user pool"
        )
