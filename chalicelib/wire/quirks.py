"""Where the running services differ from their models: one dated line each, as data.

`model` and `validate` consult it. The keys are (service, name). Whether a difference is right is settled here and
nowhere else; the date is that of the last look.
"""

from __future__ import annotations

USER_POOLS, IDENTITY_POOLS, SYNC, OURS = "cognito-idp", "cognito-identity", "cognito-sync", "latchkey"

# Values that the service takes and its enum lacks.
EXTRA_VALUES: dict[tuple[str, str], tuple[str, ...]] = {
    # 2026-07: documented as a flow of confidential clients; SDKs do not check enums, so it does arrive.
    (USER_POOLS, "ExplicitAuthFlowsType"): ("ALLOW_CLIENT_TOKEN_AUTH",),
}

# Operations that the model wants signed and the documentation calls with client id and secret alone.
UNSIGNED_TOO: frozenset[tuple[str, str]] = frozenset(
    {
        (USER_POOLS, "GetClientToken"),  # 2026-07
        (USER_POOLS, "GetDerivedToken"),  # 2026-07
    }
)

# Another pattern than the model's: the text that the service prints, and the same language for Python's `fullmatch`.
PATTERNS: dict[tuple[str, str], tuple[str, str]] = {
    # 2026-07: the model says [\S]+; the service lets blanks in, but neither first nor last, and no line end.
    # Attack: the printed form backtracks cubically; the one below reads word after word, once.
    (USER_POOLS, "PasswordType"): (
        r"^[\S]+.*[\S]+$",
        r"\S\S++|\S++(?:[ \t\v\f]++[^\s\x85\u2028\u2029]++(?=[ \t\v\f]))*+[ \t\v\f]++\S++",
    ),
}

# Patterns and lengths that the service breaks in its own answers: they are not enforced.
UNENFORCED: frozenset[tuple[str, str]] = frozenset(
    {
        (USER_POOLS, "DomainType"),  # 2026-11: the pattern of prefixes, but full names come too; `rules.domains` checks
        (USER_POOLS, "CompletionMessageType"),  # 2026-07: [\w]+, but the documented messages are sentences
    }
)

# Structures whose ArnType names a function of a pool, but for the members that name a key.
# 2026-11: ours, not the service's: on a laptop the name of a function of Python does too; in AWS the pattern stands.
FUNCTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    (USER_POOLS, "LambdaConfigType"): ("KMSKeyID",),
    (USER_POOLS, "PreTokenGenerationVersionConfigType"): (),
    (USER_POOLS, "CustomSMSLambdaVersionConfigType"): (),
    (USER_POOLS, "CustomEmailLambdaVersionConfigType"): (),
    (USER_POOLS, "InboundFederationLambdaType"): (),
}
PYTHON_FUNCTION = r"python:[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+:[A-Za-z_]\w*+"

# The error that carries violations of a model's limits.
CONSTRAINT_ERRORS: dict[str, str] = {
    USER_POOLS: "InvalidParameterException",
    # 2026-07: declared by the model for both; reports of live answers show ValidationException from identity pools too.
    IDENTITY_POOLS: "InvalidParameterException",
    SYNC: "InvalidParameterException",
    OURS: "InvalidParameterException",
}

# HTTP status of an error where it depends on the protocol.
STATUSES: dict[tuple[str, str], int] = {
    (USER_POOLS, "ExpiredTokenException"): 400,  # 2026-07: 403 in general, 400 in the JSON protocols
    (IDENTITY_POOLS, "ExpiredTokenException"): 400,  # 2026-07: as above
}
