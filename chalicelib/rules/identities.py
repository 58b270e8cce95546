"""Who an IAM caller is by the answer of AWS STS, and which callers a pattern means.

Leaves the request that is answered to `proofs`, and what an identity may do to `flows.operator_sessions`.
API: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chalicelib.errors import AccessDeniedException

# A parser of XML would bring entities, comments and names in other spaces along; the answer is one small fixed form.
_SPACE = r"\s{0,64}"
_ANSWER = re.compile(
    _SPACE.join(
        (
            r"(?:<\?xml [^<>]{1,64}\?>)?",
            r"<GetCallerIdentityResponse xmlns=\"https://sts\.amazonaws\.com/doc/2011-06-15/\">",
            "<GetCallerIdentityResult>",
            rf"((?:<(?:Arn|UserId|Account)>[^<>&]{{1,2048}}</(?:Arn|UserId|Account)>{_SPACE}){{3}})"
            "</GetCallerIdentityResult>",
            "<ResponseMetadata>",
            "<RequestId>[^<>&]{1,128}</RequestId>",
            "</ResponseMetadata>",
            "</GetCallerIdentityResponse>",
            "",
        )
    )
)
_FIELD = re.compile(r"<(Arn|UserId|Account)>([^<>]+)</\1>")
_CODE = re.compile("<Code>([A-Za-z.]{1,64})</Code>")
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_+=,.@-]{1,128}"
_PARTITION = "arn:aws(?:-[a-z]{2,8}){0,3}"
_CALLER = re.compile(
    rf"({_PARTITION}):(?:iam::([0-9]{{12}}):(?:root|user/(?:{_SEGMENT}/){{0,32}}{_SEGMENT})"
    rf"|sts::([0-9]{{12}}):(?:federated-user/{_SEGMENT}|assumed-role/({_SEGMENT})/{_SEGMENT}))"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """An IAM caller: the ARN that STS told, and the principal behind it, which patterns are held against."""

    arn: str
    principal: str


def identity(content: bytes) -> Identity:
    """The caller in an answer of GetCallerIdentity.

    A role is named by the role, not by its session, whose name the caller chose. STS leaves out the path of a role, and
    so do we. Raises AccessDeniedException for an answer in any other form than that of STS.
    """
    answer = _ANSWER.fullmatch(content.decode("ascii", "replace"))
    fields = dict(_FIELD.findall(answer[1])) if answer else {}
    arn = fields.get("Arn", "")
    caller = _CALLER.fullmatch(arn)
    # Attack: text that ends in the right name, or climbs there by dots; so every part of the ARN must be understood.
    if len(fields) != 3 or caller is None or fields["Account"] != (caller[2] or caller[3]):
        raise AccessDeniedException("STS did not name a user, a role or a federated user.")
    return Identity(arn, f"{caller[1]}:iam::{caller[3]}:role/{caller[4]}" if caller[4] else arn)


def refusal_code(content: bytes) -> str:
    """The error code in a refusal of STS ("ExpiredToken"), for the caller to read; "" when there is none."""
    found = _CODE.search(content.decode("ascii", "replace"))
    return found[1] if found else ""


# --- patterns -------------------------------------------------------------------------------------------------------

_PATTERN_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_+=,.@*-]{1,128}"
_PATTERN = re.compile(
    rf"{_PARTITION}:(?:iam::[0-9]{{12}}:(?:root|role/{_PATTERN_SEGMENT}|user/(?:{_PATTERN_SEGMENT}/){{0,32}}{_PATTERN_SEGMENT})"
    rf"|sts::[0-9]{{12}}:federated-user/{_PATTERN_SEGMENT})"
)


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a pattern of principals, as a sentence; None when nothing is.

    The account has to be written out: with a wildcard for it the pattern would mean everybody who has an AWS account.
    """
    if _PATTERN.fullmatch(pattern):
        return None
    return (
        "A pattern is arn:aws:iam::<12 digits>:role/<name>, :user/<path and name> or :root, or "
        "arn:aws:sts::<12 digits>:federated-user/<name>; a role stands without its path, also for its sessions, and "
        "* stands for any characters of one name."
    )


def matches(pattern: str, principal: str) -> bool:
    """Whether a pattern means a principal: all of it, and no * reaches beyond a slash.

    >>> matches("arn:aws:iam::111122223333:role/ci-*", "arn:aws:iam::111122223333:role/ci-main")
    True
    >>> matches("arn:aws:iam::111122223333:user/*", "arn:aws:iam::111122223333:user/team/ann")
    False
    """
    wanted, given = pattern.split("/"), principal.split("/")
    is_alike = pattern_problem(pattern) is None and len(wanted) == len(given)
    return is_alike and all(fnmatchcase(name, one) for name, one in zip(given, wanted, strict=True))
