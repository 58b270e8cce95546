"""Changes of pools in tests: begun by a caller of our own API, and taken step by step as the job takes them."""

from __future__ import annotations

import json
import time
from typing import Any

from chalicelib.flows import pool_change_steps as steps
from chalicelib.table import invariants, keys, pools, store
from chalicelib.table.directory import OpenChange, PoolChange
from chalicelib.table.items import User
from tests.application import PASSWORD, Cognito, Fault
from tests.srp_client import SrpClient

WAIT = 120.0
"""Seconds after which every process knows of a step."""

Change = dict[str, Any]


def ask(cognito: Cognito, operation: str, **given: Any) -> dict[str, Any]:
    """One call of our own API."""
    return cognito.send("latchkey", operation, json.dumps(given).encode())


def begun(cognito: Cognito, pool: str, **wanted: Any) -> Change:
    """A change that was just begun."""
    change: Change = ask(cognito, "StartUserPoolChange", UserPoolId=pool, **wanted)["Change"]
    return change


def described(cognito: Cognito, change: Change) -> Change:
    """A change as it stands."""
    place = {"UserPoolId": change["UserPoolId"], "ChangeId": change["ChangeId"]}
    found: Change = ask(cognito, "DescribeUserPoolChange", **place)["Change"]
    return found


def settled(cognito: Cognito, change: Change, later: float = 0.0) -> Change:
    """A change when it is over, as if all waits had passed."""
    for wait in range(1, 100):
        while steps.advance(change["UserPoolId"], change["ChangeId"], time.time() + later + wait * WAIT):
            pass
        found = described(cognito, change)
        if found["Status"] in steps.FINAL:
            return found
    raise AssertionError("the change comes to no end")


def step_of(change: Change) -> str | None:
    """The step that a change is at; None when it is over."""
    item = store.get(PoolChange, pool=change["UserPoolId"], id=change["ChangeId"])
    assert item is not None
    return None if item.document["Status"] in steps.FINAL else str(item.progress["step"])


def brought_to(change: Change, step: str) -> float:
    """Take a change to a step and no further; the seconds by which its clock is ahead then."""
    later = 0.0
    for _ in range(1000):
        if step_of(change) == step:
            return later
        if not steps.advance(change["UserPoolId"], change["ChangeId"], time.time() + later):
            later += WAIT
    raise AssertionError(f"the change never comes to {step}")


def applied(cognito: Cognito, pool: str, **wanted: Any) -> Change:
    """A change that was begun and found to be applied."""
    change = settled(cognito, begun(cognito, pool, **wanted))
    assert change["Status"] == "APPLIED", change
    return change


def is_open(pool: str) -> bool:
    """Whether a change of the pool is not over."""
    return store.get(OpenChange, pool=pool) is not None


def guards_of(pool: str) -> dict[str, list[tuple[str, str]]]:
    """The guards of all users, by username."""
    found = store.listed(keys.listing("User", pool=pool)).items
    return {
        user.username: sorted((kind, name) for kind, name in user.guards) for user in found if isinstance(user, User)
    }


def assert_whole(pool: str) -> None:
    """Every guard has its user, every user the guards of its names, every search entry its value."""
    pools.forget_pool(pool)
    assert invariants.broken(pool) == []


def srp_sign_in(cognito: Cognito, pool: str, client: str, name: str) -> dict[str, Any]:
    """AuthenticationResult of a sign-in by SRP."""
    caller = SrpClient(pool)
    asked = {"ClientId": client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": caller.begin(USERNAME=name)}
    parameters = cognito.call("InitiateAuth", **asked)["ChallengeParameters"]
    answer = caller.answer(parameters, PASSWORD)
    given = {"ClientId": client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": answer}
    result: dict[str, Any] = cognito.call("RespondToAuthChallenge", **given)["AuthenticationResult"]
    return result


def opens(cognito: Cognito, client: str, name: str) -> bool:
    """Whether a name and the usual password sign in."""
    try:
        return "AccessToken" in cognito.sign_in(client, name)
    except Fault as fault:
        assert fault.code in ("UserNotFoundException", "NotAuthorizedException"), fault
        return False
