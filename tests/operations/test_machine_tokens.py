"""GetClientToken: tokens of clients that act for themselves."""

import time

import pytest

from chalicelib.authorizer import own_pools
from chalicelib.flows import signing_keys
from chalicelib.rules import bearer, jwt
from chalicelib.table import store
from tests.application import HOST, Cognito, respond
from tests.callers import refused
from tests.entrance import Entrance, claims, header

WRONG = "Invalid client or secret"
MACHINE = {"GenerateSecret": True, "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"]}
SCOPES = ["orders/read", "orders/write"]


class Machine:
    """A confidential client of a pool with a resource server, and its secret."""

    def __init__(self, entrance, **settings):
        self.cognito, self.pool = entrance.cognito, entrance.pool
        given = {"UserPoolId": self.pool, "ClientName": "job", **MACHINE, "AllowedOAuthScopes": SCOPES, **settings}
        made = self.cognito.call("CreateUserPoolClient", **given)["UserPoolClient"]
        self.client, self.secret = made["ClientId"], made.get("ClientSecret", "x" * 30)

    def tokens(self, secret=None, **given):
        given = {"ClientId": self.client, "Secret": secret or self.secret, **given}
        return self.cognito.call("GetClientToken", **given)["ClientAuthenticationResult"]


@pytest.fixture(scope="module")
def entrance(application):
    entrance = Entrance(Cognito(*application))
    serve(entrance, "read", "write")
    return entrance


def serve(entrance, *names, identifier="orders"):
    listed = [{"ScopeName": name, "ScopeDescription": name} for name in names]
    given = {"UserPoolId": entrance.pool, "Identifier": identifier, "Name": identifier, "Scopes": listed}
    entrance.cognito.call("CreateResourceServer", **given)


@pytest.fixture
def machine(entrance):
    return Machine(entrance)


class TestGetClientToken:
    def test_is_for_the_client_itself_with_all_of_its_scopes(self, machine):
        result = machine.tokens()

        told = claims(result["AccessToken"])
        assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
        assert result.keys() == {"AccessToken", "ExpiresIn", "TokenType"}
        assert told.keys() == {"sub", "client_id", "iss", "token_use", "scope", "auth_time", "iat", "exp", "jti"}
        assert told["sub"] == told["client_id"] == machine.client
        assert (told["token_use"], told["scope"]) == ("access", "orders/read orders/write")
        assert told["iss"] == f"http://{HOST}/{machine.pool}"
        assert told["exp"] - told["iat"] == 3600
        assert header(result["AccessToken"])["kid"] == signing_keys.signer(machine.pool, "access").kid

    def test_has_those_scopes_alone_that_were_asked_for(self, machine):
        assert claims(machine.tokens(Scopes=["orders/write"])["AccessToken"])["scope"] == "orders/write"
        assert claims(machine.tokens(Scopes=["orders/read"] * 2)["AccessToken"])["scope"] == "orders/read"

    @pytest.mark.parametrize(
        "scope", ["orders/delete", "openid", "aws.cognito.signin.user.admin", "orders", "ORDERS/READ"]
    )
    def test_refuses_a_scope_that_the_client_does_not_have(self, machine, scope):
        with refused("InvalidParameterException", f"The scope {scope} cannot be granted to this client."):
            machine.tokens(Scopes=["orders/read", scope])

    def test_leaves_out_a_scope_whose_resource_server_has_it_no_longer(self, entrance):
        serve(entrance, "run", "stop", identifier="jobs")
        machine = Machine(entrance, AllowedOAuthScopes=["jobs/run", "jobs/stop"])
        given = {"UserPoolId": entrance.pool, "Identifier": "jobs", "Name": "jobs"}
        left = [{"ScopeName": "run", "ScopeDescription": "run"}]

        entrance.cognito.call("UpdateResourceServer", **given, Scopes=left)
        assert claims(machine.tokens()["AccessToken"])["scope"] == "jobs/run"
        with refused("InvalidParameterException"):
            machine.tokens(Scopes=["jobs/stop"])

        entrance.cognito.call("UpdateResourceServer", **given, Scopes=[])
        with refused("InvalidParameterException", "The client has no scope of a resource server."):
            machine.tokens()

    def test_never_has_the_scopes_of_users(self, entrance):
        scopes = ["openid", "aws.cognito.signin.user.admin"]
        machine = Machine(entrance, AllowedOAuthScopes=[*scopes, "orders/read"])

        assert claims(machine.tokens()["AccessToken"])["scope"] == "orders/read"
        with refused("InvalidParameterException"):
            machine.tokens(Scopes=["aws.cognito.signin.user.admin"])

    def test_lives_as_long_as_the_client_says(self, entrance):
        machine = Machine(entrance, AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"})

        assert machine.tokens()["ExpiresIn"] == 300

    def test_takes_either_of_two_secrets(self, machine):
        given = {"UserPoolId": machine.pool, "ClientId": machine.client}
        added = machine.cognito.call("AddUserPoolClientSecret", **given)["ClientSecretDescriptor"]

        assert machine.tokens()["AccessToken"]
        assert machine.tokens(secret=added["ClientSecretValue"])["AccessToken"]

    def test_takes_a_call_without_a_signature(self, machine):
        target = "AWSCognitoIdentityProviderService.GetClientToken"
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target, "Host": HOST}
        content = f'{{"ClientId": "{machine.client}", "Secret": "{machine.secret}"}}'.encode()

        assert respond("POST", "/", headers, content)["statusCode"] == 200

    def test_costs_one_trip(self, machine):
        machine.tokens()

        with store.counted() as trips:
            machine.tokens()
        assert trips.calls == ["BatchGetItem"]


class TestRefusals:
    def test_a_wrong_secret_is_refused(self, machine):
        for secret in ("x" * 30, machine.secret[:-1] + ("a" if machine.secret[-1] != "a" else "b"), machine.client):
            with refused("NotAuthorizedException", WRONG):
                machine.tokens(secret=secret)

    def test_a_secret_of_another_client_is_refused(self, entrance, machine):
        with refused("NotAuthorizedException", WRONG):
            machine.tokens(secret=Machine(entrance).secret)

    def test_a_client_without_a_secret_gets_none_whatever_it_sends(self, entrance):
        public = Machine(entrance, GenerateSecret=False)

        with refused("NotAuthorizedException", WRONG):
            public.tokens(secret="x" * 30)

    def test_a_client_that_is_not_for_machines_is_told_so_behind_its_secret_only(self, entrance):
        other = Machine(entrance, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])

        with refused("NotAuthorizedException", WRONG):
            other.tokens(secret="x" * 30)
        with refused("InvalidParameterException", "ALLOW_CLIENT_TOKEN_AUTH is not enabled for the client."):
            other.tokens()

    def test_an_unknown_client_is_not_found(self, machine):
        machine.client = "unknown"

        with refused("ResourceNotFoundException"):
            machine.tokens()

    @pytest.mark.parametrize(("version", "is_refused"), [("V1_0", False), ("V2_0", False), ("V3_0", True)])
    def test_a_function_that_would_have_to_be_asked_about_machines_is_not_passed_over(
        self, application, version, is_refused
    ):
        arn = "arn:aws:lambda:us-east-1:000000000000:function:claims"
        config = {"PreTokenGenerationConfig": {"LambdaVersion": version, "LambdaArn": arn}}
        cognito = Cognito(*application)
        asking = Entrance.at(cognito, cognito.pool(LambdaConfig=config))
        serve(asking, "read", "write")
        machine = Machine(asking)

        if is_refused:
            with refused("NotImplementedException"):
                machine.tokens()
        else:
            assert machine.tokens()["AccessToken"]


class TestItsToken:
    def test_is_none_of_a_user(self, machine):
        token = machine.tokens()["AccessToken"]

        with refused("NotAuthorizedException", "Invalid Access Token"):
            machine.cognito.call("GetUser", AccessToken=token)

    def test_passes_an_authorizer_for_its_scope(self, machine):
        issuer = f"http://{HOST}/{machine.pool}"
        token = machine.tokens(Scopes=["orders/read"])["AccessToken"]
        said = jwt.verified(token, own_pools.keys(issuer))

        for required in ({}, {"scopes": ["orders/read"]}, {"audiences": [machine.client]}):
            bearer.check(said, bearer.Requirement([issuer], **required), time.time())
        own_pools.check_session(said)
        with pytest.raises(bearer.Forbidden):
            bearer.check(said, bearer.Requirement([issuer], scopes=["orders/write"]), time.time())
        with pytest.raises(bearer.Unauthorized):
            bearer.check(said, bearer.Requirement([issuer], token_use="id"), time.time())
        with pytest.raises(bearer.Forbidden):
            bearer.check(said, bearer.Requirement([issuer], groups=["staff"]), time.time())
