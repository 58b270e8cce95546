import json
import pytest
from tests import functions
from tests.application import PASSWORD, Cognito, Fault
from tests.device_client import Owner
from tests.entrance import HIDING
from tests.functions import ANSWER
from tests.contract.test_machine_review import *
from chalicelib.operations.sign_in import ANSWERS

ODD = [
    "",
    " ",
    "\x00",
    "\ud7ff",
    "x" * 70000,
    "{}",
    "[]",
    "null",
    '{"id":1}',
    '{"id":{"a":[]},"response":5}',
    "-1",
    "0x1F",
    "١٢٣٤٥٦",
    "NaN",
    "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    "AAAA-AAAA-AAAA-AAAA",
    "EMAIL_OTP",
    "PASSWORD_SRP",
    "\U0001f600" * 500,
    "Tue Nov 3 04:05:06 UTC 0000",
    "Tue Feb 31 99:99:99 UTC 2026",
]
KEYS = [
    "ANSWER",
    "PASSWORD",
    "SRP_A",
    "NEW_PASSWORD",
    "SMS_MFA_CODE",
    "EMAIL_OTP_CODE",
    "SMS_OTP_CODE",
    "SOFTWARE_TOKEN_MFA_CODE",
    "CREDENTIAL",
    "DEVICE_KEY",
    "TIMESTAMP",
    "PASSWORD_CLAIM_SECRET_BLOCK",
    "PASSWORD_CLAIM_SIGNATURE",
    "EMAIL",
    "email",
    "SECRET_HASH",
    "userAttributes.email",
]


def sessions(own, outbox):
    out = []
    e = own.another()
    e.outbox = outbox
    out.append((e, e.choose_by()))
    out.append((e, e.choose_by(PREFERRED_CHALLENGE="PASSWORD")))
    out.append((e, e.choose_by(PREFERRED_CHALLENGE="PASSWORD_SRP")))
    out.append((e, e.initiate("CUSTOM_AUTH", USERNAME=e.name)))
    c = SrpClient(e.pool)
    out.append((e, e.initiate("CUSTOM_AUTH", **c.begin(USERNAME=e.name, CHALLENGE_NAME="SRP_A"))))
    f = own.another()
    f.outbox = outbox
    owner = Owner(f).confirmed()
    out.append((f, owner.by_password()))
    out.append((f, owner.challenged()))
    f.prefer(EMAIL)
    out.append((f, f.by_password()))
    f.prefer(SMS)
    out.append((f, f.by_password()))
    f.prefer(EMAIL, SMS)
    out.append((f, f.by_password()))
    g = own.another()
    g.name = own.invited("inv-" + g.name)
    out.append((g, g.by_password("Temporary-1")))
    return out


def test_odd(own, outbox):
    bad = []
    n = 0
    for who, asked in sessions(own, outbox):
        print("CH", asked["ChallengeName"])
        for key in KEYS:
            for odd in ODD:
                base = {"USERNAME": who.name}
                p = asked["ChallengeParameters"]
                if asked["ChallengeName"].endswith("VERIFIER"):
                    base |= {
                        "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
                        "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                        "TIMESTAMP": "Tue Nov 3 04:05:06 UTC 2026",
                        "DEVICE_KEY": p.get("DEVICE_KEY", ""),
                    }
                if asked["ChallengeName"] == "DEVICE_SRP_AUTH":
                    base |= {"SRP_A": "2", "DEVICE_KEY": p["DEVICE_KEY"]}
                n += 1
                own.cognito.source_ip = f"10.{n >> 16}.{(n >> 8) & 255}.{n & 255}"
                try:
                    who.respond(asked["ChallengeName"], base | {key: odd}, Session=asked["Session"])
                except Fault as f:
                    if f.status >= 500 or f.code == "TooManyRequestsException" and "resource" in f.message:
                        bad.append((asked["ChallengeName"], key, odd[:30], str(f)))
                except AssertionError as e:
                    bad.append((asked["ChallengeName"], key, odd[:30], str(e)[:200]))
        for name in ANSWERS:
            try:
                who.respond(
                    name,
                    {
                        "USERNAME": who.name,
                        "ANSWER": "x",
                        "NEW_PASSWORD": "Aa1!aaaaaaa",
                        "SRP_A": "2",
                        "DEVICE_KEY": ODD[14],
                        "CREDENTIAL": "{}",
                        "EMAIL_OTP_CODE": "1",
                        "SMS_OTP_CODE": "1",
                        "SMS_MFA_CODE": "1",
                        "SOFTWARE_TOKEN_MFA_CODE": "1",
                        "PASSWORD": PASSWORD,
                        "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA",
                        "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                        "TIMESTAMP": "x",
                    },
                    Session=asked["Session"],
                )
                print("PROBE accepted", asked["ChallengeName"], name)
            except Fault as f:
                if f.status >= 500:
                    bad.append((asked["ChallengeName"], name, str(f)))
    for flow in FLOWS["ExplicitAuthFlows"]:
        for key in [
            "USERNAME",
            "PASSWORD",
            "SRP_A",
            "DEVICE_KEY",
            "PREFERRED_CHALLENGE",
            "TARGET_ACR_VALUES",
            "ACCESS_TOKEN",
            "MAX_AGE",
            "CHALLENGE_NAME",
        ]:
            for odd in ODD + ["SRP_A", "urn:cognito:loa:1"]:
                n += 1
                own.cognito.source_ip = f"10.{n >> 16}.{(n >> 8) & 255}.{n & 255}"
                try:
                    own.initiate(
                        flow.removeprefix("ALLOW_"),
                        **(
                            {"USERNAME": own.name, "PASSWORD": "wrong", "TARGET_ACR_VALUES": "urn:cognito:loa:1"}
                            | {key: odd}
                        ),
                    )
                except Fault as f:
                    if f.status >= 500:
                        bad.append((flow, key, odd[:30], str(f)))
                except AssertionError as e:
                    bad.append((flow, key, odd[:30], str(e)[:200]))
    print("N", n)
    for b in bad:
        print("BAD", b)


def test_address(cognito, outbox):
    hall = Hall(cognito, FLOWS, LambdaConfig=CUSTOM_LAMBDAS)
    hall.outbox = outbox
    hall.ask("ON", EMAIL, SMS)
    hall.admin("AdminDeleteUserAttributes", UserAttributeNames=["email", "phone_number"])

    def define(event):
        names = [one["challengeName"] for one in event["request"]["session"]]
        print("ROUNDS", names)
        if names == ["SRP_A"]:
            return {"challengeName": "PASSWORD_VERIFIER"}
        return {"issueTokens": True} if names.count(EMAIL) > 1 else {"challengeName": EMAIL}

    functions.script(hall.pool).define = define
    begun = proved_by_srp(hall)
    print(begun["ChallengeName"])
    begun = hall.answer(begun, EMAIL="new@example.com")
    print(begun["ChallengeName"])
    begun = hall.answer(begun, EMAIL_OTP_CODE=hall.code())
    print(begun["ChallengeName"])
    print(hall.answer(begun, EMAIL_OTP_CODE=hall.code()).keys())
