"""scratch"""
import json
import time
import pytest
from tests import functions
from tests.application import PASSWORD, Cognito, Fault
from tests.entrance import HIDING, WRONG, Entrance, claims, fault, at_once
from tests.functions import ANSWER, CUSTOM_LAMBDAS
from tests.hall import CHOOSING, EMAIL, SMS, TOTP, Hall, factors
from tests.srp_client import SrpClient

FLOWS = ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
ALL = {"ExplicitAuthFlows": FLOWS, "PreventUserExistenceErrors": "ENABLED"}


def show(what, attempt):
    try:
        got = attempt()
        print("PROBE", what, "->", {k: (v if k != "Session" else len(v)) for k, v in got.items()})
        return got
    except Fault as f:
        print("PROBE", what, "->", f)
    except Exception as e:
        print("PROBE", what, "-> EXC", type(e), e)


@pytest.fixture
def hall(cognito, outbox):
    h = Hall(cognito, ALL, LambdaConfig=CUSTOM_LAMBDAS, **factors("PASSWORD", "EMAIL_OTP"))
    h.outbox = outbox
    return h


def srp(hall, **more):
    client = SrpClient(hall.pool)
    begun = hall.initiate("CUSTOM_AUTH", **client.begin(USERNAME=hall.name, CHALLENGE_NAME="SRP_A"))
    responses = client.answer(begun["ChallengeParameters"], PASSWORD)
    return hall.respond("PASSWORD_VERIFIER", responses | more, Session=begun["Session"])


def test_rounds_and_second(hall):
    hall.ask("OPTIONAL", EMAIL, SMS)
    script = functions.script(hall.pool)
    def define(event):
        rounds = event["request"]["session"]
        last = rounds[-1]["challengeName"] if rounds else ""
        if last == "SRP_A":
            return {"challengeName": "PASSWORD_VERIFIER"}
        if len(rounds) >= 5:
            return {"challengeName": "EMAIL_OTP"}
        return {"challengeName": "CUSTOM_CHALLENGE"}
    script.define = define
    script.create = lambda e: {"publicChallengeParameters": {}, "privateChallengeParameters": {"answer": ANSWER}, "challengeMetadata": "m" * 400}
    asked = srp(hall, DEVICE_KEY="us-east-1_aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
    for _ in range(3):
        print(asked["ChallengeName"], len(asked["Session"]))
        asked = show("custom", lambda: hall.answer(asked, ANSWER=ANSWER))


def test_long_email(hall):
    hall.ask("ON", EMAIL) if False else None
    strict = Hall(hall.cognito, ALL)
    strict.ask("ON", EMAIL)
    name = strict.invited("foo" + str(time.time()))
    strict.name = name
    strict.admin("AdminSetUserPassword", Password=PASSWORD, Permanent=True)
    asked = strict.by_password()
    print(asked["ChallengeName"], asked["ChallengeParameters"])
    for n in (300, 1000, 1900, 2040):
        show(f"email {n}", lambda: strict.answer(asked, EMAIL="a" * n + "@x.io"))
        show(f"email {n}", lambda: strict.answer(asked, EMAIL="a@" + ".".join(["b" * 60] * (n // 61)) + ".io"))
    show("email wide", lambda: strict.answer(asked, EMAIL="é" * 2000 + "@x.io"))


def test_choice_replay(hall):
    asked = hall.choose_by()
    show("first", lambda: hall.answer(asked, ANSWER="PASSWORD", PASSWORD=PASSWORD))
    show("again", lambda: hall.answer(asked, ANSWER="PASSWORD", PASSWORD=PASSWORD))
    a = hall.choose_by()
    b = at_once(*[lambda: hall.answer(a, ANSWER="PASSWORD", PASSWORD=PASSWORD)] * 3)
    print("PROBE", [str(x)[:100] for x in b])


def test_confirm_sign_up_session(hall):
    mine = hall.cognito.pool(AutoVerifiedAttributes=["email"])
    client = hall.cognito.client(mine, **ALL)
    up = lambda name: hall.cognito.call("SignUp", ClientId=client, Username=name, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": name + "@x.io"}])
    mal = up("mallory")
    up("alice")
    for who in ("alice", "nobody"):
        show(f"confirm {who}", lambda: hall.cognito.call("ConfirmSignUp", ClientId=client, Username=who, ConfirmationCode="123456", Session=mal["Session"]))
        show(f"confirm {who} junk", lambda: hall.cognito.call("ConfirmSignUp", ClientId=client, Username=who, ConfirmationCode="123456", Session="x" * 40))
        show(f"confirm {who} plain", lambda: hall.cognito.call("ConfirmSignUp", ClientId=client, Username=who, ConfirmationCode="123456"))


def test_new_password_attributes(hall):
    name = hall.invited("bar" + str(time.time()))
    hall.name = name
    begun = hall.by_password("Temporary-1")
    for extra in ({"userAttributes.email": "v@x.io", "userAttributes.email_verified": "true"}, {"userAttributes.sub": "x"}, {"userAttributes.": "x"}, {"userAttributes.cognito:groups": "x"}, {"userAttributes.identities": "[]"}, {"userAttributes.email": ""}):
        show(str(extra), lambda: hall.choose(begun, **extra))
    name = hall.invited("bax" + str(time.time()))
    hall.name = name
    begun = hall.by_password("Temporary-1")
    b = at_once(*[lambda: hall.choose(begun)] * 3)
    print("PROBE", [str(x)[:150] for x in b])


def test_delivery_fails(hall, monkeypatch):
    from chalicelib import errors
    from chalicelib.flows import deliveries
    def send(*_a):
        raise errors.CodeDeliveryFailureException
    monkeypatch.setattr(deliveries, "send", send)
    show("known", lambda: hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP"))
    hall.name = "nobody"
    show("unknown", lambda: hall.choose_by(PREFERRED_CHALLENGE="EMAIL_OTP"))


def test_levels_enumeration(hall):
    hall.ask("OPTIONAL", EMAIL, TOTP)
    known = hall.name
    for level in ("1", "2", "3", "4", "4 1", "3 2 1", "3 1", "2 1", "4 3", "4 2"):
        text = " ".join(f"urn:cognito:loa:{x}" for x in level.split())
        for n in (known, "nobody"):
            hall.name = n
            show(f"{level} {n}", lambda: {k: v for k, v in hall.choose_by(TARGET_ACR_VALUES=text).items() if k != "Session"})


def test_setup_by_credit(hall):
    t = hall.tokens()
    hall.ask("ON", TOTP) if False else None
    h = Hall(hall.cognito, ALL)
    t = h.tokens()["AccessToken"]
    h.ask("ON", TOTP)
    a = show("step up", lambda: h.choose_by(TARGET_ACR_VALUES="urn:cognito:loa:4", ACCESS_TOKEN=t))
    if a and a["ChallengeName"] == "MFA_SETUP":
        from tests.token_app import App
        got = h.cognito.call("AssociateSoftwareToken", Session=a["Session"])
        app = App(got["SecretCode"])
        v = h.cognito.call("VerifySoftwareToken", Session=got["Session"], UserCode=app.code())
        show("tokens!!", lambda: h.respond("MFA_SETUP", {"USERNAME": h.name}, Session=v["Session"]))
