"""Pools for the tests of signing in, one for each kind of demand, and the people who have to meet it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tests.clients.running import PASSWORD

SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
ROLE = "arn:aws:iam::123456789012:role/sms"
SENDER = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/pool@example.com",
}
BLOCKS: dict[str, tuple[str, dict[str, Any]]] = {
    SMS: ("SmsMfaConfiguration", {"SmsConfiguration": {"SnsCallerArn": ROLE}}),
    TOTP: ("SoftwareTokenMfaConfiguration", {"Enabled": True}),
    EMAIL: ("EmailMfaConfiguration", {"Message": "Your code is {####}", "Subject": "Your code"}),
}
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
FUNCTIONS = {
    "DefineAuthChallenge": "python:tests.functions:define",
    "CreateAuthChallenge": "python:tests.functions:create",
    "VerifyAuthChallengeResponse": "python:tests.functions:verify",
}
"""One question, whose answer is BLUE; three wrong ones are the end. Behind SRP, the password comes first."""

PROMPTING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
TRUSTING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}


@dataclass(frozen=True)
class Place:
    """Where somebody signs in: a pool, and a client without a secret."""

    pool: str
    client: str

    @property
    def told(self) -> dict[str, str]:
        """For a script."""
        return asdict(self)


def made(cognito: Any, mode: str = "OFF", *methods: str, **settings: Any) -> Place:
    """A fresh pool with these methods of MFA; `settings` are those of CreateUserPool."""
    given = {"AutoVerifiedAttributes": ["email"], "EmailConfiguration": SENDER} | settings
    pool = cognito.create_user_pool(PoolName="sign-in", **given)["UserPool"]["Id"]
    if mode != "OFF":
        cognito.set_user_pool_mfa_config(
            UserPoolId=pool, MfaConfiguration=mode, **dict(BLOCKS[method] for method in methods)
        )
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="sign-in", ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED"
    )
    return Place(pool, client["UserPoolClient"]["ClientId"])


def first_factors(*names: str) -> dict[str, Any]:
    """Settings of a pool where one may begin with these."""
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": list(names)}}}


def demanding(*attributes: str) -> dict[str, Any]:
    """Settings of a pool that requires these attributes."""
    schema = [{"Name": name, "AttributeDataType": "String", "Required": True} for name in attributes]
    return {"Schema": schema}


def person(cognito: Any, place: Place, name: str, **attributes: str) -> str:
    """Makes a CONFIRMED user with the password `PASSWORD`; the name."""
    invited(cognito, place, name, **attributes)
    cognito.admin_set_user_password(UserPoolId=place.pool, Username=name, Password=PASSWORD, Permanent=True)
    return name


def reachable(cognito: Any, place: Place, name: str) -> str:
    """Makes such a user with an address and a number that are verified; the name."""
    return person(
        cognito,
        place,
        name,
        email=f"{name}@example.com",
        email_verified="true",
        phone_number="+12065550100",
        phone_number_verified="true",
    )


def invited(cognito: Any, place: Place, name: str, **attributes: str) -> str:
    """Makes a user whose password `PASSWORD` is a temporary one; the name."""
    cognito.admin_create_user(
        UserPoolId=place.pool,
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )
    return name


def prefer(cognito: Any, place: Place, name: str, *enabled: str, preferred: str = "") -> None:
    """Switches methods of MFA on for a user."""
    blocks = {SMS: "SMSMfaSettings", TOTP: "SoftwareTokenMfaSettings", EMAIL: "EmailMfaSettings"}
    cognito.admin_set_user_mfa_preference(
        UserPoolId=place.pool,
        Username=name,
        **{blocks[one]: {"Enabled": True, "PreferredMfa": one == preferred} for one in enabled},
    )
