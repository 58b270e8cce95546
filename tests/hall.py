"""A pool with second factors or a choice of first ones, and somebody who goes through them."""

from __future__ import annotations

from typing import Any

from tests.application import Cognito, Outbox
from tests.entrance import Answer, Entrance

SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
CALLER = "arn:aws:iam::000000000000:role/sms"
SENDER = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/pool@example.com",
}
BLOCKS: dict[str, tuple[str, dict[str, Any]]] = {
    SMS: ("SmsMfaConfiguration", {"SmsConfiguration": {"SnsCallerArn": CALLER}}),
    TOTP: ("SoftwareTokenMfaConfiguration", {"Enabled": True}),
    EMAIL: ("EmailMfaConfiguration", {"Message": "Your code is {####}", "Subject": "Code"}),
}
PREFERENCES = {SMS: "SMSMfaSettings", TOTP: "SoftwareTokenMfaSettings", EMAIL: "EmailMfaSettings"}
CHOOSING = {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}


def factors(*names: str) -> dict[str, Any]:
    """Settings of a pool that allows these first factors."""
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": list(names)}}}


class Hall(Entrance):
    """An entrance whose user has an address of each kind; `outbox` is where the codes arrive."""

    outbox: Outbox

    def __init__(self, cognito: Cognito, client: dict[str, Any] | None = None, **settings: Any) -> None:
        super().__init__(cognito, client, **{"EmailConfiguration": SENDER} | settings)

    def another(self) -> Hall:
        """The same pool and client with a fresh user."""
        found = super().another()
        assert isinstance(found, Hall)
        return found

    def _user(self) -> str:
        name = super()._user()
        number = f"+1555{int(name[-7:], 16) % 10**7:07}"
        self.cognito.call(
            "AdminUpdateUserAttributes",
            UserPoolId=self.pool,
            Username=name,
            UserAttributes=[{"Name": "phone_number", "Value": number}],
        )
        return name

    def ask(self, mode: str, *methods: str) -> None:
        """The pool's MFA settings."""
        blocks = dict(BLOCKS[method] for method in methods)
        self.cognito.call("SetUserPoolMfaConfig", UserPoolId=self.pool, MfaConfiguration=mode, **blocks)

    def prefer(self, *enabled: str, preferred: str = "", disabled: tuple[str, ...] = ()) -> None:
        """The user's MFA settings."""
        given = {PREFERENCES[one]: {"Enabled": True, "PreferredMfa": one == preferred} for one in enabled}
        given |= {PREFERENCES[one]: {"Enabled": False} for one in disabled}
        self.admin("AdminSetUserMFAPreference", **given)

    def code(self) -> str:
        """The newest code that the user got."""
        return self.outbox.code(self.name)

    def answer(self, asked: Answer, **responses: str) -> Answer:
        """The answer to a challenge as it was asked."""
        given = {"USERNAME": self.name, **responses}
        return self.respond(asked["ChallengeName"], given, Session=asked["Session"])

    def choose_by(self, **parameters: str) -> Answer:
        """InitiateAuth with USER_AUTH."""
        return self.initiate("USER_AUTH", **{"USERNAME": self.name, **parameters})


def other(code: str) -> str:
    """A code of the same length that is not this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
