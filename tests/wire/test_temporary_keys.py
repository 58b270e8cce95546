"""Signed calls with temporary keys: a key with its own token, while session and mapping stand, and nothing else.

The sessions are issued through the flow itself; who proves what to STS is tested at the web's door.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib import errors
from chalicelib.call import Caller
from chalicelib.edge.request import Request
from chalicelib.flows import operator_credentials, operator_keys, operator_mappings, operator_sessions, operators, vault
from chalicelib.flows.operators import EVERYTHING
from chalicelib.rules.identities import Identity
from chalicelib.rules.proofs import Demand, Proof
from chalicelib.table import operator_sessions as sessions
from chalicelib.wire import caller, model
from tests.application import HOST, Cognito, Fault
from tests.clock import later

ROLE = "arn:aws:iam::111122223333:role/ci"
READER = {"Statement": {"Effect": "Allow", "Action": "cognito-idp:List*", "Resource": "*"}}


@pytest.fixture
def mapping(application: Any) -> Iterator[str]:
    """A mapping that means the role; none is there afterwards."""
    sessions.forget_all()
    yield operator_mappings.create("ci", ROLE, EVERYTHING).name
    for one in operator_mappings.listed():
        operator_mappings.remove(one.name)


def begun(seconds: int = 3600, now: float | None = None) -> Credentials:
    """Credentials of a session of the role, as the flow makes them for an identity that STS has told."""
    moment = time.time() if now is None else now
    identity = Identity("arn:aws:sts::111122223333:assumed-role/ci/run", ROLE)
    proof = Proof("POST", "", "/", {}, "", uuid.uuid4().hex, moment + 300)
    found = operator_credentials._made(
        identity, sessions.mappings()[0], (Demand("POST", "", {}, "", seconds=seconds), proof), moment
    )
    return Credentials(found.key_id, found.secret, found.token)


def client(credentials: Credentials, **changes: str | None) -> Cognito:
    """A caller with these credentials, changed as an attacker would."""
    made = Cognito("", "")
    made.credentials = Credentials(
        *[changes.get(name, getattr(credentials, name)) for name in ("access_key", "secret_key", "token")]
    )
    return made


def refusal(caller: Cognito, operation: str = "ListUserPools", **given: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        caller.call(operation, **(given or {"MaxResults": 1}))
    return caught.value


class TestTemporaryKeys:
    def test_sign_calls_with_their_token(self, mapping: str) -> None:
        made = client(begun())

        pool = made.pool()

        assert made.call("DescribeUserPool", UserPoolId=pool)["UserPool"]["Id"] == pool

    def test_sign_presigned_requests_too(self, mapping: str) -> None:
        operation = model.operation("cognito-idp", "ListUserPools")
        request = AWSRequest("GET", f"http://{HOST}/", headers={"X-Amz-Target": "x"})
        SigV4QueryAuth(begun(), "cognito-idp", "us-east-1").add_auth(request)
        query = request.url.partition("?")[2]
        received = Request("GET", "/", "/", {}, query, {"host": HOST, "x-amz-target": "x"})

        assert caller.identified(operation, received, time.time()).operator.startswith("LKSA")
        with pytest.raises(errors.UnrecognizedClientException):
            unsigned = query.partition("&X-Amz-Security-Token")[0] + query[query.index("&X-Amz-Signature") :]
            caller.identified(operation, Request("GET", "/", "/", {}, unsigned, received.headers), time.time())

    def test_are_nothing_without_it(self, mapping: str) -> None:
        assert refusal(client(begun(), token=None)).code == "UnrecognizedClientException"

    def test_are_nothing_with_the_token_of_another_key(self, mapping: str) -> None:
        one, other = begun(), begun()

        assert refusal(client(one, token=other.token)).code == "UnrecognizedClientException"
        assert refusal(client(other, access_key=one.access_key)).code == "UnrecognizedClientException"

    @pytest.mark.parametrize("token", ["invented", "x" * 5000, "\u00e9".encode().decode("latin-1"), "AAAA" * 30])
    def test_are_nothing_with_an_invented_token(self, mapping: str, token: str) -> None:
        assert refusal(client(begun(), token=token)).code == "UnrecognizedClientException"

    def test_are_nothing_with_an_altered_token(self, mapping: str) -> None:
        given = begun()
        altered = given.token[:-1] + ("A" if given.token[-1] != "A" else "B")

        assert refusal(client(given, token=altered)).code == "UnrecognizedClientException"

    def test_are_nothing_with_a_text_that_we_sealed_for_something_else(self, mapping: str) -> None:
        given = begun()
        content = {"key": given.access_key, "secret": given.secret_key}
        sealed = vault.sealed_text("another purpose", content, time.time(), 3600)

        assert refusal(client(given, token=sealed)).code == "UnrecognizedClientException"

    def test_need_their_secret(self, mapping: str) -> None:
        assert refusal(client(begun(), secret_key="guess")).code == "InvalidSignatureException"

    def test_are_over_when_they_are_over(self, mapping: str) -> None:
        fault = refusal(client(begun(900, time.time() - 901)))

        assert (fault.code, fault.message) == (
            "ExpiredTokenException",
            "The security token included in the request is expired",
        )

    def test_are_over_for_the_clock_of_the_call(self, mapping: str) -> None:
        given = begun(900)
        client(given).call("ListUserPools", MaxResults=1)

        with later(901), pytest.raises(Fault) as caught:
            client(given).call("ListUserPools", MaxResults=1)

        assert caught.value.code == "ExpiredTokenException"

    def test_of_a_session_that_the_table_has_lost_are_nothing(self, mapping: str) -> None:
        made = operators.fresh_id("LKSA")
        token = operator_sessions.sealed(made, "secret", time.time(), 900)

        assert refusal(client(Credentials(made, "secret", token))).code == "UnrecognizedClientException"


class TestStaticKeys:
    def test_are_refused_with_an_invented_session_token(self, application: Any) -> None:
        fault = refusal(client(Credentials(*application, "invented")))

        assert fault.code == "UnrecognizedClientException"

    def test_are_refused_with_the_token_of_a_session(self, application: Any, mapping: str) -> None:
        assert refusal(client(Credentials(*application, begun().token))).code == "UnrecognizedClientException"

    def test_of_the_form_of_temporary_ones_are_not_made(self, application: Any) -> None:
        with pytest.raises(ValueError, match="cannot begin with LKSA"):
            operators.create(EVERYTHING, "LKSAAAAAAAAAAAAAAAAA")


class TestEndings:
    def test_a_disabled_session_is_refused_and_an_enabled_one_again_taken(self, mapping: str) -> None:
        given = begun()
        client(given).call("ListUserPools", MaxResults=1)

        operator_keys.set_enabled(given.access_key, enabled=False)
        assert refusal(client(given)).code == "UnrecognizedClientException"

        operator_keys.set_enabled(given.access_key, enabled=True)
        assert "UserPools" in client(given).call("ListUserPools", MaxResults=1)

    def test_a_disabled_mapping_ends_its_sessions(self, mapping: str) -> None:
        given = begun()

        operator_keys.set_enabled(mapping, enabled=False)

        assert refusal(client(given)).code == "UnrecognizedClientException"

    def test_a_removed_mapping_ends_them_and_one_of_its_name_for_others_does_not_revive_them(
        self, mapping: str
    ) -> None:
        given = begun()

        operator_mappings.remove(mapping)
        assert refusal(client(given)).code == "UnrecognizedClientException"

        operator_mappings.create(mapping, f"{ROLE}-other", EVERYTHING)
        assert refusal(client(given)).code == "UnrecognizedClientException"

    def test_a_mapping_made_again_for_the_same_caller_does_not_revive_those_of_before(self, mapping: str) -> None:
        stolen = begun()
        operator_mappings.remove(mapping)

        operator_mappings.create(mapping, ROLE, EVERYTHING)

        assert refusal(client(stolen)).code == "UnrecognizedClientException"
        assert "UserPools" in client(begun()).call("ListUserPools", MaxResults=1)


class TestPermission:
    def test_is_that_of_the_mapping_in_the_words_of_aws(self, mapping: str) -> None:
        operator_keys.limit(mapping, READER)
        given = begun()

        assert "UserPools" in client(given).call("ListUserPools", MaxResults=1)
        fault = refusal(client(given), "CreateUserPool", PoolName="x")

        assert (fault.code, fault.message) == (
            "AccessDeniedException",
            f"User: {given.access_key} is not authorized to perform: cognito-idp:CreateUserPool on resource: *",
        )

    def test_changes_for_sessions_that_run(self, mapping: str) -> None:
        given = begun()
        pool = client(given).pool()

        operator_keys.limit(mapping, READER)

        fault = refusal(client(given), "DescribeUserPool", UserPoolId=pool)
        assert fault.message.endswith(f":userpool/{pool}")

    def test_is_none_for_a_session_that_is_gone_between_two_looks(self, application: Any) -> None:
        operation = model.operation("cognito-idp", "ListUserPools")

        with pytest.raises(errors.AccessDeniedException):
            caller.authorize(Caller("LKSAGONE"), operation, {})
