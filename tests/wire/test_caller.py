"""Who may make signed calls, through the whole front door: keys, signatures, policies, and who needs none."""

import json
import time
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.call import arn
from chalicelib.flows import operators
from chalicelib.table import operators as operator_keys
from chalicelib.table import store
from chalicelib.table.access_keys import OperatorKey
from chalicelib.wire import model
from tests.application import HOST, Cognito
from tests.callers import refused
from tests.clock import later
from tests.contract import calls

INVALID_KEY = "The security token included in the request is invalid."
LIST_POOLS = model.operation("cognito-idp", "ListUserPools")
ASKED = b'{"MaxResults": 1}'


@pytest.fixture
def credentials(application):
    return Credentials(*application)


def signed(credentials, content=ASKED, service="cognito-idp"):
    return calls.signed(credentials, service, calls.question(LIST_POOLS, content))


def told(asked):
    answer = calls.ask(*asked)
    return answer.code() or answer.status


def policed(*statements):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
    return Cognito(*operators.create(policy))


class TestSignatures:
    def test_a_good_one_lets_in(self, credentials):
        assert told(signed(credentials)) == 200

    def test_without_one_there_is_no_way_in(self):
        answer = calls.ask(*calls.question(LIST_POOLS, ASKED))

        assert (answer.status, answer.code()) == (400, "MissingAuthenticationTokenException")
        assert answer.said()["message"] == "Missing Authentication Token"

    @pytest.mark.parametrize("garbage", ["Bearer abc", "Basic dGVzczp4", "x", "", "AWS3-HTTPS x"])
    def test_another_scheme_is_none(self, garbage, application):
        method, path, headers, content = calls.question(LIST_POOLS, ASKED)

        assert (
            told((method, path, headers | {"Authorization": garbage}, content)) == "MissingAuthenticationTokenException"
        )

    @pytest.mark.parametrize("garbage", ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 x", "AWS4 Credential=a/b/c/d/e"])
    def test_half_a_signature_is_incomplete(self, garbage, application):
        method, path, headers, content = calls.question(LIST_POOLS, ASKED)
        answer = calls.ask(method, path, headers | {"Authorization": garbage}, content)

        assert (answer.status, answer.code()) == (403, "IncompleteSignatureException")

    def test_an_unknown_key_is_refused(self, application):
        answer = calls.ask(*signed(Credentials("LKIAUNKNOWN", "x" * 40)))

        assert (answer.status, answer.code()) == (400, "UnrecognizedClientException")
        assert answer.said()["message"] == INVALID_KEY

    def test_a_wrong_secret_is_refused(self, credentials):
        assert told(signed(Credentials(credentials.access_key, "x" * 40))) == "InvalidSignatureException"

    def test_an_invented_session_token_is_refused(self, credentials):
        with_token = Credentials(credentials.access_key, credentials.secret_key, token="invented")

        answer = calls.ask(*signed(with_token))
        assert (answer.code(), answer.said()["message"]) == ("UnrecognizedClientException", INVALID_KEY)

    def test_another_body_is_refused(self, credentials):
        method, path, headers, _ = signed(credentials)

        assert told((method, path, headers, b'{"MaxResults": 2}')) == "InvalidSignatureException"

    def test_another_operation_is_refused(self, credentials):
        method, path, headers, content = signed(credentials)
        other = headers | {"X-Amz-Target": "AWSCognitoIdentityProviderService.DeleteUserPool"}

        assert told((method, path, other, content)) == "InvalidSignatureException"

    def test_another_host_path_or_method_is_refused(self, credentials):
        method, path, headers, content = signed(credentials)

        assert told((method, path, headers | {"Host": "evil.test"}, content)) == "InvalidSignatureException"
        assert told((method, "/?x=1", headers, content)) == "InvalidSignatureException"

    def test_a_signature_for_another_service_is_refused(self, credentials):
        assert told(signed(credentials, service="dynamodb")) == "InvalidSignatureException"

    @pytest.mark.parametrize("seconds", [-301, 301])
    def test_a_time_that_is_far_off_is_refused(self, credentials, seconds):
        asked = signed(credentials)

        with later(seconds):
            answer = calls.ask(*asked)
        assert answer.code() == "InvalidSignatureException"
        assert answer.said()["message"].startswith("Signature ")

    @pytest.mark.parametrize("seconds", [-290, 290])
    def test_a_time_that_is_a_little_off_is_taken(self, credentials, seconds):
        asked = signed(credentials)

        with later(seconds):
            assert told(asked) == 200

    def test_a_disabled_key_is_unknown(self):
        cognito = policed({"Action": "*", "Resource": "*"})
        item = store.get(OperatorKey, id=cognito.credentials.access_key)
        item.enabled = False
        store.save(item)
        operator_keys.forget(cognito.credentials.access_key)

        with refused("UnrecognizedClientException", INVALID_KEY):
            cognito.call("ListUserPools", MaxResults=1)


class TestPresignedForm:
    def presigned(self, credentials, seconds=60):
        method, _, headers, content = calls.question(LIST_POOLS, ASKED)
        request = AWSRequest(method, f"http://{HOST}/", headers=headers, data=content)
        signer = SigV4QueryAuth(credentials, "cognito-idp", "us-east-1", expires=seconds)
        signer.payload = lambda _request: __import__("hashlib").sha256(content).hexdigest()
        signer.add_auth(request)
        return method, request.url.removeprefix(f"http://{HOST}"), dict(request.headers), content

    def test_lets_in_until_it_expires(self, credentials):
        asked = self.presigned(credentials)

        assert told(asked) == 200
        with later(61):
            assert told(asked) == "InvalidSignatureException"

    def test_is_good_for_its_own_body_only(self, credentials):
        method, path, headers, _ = self.presigned(credentials)

        assert told((method, path, headers, b'{"MaxResults": 2}')) == "InvalidSignatureException"

    def test_with_a_wrong_secret_is_refused(self, credentials):
        assert told(self.presigned(Credentials(credentials.access_key, "x" * 40))) == "InvalidSignatureException"


class TestPolicies:
    def test_what_is_allowed_is_done(self, cognito):
        pool = cognito.pool()
        reader = policed({"Action": ["cognito-idp:Describe*", "cognito-idp:List*"], "Resource": "*"})

        assert reader.call("DescribeUserPool", UserPoolId=pool)["UserPool"]["Id"] == pool
        assert reader.call("ListUserPools", MaxResults=1)

    def test_what_is_not_allowed_is_denied_and_not_done(self, cognito):
        pool = cognito.pool()
        reader = policed({"Action": "cognito-idp:Describe*", "Resource": "*"})

        with refused("AccessDeniedException") as denied:
            reader.call("DeleteUserPool", UserPoolId=pool)
        assert denied.value.message == (
            f"User: {reader.credentials.access_key} is not authorized to perform: cognito-idp:DeleteUserPool "
            f"on resource: {arn(pool)}"
        )
        assert cognito.call("DescribeUserPool", UserPoolId=pool)

    def test_a_policy_for_one_pool_opens_no_other(self, cognito):
        mine, other = cognito.pool(), cognito.pool()
        clerk = policed({"Action": "cognito-idp:*", "Resource": arn(mine)})

        assert clerk.call("ListUsers", UserPoolId=mine) == {"Users": []}
        for operation in ("ListUsers", "DescribeUserPool", "DeleteUserPool"):
            with refused("AccessDeniedException"):
                clerk.call(operation, UserPoolId=other)
        with refused("AccessDeniedException"):
            clerk.call("ListUserPools", MaxResults=1)

    def test_a_client_of_another_pool_cannot_be_reached_through_ones_own(self, cognito):
        mine, other = cognito.pool(), cognito.pool()
        client = cognito.client(other)
        clerk = policed({"Action": "cognito-idp:*", "Resource": arn(mine)})

        for operation in ("DescribeUserPoolClient", "DeleteUserPoolClient"):
            with refused("ResourceNotFoundException"):
                clerk.call(operation, UserPoolId=mine, ClientId=client)

    def test_a_denial_wins(self, cognito):
        pool = cognito.pool()
        clerk = policed(
            {"Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "cognito-idp:Delete*", "Resource": arn(pool)}
        )

        with refused("AccessDeniedException"):
            clerk.call("DeleteUserPool", UserPoolId=pool)
        assert clerk.call("DescribeUserPool", UserPoolId=pool)


class TestUnsignedOperations:
    def sign_up(self, cognito, client, headers):
        found = model.operation("cognito-idp", "SignUp")
        given = {"ClientId": client, "Username": f"tess-{time.time_ns()}", "Password": "Correct-Horse-9"}
        method, path, plain, content = calls.question(found, json.dumps(given).encode())
        return calls.ask(method, path, plain | headers, content).status

    @pytest.mark.parametrize(
        "headers",
        [
            {}, {"Authorization": "Bearer abc"}, {"Authorization": "AWS4-HMAC-SHA256 garbage"},
            {"Authorization": "\x7f"}, {"X-Amz-Security-Token": "x"}, {"X-Amz-Date": datetime.now(UTC).strftime("%Y")},
        ],
    )  # fmt: skip
    def test_pass_over_any_authorization(self, cognito, headers):
        assert self.sign_up(cognito, cognito.client(cognito.pool()), headers) == 200

    def test_take_signed_requests_as_well(self, cognito, credentials):
        found = model.operation("cognito-idp", "InitiateAuth")
        given = {"ClientId": "unknown", "AuthFlow": "USER_SRP_AUTH"}

        for key in (credentials, Credentials("LKIAUNKNOWN", "x")):
            asked = calls.signed(key, "cognito-idp", calls.question(found, json.dumps(given).encode()))
            assert calls.ask(*asked).code() == "ResourceNotFoundException"
