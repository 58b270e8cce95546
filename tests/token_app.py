"""An authenticator app as people have one, and the settings of pools that take its codes."""

from __future__ import annotations

from typing import Any

import pyotp

from chalicelib.wire import dispatch
from tests.application import Cognito
from tests.bearer import Bearer
from tests.callers import different

TOKENS: dict[str, Any] = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
METHOD = "SOFTWARE_TOKEN_MFA"


class App:
    """Shows codes of a secret, by the clock of the requests, and none of them twice."""

    def __init__(self, secret: str) -> None:
        self._codes = pyotp.TOTP(secret)
        self._last = 0

    def code(self) -> str:
        """A code that was not used yet: the present one, or the next. The one after that comes half a minute later."""
        self._last = max(int(dispatch.time.time()) // 30, self._last + 1)
        return self._codes.generate_otp(self._last)

    def again(self) -> str:
        """The code that was shown last."""
        return self._codes.generate_otp(self._last)

    def wrong(self) -> str:
        """A code that is not right now, nor within minutes."""
        step, code = int(dispatch.time.time()) // 30, "000000"
        near = {self._codes.generate_otp(step + offset) for offset in range(-4, 5)}
        while code in near:
            code = different(code)
        return code


def allow(cognito: Cognito, pool: str, mode: str = "OPTIONAL", **methods: Any) -> None:
    """SetUserPoolMfaConfig: authenticator apps, unless other methods are named."""
    cognito.call("SetUserPoolMfaConfig", UserPoolId=pool, MfaConfiguration=mode, **(methods or TOKENS))


def associated(bearer: Bearer) -> App:
    """The app of a bearer who has asked for a secret."""
    return App(bearer.call("AssociateSoftwareToken")["SecretCode"])


def equipped(bearer: Bearer) -> App:
    """The app of a bearer who has proved it, without switching it on."""
    app = associated(bearer)
    bearer.call("VerifySoftwareToken", UserCode=app.code())
    return app


def switched_on(bearer: Bearer) -> App:
    """The app of a bearer whose sign-in asks for it from now on."""
    app = equipped(bearer)
    bearer.call("SetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    return app
