import time, pytest
from chalicelib.flows import signing_keys
from chalicelib.table import store
from tests.application import PASSWORD, Cognito, Fault
from tests.callers import refused
from tests.clock import later
from tests.entrance import *
from tests.hall import CHOOSING, EMAIL, TOTP, Hall, factors
from tests.operations.test_session_configuration import put
from tests.token_app import App
LEVELS = [f"urn:cognito:loa:{level}" for level in range(5)]

def show(label, f):
    try: print(label, "->", f())
    except Fault as x: print(label, "-> FAULT", x)
    except AssertionError as x: print(label, "-> ASSERT", str(x)[:300])

def test_explore_downgrade(application, outbox):
    FIRST = factors("PASSWORD", "EMAIL_OTP", "WEB_AUTHN")
    hall = Hall(Cognito(*application), CHOOSING, **FIRST)
    hall.ask("OPTIONAL", TOTP, EMAIL); hall.outbox = outbox
    code = hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP")
    old = hall.answer(code, EMAIL_OTP_CODE=hall.code())["AuthenticationResult"]["AccessToken"]
    app = App(hall.cognito.call("AssociateSoftwareToken", AccessToken=old)["SecretCode"])
    hall.cognito.call("VerifySoftwareToken", AccessToken=old, UserCode=app.code())
    hall.prefer(TOTP, preferred=TOTP)
    show("plain", lambda: hall.by_password().get("ChallengeName"))
    show("downgrade", lambda: hall.choose_by(TARGET_ACR_VALUES=LEVELS[3], ACCESS_TOKEN=old, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD).keys())

def test_explore_rename(application, outbox):
    hall = Hall(Cognito(*application), CHOOSING, AcrConfiguration={"Level1": {"AcrValue": "gold"}}, **factors("PASSWORD"))
    a = hall.choose_by(TARGET_ACR_VALUES="gold", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]
    hall.cognito.call("UpdateUserPool", UserPoolId=hall.pool, AcrConfiguration={"Level1": {"AcrValue": "bronze"}, "Level4": {"AcrValue": "gold"}})
    show("renamed", lambda: claims(hall.refresh(a["RefreshToken"])["AccessToken"])["acr"])

def test_explore_max(application):
    e = Entrance(Cognito(*application)); put(e.cognito, e.pool, most=1)
    e.tokens()
    out = at_once(*[e.tokens for _ in range(6)])
    print([str(o) if isinstance(o, Fault) else "ok" for o in out])
    print(len(e.admin("AdminListUserSessions")["Sessions"]))
    e.tokens(); print(len(e.admin("AdminListUserSessions")["Sessions"]))
    # stale activity
    r = Entrance(Cognito(*application), {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}); put(r.cognito, r.pool, most=2)
    first = r.tokens(); 
    r.cognito.call("SetUserPoolSessionConfiguration", UserPoolId=r.pool, UserSessionTracking="DISABLED", TokenSession={"MaxPerUser": 2})
    with later(100): second = r.tokens()
    with later(200): first = r.renew(first["RefreshToken"]) if hasattr(r,"renew") else r.cognito.call("GetTokensFromRefreshToken", ClientId=r.client, RefreshToken=first["RefreshToken"])["AuthenticationResult"]
    put(r.cognito, r.pool, most=2)
    with later(300):
        r.tokens()
        show("most recent first session", lambda: r.me(first["AccessToken"])["Username"])
        show("older second session", lambda: r.me(second["AccessToken"])["Username"])
