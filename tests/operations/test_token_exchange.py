"""GetDerivedToken: a user's token becomes another one, and never a better one."""

import time

import pytest

from chalicelib.authorizer import own_pools
from chalicelib.flows import signing_keys
from chalicelib.rules import bearer, gateway_answers, jwt
from chalicelib.table import store
from tests.application import HOST, Cognito, respond
from tests.callers import attribute, refused
from tests.clock import HOUR, later
from tests.entrance import Entrance, claims, header
from tests.operations.test_machine_tokens import Machine, serve

API = "aws.cognito.signin.user.admin"
EXCHANGE = ["ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION"]
SCOPES = ["openid", "orders/read", "orders/write", API]


class Service:
    """A client that exchanges tokens, and its secret if it has one."""

    def __init__(self, entrance, **settings):
        self.cognito, self.pool = entrance.cognito, entrance.pool
        given = {"GenerateSecret": True, "ExplicitAuthFlows": EXCHANGE, "AllowedOAuthScopes": SCOPES, **settings}
        made = self.cognito.call("CreateUserPoolClient", UserPoolId=self.pool, ClientName="service", **given)
        self.client, self.secret = made["UserPoolClient"]["ClientId"], made["UserPoolClient"].get("ClientSecret")

    def exchange(self, token, kind="ACCESS_TOKEN", **given):
        proof = {"ClientSecret": self.secret} if self.secret else {}
        given = {"ClientId": self.client, "SubjectToken": token, "SubjectTokenType": kind, **proof, **given}
        return self.cognito.call("GetDerivedToken", **{name: one for name, one in given.items() if one is not None})

    def told(self, token, kind="ACCESS_TOKEN", **given):
        return claims(self.exchange(token, kind, **given)["IssuedToken"])


@pytest.fixture(scope="module")
def shared(application):
    entrance = Entrance(Cognito(*application))
    serve(entrance, "read", "write")
    return entrance


@pytest.fixture
def entrance(shared):
    return shared.another()


@pytest.fixture(scope="module")
def service(shared):
    return Service(shared)


@pytest.fixture(scope="module")
def machine(shared):
    return Machine(shared)


def scoped(entrance, *scopes, **changed):
    """An access token of a sign-in with other scopes, as the OAuth endpoints give them."""
    told = claims(entrance.tokens()["AccessToken"]) | {"scope": " ".join(scopes), **changed}
    return resigned(entrance, told)


def resigned(entrance, told, purpose="access"):
    return signing_keys.signer(entrance.pool, purpose).sign(told)


class TestImpersonation:
    def test_the_token_is_the_users_for_the_client(self, entrance, service):
        subject = scoped(entrance, "openid", "orders/read")

        answer = service.exchange(subject)

        told, before = claims(answer["IssuedToken"]), claims(subject)
        assert answer.keys() == {"IssuedToken", "IssuedTokenType", "TokenType", "ExpiresIn", "Scopes"}
        assert (answer["IssuedTokenType"], answer["TokenType"]) == ("ACCESS_TOKEN", "Bearer")
        assert answer["Scopes"] == ["openid", "orders/read"]
        assert told["client_id"] == service.client
        assert told["scope"] == "openid orders/read"
        for name in ("sub", "username", "iss", "event_id", "origin_jti", "auth_time", "token_use"):
            assert told[name] == before[name]
        assert told["jti"] != before["jti"]
        assert not {"act", "aud"} & told.keys()

    def test_an_id_token_says_who_the_user_is_and_opens_nothing(self, entrance, service):
        subject = entrance.tokens()["IdToken"]

        answer = service.exchange(subject, "ID_TOKEN")

        told = claims(answer["IssuedToken"])
        assert "Scopes" not in answer and "scope" not in told
        assert told["username"] == entrance.name
        with refused("NotAuthorizedException", "Access Token does not have required scopes"):
            entrance.me(answer["IssuedToken"])

    def test_an_id_token_can_be_asked_for(self, entrance, service):
        answer = service.exchange(entrance.tokens()["AccessToken"], RequestedTokenType="ID_TOKEN")

        told = claims(answer["IssuedToken"])
        assert (answer["IssuedTokenType"], answer["TokenType"]) == ("ID_TOKEN", "N_A")
        assert (told["token_use"], told["aud"], told["cognito:username"]) == ("id", service.client, entrance.name)
        assert header(answer["IssuedToken"])["kid"] == signing_keys.signer(entrance.pool, "id").kid

    def test_groups_are_those_of_now(self, entrance, service):
        subject = entrance.tokens()["AccessToken"]
        entrance.cognito.call("CreateGroup", UserPoolId=entrance.pool, GroupName=f"of-{entrance.name}")
        entrance.admin("AdminAddUserToGroup", GroupName=f"of-{entrance.name}")

        assert service.told(subject)["cognito:groups"] == [f"of-{entrance.name}"]

    def test_a_call_without_a_signature_is_served(self, entrance, service):
        target = "AWSCognitoIdentityProviderService.GetDerivedToken"
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target, "Host": HOST}
        token = entrance.tokens()["AccessToken"]
        content = (
            f'{{"ClientId": "{service.client}", "ClientSecret": "{service.secret}", '
            f'"SubjectToken": "{token}", "SubjectTokenType": "ACCESS_TOKEN"}}'
        )

        assert respond("POST", "/", headers, content.encode())["statusCode"] == 200

    def test_costs_two_trips(self, entrance, service):
        subject = entrance.tokens()["AccessToken"]
        service.exchange(subject)

        with store.counted() as trips:
            service.exchange(subject)
        assert trips.calls == ["BatchGetItem", "BatchGetItem"]  # user and session; the resource servers of the scopes


class TestDelegation:
    def test_the_token_tells_who_acts(self, entrance, service, machine):
        actor = machine.tokens()["AccessToken"]

        answer = service.exchange(
            scoped(entrance, "orders/read"), ActorToken=actor, ActorTokenType="ACCESS_TOKEN", Scopes=["orders/read"]
        )

        told = claims(answer["IssuedToken"])
        assert told["act"] == {"sub": machine.client, "client_id": machine.client}
        assert told["username"] == entrance.name

    def test_a_user_may_act_too(self, entrance, service):
        agent = entrance.another().tokens()["IdToken"]

        told = service.told(entrance.tokens()["AccessToken"], ActorToken=agent, ActorTokenType="ID_TOKEN")

        assert told["act"] == {"sub": claims(agent)["sub"], "client_id": entrance.client}

    def test_a_further_step_keeps_the_one_before(self, entrance, service, machine):
        actor = {"ActorToken": machine.tokens()["AccessToken"], "ActorTokenType": "ACCESS_TOKEN"}
        first = service.exchange(entrance.tokens()["AccessToken"], **actor)["IssuedToken"]

        told = Service(entrance).told(first, **actor)

        assert told["act"] == {
            "sub": machine.client, "client_id": machine.client,
            "act": {"sub": machine.client, "client_id": machine.client},
        }  # fmt: skip

    def test_an_exchange_without_an_actor_does_not_wash_the_actor_off(self, entrance, service, machine):
        actor = {"ActorToken": machine.tokens()["AccessToken"], "ActorTokenType": "ACCESS_TOKEN"}
        acting = service.exchange(entrance.tokens()["AccessToken"], **actor)["IssuedToken"]

        for kind in ("ACCESS_TOKEN", "ID_TOKEN"):
            assert service.told(acting, RequestedTokenType=kind)["act"]["sub"] == machine.client

    def test_who_acts_for_somebody_does_not_act_in_its_own_name(self, entrance, service, machine):
        actor = {"ActorToken": machine.tokens()["AccessToken"], "ActorTokenType": "ACCESS_TOKEN"}
        acting = service.exchange(entrance.tokens()["AccessToken"], **actor)["IssuedToken"]

        with refused("NotAuthorizedException", "Invalid Actor token"):
            service.exchange(entrance.tokens()["AccessToken"], ActorToken=acting, ActorTokenType="ACCESS_TOKEN")

    @pytest.mark.parametrize("end", ["revoke", "disable", "delete"])
    def test_an_actor_who_has_gone_does_not_act(self, entrance, service, end):
        agent = entrance.another()
        tokens = agent.tokens()
        if end == "revoke":
            agent.revoke(tokens["RefreshToken"])
        else:
            agent.admin("AdminDisableUser" if end == "disable" else "AdminDeleteUser")

        with refused("UserNotFoundException" if end == "delete" else "NotAuthorizedException"):
            service.exchange(
                entrance.tokens()["AccessToken"], ActorToken=tokens["AccessToken"], ActorTokenType="ACCESS_TOKEN"
            )

    def test_token_and_type_of_an_actor_come_together(self, entrance, service, machine):
        subject = entrance.tokens()["AccessToken"]

        for given in ({"ActorToken": machine.tokens()["AccessToken"]}, {"ActorTokenType": "ACCESS_TOKEN"}):
            with refused("InvalidParameterException", "ActorToken and ActorTokenType must be given together."):
                service.exchange(subject, **given)


class TestScopes:
    def test_nobody_gains_a_scope(self, entrance, service):
        subject = scoped(entrance, "orders/read")

        assert service.exchange(subject, Scopes=["orders/read", "orders/write", API])["Scopes"] == ["orders/read"]
        for wanted in (["orders/write"], [API], ["openid"], ["orders/delete"]):
            with refused("InvalidParameterException", "None of the scopes can be granted."):
                service.exchange(subject, Scopes=wanted)

    def test_the_client_gives_none_that_it_does_not_have(self, entrance):
        reader = Service(entrance, AllowedOAuthScopes=["orders/read"])
        subject = scoped(entrance, "orders/read", "orders/write", API)

        assert reader.exchange(subject)["Scopes"] == ["orders/read"]
        assert "Scopes" not in Service(entrance, AllowedOAuthScopes=None).exchange(subject)

    def test_a_scope_that_was_given_up_cannot_be_had_back(self, entrance, service):
        narrow = service.exchange(scoped(entrance, "orders/read", "orders/write"), Scopes=["orders/read"])

        with refused("InvalidParameterException"):
            service.exchange(narrow["IssuedToken"], Scopes=["orders/write"])

    def test_a_scope_that_no_resource_server_has_any_longer_is_left_out(self, entrance):
        serve(entrance, "run", identifier="jobs")
        runner = Service(entrance, AllowedOAuthScopes=["jobs/run", "orders/read"])
        entrance.cognito.call("DeleteResourceServer", UserPoolId=entrance.pool, Identifier="jobs")

        assert runner.exchange(scoped(entrance, "jobs/run", "orders/read"))["Scopes"] == ["orders/read"]

    def test_an_id_token_gives_none_even_where_its_sign_in_had_one(self, entrance, service):
        with refused("InvalidParameterException"):
            service.exchange(entrance.tokens()["IdToken"], "ID_TOKEN", Scopes=[API])

    def test_our_own_operations_take_the_token_by_its_scope(self, entrance, service):
        subject = entrance.tokens()["AccessToken"]
        open_to_us, closed = service.exchange(subject), service.exchange(scoped(entrance, "orders/read"))

        assert entrance.me(open_to_us["IssuedToken"])["Username"] == entrance.name
        with refused("NotAuthorizedException", "Access Token does not have required scopes"):
            entrance.me(closed["IssuedToken"])


class TestAudience:
    @pytest.mark.parametrize("given", [{"Audiences": ["billing"]}, {"Resources": ["orders"]}], ids=["name", "server"])
    def test_a_token_for_somebody_is_good_there_alone(self, entrance, service, given):
        [audience] = next(iter(given.values()))
        token = service.exchange(scoped(entrance, "orders/read", API), **given)["IssuedToken"]
        issuer = f"http://{HOST}/{entrance.pool}"
        said = jwt.verified(token, own_pools.keys(issuer))

        assert said["aud"] == audience
        bearer.check(said, bearer.Requirement([issuer], resources=[audience], scopes=["orders/read"]), time.time())
        for elsewhere in ({}, {"resources": ["another"]}):
            with pytest.raises(bearer.Unauthorized):
                bearer.check(said, bearer.Requirement([issuer], **elsewhere), time.time())

    def test_who_receives_such_a_token_is_not_let_into_the_users_own_account(self, entrance, service):
        subject = entrance.tokens()["AccessToken"]

        answer = service.exchange(subject, Audiences=["billing"])

        assert "Scopes" not in answer
        with refused("NotAuthorizedException", "Access Token does not have required scopes"):
            entrance.me(answer["IssuedToken"])

    def test_a_resource_server_has_to_be_there(self, entrance, service):
        with refused("ResourceNotFoundException"):
            service.exchange(entrance.tokens()["AccessToken"], Resources=["nowhere"])

    def test_one_way_to_name_it_is_enough(self, entrance, service):
        with refused("InvalidParameterException", "Audiences and Resources cannot be requested together."):
            service.exchange(entrance.tokens()["AccessToken"], Resources=["orders"], Audiences=["billing"])

    def test_an_id_token_is_no_sign_in_at_another_client(self, entrance, service):
        subject = entrance.tokens()["AccessToken"]

        with refused("InvalidParameterException", "An ID token cannot be issued for another app client."):
            service.exchange(subject, Audiences=[entrance.client], RequestedTokenType="ID_TOKEN")
        told = service.told(subject, Audiences=["billing"], RequestedTokenType="ID_TOKEN")
        assert (told["aud"], told["token_use"]) == ("billing", "id")

    def test_an_id_token_for_somebody_is_not_exchanged_again(self, entrance, service):
        bound = service.exchange(
            entrance.tokens()["IdToken"], "ID_TOKEN", Audiences=["x"], RequestedTokenType="ID_TOKEN"
        )

        with refused("NotAuthorizedException", "Invalid Subject token"):
            service.exchange(bound["IssuedToken"], "ID_TOKEN")


class TestAttributes:
    @pytest.fixture
    def known(self, entrance):
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("nickname", "tess")])
        return entrance

    def test_of_the_profile_are_told_to_who_may_read_it(self, known, service):
        told = service.told(known.tokens()["AccessToken"], RequestedTokenType="ID_TOKEN")

        assert told["nickname"] == "tess"
        assert told["email_verified"] is True

    def test_are_not_told_for_an_access_token_of_something_else(self, known, service):
        told = service.told(scoped(known, "orders/read"), RequestedTokenType="ID_TOKEN")

        assert not {"nickname", "email", "email_verified"} & told.keys()

    def test_are_those_that_the_id_token_told(self, known, service):
        known.client = known.cognito.client(known.pool, ReadAttributes=["nickname"])

        told = service.told(known.tokens()["IdToken"], "ID_TOKEN", RequestedTokenType="ID_TOKEN")

        assert told["nickname"] == "tess"
        assert "email" not in told


class TestLifetime:
    def test_is_the_clients_where_the_subject_lives_longer(self, entrance):
        short = {"AccessTokenValidity": 5, "TokenValidityUnits": {"AccessToken": "minutes"}}

        assert Service(entrance, **short).exchange(entrance.tokens()["AccessToken"])["ExpiresIn"] == 300

    @pytest.mark.parametrize("kind", ["ACCESS_TOKEN", "ID_TOKEN"])
    def test_never_outlasts_the_subject_however_often_it_is_exchanged(self, entrance, service, kind):
        token = subject = entrance.tokens()["AccessToken"]
        for minutes in (20, 40, 50):
            with later(60 * minutes):
                token = service.exchange(token)["IssuedToken"]
                assert service.told(token, RequestedTokenType=kind)["exp"] == claims(subject)["exp"]

        with later(HOUR + 1), refused("NotAuthorizedException", "Subject token has expired"):
            service.exchange(token)


class TestRevocation:
    def test_the_end_of_the_sign_in_ends_what_came_of_it(self, entrance, service):
        tokens = entrance.tokens()
        issued = service.exchange(tokens["AccessToken"])["IssuedToken"]
        said = jwt.verified(issued, own_pools.keys(f"http://{HOST}/{entrance.pool}"))
        own_pools.check_session(said)

        entrance.revoke(tokens["RefreshToken"])

        with refused("NotAuthorizedException", "Access Token has been revoked"):
            entrance.me(issued)
        with pytest.raises(bearer.Unauthorized):
            own_pools.check_session(said)
        for token in (issued, tokens["AccessToken"]):
            with refused("NotAuthorizedException", "Subject token has been revoked"):
                service.exchange(token)

    @pytest.mark.parametrize(
        ("end", "code"),
        [
            ("AdminUserGlobalSignOut", "NotAuthorizedException"),
            ("AdminDisableUser", "NotAuthorizedException"),
            ("AdminDeleteUser", "UserNotFoundException"),
        ],
    )
    def test_a_user_who_has_gone_is_no_subject(self, entrance, service, end, code):
        tokens = entrance.tokens()
        entrance.admin(end)

        for token, kind in ((tokens["AccessToken"], "ACCESS_TOKEN"), (tokens["IdToken"], "ID_TOKEN")):
            with refused(code):
                service.exchange(token, kind)


class TestWhoMayAsk:
    def test_a_wrong_or_missing_secret_is_refused(self, entrance, service):
        subject = entrance.tokens()["AccessToken"]

        for secret in ("x" * 30, None):
            with refused("NotAuthorizedException"):
                service.exchange(subject, ClientSecret=secret)

    def test_each_way_has_a_flow_of_its_own(self, entrance, machine):
        subject = entrance.tokens()["AccessToken"]
        actor = {"ActorToken": machine.tokens()["AccessToken"], "ActorTokenType": "ACCESS_TOKEN"}
        ways = {"ALLOW_TOKEN_EXCHANGE_IMPERSONATION": {}, "ALLOW_TOKEN_EXCHANGE_DELEGATION": actor}

        for allowed, own in ways.items():
            one = Service(entrance, ExplicitAuthFlows=[allowed])
            assert one.exchange(subject, **own)["IssuedToken"]
            [(flow, other)] = [(flow, given) for flow, given in ways.items() if flow != allowed]
            with refused("InvalidParameterException", f"{flow} is not enabled for the client."):
                one.exchange(subject, **other)

    def test_a_client_that_lists_no_flow_exchanges_nothing(self, entrance):
        plain = Service(entrance, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])

        with refused("InvalidParameterException"):
            plain.exchange(entrance.tokens()["AccessToken"])

    def test_a_public_client_exchanges_no_tokens_but_its_own(self, entrance):
        flows = [*EXCHANGE, "ALLOW_USER_PASSWORD_AUTH"]
        public = Service(entrance, GenerateSecret=False, ExplicitAuthFlows=flows)
        theirs = entrance.tokens()
        entrance.client = public.client
        own = entrance.tokens()

        assert public.exchange(own["AccessToken"])["IssuedToken"]
        assert public.exchange(own["IdToken"], "ID_TOKEN")["IssuedToken"]
        for token, kind in ((theirs["AccessToken"], "ACCESS_TOKEN"), (theirs["IdToken"], "ID_TOKEN")):
            with refused("NotAuthorizedException", "Invalid Subject token"):
                public.exchange(token, kind)

    def test_an_unknown_client_is_not_found(self, entrance, service):
        with refused("ResourceNotFoundException"):
            service.exchange(entrance.tokens()["AccessToken"], ClientId="unknown")


class TestForgeries:
    def test_one_kind_does_not_pass_for_the_other(self, entrance, service):
        tokens = entrance.tokens()

        for token, kind in ((tokens["IdToken"], "ACCESS_TOKEN"), (tokens["AccessToken"], "ID_TOKEN")):
            with refused("NotAuthorizedException", "Invalid Subject token"):
                service.exchange(token, kind)

    def test_what_nobody_of_this_pool_has_signed_is_refused(self, entrance, service, cognito):
        foreign = Entrance(cognito).tokens()["AccessToken"]
        token = entrance.tokens()["AccessToken"]

        for text in (
            "junk",
            "a.b.c",
            foreign,
            token[:-8] + "AAAAAAAA",
            "A" * 20_000,
            entrance.tokens()["RefreshToken"],
        ):
            with refused("NotAuthorizedException", "Invalid Subject token"):
                service.exchange(text)
            with refused("NotAuthorizedException", "Invalid Actor token"):
                service.exchange(token, ActorToken=text, ActorTokenType="ACCESS_TOKEN")

    def test_a_machine_is_no_subject(self, service, machine):
        with refused("NotAuthorizedException", "Invalid Subject token"):
            service.exchange(machine.tokens()["AccessToken"])

    def test_a_client_that_is_gone_has_no_tokens(self, entrance, service):
        entrance.client = entrance.cognito.client(entrance.pool)
        token = entrance.tokens()["AccessToken"]
        entrance.cognito.call("DeleteUserPoolClient", UserPoolId=entrance.pool, ClientId=entrance.client)

        with refused("NotAuthorizedException", "Invalid Subject token"):
            service.exchange(token)

    def test_a_token_without_a_session_is_refused(self, entrance, service):
        told = claims(entrance.tokens()["AccessToken"])
        del told["event_id"]

        with refused("NotAuthorizedException", "Invalid Subject token"):
            service.exchange(resigned(entrance, told))


class TestProviders:
    @pytest.mark.parametrize(
        "given",
        [
            {"SubjectTokenType": "SAML2"}, {"SubjectTokenProviderName": "okta"},
            {"ActorToken": "x", "ActorTokenType": "SAML2"},
            {"ActorToken": "x", "ActorTokenType": "ID_TOKEN", "ActorTokenProviderName": "okta"},
        ],
        ids=["saml", "provider", "saml-actor", "provider-actor"],
    )  # fmt: skip
    def test_are_refused_as_not_built(self, entrance, service, given):
        with refused("NotImplementedException"):
            service.exchange(entrance.tokens()["AccessToken"], **given)


class TestAtAuthorizers:
    def test_a_delegated_token_reaches_the_backend_with_who_acts(self, entrance, service, machine):
        actor = {"ActorToken": machine.tokens()["AccessToken"], "ActorTokenType": "ACCESS_TOKEN"}
        token = service.exchange(scoped(entrance, "orders/read"), **actor)["IssuedToken"]
        issuer = f"http://{HOST}/{entrance.pool}"
        said = jwt.verified(token, own_pools.keys(issuer))

        bearer.check(said, bearer.Requirement([issuer], audiences=[service.client]), time.time())

        handed_on = gateway_answers.context(said)
        assert handed_on["act"] == f'{{"sub":"{machine.client}","client_id":"{machine.client}"}}'
