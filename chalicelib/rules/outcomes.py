"""What a request counts for: Cognito's success metrics, which operations change something, and the metric line.

Pure: names and results in, facts out. Metric names and dimensions are those of Cognito's CloudWatch metrics, in a
namespace of our own; the form is CloudWatch's embedded metric format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMESPACE = "Latchkey"
SUCCESSES = ("SignUpSuccesses", "SignInSuccesses", "TokenRefreshSuccesses")

_SIGN_IN = {"InitiateAuth", "AdminInitiateAuth", "RespondToAuthChallenge", "AdminRespondToAuthChallenge"}
_REFRESH_FLOWS = {"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"}
_READS = ("Get", "List", "Describe", "AdminGet", "AdminList")
_UNAUDITED = _SIGN_IN | {"GetTokensFromRefreshToken"}


def is_changing(operation: str) -> bool:
    """Whether an operation may leave an audit line: it changes something and is not a sign-in."""
    return not operation.startswith(_READS) and operation not in _UNAUDITED


def successes(operation: str, given: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, int]:
    """The success metric of a call: 1 done, 0 refused (`result` None); a challenge counts for nothing yet."""
    if operation in ("SignUp", "AdminCreateUser"):
        return {"SignUpSuccesses": int(result is not None)}
    if operation == "GetTokensFromRefreshToken" or given.get("AuthFlow") in _REFRESH_FLOWS:
        return {"TokenRefreshSuccesses": int(result is not None)}
    if operation in _SIGN_IN and (result is None or "AuthenticationResult" in result):
        return {"SignInSuccesses": int(result is not None)}
    return {}


def metric_line(facts: Mapping[str, Any], milliseconds: int) -> dict[str, Any]:
    """The members that make a log line a metric too; `milliseconds` is the time since the epoch."""
    counted = [name for name in SUCCESSES if name in facts]
    directives = [_directive([["Operation"]], [("Latency", "Milliseconds"), ("Trips", "Count")])]
    if counted:
        directives.append(_directive([["UserPool", "UserPoolClient"]], [(name, "Count") for name in counted]))
    return {
        "_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": directives},
        "Operation": facts.get("operation", "none"),
        "UserPool": facts.get("pool", "none"),
        "UserPoolClient": facts.get("client") or ("Admin" if facts.get("caller") == "operator" else "Invalid"),
        "Latency": facts.get("ms", 0),
        "Trips": facts.get("trips", 0),
    }


def _directive(dimensions: list[list[str]], metrics: list[tuple[str, str]]) -> dict[str, Any]:
    listed = [{"Name": name, "Unit": unit} for name, unit in metrics]
    return {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": listed}
