"""What a request counts for: its outcome in short words, Cognito's metrics, and which operations the audit tells of.

Pure: names, inputs and results in, facts out. Metric names, dimensions and values are those of Cognito's CloudWatch
metrics, in a namespace of our own; the form is CloudWatch's embedded metric format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Facts = Mapping[str, Any]

NAMESPACE: Final = "Latchkey"
DONE: Final = "Done"
REFUSED: Final = "Refused"

STORIES: Final = ("SignUp", "SignIn", "TokenRefresh")
COUNTED: Final = tuple(f"{story}{what}" for story in STORIES for what in ("Successes", "Throttles"))
_THROTTLED: Final = "TooManyRequestsException"

_SIGN_IN: Final = frozenset(
    {"InitiateAuth", "AdminInitiateAuth", "RespondToAuthChallenge", "AdminRespondToAuthChallenge"}
)
_REFRESH_FLOWS: Final = frozenset({"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"})
_NEW_PASSWORD: Final = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - the name of a challenge
_READS: Final = ("Get", "List", "Describe", "AdminGet", "AdminList", "Lookup")
_CODE_REQUESTS: Final = frozenset({"ForgotPassword", "ResendConfirmationCode"})

REASONS: Final[Mapping[str, str]] = {
    "AccessDeniedException": "policy",
    "AliasExistsException": "name taken",
    "CodeDeliveryFailureException": "delivery",
    "CodeMismatchException": "code wrong",
    "ConcurrentModificationException": "contention",
    "ExpiredCodeException": "code expired",
    "ExpiredTokenException": "operator session expired",
    "IncompleteSignatureException": "incomplete signature",
    "InternalErrorException": "unexpected",
    "InternalServerException": "unexpected",
    "InvalidParameterException": "validation",
    "InvalidPasswordException": "password policy",
    "InvalidSignatureException": "bad signature",
    "LimitExceededException": "too many",
    "MissingAuthenticationTokenException": "no signature",
    "NotImplementedException": "not built",
    "PasswordHistoryPolicyViolationException": "password history",
    "PasswordResetRequiredException": "reset required",
    "RefreshTokenReuseException": "refresh reused",
    "ResourceNotFoundException": "unknown resource",
    "SerializationException": "validation",
    "ServiceUnavailableException": "table or service unavailable",
    "TooManyRequestsException": "contention",
    "UnauthorizedException": "token foreign",
    "UnknownOperationException": "unknown operation",
    "UnrecognizedClientException": "unknown key",
    "UnsupportedOperationException": "client setting",
    "UnsupportedTokenTypeException": "token type",
    "UnsupportedUserStateException": "user state",
    "UserNotConfirmedException": "unconfirmed",
    "UserNotFoundException": "unknown user",
    "UsernameExistsException": "name taken",
    "ValidationException": "validation",
}
"""The reason that a code tells by itself; where a caller is told less than the truth, a flow notes that."""


def outcome(code: str | None, reason: str | None, status: int) -> dict[str, str]:
    """How a request ended: `outcome` (`Done`, the code of the refusal, or `Refused`), and the reason if it is known.

    What is done may have one too: a caller who may not learn that a user is unknown is told that a code was sent.
    """
    true_reason = reason or REASONS.get(code or "")
    ended = code or (DONE if status < 400 else REFUSED)
    return {"outcome": ended} | ({"reason": true_reason} if true_reason else {})


def is_changing(operation: str, given: Facts) -> bool:
    """Whether an operation may leave an audit line: it changes something that lasts.

    Sign-ins are not told but the one that sets a password. Asking for a code is not either: whoever may ask is a
    stranger, and lines that outlive the code by a year would fill the table.
    """
    if operation in _SIGN_IN:
        return given.get("ChallengeName") == _NEW_PASSWORD
    return not operation.startswith(_READS) and operation not in _CODE_REQUESTS


def counts(operation: str, given: Facts, result: Facts | None, code: str | None = None) -> dict[str, int]:
    """The metrics of a call by name: a success counts 1, a refusal (`result` None) 0; a challenge is neither yet.

    A throttled call is a refusal, and counts 1 as throttled too.
    """
    story = _story(operation, given)
    if story is None or (story == "SignIn" and result is not None and "AuthenticationResult" not in result):
        return {}
    throttled = {f"{story}Throttles": 1} if code == _THROTTLED else {}
    return {f"{story}Successes": int(result is not None)} | throttled


def _story(operation: str, given: Facts) -> str | None:
    if operation in _SIGN_IN:
        return "TokenRefresh" if given.get("AuthFlow") in _REFRESH_FLOWS else "SignIn"
    if operation == "GetTokensFromRefreshToken":
        return "TokenRefresh"
    is_invitation_again = given.get("MessageAction") == "RESEND"
    return "SignUp" if operation in ("SignUp", "AdminCreateUser") and not is_invitation_again else None


def metric_line(facts: Facts, milliseconds: int) -> dict[str, Any]:
    """The members that make a log line a metric too; `milliseconds` is the time since the epoch.

    Attack: each new value of a dimension is a metric that is paid for. So a dimension never is a caller's own text:
    pool and client are those that were found, else `Invalid`, and the operation is one of the model or a route.
    """
    values = {"Latency": facts["ms"]} | ({"Trips": facts["trips"]} if "trips" in facts else {})
    directives = [_directive(["Operation"], {"Latency": "Milliseconds", "Trips": "Count"}, values)]
    counted = {name: "Count" for name in COUNTED if name in facts}
    if counted:
        directives.append(_directive(["UserPool", "UserPoolClient"], counted, counted))
        values |= {name: facts[name] for name in counted}
        values |= {"UserPool": facts.get("pool") or "Invalid", "UserPoolClient": _client(facts)}
    place = facts.get("operation") or facts.get("route") or "none"
    return {"_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": directives}, "Operation": place, **values}


def _client(facts: Facts) -> str:
    return "Admin" if facts.get("operation") == "AdminCreateUser" else facts.get("client") or "Invalid"


def _directive(dimensions: list[str], units: Mapping[str, str], present: Facts) -> dict[str, Any]:
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items() if name in present]
    return {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}
